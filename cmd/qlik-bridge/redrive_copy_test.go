package main_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// stored are the records of a topic, in the order of their partitions.
func (r *redriven) stored(t *testing.T, topic string) []*kgo.Record {
	t.Helper()
	ends, err := r.admin.ListEndOffsets(t.Context(), topic)
	must(t, err)
	want := int64(0)
	for _, end := range ends[topic] {
		want += max(0, end.Offset)
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(r.seeds...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	must(t, err)
	defer c.Close()
	var all []*kgo.Record
	for int64(len(all)) < want {
		all = append(all, c.PollFetches(t.Context()).Records()...)
	}
	slices.SortFunc(all, func(a, b *kgo.Record) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return all
}

// origins are where the copies in a topic come from, sorted.
func (r *redriven) origins(t *testing.T, topic string) []string {
	t.Helper()
	var all []string
	for _, record := range r.stored(t, topic) {
		all = append(all, header(record, "copiedfrom"))
	}
	slices.Sort(all)
	return all
}

// TestRedriveCopy asserts which events are copied, by every way to choose them, and that groups stay where they are.
func TestRedriveCopy(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	before := r.offsets(t, "billing")
	apps0 := []string{"qlik.apps/0/0", "qlik.apps/0/1", "qlik.apps/0/2", "qlik.apps/0/3", "qlik.apps/0/4"}
	apps1 := []string{"qlik.apps/1/0", "qlik.apps/1/1", "qlik.apps/1/2"}
	users := []string{"qlik.users/0/0", "qlik.users/0/1"}
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"all", []string{"--to-earliest"}, slices.Concat(apps0, apps1, users)},
		{"a family", []string{"--to-earliest", "--family", "users"}, users},
		{"a type", []string{"--to-earliest", "--type", appCreated}, []string{apps0[0], apps0[2], apps0[4], apps1[0], apps1[1]}},
		{"a type and its older name", []string{"--to-earliest", "--type", appDeleted}, []string{apps0[1], apps0[3], apps1[2]}},
		{"a partition", []string{"--to-earliest", "--topic", "qlik.apps:1"}, apps1},
		{"what a group has", []string{"--to-earliest", "--group", "directory"}, users},
		{"a tenant", []string{"--to-earliest", "--tenant", "t-2"}, []string{apps0[1], apps0[3], apps1[1], users[1]}},
		{"a subject", []string{"--to-earliest", "--subject", "s-4"}, apps0[4:]},
		{"a source", []string{"--to-earliest", "--source", "com.qlik/x", "--family", "users"}, users},
		{"from a time", []string{"--to-datetime", r.moment(6)}, slices.Concat(apps1[1:], users)},
		{"from a duration", []string{"--by-duration", fmt.Sprintf("PT%dH30M", hoursAgo-7)}, slices.Concat(apps1[2:], users)},
		{"between", []string{"--to-datetime", r.moment(1), "--until", r.at(6).UTC().Format(time.RFC3339Nano)}, slices.Concat(apps0[1:], apps1[:1])},
		{"from an offset", []string{"--to-offset", "4", "--topic", "qlik.apps:0"}, apps0[4:]},
		{"from an event", []string{"--to-event", "qlik.apps-1-1"}, slices.Concat(apps1[1:], users)},
		{"from an event, its partition alone", []string{"--to-event", "qlik.apps-1-1", "--only-partition"}, apps1[1:]},
	}
	r.commit(t, "directory", "qlik.users", 0, 0)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			side := fmt.Sprint("side-", i)
			r.run(t, append(tt.args, "--copy-to", side)...).expect(t, 0, fmt.Sprintf("%d event", len(tt.want)), "would be copied to "+side, "topic "+side+" would be made: ", "dry run")
			if listed, err := r.admin.ListTopics(t.Context()); err != nil || listed.Has(side) {
				t.Errorf("got the topic after a dry run, want none, %v", err)
			}
			got := r.run(t, append(tt.args, "--copy-to", side, "--execute")...)
			got.expect(t, 0, fmt.Sprintf("%d event", len(tt.want)), "copied to "+side+"\n")
			if diff := gocmp.Diff(tt.want, r.origins(t, side)); diff != "" {
				t.Errorf("copies (-want +got):\n%s", diff)
			}
		})
	}
	if diff := gocmp.Diff(before, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-before +after):\n%s", diff)
	}
	if left, err := os.ReadDir(r.folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want no undo files", left, err)
	}
}

