package kafka_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/kafkatest"
	"qlikbridge/bridge/sandbox"
)

// patience is how long a test waits for what has to come, on a machine that does other things as well.
const patience = 30 * time.Second

// harness is a Kafka that the tests run on, and a client of their own for what package kafka does not do.
type harness struct {
	config   kafka.Config // reaches it
	kgo      *kgo.Client
	admin    *kadm.Client
	brokers  int
	provider string // of a real Kafka: what runs it
	prefix   string // begins the name of every topic, so that two runs on one cluster do not meet
}

func newHarness(t *testing.T, brokers []string, more ...kgo.Opt) *harness {
	t.Helper()
	opts := []kgo.Opt{kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(50 * time.Millisecond)}
	c, err := kgo.NewClient(append(opts, more...)...)
	must(t, "make a client", err)
	h := &harness{config: kafka.DefaultConfig(), kgo: c, admin: kadm.NewClient(c), prefix: "conformance-" + strings.ToLower(rand.Text()[:8]) + "."}
	h.config.Brokers = brokers
	metadata, err := h.admin.BrokerMetadata(within(t, patience))
	must(t, "ask for the brokers", err)
	h.brokers = len(metadata.Brokers)
	t.Cleanup(func() { h.cleanUp(t) })
	return h
}

// cleanUp leaves nothing behind on a cluster that is somebody else's.
func (h *harness) cleanUp(t *testing.T) {
	defer h.kgo.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	listed, err := h.admin.ListTopics(ctx)
	if err != nil {
		t.Logf("listing topics to delete: %v", err)
		return
	}
	for _, name := range listed.Names() {
		if strings.HasPrefix(name, h.prefix) {
			_, _ = h.admin.DeleteTopic(ctx, name) // whoever owns the cluster finds the prefix
		}
	}
}

// fake starts a Kafka of three brokers in this process.
func fake(t *testing.T) (*harness, *kfake.Cluster) {
	t.Helper()
	k := startFake(t)
	return newHarness(t, k.Brokers()), k.Cluster()
}

func startFake(t *testing.T, more ...kfake.Opt) *sandbox.Kafka {
	t.Helper()
	k, err := sandbox.StartKafka(sandbox.KafkaOptions{Ports: []int{0, 0, 0}}, more...)
	must(t, "start kfake", err)
	t.Cleanup(k.Close)
	return k
}

// startReal starts a real Kafka where that was asked for.
func startReal(t *testing.T, o kafkatest.Options) *kafkatest.Cluster {
	t.Helper()
	if os.Getenv("REAL_KAFKA") != "1" && os.Getenv("REQUIRE_KAFKA") != "1" {
		t.Skip("needs a real Kafka: REAL_KAFKA=1 go test ./bridge/kafka, without -short")
	}
	return kafkatest.New(t, o)
}

// client makes a client of the package, with changes to the configuration that reaches the cluster.
func (h *harness) client(t *testing.T, changes ...func(*kafka.Config)) *kafka.Client {
	t.Helper()
	c := h.config
	for _, change := range changes {
		change(&c)
	}
	must(t, "validate the configuration", c.Validate())
	return connect(t, c)
}

func connect(t *testing.T, c kafka.Config, more ...kgo.Opt) *kafka.Client {
	t.Helper()
	client, err := kafka.New(c, nil, slog.New(slog.DiscardHandler), more...)
	must(t, "make a client of the package", err)
	t.Cleanup(client.Close)
	return client
}

// topic creates a topic named after the test; settings go in pairs.
func (h *harness) topic(t *testing.T, partitions int32, settings ...string) string {
	t.Helper()
	name := h.prefix + legalName(t)
	h.create(t, name, partitions, settings...)
	return name
}

