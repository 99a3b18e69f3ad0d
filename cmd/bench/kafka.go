package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafkatest"
)

const (
	prefix      = "qlik."
	appsTopic   = prefix + "apps"
	partitions  = 6                // of appsTopic where the bridge has not made it
	settleLimit = 30 * time.Second // for spooled events to reach Kafka
)

// kafka is the cluster that both servers produce to.
type kafka struct {
	brokers []string
	client  *kgo.Client
	cluster *kafkatest.Cluster // nil where this program did not start the brokers
	close   func()             // ends the brokers, where this program started them
}

// openKafka connects to opt.brokers, or starts real brokers of its own.
func openKafka(ctx context.Context, opt options) (*kafka, error) {
	k := &kafka{brokers: strings.Split(opt.brokers, ","), close: func() {}}
	if opt.brokers == "" {
		cluster, err := startBrokers(ctx, opt.nodes)
		if err != nil {
			return nil, fmt.Errorf("starting Kafka: %w", err)
		}
		k.cluster, k.brokers, k.close = cluster, cluster.Brokers(), func() { _ = cluster.Close() }
		fmt.Fprintf(opt.progress(), "Kafka: %d brokers, %s\n", opt.nodes, cluster.Provider())
	}
	var err error
	if k.client, err = kgo.NewClient(kgo.SeedBrokers(k.brokers...)); err == nil {
		err = k.client.Ping(ctx)
	}
	if err != nil {
		k.close()
		return nil, fmt.Errorf("connecting to Kafka: %w", err)
	}
	closeBrokers := k.close
	k.close = func() { k.client.Close(); closeBrokers() }
	return k, nil
}

// startBrokers prefers processes to the container that kafkatest would, so that figures of two days compare.
func startBrokers(ctx context.Context, nodes int) (*kafkatest.Cluster, error) {
	options := kafkatest.Options{Nodes: nodes, Bench: true, Provider: kafkatest.ProviderProcesses}
	cluster, err := kafkatest.Start(ctx, options)
	if errors.Is(err, kafkatest.ErrUnavailable) {
		options.Provider = ""
		return kafkatest.Start(ctx, options)
	}
	return cluster, err
}

// ensureTopic makes appsTopic where it is missing, on every broker.
func (k *kafka) ensureTopic(ctx context.Context) error {
	admin := kadm.NewClient(k.client)
	brokers, err := admin.ListBrokers(ctx)
	if err != nil {
		return fmt.Errorf("listing the brokers: %w", err)
	}
	_, err = admin.CreateTopic(ctx, partitions, int16(min(len(brokers), 3)), nil, appsTopic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("making %s: %w", appsTopic, err)
	}
	return nil
}

// counts :: topic -> number of records ever written to it
type counts map[string]int64

// ends counts the records of every topic of the bridge by its partitions' end offsets: no transactions, so an offset is a record.
func (k *kafka) ends(ctx context.Context) (counts, error) {
	listed, err := kadm.NewClient(k.client).ListEndOffsets(ctx)
	if err = errors.Join(err, listed.Error()); err != nil {
		return nil, fmt.Errorf("listing end offsets: %w", err)
	}
	all := counts{}
	listed.Each(func(o kadm.ListedOffset) {
		if strings.HasPrefix(o.Topic, prefix) {
			all[o.Topic] += o.Offset
		}
	})
	return all, nil
}

// settle waits, up to settleLimit, until the topics hold want records more than before, and returns what they grew by.
func (k *kafka) settle(ctx context.Context, before counts, want int) (counts, error) {
	for end := time.Now().Add(settleLimit); ; time.Sleep(100 * time.Millisecond) {
		now, err := k.ends(ctx)
		if err != nil {
			return nil, err
		}
		growth := now.minus(before)
		if growth.sum() >= int64(want) || time.Now().After(end) {
			return growth, nil
		}
	}
}

func (c counts) minus(before counts) counts {
	growth := counts{}
	for topic, n := range c {
		if n != before[topic] {
			growth[topic] = n - before[topic]
		}
	}
	return growth
}

func (c counts) sum() (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

func (c counts) String() string {
	var parts []string
	for _, topic := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%s +%d", topic, c[topic]))
	}
	return strings.Join(parts, ", ")
}
