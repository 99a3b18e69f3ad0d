package consumer_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/kafkatest"
	"qlikbridge/topics"
)

// patience is how long a test waits for what has to come, on a machine that does other things as well.
const patience = time.Minute

// harness is a Kafka that the tests run on, and topics and groups of one test there.
type harness struct {
	brokers []string
	fake    *kfake.Cluster // nil on a real one
	kgo     *kgo.Client
	admin   *kadm.Client
	prefix  string // begins every topic and group
}

// onEach runs a test on kfake, or, where that was asked for, on a real Kafka.
func onEach(t *testing.T, test func(*testing.T, *harness)) {
	t.Helper()
	t.Run("real", func(t *testing.T) { test(t, onReal(t)) })
	if realAsked() {
		return
	}
	t.Parallel()
	t.Run("kfake", func(t *testing.T) { test(t, fake(t)) })
}

func realAsked() bool { return os.Getenv("REAL_KAFKA") == "1" || os.Getenv("REQUIRE_KAFKA") == "1" }

func TestMain(m *testing.M) {
	if os.Getenv(memberEnv) != "" {
		os.Exit(memberMain())
	}
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	os.Exit(kafkatest.Run(m))
}

func fake(t *testing.T, more ...kfake.Opt) *harness {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3)}, more...)...)
	must(t, "start kfake", err)
	t.Cleanup(cluster.Close)
	h := newHarness(t, cluster.ListenAddrs())
	h.fake = cluster
	return h
}

func onReal(t *testing.T) *harness {
	t.Helper()
	if !realAsked() {
		t.Skip("needs a real Kafka: REAL_KAFKA=1 go test ./bridge/consumer, without -short")
	}
	return newHarness(t, kafkatest.Shared(t).Brokers())
}

func newHarness(t *testing.T, brokers []string, more ...kgo.Opt) *harness {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(20 * time.Millisecond), kgo.RecordPartitioner(kgo.ManualPartitioner())}, more...)...)
	must(t, "make a client", err)
	t.Cleanup(client.Close)
	return &harness{brokers: brokers, kgo: client, admin: kadm.NewClient(client), prefix: "t" + strings.ToLower(rand.Text()[:8]) + "."}
}

// topic makes the topic of a family.
func (h *harness) topic(t *testing.T, family string, partitions int32) string {
	t.Helper()
	_, err := h.admin.CreateTopic(within(t), partitions, 1, nil, h.prefix+family)
	must(t, "create the topic "+family, err)
	return h.prefix + family
}

// config is a configuration that reaches the cluster, with waits for tests; changes follow.
func (h *harness) config(changes ...func(*consumer.Config)) consumer.Config {
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Topics: topics.Config{Prefix: h.prefix}, Group: h.prefix + "group", Families: []string{"apps"},
		Retry: consumer.Retry{Attempts: 3, First: 10 * time.Millisecond, Most: 40 * time.Millisecond}, Stop: patience}
	c.Kafka.Brokers = h.brokers
	for _, change := range changes {
		change(&c)
	}
	return c
}

// sent is an event as the bridge would publish it.
type sent struct {
	id, key, typ string // key "": none
	partition    int32
	value        []byte // nil: made of the above
	headers      []kgo.RecordHeader
	bare         bool // no headers but those given
}

const appCreated = "com.qlik.app.created"

