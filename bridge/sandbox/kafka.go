package sandbox

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Kafka is a Kafka inside this process that speaks the real protocol over TCP on loopback: good for trying things and for tests, not for
// anything that must not be lost.
type Kafka struct{ cluster *kfake.Cluster }

// KafkaOptions say where it listens and whether it remembers.
type KafkaOptions struct {
	Ports   []int  // one per broker; empty: one broker on a free port
	DataDir string // keeps topics, records and groups across restarts; empty: in memory
}

// StartKafka starts it; more are further options of kfake, for faults and logins.
func StartKafka(o KafkaOptions, more ...kfake.Opt) (*Kafka, error) {
	opts := []kfake.Opt{kfake.NumBrokers(max(1, len(o.Ports)))}
	if len(o.Ports) > 0 {
		opts = append(opts, kfake.Ports(o.Ports...))
	}
	if o.DataDir != "" {
		opts = append(opts, kfake.DataDir(o.DataDir), kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(append(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("starting the embedded Kafka: %w", err)
	}
	return &Kafka{cluster}, nil
}

// Brokers are the seed brokers, host:port.
func (k *Kafka) Brokers() []string { return k.cluster.ListenAddrs() }

// Cluster is the fake itself, for tests that inject faults by protocol.
func (k *Kafka) Cluster() *kfake.Cluster { return k.cluster }

// Close stops it.
func (k *Kafka) Close() { k.cluster.Close() }
