package consumer_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/consumer"
)

// TestTopicMadeAnew asserts that a consumer whose topic is deleted and made anew reads what is in it now, all of it, however the group once began.
func TestTopicMadeAnew(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) { topicMadeAnew(t, h, false) })
}

// TestTopicMadeAnewIdle asserts the same where no commit is under way that would tell, but fetches alone.
func TestTopicMadeAnewIdle(t *testing.T) {
	t.Parallel()
	topicMadeAnew(t, fake(t), true)
}

func topicMadeAnew(t *testing.T, h *harness, idle bool) {
	topic, other := h.topic(t, "apps", 1), h.topic(t, "users", 1)
	var handled book
	c := start(t, h.config(func(c *consumer.Config) { c.FromLatest, c.Families = true, []string{"apps", "users"} }), handled.note)
	eventually(t, "it begins", func() bool {
		return h.committed(t, h.prefix+"group", topic, 0) == 0 && h.committed(t, h.prefix+"group", other, 0) == 0
	})
	h.send(t, topic, sent{id: "0"})
	handled.wait(t, 1)
	if idle {
		eventually(t, "it is committed", func() bool { return h.committed(t, h.prefix+"group", topic, 0) == 1 })
	}
	_, err := h.admin.DeleteTopic(within(t), topic)
	must(t, "delete the topic", err)
	eventually(t, "it is made anew", func() bool {
		_, err := h.admin.CreateTopic(within(t), 1, 1, nil, topic)
		return err == nil
	})
	fresh, err := kgo.NewClient(kgo.SeedBrokers(h.brokers...), kgo.MetadataMinAge(20*time.Millisecond)) // h.kgo holds on to the topic before as well
	must(t, "make a client", err)
	defer fresh.Close()
	must(t, "produce", fresh.ProduceSync(within(t), sent{id: "1"}.record(topic), sent{id: "2"}.record(topic), sent{id: "3"}.record(other)).FirstErr())
	handled.wait(t, 4)
	c.stop(t)
	handled.exactly(t, 4)
	if got := h.committed(t, h.prefix+"group", topic, 0); got != 2 {
		t.Errorf("got %d committed of the topic as it is now, want 2", got)
	}
}

// TestStopWithoutTopic asserts that a stop gives up a commit that the next one would not mend, without waiting for a rebalance to end.
func TestStopWithoutTopic(t *testing.T) {
	for _, why := range []*kerr.Error{kerr.UnknownTopicOrPartition, kerr.UnknownTopicID, kerr.TopicAuthorizationFailed} {
		t.Run(why.Message, func(t *testing.T) {
			t.Parallel()
			h, log := fake(t), &lateLog{}
			h.fake.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
				h.fake.KeepControl()
				return refuseCommit(r.(*kmsg.OffsetCommitRequest), why), nil, true
			})
			topic := h.topic(t, "apps", 1)
			h.send(t, topic, sent{id: "0"})
			var handled book
			c := startWith(t, h.config(), handled.note, consumer.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
			handled.wait(t, 1)
			c.stop(t)
			if text := log.String(); strings.Contains(text, "the last commit is given up") || !strings.Contains(text, why.Message) {
				t.Errorf("got the log %s, want it to say %s, and no wait", text, why.Message)
			}
		})
	}
}

// TestFromLatestLost asserts that a group that began with what came next hands over an event again that was read, not done and lost with its partition,
// though where the group began could not be committed until then.
func TestFromLatestLost(t *testing.T) {
	t.Parallel()
	h := fake(t)
	topic := h.topic(t, "apps", 1)
	h.send(t, topic, sent{id: "old"})
	var well, begun atomic.Bool
	h.fake.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.KeepControl()
		begun.Store(true)
		if well.Load() {
			return nil, nil, false
		}
		return refuseCommit(r.(*kmsg.OffsetCommitRequest), kerr.RebalanceInProgress), nil, true
	})
	var handled book
	var calls atomic.Int32
	c := start(t, h.config(func(c *consumer.Config) { c.FromLatest = true }), func(ctx context.Context, e event.Event) error {
		if calls.Add(1); !well.Load() {
			return consumer.Hold(errors.New("away"))
		}
		return handled.note(ctx, e)
	})
	eventually(t, "it has begun, and asks for that to be committed", begun.Load)
	h.send(t, topic, sent{id: "0"})
	eventually(t, "the event is with its handler", func() bool { return calls.Load() > 0 })
	h.expel(t)
	eventually(t, "the partition is lost", func() bool { return c.Stats().InFlight == 0 })
	well.Store(true)
	eventually(t, "what was read is committed", func() bool { return h.committed(t, h.prefix+"group", topic, 0) == 2 })
	handled.is(t, "0")
}