func (s sent) record(topic string) *kgo.Record {
	if s.typ == "" {
		s.typ = appCreated
	}
	r := &kgo.Record{Topic: topic, Partition: s.partition, Value: s.value, Headers: s.headers}
	if s.key != "" {
		r.Key = []byte(s.key)
	}
	if s.value == nil {
		r.Value = fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"com.qlik/apps","type":%q,"time":"2026-11-25T10:00:00Z","datacontenttype":"application/json","data":{"n":1.50}}`, s.id, s.typ)
	}
	if !s.bare {
		r.Headers = append([]kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json; charset=utf-8")}, {Key: "ce_id", Value: []byte(s.id)},
			{Key: "ce_type", Value: []byte(s.typ)}, {Key: "ce_source", Value: []byte("com.qlik/apps")}}, r.Headers...)
	}
	return r
}

// send produces events, in order.
func (h *harness) send(t *testing.T, topic string, events ...sent) {
	t.Helper()
	var records []*kgo.Record
	for _, e := range events {
		records = append(records, e.record(topic))
	}
	must(t, "produce", h.kgo.ProduceSync(within(t), records...).FirstErr())
}

// number makes n events with ids 0 to n-1; more says what else they have.
func number(n int, more func(i int, e *sent)) []sent {
	events := make([]sent, n)
	for i := range events {
		events[i].id = fmt.Sprint(i)
		if more != nil {
			more(i, &events[i])
		}
	}
	return events
}

// read returns the first n records of a topic, each partition from its beginning.
func (h *harness) read(t *testing.T, topic string, n int) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(h.brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.MetadataMinAge(20*time.Millisecond))
	must(t, "make a consumer", err)
	defer client.Close()
	ctx := within(t)
	var all []*kgo.Record
	for len(all) < n {
		all = append(all, client.PollFetches(ctx).Records()...)
		if ctx.Err() != nil {
			t.Fatalf("reading %s: got %d records, want %d", topic, len(all), n)
		}
	}
	return all
}

// count is the number of records in a topic; 0 where it does not exist.
func (h *harness) count(t *testing.T, topic string) (n int64) {
	t.Helper()
	ends, err := h.admin.ListEndOffsets(within(t), topic)
	must(t, "list ends", err)
	ends.Each(func(o kadm.ListedOffset) { n += max(0, o.Offset) })
	return n
}

// committed is what a group has committed of a partition; -1: nothing that is known yet.
func (h *harness) committed(t *testing.T, group, topic string, partition int32) int64 {
	t.Helper()
	offsets, err := h.admin.FetchOffsets(within(t), group)
	if errors.Is(err, kerr.GroupIDNotFound) || kerr.IsRetriable(err) { // a cluster's first group waits for its coordinator
		return -1
	}
	must(t, "fetch offsets", err)
	if o, ok := offsets.Lookup(topic, partition); ok {
		return o.At
	}
	return -1
}

// running is a consumer that runs.
type running struct {
	*consumer.Consumer
	cancel context.CancelFunc
	ended  chan error
}

// start runs a consumer until stop, or the end of the test.
func start(t *testing.T, c consumer.Config, handle consumer.Handler) *running {
	t.Helper()
	return startWith(t, c, handle, consumer.Options{Log: testLog(t)})
}

func startWith(t *testing.T, c consumer.Config, handle consumer.Handler, o consumer.Options) *running {
	t.Helper()
	made, err := consumer.New(c, handle, o)
	must(t, "make a consumer", err)
	return run(t, made)
}

func run(t *testing.T, made *consumer.Consumer) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{made, cancel, make(chan error, 1)}
	go func() { r.ended <- made.Run(ctx); close(r.ended) }()
	t.Cleanup(func() {
		cancel()
		if err := <-r.ended; err != nil { // nil where it was seen
			t.Errorf("the consumer ended: %v", err)
		}
	})
	return r
}

// stop stops it and waits for that.
func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	must(t, "stop", <-r.ended)
}

// fails waits until it ends by itself, and returns why.
func (r *running) fails(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		if err == nil {
			t.Fatal("the consumer ended without an error")
		}
		return err
	case <-time.After(patience):
		t.Fatal("the consumer did not end")
	}
	return nil
}

// testLog is the log of a test that failed.
func testLog(t *testing.T) *slog.Logger {
	b := &lateLog{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(b.String())
		}
	})
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lateLog struct {
	mu sync.Mutex
	strings.Builder
}

func (l *lateLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.Write(b)
}

func (l *lateLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.String()
}

// book is what handlers note, in order.
type book struct {
	mu      sync.Mutex
	entries []entry
}

type entry struct {
	id string
	at bridge.Place
}

// note is a handler that notes and is content.
func (b *book) note(ctx context.Context, e event.Event) error {
	at, _ := consumer.At(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, entry{e.ID(), at})
	return nil
}

func (b *book) ids() (ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		ids = append(ids, e.id)
	}
	return ids
}

// wait waits until n events are noted.
func (b *book) wait(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d events are handled", n), func() bool { return len(b.ids()) >= n })
}

// exactly asserts that each of the ids 0 to n-1 is noted once, and nothing else.
func (b *book) exactly(t *testing.T, n int) {
	t.Helper()
	times := map[string]int{}
	for _, id := range b.ids() {
		times[id]++
	}
	var wrong []string
	for i := range n {
		if got := times[fmt.Sprint(i)]; got != 1 {
			wrong = append(wrong, fmt.Sprintf("%d: %d times", i, got))
		}
	}
	if len(wrong) > 0 || len(times) != n {
		t.Errorf("got %d different events, want each of %d once; %v", len(times), n, wrong)
	}
}

func (b *book) is(t *testing.T, want ...string) {
	t.Helper()
	got := b.ids()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got the events %v, want %v", got, want)
	}
}

// eventually waits for something that has to come.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to pass that %s", what)
		}
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