// TestRedriveCopyLate asserts that an event that was taken in before others and written behind them, as from a spool, is in its window.
func TestRedriveCopyLate(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	for _, at := range []int{0, 5, 2, 6} {
		must(t, r.client.ProduceSync(t.Context(), &kgo.Record{Topic: "qlik.apps", Value: []byte("{}"), Timestamp: r.at(at)}).FirstErr())
	}
	until := r.at(4).UTC().Format(time.RFC3339Nano)
	r.run(t, "--copy-to", "side", "--topic", "qlik.apps", "--to-earliest", "--until", until, "--execute").expect(t, 0, "2 events copied to side\n")
	if diff := gocmp.Diff([]string{"qlik.apps/0/0", "qlik.apps/0/2"}, r.origins(t, "side")); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
}

// TestRedriveCopyBytes asserts that a copy is its event byte for byte, with one header more; that its timestamp is when it was made; and that
// events of a key stay in order.
func TestRedriveCopyBytes(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	began := time.Now().Add(-time.Second)
	var sources []*kgo.Record
	for i := range 200 {
		record := &kgo.Record{Topic: "qlik.apps", Partition: int32(i % 2), Key: []byte(fmt.Sprint("key-", i%10)), Timestamp: r.at(0), Value: []byte(fmt.Sprintf("{\"n\": 1.50,\t\"i\":%d,\"\\u00e9\":\"é\"}", i)),
			Headers: []kgo.RecordHeader{{Key: "ce_type", Value: []byte(appCreated)}, {Key: "x", Value: []byte{0, 255}}, {Key: "x", Value: nil}, {Key: "copiedfrom", Value: []byte("before/0/1")}}}
		must(t, r.client.ProduceSync(t.Context(), record).FirstErr())
		sources = append(sources, record)
	}
	none := &kgo.Record{Topic: "qlik.apps", Partition: 2, Timestamp: r.at(0)} // neither key nor value nor headers
	must(t, r.client.ProduceSync(t.Context(), none).FirstErr())
	sources = append(sources, none)
	r.run(t, "--topic", "qlik.apps", "--to-earliest", "--copy-to", "side", "--execute").expect(t, 0, "201 events copied to side\n")

	copies := map[string]*kgo.Record{} // :: origin -> copy
	last := map[string]int64{}         // :: key -> offset of its last copy
	for _, c := range r.stored(t, "side") {
		copies[string(c.Headers[len(c.Headers)-1].Value)] = c
	}
	for _, s := range sources {
		from := fmt.Sprintf("qlik.apps/%d/%d", s.Partition, s.Offset)
		c := copies[from]
		if c == nil {
			t.Fatalf("got no copy of %s, want one", from)
		}
		want := slices.Concat(s.Headers, []kgo.RecordHeader{{Key: "copiedfrom", Value: []byte(from)}})
		if !slices.Equal(c.Key, s.Key) || !slices.Equal(c.Value, s.Value) || (c.Key == nil) != (s.Key == nil) || (c.Value == nil) != (s.Value == nil) || !gocmp.Equal(want, c.Headers) {
			t.Errorf("got %q %q %v, want %q %q %v", c.Key, c.Value, c.Headers, s.Key, s.Value, want)
		}
		if c.Timestamp.Before(began) {
			t.Errorf("got the timestamp %s, want the time of the copy", c.Timestamp)
		}
		if key := fmt.Sprint(c.Partition, string(c.Key)); c.Key != nil {
			if before, seen := last[key]; seen && c.Offset <= before {
				t.Errorf("got %s at offset %d, after %d of its key, want them in order", from, c.Offset, before)
			}
			last[key] = c.Offset
		}
	}
}