func (h *harness) create(t *testing.T, name string, partitions int32, settings ...string) {
	t.Helper()
	config := map[string]*string{"max.message.bytes": new("2097152")}
	for i := 0; i < len(settings); i += 2 {
		config[settings[i]] = &settings[i+1]
	}
	_, err := h.admin.CreateTopic(within(t, patience), partitions, int16(min(3, h.brokers)), config, name)
	must(t, "create topic "+name, err)
}

func legal(r rune) rune {
	if r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
		return '-'
	}
	return r
}

// read returns the first n records of a topic, each partition from its beginning, as franz-go gives them.
func (h *harness) read(t *testing.T, topic string, n int) []*kgo.Record {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(h.config.Brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	must(t, "make a consumer", err)
	defer c.Close()
	ctx := within(t, patience)
	var all []*kgo.Record
	for len(all) < n {
		fetches := c.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			t.Fatalf("reading %s: got %d records, want %d: %v", topic, len(all), n, err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

// count is the number of records in a topic.
func (h *harness) count(t *testing.T, topic string) int {
	t.Helper()
	ends, err := h.admin.ListEndOffsets(within(t, patience), topic)
	must(t, "ask for the end of "+topic, errors.Join(err, ends.Error()))
	n := 0
	ends.Each(func(o kadm.ListedOffset) { n += int(o.Offset) })
	return n
}

// publication is one call of Publish and what comes of it.
type publication struct {
	began   time.Time
	took    time.Duration // of the call itself
	settled chan settlement
	times   atomic.Int32 // how often settle was called
}

type settlement struct {
	at   bridge.Position
	err  error
	took time.Duration
}

func publish(ctx context.Context, c *kafka.Client, r *bridge.Record) *publication {
	p := &publication{began: time.Now(), settled: make(chan settlement, 1)}
	c.Publish(ctx, r, func(at bridge.Position, err error) {
		if p.times.Add(1) == 1 {
			p.settled <- settlement{at, err, time.Since(p.began)}
		}
	})
	p.took = time.Since(p.began)
	return p
}

// wait returns the settlement, which has to come in time.
func (p *publication) wait(t *testing.T, atMost time.Duration) settlement {
	t.Helper()
	s := p.in(atMost)
	if errors.Is(s.err, errNotSettled) {
		t.Fatalf("%v after %s", s.err, s.took)
	}
	return s
}

// in returns the settlement, or errNotSettled where it does not come in time; for goroutines, which cannot end the test.
func (p *publication) in(atMost time.Duration) settlement {
	select {
	case s := <-p.settled:
		return s
	case <-time.After(atMost):
		return settlement{err: errNotSettled, took: time.Since(p.began)}
	}
}

var errNotSettled = errors.New("not settled")

// acked waits for an acknowledgement and returns where the record is.
func (p *publication) acked(t *testing.T) bridge.Position {
	t.Helper()
	s := p.wait(t, patience)
	must(t, "publish", s.err)
	return s.at
}

// refused waits for a refusal and compares its reason.
func (p *publication) refused(t *testing.T, want bridge.Reason, atMost time.Duration) {
	t.Helper()
	s := p.wait(t, atMost)
	var refusal *bridge.Refusal
	if !errors.As(s.err, &refusal) {
		t.Fatalf("got %v at %v after %s, want a refusal for %s", s.err, s.at, s.took, want)
	}
	if refusal.Reason != want {
		t.Errorf("got %s after %s (%v), want %s", refusal.Reason, s.took, refusal.Err, want)
	}
}

// settledOnce asserts that nothing waits in the client any more and that settle was called once for each.
func settledOnce(t *testing.T, c *kafka.Client, all ...*publication) {
	t.Helper()
	must(t, "flush: something is left in the client", c.Flush(within(t, patience)))
	for i, p := range all {
		if n := p.times.Load(); n != 1 {
			t.Errorf("publication %d was settled %d times, want once", i, n)
		}
	}
}

func record(topic, key, value string) *bridge.Record {
	return &bridge.Record{Topic: topic, Key: []byte(key), Value: []byte(value), Time: time.Now()}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
