package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

func commitAt(topic string, partition int32, offset int64, metadata string) kafka.Commit {
	return kafka.Commit{Place: bridge.Place{Topic: topic, Position: bridge.Position{Partition: partition, Offset: offset}}, Metadata: metadata}
}

// group is the name of a group of the test's own.
func (h *harness) group(t *testing.T) string {
	t.Helper()
	name := h.prefix + legalName(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, _ = h.admin.DeleteGroup(ctx, name) // whoever owns the cluster finds the prefix
	})
	return name
}

// groupOffsets asserts that a group that nobody consumes in is described with its offsets, that they can be set and removed from outside, and
// that a group that there is not is said to be missing.
func groupOffsets(t *testing.T, h *harness) {
	c, topic, group := h.client(t), h.topic(t, 3), h.group(t)
	if _, err := c.GroupState(within(t, patience), group); !errors.Is(err, kafka.ErrGroupMissing) {
		t.Errorf("got %v of a group that there is not, want %v", err, kafka.ErrGroupMissing)
	}
	want := []kafka.Commit{commitAt(topic, 0, 0, "mine"), commitAt(topic, 2, 17, "")}
	must(t, "commit", c.Commit(within(t, patience), group, []kafka.Commit{want[1], want[0]}))
	state, err := c.GroupState(within(t, patience), group)
	must(t, "describe", err)
	if diff := cmp.Diff(kafka.GroupState{Name: group, State: "Empty", Commits: want}, state); diff != "" || state.Live() {
		t.Errorf("the group (-want +got):\n%s", diff)
	}
	names, err := c.Groups(within(t, patience))
	if must(t, "list", err); !slices.Contains(names, group) {
		t.Errorf("got the groups %q, want %s among them", names, group)
	}
	must(t, "forget", c.Forget(within(t, patience), group, []bridge.Place{want[0].Place}))
	state, err = c.GroupState(within(t, patience), group)
	must(t, "describe", err)
	if diff := cmp.Diff(want[1:], state.Commits); diff != "" {
		t.Errorf("offsets after one was removed (-want +got):\n%s", diff)
	}
	missing := commitAt(topic+"-missing", 0, 1, "")
	if err := c.Commit(within(t, patience), group, []kafka.Commit{missing}); err == nil || !strings.Contains(err.Error(), missing.Topic) {
		t.Errorf("got %v, want an error that names the topic", err)
	}
}

// liveGroup asserts that the members of a group are named, by either protocol of groups, and that its offsets can neither be set nor removed
// while they are there.
func liveGroup(t *testing.T, h *harness) {
	for name, opts := range map[string][]kgo.Opt{"classic": nil, "modern": {kgo.ServerSideBalancer()}} {
		t.Run(name, func(t *testing.T) {
			c, topic, group := h.client(t), h.topic(t, 1), h.group(t)
			must(t, "commit", c.Commit(within(t, patience), group, []kafka.Commit{commitAt(topic, 0, 0, "mine")}))
			end := h.consume(t, group, topic, opts...)
			var state kafka.GroupState
			eventually(t, func() (err error) {
				if state, err = c.GroupState(within(t, patience), group); err == nil && (len(state.Members) != 1 || state.State != "Stable") {
					err = fmt.Errorf("got %+v, want one member", state)
				}
				return err
			})
			m := state.Members[0]
			if !state.Live() || m.Client != "worker-7" || m.ID == "" || m.Host == "" || strings.HasPrefix(m.Host, "/") {
				t.Errorf("got %+v, want the one member", state)
			}
			if err := c.Commit(within(t, patience), group, []kafka.Commit{commitAt(topic, 0, 1, "")}); !errors.Is(err, kafka.ErrGroupLive) {
				t.Errorf("got %v, want %v", err, kafka.ErrGroupLive)
			}
			if err := c.Forget(within(t, patience), group, []bridge.Place{{Topic: topic}}); !errors.Is(err, kafka.ErrGroupLive) {
				t.Errorf("got %v, want %v", err, kafka.ErrGroupLive)
			}
			end()
			eventually(t, func() error { return c.Commit(within(t, patience), group, []kafka.Commit{commitAt(topic, 0, 1, "")}) })
		})
	}
}

// consume consumes in a group until the test ends, or its end is called.
func (h *harness) consume(t *testing.T, group, topic string, opts ...kgo.Opt) (end func()) {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(h.config.Brokers...), kgo.ClientID("worker-7"), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
		kgo.DisableAutoCommit()}, opts...)...)
	must(t, "make a consumer", err)
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
	return end
}

// marks asserts where moments lie: at the first record that is not older, or at the end; also where the beginning was deleted;
// and that an extent begins there.
func marks(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 2)
	began := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range 5 {
		r := &kgo.Record{Topic: topic, Partition: 0, Timestamp: began.Add(time.Duration(i) * time.Minute), Value: []byte{byte(i)}}
		must(t, "produce", h.manual(t).ProduceSync(within(t, patience), r).FirstErr())
	}
	ask := func(at time.Time) kafka.Mark {
		t.Helper()
		got, err := c.Marks(within(t, patience), topic, at)
		must(t, "ask", err)
		if want := (kafka.Mark{}); got[1] != want || len(got) != 2 {
			t.Errorf("got %v, want two partitions, and of the empty one %v", got, want)
		}
		return got[0]
	}
	check := func(name string, at time.Time, want kafka.Mark) {
		t.Helper()
		if got := ask(at); got.Offset != want.Offset || !got.At.Equal(want.At) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	check("before all", time.UnixMilli(0), kafka.Mark{Offset: 0, At: began})
	check("the zero time", time.Time{}, kafka.Mark{Offset: 0, At: began})
	check("at one", began.Add(2*time.Minute), kafka.Mark{Offset: 2, At: began.Add(2 * time.Minute)})
	check("after one", began.Add(2*time.Minute+time.Millisecond), kafka.Mark{Offset: 3, At: began.Add(3 * time.Minute)})
	check("after all", time.Now(), kafka.Mark{Offset: 5})
	deleted, err := h.admin.DeleteRecords(within(t, patience), kadm.Offsets{topic: {0: {Topic: topic, At: 2}}})
	must(t, "delete records", errors.Join(err, deleted.Error()))
	check("before what is left", began, kafka.Mark{Offset: 2, At: began.Add(2 * time.Minute)})
	for name, tt := range map[string]struct {
		since time.Time
		start int64
	}{"all": {time.Time{}, 2}, "before what is left": {began, 2}, "at one": {began.Add(3 * time.Minute), 3}, "after all": {time.Now(), 5}} {
		want := kafka.Extent{Topic: topic, Ranges: []kafka.Range{{Partition: 0, Start: tt.start, End: 5}, {Partition: 1}}}
		e, err := c.ExtentSince(within(t, patience), topic, tt.since)
		if diff := cmp.Diff(want, e); err != nil || diff != "" {
			t.Errorf("extent since %s (-want +got):\n%s%v", name, diff, err)
		}
	}
	if _, err := c.ExtentSince(within(t, patience), topic+"-missing", began); !errors.Is(err, kafka.ErrTopicsMissing) {
		t.Errorf("got %v, want %v", err, kafka.ErrTopicsMissing)
	}
	if _, err := c.Marks(within(t, patience), topic+"-missing", began); !errors.Is(err, kafka.ErrTopicsMissing) {
		t.Errorf("got %v, want %v", err, kafka.ErrTopicsMissing)
	}
}

// manual makes a client that writes to the partition that a record names.
func (h *harness) manual(t *testing.T) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(h.config.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	must(t, "make a client", err)
	t.Cleanup(c.Close)
	return c
}
