package main

import (
	"context"
	"time"

	"qlikbridge/bridge/kafkatest"
)

// kafkaKind says which Kafka a scenario plays on.
type kafkaKind int

const (
	threeBrokers  kafkaKind = iota // replication 3, min.insync.replicas 2; shared
	securedBroker                  // one with TLS and SASL; shared
	ownKafka                       // the scenario starts one for itself
)

// quick has the controller notice a silent broker after 3 s instead of 9: scenarios wait for that again and again. Clients log in
// anew every few seconds where they log in at all, so that a changed password is noticed.
var quick = map[string]string{
	"broker.session.timeout.ms":    "3000",
	"broker.heartbeat.interval.ms": "500",
	"connections.max.reauth.ms":    "4000",
}

// kafkas holds the clusters that scenarios share: starting one takes ten seconds.
type kafkas struct {
	running map[kafkaKind]*kafkatest.Cluster
}

func startKafka(ctx context.Context, nodes int, dataDirs []string) (*kafkatest.Cluster, error) {
	return kafkatest.Start(ctx, kafkatest.Options{
		Provider: kafkatest.ProviderProcesses, Nodes: nodes, Security: nodes == 1, Properties: quick, HeapMiB: 256, DataDirs: dataDirs,
	})
}

// get returns nil for ownKafka.
func (k *kafkas) get(ctx context.Context, kind kafkaKind) (*kafkatest.Cluster, error) {
	if k.running[kind] != nil || kind == ownKafka {
		return k.running[kind], nil
	}
	nodes := map[kafkaKind]int{threeBrokers: 3, securedBroker: 1}[kind]
	c, err := startKafka(ctx, nodes, nil)
	if err == nil {
		k.running[kind] = c
	}
	return c, err
}

// keep closes what no scenario of the rest wants, to give its memory and processors to those that follow.
func (k *kafkas) keep(rest []scenario) {
	wanted := map[kafkaKind]bool{}
	for _, sc := range rest {
		wanted[sc.kafka] = true
	}
	for kind := range k.running {
		if !wanted[kind] {
			k.drop(kind)
		}
	}
}

// drop has the next scenario start a new one.
func (k *kafkas) drop(kind kafkaKind) {
	if c := k.running[kind]; c != nil {
		_ = c.Close() // its processes are gone; what is left of its folder, the next start removes
		delete(k.running, kind)
	}
}

// heal brings every broker of a cluster back, whatever a scenario did to it.
func heal(ctx context.Context, c *kafkatest.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := each(len(c.Brokers()), func(i int) error {
		if c.Resume(i) == nil {
			return nil
		}
		return c.Restart(ctx, i) // it does not run
	}); err != nil {
		return err
	}
	return c.InSync(ctx)
}