// TestRedriveCopyAgain asserts that what has a copy is not copied once more, unless that is asked for.
func TestRedriveCopyAgain(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	copyTo := func(args ...string) ended {
		return r.run(t, append([]string{"--copy-to", "side", "--to-earliest", "--execute"}, args...)...)
	}
	copyTo("--type", appCreated).expect(t, 0, "5 events copied to side\n")
	copyTo("--family", "apps").expect(t, 0, "3 events will be copied to side: com.qlik.app.deleted 2, com.qlik.v1.app.deleted 1\n", "5 events have a copy there already (--again copies them too)", "3 events copied to side\n")
	got := copyTo("--family", "apps")
	if got.expect(t, 0, "0 events will be copied to side\n", "8 events have a copy"); strings.Contains(got.err, "events copied") {
		t.Errorf("got %s, want an end where there is nothing to do", got.err)
	}
	copyTo("--type", appDeleted, "--again").expect(t, 0, "3 events copied to side\n")
	if n := len(r.stored(t, "side")); n != 11 {
		t.Errorf("got %d copies, want 11", n)
	}
	copyTo("--family", "apps", "-o", "json").expect(t, 0, `"copy_to":"side"`, `"events":0`)
}

// TestRedriveCopyRefused asserts which topics are not copied to, and when nothing is.
func TestRedriveCopyRefused(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	policy := "compact"
	_, err := r.admin.CreateTopic(t.Context(), 1, 1, map[string]*string{"cleanup.policy": &policy}, "compacted")
	must(t, err)
	must(t, r.kafka.Cluster().DeleteRecords("qlik.apps", 0, 2))
	_, err = r.admin.CreateTopic(t.Context(), 1, 1, nil, "side")
	must(t, err)
	r.commit(t, "own", "side", 0, 0)
	tests := []struct {
		name string
		code int
		args []string
		want []string
	}{
		{"a topic of the catalogue", 2, []string{"--copy-to", "qlik.apps", "--to-earliest"}, []string{"--copy-to qlik.apps", "family apps", "name a topic of its own"}},
		{"the dead letters", 2, []string{"--copy-to", "qlik.dead-letter", "--to-earliest"}, []string{"family dead-letter"}},
		{"a group's dead letters", 2, []string{"--copy-to", "qlik.dead-letter.billing", "--to-earliest"}, []string{"hold the dead letters of groups"}},
		{"Kafka's own", 2, []string{"--copy-to", "__consumer_offsets", "--to-earliest"}, []string{"Kafka's own"}},
		{"itself", 2, []string{"--copy-to", "side", "--topic", "side", "--to-earliest"}, []string{"copied from it"}},
		{"itself, as a group has it", 1, []string{"--copy-to", "side", "--group", "own", "--to-earliest"}, []string{"refused: side is one of the topics that the events are copied from"}},
		{"compacted", 1, []string{"--copy-to", "compacted", "--to-earliest"}, []string{"refused: topic compacted has cleanup.policy=compact"}},
		{"backwards", 2, []string{"--copy-to", "side", "--to-datetime", r.moment(5), "--until", r.at(5).UTC().Format(time.RFC3339Nano)}, []string{"nothing lies between"}},
		{"what is gone", 1, []string{"--copy-to", "side", "--to-offset", "1", "--topic", "qlik.apps:0"}, []string{"the partition begins later", "--clamp"}},
		{"an unknown event", 1, []string{"--copy-to", "side", "--to-event", "nope"}, []string{"none of 8 events of "}},
		{"an unknown group", 1, []string{"--copy-to", "side", "--to-earliest", "--group", "owm"}, []string{"there is own"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.run(t, append(tt.args, "--execute")...).expect(t, tt.code, tt.want...)
		})
	}
	if n := len(r.stored(t, "side")); n != 0 {
		t.Errorf("got %d copies, want none", n)
	}
	r.run(t, "--copy-to", "qlik.side", "--to-earliest", "--family", "users").expect(t, 0, "topic qlik.side would be made: 3 partitions × 1, retention 7d", "consumers that subscribe to every topic that begins with qlik. will be given the copies too")
}

