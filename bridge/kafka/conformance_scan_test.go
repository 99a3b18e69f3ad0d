package kafka_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

func extent(t *testing.T, c *kafka.Client, topic string) kafka.Extent {
	t.Helper()
	e, err := c.Extent(within(t, patience), topic)
	must(t, "ask for the extent of "+topic, err)
	return e
}

// scanned returns the values of an extent's records by partition, in the order in which they come.
func scanned(t *testing.T, c *kafka.Client, e kafka.Extent) map[int32][]string {
	t.Helper()
	got := map[int32][]string{}
	err := c.Scan(within(t, patience), e, func(r kafka.Stored) error {
		if r.Topic != e.Topic || !e.Holds(r.Partition, r.Offset) {
			t.Errorf("got a record of %s at %s, want only those of the extent %v", r.Topic, r.Position, e)
		}
		got[r.Partition] = append(got[r.Partition], string(r.Value))
		return nil
	})
	must(t, "scan", err)
	return got
}

func checkScan(t *testing.T, c *kafka.Client, e kafka.Extent, want map[int32][]string) {
	t.Helper()
	if diff := cmp.Diff(want, scanned(t, c, e)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// fill publishes n records, numbered on from first, and returns their values by partition.
func fill(t *testing.T, c *kafka.Client, topic string, first, n int, into map[int32][]string) {
	t.Helper()
	for i := first; i < first+n; i++ {
		at := publish(t.Context(), c, record(topic, fmt.Sprint("key-", i), fmt.Sprint(i))).acked(t)
		into[at.Partition] = append(into[at.Partition], fmt.Sprint(i))
	}
}

// scanWhole asserts that each partition is read in order from its beginning to where it ended when it was asked for, though more comes
// meanwhile; that an empty partition and an empty topic do not hold it up; and that a part of an extent can be read.
func scanWhole(t *testing.T, h *harness) {
	c, topic, want := h.client(t), h.topic(t, 4), map[int32][]string{}
	if e := extent(t, c, topic); e.Len() != 0 || len(e.Ranges) != 4 {
		t.Errorf("got %v of an empty topic, want 4 empty ranges", e)
	}
	checkScan(t, c, extent(t, c, topic), want)
	fill(t, c, topic, 0, 3, want) // a partition is left empty
	fill(t, c, topic, 3, 40, want)
	e := extent(t, c, topic)
	if e.Len() != 43 {
		t.Errorf("got an extent of %d records, want 43", e.Len())
	}
	fill(t, c, topic, 43, 10, map[int32][]string{})
	checkScan(t, c, e, want)

	partition := e.Ranges[slices.IndexFunc(e.Ranges, func(r kafka.Range) bool { return r.End > 3 })].Partition
	part := kafka.Extent{Topic: topic, Ranges: []kafka.Range{{Partition: partition, Start: 1, End: 3}}}
	checkScan(t, c, part, map[int32][]string{partition: want[partition][1:3]})
}

// scanLarge asserts that records of which one answer cannot hold many come whole and in order.
func scanLarge(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	var want []string
	for i := range 15 {
		value := make([]byte, 1<<20)
		_, _ = rand.Read(value)
		want = append(want, string(value))
		publish(t.Context(), c, record(topic, "key", want[i])).acked(t)
	}
	if got := scanned(t, c, extent(t, c, topic)); !slices.Equal(got[0], want) {
		t.Errorf("got %d records, want the %d that were published", len(got[0]), len(want))
	}
}

// scanDeleted asserts that records that are gone hold nothing up: those gone before, those that go between the extent and its reading, and
// all of them.
func scanDeleted(t *testing.T, h *harness) {
	c, topic, all := h.client(t), h.topic(t, 1), map[int32][]string{}
	fill(t, c, topic, 0, 10, all)
	remove := func(before int64) {
		t.Helper()
		deleted, err := h.admin.DeleteRecords(within(t, patience), kadm.Offsets{topic: {0: {Topic: topic, At: before}}})
		must(t, "delete records", errors.Join(err, deleted.Error()))
	}
	whole := extent(t, c, topic)
	remove(4)
	e := extent(t, c, topic)
	if diff := cmp.Diff([]kafka.Range{{Partition: 0, Start: 4, End: 10}}, e.Ranges); diff != "" {
		t.Errorf("the extent (-want +got):\n%s", diff)
	}
	checkScan(t, c, e, map[int32][]string{0: all[0][4:]})
	checkScan(t, c, whole, map[int32][]string{0: all[0][4:]})
	remove(10)
	checkScan(t, c, whole, map[int32][]string{})
	checkScan(t, c, extent(t, c, topic), map[int32][]string{})
}

// scanGaps asserts that offsets that Kafka uses itself, in the middle and at the very end, are no records and do not make it wait: the ends
// of transactions.
func scanGaps(t *testing.T, h *harness) {
	c, topic, want := h.client(t), h.topic(t, 1), map[int32][]string{}
	transaction, err := kgo.NewClient(kgo.SeedBrokers(h.config.Brokers...), kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic))
	must(t, "make a client", err)
	defer transaction.Close()
	for _, value := range []string{"a", "b"} {
		must(t, "begin", transaction.BeginTransaction())
		must(t, "produce", transaction.ProduceSync(within(t, patience), kgo.StringRecord(value)).FirstErr())
		must(t, "end", transaction.EndTransaction(within(t, patience), kgo.TryCommit))
	}
	want[0] = []string{"a", "b"}
	eventually(t, func() error { // the end is written a moment after it is acknowledged
		if e := extent(t, c, topic); e.Len() != 4 {
			return fmt.Errorf("got %d offsets, want 2 records and 2 ends", e.Len())
		}
		return nil
	})
	checkScan(t, c, extent(t, c, topic), want)
}

// scanEnds asserts that an error of the receiver ends a scan as it is, that ctx ends it, and that a topic that does not exist is said.
func scanEnds(t *testing.T, h *harness) {
	c, topic, n, enough := h.client(t), h.topic(t, 1), 0, errors.New("enough")
	fill(t, c, topic, 0, 5, map[int32][]string{})
	e := extent(t, c, topic)
	err := c.Scan(within(t, patience), e, func(kafka.Stored) error { n++; return enough })
	if err != enough || n != 1 {
		t.Errorf("got %v after %d records, want %v after 1", err, n, enough)
	}
	if err := c.Scan(canceled(t), e, func(kafka.Stored) error { return nil }); !errors.Is(err, canceled(t).Err()) {
		t.Errorf("got %v, want the context's", err)
	}
	beyond := kafka.Extent{Topic: topic, Ranges: []kafka.Range{{Partition: 0, Start: 3, End: 9}}}
	began := time.Now()
	if err := c.Scan(within(t, 2*time.Second), beyond, func(kafka.Stored) error { return nil }); err == nil || time.Since(began) > 8*time.Second {
		t.Errorf("got %v after %s of what is not there yet, want an error when the context ends", err, time.Since(began))
	}
	if _, err := c.Extent(within(t, patience), topic+"-missing"); !errors.Is(err, kafka.ErrTopicsMissing) {
		t.Errorf("got %v, want %v", err, kafka.ErrTopicsMissing)
	}
}

// scanAway asserts that where nobody answers, both end with their context.
func scanAway(t *testing.T, h *harness) {
	c := h.client(t, func(c *kafka.Config) { c.Brokers = []string{"127.0.0.1:1"} })
	began := time.Now()
	_, err := c.Extent(within(t, time.Second), "any")
	scan := c.Scan(within(t, time.Second), kafka.Extent{Topic: "any", Ranges: []kafka.Range{{End: 1}}}, func(kafka.Stored) error { return nil })
	if err == nil || scan == nil || time.Since(began) > 6*time.Second {
		t.Errorf("got %v and %v after %s, want errors within seconds", err, scan, time.Since(began))
	}
}

// TestScanMovedLeader asserts that a scan finds the partition where it has gone in the middle of it, and misses and repeats nothing.
func TestScanMovedLeader(t *testing.T) {
	h, cluster := fake(t)
	c, topic, want := h.client(t), h.topic(t, 1), map[int32][]string{}
	value := make([]byte, 1<<20)
	_, _ = rand.Read(value)
	for range 20 { // several answers
		publish(t.Context(), c, &bridge.Record{Topic: topic, Value: value, Time: time.Now()}).acked(t)
		want[0] = append(want[0], string(value))
	}
	n, offsets := 0, []int64{}
	err := c.Scan(within(t, patience), extent(t, c, topic), func(r kafka.Stored) error {
		if n++; n == 3 {
			must(t, "move", cluster.MoveTopicPartition(topic, 0, (cluster.LeaderFor(topic, 0)+1)%3))
		}
		offsets = append(offsets, r.Offset)
		return nil
	})
	must(t, "scan", err)
	if len(offsets) != 20 || !slices.IsSorted(offsets) || offsets[19] != 19 {
		t.Errorf("got the offsets %v, want 0 to 19", offsets)
	}
}

// TestScanCompacted asserts that what compaction took away is a gap and nothing else.
func TestScanCompacted(t *testing.T) {
	h, cluster := fake(t)
	c, topic := h.client(t), h.topic(t, 1, "cleanup.policy", "compact")
	for i, key := range []string{"x", "y", "x", "y", "z"} {
		publish(t.Context(), c, record(topic, key, fmt.Sprint(i))).acked(t)
	}
	e := extent(t, c, topic)
	cluster.Compact()
	checkScan(t, c, e, map[int32][]string{0: {"2", "3", "4"}})
	tail := kafka.Extent{Topic: topic, Ranges: []kafka.Range{{Partition: 0, Start: 0, End: 2}}}
	checkScan(t, c, tail, map[int32][]string{})
}
