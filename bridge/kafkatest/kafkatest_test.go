package kafkatest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Run(m)) }

func TestProcessesKeepWhatTheyAcknowledge(t *testing.T) {
	c := kafkatest.New(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses})
	roundTrip(t, c)
}

// TestHost asserts that the brokers are at the address that was asked for, and say so to clients.
func TestHost(t *testing.T) {
	const host = "127.0.0.2"
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Skipf("SKIP: this machine has no %s: %v", host, err)
	}
	must(t, "close the listener", l.Close())
	c := kafkatest.New(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Host: host})
	if got := c.Brokers()[0]; !strings.HasPrefix(got, host+":") {
		t.Errorf("got a broker at %s, want one on %s", got, host)
	}
	roundTrip(t, c) // by the addresses that it advertises
}

func TestTheNamedOneKeepsWhatItAcknowledges(t *testing.T) {
	roundTrip(t, environment(t, kafkatest.Shared(t)))
}

func TestDockerKeepsWhatItAcknowledges(t *testing.T) {
	c := kafkatest.New(t, kafkatest.Options{Provider: kafkatest.ProviderDocker})
	roundTrip(t, c)
}

// roundTrip produces 1000 records, idempotent and with acks=all as franz-go does by default, and reads them back.
func roundTrip(t *testing.T, c *kafkatest.Cluster) {
	t.Helper()
	topic := createTopic(t, c, 1)
	cl := client(t, c, kgo.DefaultProduceTopic(topic), kgo.ConsumeTopics(topic))
	var want []string
	for i := range 1000 {
		want = append(want, fmt.Sprintf("value %d", i))
	}
	produce(t, cl, want...)
	if diff := cmp.Diff(want, consume(t, cl, len(want))); diff != "" {
		t.Errorf("records read back differ (-want +got):\n%s", diff)
	}
}

func client(t *testing.T, c *kafkatest.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.Brokers()...)}, opts...)...)
	if err != nil {
		t.Fatalf("making a client: %v", err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// createTopic makes a topic named after the test, with the cluster's own defaults for replicas.
func createTopic(t *testing.T, c *kafkatest.Cluster, partitions int32) string {
	t.Helper()
	name := t.Name()
	resp, err := kadm.NewClient(client(t, c)).CreateTopic(within(t, time.Minute), partitions, -1, nil, name)
	if err != nil {
		t.Fatalf("creating topic %s: %v, %v", name, err, resp.Err)
	}
	return name
}

func produce(t *testing.T, cl *kgo.Client, values ...string) {
	t.Helper()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, kgo.StringRecord(v))
	}
	if err := cl.ProduceSync(within(t, time.Minute), records...).FirstErr(); err != nil {
		t.Fatalf("producing %d records: %v", len(values), err)
	}
}

// consume polls until it has n values.
func consume(t *testing.T, cl *kgo.Client, n int) []string {
	t.Helper()
	ctx := within(t, time.Minute)
	var got []string
	for len(got) < n {
		fetches := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			t.Fatalf("consuming: got %d of %d records: %v", len(got), n, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	return got
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