// TestRedriveCopyStops asserts that where Kafka stops to acknowledge, a run ends in time and says how far it came, and that the next goes on.
func TestRedriveCopyStops(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	for range 50 { // of which one request holds some
		must(t, r.client.ProduceSync(t.Context(), &kgo.Record{Topic: "qlik.apps", Key: []byte("k"), Value: make([]byte, 100_000), Timestamp: r.at(0)}).FirstErr())
	}
	var produced atomic.Int32
	r.kafka.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.kafka.Cluster().KeepControl()
		if produced.Add(1) <= 1 {
			return nil, nil, false
		}
		return nil, errors.New("the connection breaks"), true
	})
	began := time.Now()
	got := r.run(t, "--copy-to", "side", "--by-duration", "101h", "--execute", "--timeout", "2s")
	got.expect(t, 1, "stopped after ", "run it again to go on: what has a copy is passed over; with --to-datetime ", " instead of --by-duration")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s, want seconds", took)
	}
	produced.Store(-1000) // it acknowledges again
	if n := len(r.stored(t, "side")); n == 0 || n == 50 {
		t.Fatalf("got %d copies, want some", n)
	}
	_, moment, _ := strings.Cut(got.err, "--to-datetime ")
	moment, _, _ = strings.Cut(moment, " ")
	r.run(t, "--copy-to", "side", "--to-datetime", moment, "--execute").expect(t, 0, "have a copy there already")
	if all := r.origins(t, "side"); len(all) != 50 || len(slices.Compact(all)) != 50 {
		t.Errorf("got %d copies of %d events, want one of each", len(all), len(slices.Compact(all)))
	}
}

// TestRedriveCopyInterrupted asserts that after a signal what is on its way is waited for, and said.
func TestRedriveCopyInterrupted(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	r.step = time.Minute
	r.put(t, "qlik.apps", 0, slices.Repeat([]string{appCreated}, 2500)...)
	seen, goOn := make(chan struct{}), make(chan struct{})
	reached := sync.OnceFunc(func() { close(seen) })
	r.kafka.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.kafka.Cluster().SleepControl(func() { reached(); <-goOn })
		return nil, nil, false
	})
	p := launch(t, "redrive", r.brokers, "--copy-to", "side", "--topic", "qlik.apps:0", "--to-earliest", "--execute")
	<-seen
	p.signal(t, syscall.SIGINT)
	p.await(t, &p.err, "interrupted; waiting for what is on its way")
	close(goOn)
	got := p.wait(t)
	got.expect(t, 1, "events copied to side\n", "stopped after ", "run it again to go on", "interrupted")
	n := len(r.stored(t, "side"))
	if n == 0 || n >= 2500 || !strings.Contains(got.err, fmt.Sprintf("%d events copied", n)) {
		t.Errorf("got %d copies and %s, want some, and that many", n, got.err)
	}
	r.run(t, "--copy-to", "side", "--topic", "qlik.apps:0", "--to-earliest", "--execute").expect(t, 0)
	if all := r.origins(t, "side"); len(all) != 2500 || len(slices.Compact(all)) != 2500 {
		t.Errorf("got %d copies of %d events, want one of each", len(all), len(slices.Compact(all)))
	}
}

// TestRedriveCopyTooLarge asserts that an event that the side topic does not take is named, holds up no other, and makes the run fail.
func TestRedriveCopyTooLarge(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	limit := "2000"
	_, err := r.admin.CreateTopic(t.Context(), 1, 1, map[string]*string{"max.message.bytes": &limit}, "side")
	must(t, err)
	for _, n := range []int{10, 5000, 20} {
		must(t, r.client.ProduceSync(t.Context(), &kgo.Record{Topic: "qlik.apps", Value: make([]byte, n), Timestamp: r.at(0)}).FirstErr())
	}
	r.run(t, "--copy-to", "side", "--topic", "qlik.apps", "--to-earliest", "--execute").expect(t, 1,
		"qlik.apps/0/1  not copied  record_too_large: ", "2 events copied to side", "1 event of those that match cannot be copied")
	if diff := gocmp.Diff([]string{"qlik.apps/0/0", "qlik.apps/0/2"}, r.origins(t, "side")); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
}
