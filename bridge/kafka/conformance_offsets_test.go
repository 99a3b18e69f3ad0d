package kafka_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/kafka"
)

// readAt asserts that a reader begins at each offset, with the first record of a partition that has none, and of a topic that has none; and
// that it goes on where an offset is beyond what the partition holds.
func readAt(t *testing.T, h *harness) {
	c, topic, want := h.client(t), h.topic(t, 3), map[int32][]string{}
	whole := topic + "-whole"
	h.create(t, whole, 1)
	fill(t, c, topic, 0, 40, want)
	fill(t, c, whole, 0, 3, map[int32][]string{})
	at := kafka.Offsets{}
	at.Set(topic, 0, 2)
	at.Set(topic, 1, 0)
	at.Set(topic, 2, 1_000)
	r, err := kafka.NewReader(h.config, []string{topic, whole}, at, slog.New(slog.DiscardHandler))
	must(t, "make a reader", err)
	t.Cleanup(r.Close)
	got, all := map[int32][]string{}, 0
	for ctx := within(t, patience); all < 40-2+3; {
		records, err := r.Next(ctx)
		must(t, "read", err)
		for _, s := range records {
			all++
			if s.Topic == topic {
				got[s.Partition] = append(got[s.Partition], string(s.Value))
			}
		}
	}
	want[0] = want[0][2:]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// offsetsFrom asserts where each partition is read on from a time and from its end, and that topics that do not exist are left out.
func offsetsFrom(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 2)
	began := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for i := range 5 {
		r := record(topic, "key", "value")
		r.Time = began.Add(time.Duration(i) * time.Minute)
		publish(t.Context(), c, r).acked(t)
	}
	used := extent(t, c, topic).Ranges[0].Partition // where the key went
	if extent(t, c, topic).Ranges[0].End == 0 {
		used = extent(t, c, topic).Ranges[1].Partition
	}
	for _, tt := range []struct {
		name string
		from time.Time
		want int64
	}{
		{"the beginning", began, 0}, {"between two", began.Add(90 * time.Second), 2}, {"after all", began.Add(time.Hour), 5}, {"the end", time.Time{}, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := c.OffsetsFrom(within(t, patience), []string{topic, topic + "-that-is-not"}, tt.from)
			must(t, "ask", err)
			if diff := cmp.Diff(kafka.Offsets{topic: {used: tt.want, 1 - used: 0}}, got); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
		})
	}
}

// findRecord asserts that the first record that is wanted is found, after all before it were looked at and none behind it, that one that is
// not there is not found, and that the error of a context that has ended is returned.
func findRecord(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	fill(t, c, topic, 0, 20, map[int32][]string{})
	e := extent(t, c, topic)
	valued := func(value string) func(kafka.Stored) bool {
		return func(r kafka.Stored) bool { return string(r.Value) == value }
	}
	seen := 0
	found, ok, err := c.Find(within(t, patience), e, valued("7"), func() { seen++ })
	if err != nil || !ok || found.Offset != 7 || seen != 8 {
		t.Errorf("got %v %v at %s after %d, want it at 0/7 after 8", err, ok, found.Position, seen)
	}
	if _, ok, err := c.Find(within(t, patience), e, valued("none"), func() { seen++ }); ok || err != nil || seen != 28 {
		t.Errorf("got %v %v after %d, want nothing after 28", ok, err, seen)
	}
	if _, ok, err := c.Find(canceled(t), e, valued("none"), func() {}); ok || err == nil || errors.Is(err, kafka.ErrTopicsMissing) {
		t.Errorf("got %v %v, want an error", ok, err)
	}
}
