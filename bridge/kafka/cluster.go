package kafka

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Cluster is what the brokers say of themselves.
type Cluster struct {
	ID      string
	Version string   // a guess, by the requests that a broker knows
	Brokers []Broker // by ID
}

// Broker is one broker as it advertises itself: at this address every client must reach it.
type Broker struct {
	ID      int32
	Address string // host:port
}

// Cluster asks any broker for all of them, until ctx ends.
func (c *Client) Cluster(ctx context.Context) (Cluster, error) {
	metadata, err := c.admin.BrokerMetadata(ctx)
	if err != nil {
		return Cluster{}, fmt.Errorf("asking the cluster for its brokers: %w", err)
	}
	cluster := Cluster{ID: metadata.Cluster, Version: c.version(ctx)}
	for _, b := range metadata.Brokers {
		cluster.Brokers = append(cluster.Brokers, Broker{b.NodeID, net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))})
	}
	return cluster, nil
}

func (c *Client) version(ctx context.Context) string {
	response, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, c.kgo)
	if err != nil {
		return "unknown"
	}
	return kversion.FromApiVersionsResponse(response).VersionGuess()
}
