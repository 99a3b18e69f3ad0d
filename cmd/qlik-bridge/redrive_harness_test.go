package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/sandbox"
)

// redriven is a cluster with events, and a group that has handled all of them.
type redriven struct {
	kafka   *sandbox.Kafka // nil: a real one
	seeds   []string
	brokers string // the flag
	client  *kgo.Client
	admin   *kadm.Client
	began   time.Time     // of the first event
	step    time.Duration // from one to the next: so long that it does not matter how long a test takes
	events  int
	folder  string // where undo files are written
}

// hoursAgo is how old the first event is.
const hoursAgo = 100

func startRedriven(t *testing.T) *redriven {
	t.Helper()
	k := startFake(t, 0)
	r := newRedriven(t, k.Brokers())
	r.kafka = k
	run(t, "topics", "apply", r.brokers).expect(t, 0)
	return r
}

func newRedriven(t *testing.T, brokers []string, opts ...kgo.Opt) *redriven {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(50*time.Millisecond))...)
	must(t, err)
	t.Cleanup(c.Close)
	return &redriven{seeds: brokers, brokers: "--kafka-brokers=" + strings.Join(brokers, ","), client: c, admin: kadm.NewClient(c), folder: t.TempDir(),
		began: time.Now().Add(-hoursAgo * time.Hour).Truncate(time.Millisecond), step: time.Hour}
}

// put writes events to a partition, a step after one another; each is named TOPIC-PARTITION-OFFSET.
func (r *redriven) put(t *testing.T, topic string, partition int32, types ...string) {
	t.Helper()
	ends, err := r.admin.ListEndOffsets(t.Context(), topic)
	must(t, err)
	end, _ := ends.Lookup(topic, partition)
	for i, typ := range types {
		id := fmt.Sprintf("%s-%d-%d", topic, partition, end.Offset+int64(i))
		tenant := []string{"t-1", "t-2"}[i%2]
		record := &kgo.Record{Topic: topic, Partition: partition, Key: []byte("key-" + id), Timestamp: r.at(r.events),
			Value: []byte(fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"com.qlik/x","type":%q,"subject":"s-%d","tenantid":%q,"data":{"n": 1.50}}`, id, typ, i, tenant)),
			Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json; charset=utf-8")}, {Key: "ce_id", Value: []byte(id)},
				{Key: "ce_type", Value: []byte(typ)}, {Key: "ce_source", Value: []byte("com.qlik/x")}, {Key: "ce_time", Value: []byte(r.at(r.events).Format(time.RFC3339))}}}
		must(t, r.client.ProduceSync(t.Context(), record).FirstErr())
		r.events++
	}
}

// at is when the event of a number was taken in.
func (r *redriven) at(n int) time.Time { return r.began.Add(time.Duration(n) * r.step) }

// commit sets offsets of a group: topic, partition and offset of each.
func (r *redriven) commit(t *testing.T, group string, at ...any) {
	t.Helper()
	offsets := kadm.Offsets{}
	for i := 0; i < len(at); i += 3 {
		offsets.Add(kadm.Offset{Topic: at[i].(string), Partition: int32(at[i+1].(int)), At: int64(at[i+2].(int)), LeaderEpoch: -1, Metadata: "mine"})
	}
	must(t, r.admin.CommitAllOffsets(t.Context(), group, offsets))
}

// note sets the offset of a group in qlik.apps/0 and what stands beside it.
func (r *redriven) note(t *testing.T, group string, offset int64, beside string) {
	t.Helper()
	must(t, r.admin.CommitAllOffsets(t.Context(), group, kadm.Offsets{"qlik.apps": {0: {Topic: "qlik.apps", At: offset, LeaderEpoch: -1, Metadata: beside}}}))
}

// beside is the offset of a group in qlik.apps/0 and what stands beside it.
func (r *redriven) beside(t *testing.T, group string) string {
	t.Helper()
	fetched, err := r.admin.FetchOffsets(t.Context(), group)
	must(t, err)
	o, _ := fetched.Lookup("qlik.apps", 0)
	return fmt.Sprint(o.At, " ", o.Metadata)
}

// offsets are a group's, as topic/partition -> offset.
func (r *redriven) offsets(t *testing.T, group string) map[string]int64 {
	t.Helper()
	fetched, err := r.admin.FetchOffsets(t.Context(), group)
	must(t, err)
	all := map[string]int64{}
	fetched.Each(func(o kadm.OffsetResponse) {
		if o.At >= 0 {
			all[fmt.Sprintf("%s/%d", o.Topic, o.Partition)] = o.At
		}
	})
	return all
}

// run runs redrive in the folder of undo files.
func (r *redriven) run(t *testing.T, args ...string) ended {
	t.Helper()
	return runIn(t, r.folder, "", nil, append([]string{"redrive", r.brokers}, args...)...)
}

// member joins a group and consumes in it until the test ends, or its end is called.
func (r *redriven) member(t *testing.T, group, topic string, opts ...kgo.Opt) (end func()) {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(r.seeds...), kgo.ClientID("worker-7"), kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic), kgo.DisableAutoCommit()}, opts...)...)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			c.PollFetches(ctx)
		}
	}()
	end = func() { cancel(); <-done; c.Close() }
	t.Cleanup(end)
	eventually(t, "a member that has joined", func() bool {
		got := r.run(t, "--group", group, "--to-latest", "--read", "0")
		return strings.Contains(got.err, "worker-7")
	})
	return end
}

// shownPlan is a plan as JSON.
type shownPlan struct {
	Group      string
	Asked      string
	UndoFile   string `json:"undo_file"`
	Partitions []struct {
		Topic           string
		Partition       int
		Current, Target *int64
		Effect          string
		Events          int
		Exact           bool
		First, Last     *time.Time
		Types           map[string]int
	}
	Again, Skipped, Ahead int
	Types                 map[string]int
	Members               []map[string]string
	Refused               []struct {
		Topic, Asked, Reason  string
		Partition, Start, End int
		First                 *time.Time
	}
	Moved []struct{ Before, After, Current *int64 }
}

func (e ended) plan(t *testing.T) shownPlan {
	t.Helper()
	var p shownPlan
	if err := json.Unmarshal([]byte(e.out), &p); err != nil {
		t.Fatalf("got %q and %q: %v", e.out, e.err, err)
	}
	return p
}

// targets are where a plan goes, as topic/partition -> offset.
func (p shownPlan) targets() map[string]int64 {
	all := map[string]int64{}
	for _, m := range p.Partitions {
		if m.Target != nil {
			all[fmt.Sprintf("%s/%d", m.Topic, m.Partition)] = *m.Target
		}
	}
	return all
}

var (
	times  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	stamps = regexp.MustCompile(`\d{8}T\d{6}\.\d{3}Z`)
)

// timeless is a text with every time the same.
func timeless(s string) string {
	return stamps.ReplaceAllString(times.ReplaceAllString(s, "0000-00-00T00:00:00Z"), "TIME")
}
