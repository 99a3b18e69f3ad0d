package consumer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"
)

// TestHandlesAll asserts that every event is handled once, with its place, that all of it is committed soon and at the stop, and that no lag is left.
func TestHandlesAll(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 3)
		h.send(t, topic, number(300, func(i int, e *sent) { e.partition, e.key = int32(i%3), string(rune('a'+i%7)) })...)
		var handled book
		c := start(t, h.config(), handled.note)
		handled.wait(t, 300)
		eventually(t, "all is committed", func() bool { return h.committed(t, h.prefix+"group", topic, 2) == 100 })
		if s := c.Stats(); s.Handled != 300 || s.InFlight != 0 || s.Lag != 0 || s.Partitions != 3 {
			t.Errorf("got %+v", s)
		}
		h.send(t, topic, sent{id: "300"})
		handled.wait(t, 301)
		c.stop(t)
		if got := h.committed(t, h.prefix+"group", topic, 0); got != 101 {
			t.Errorf("got %d committed after the stop, want 101", got)
		}
		handled.exactly(t, 301)
		for _, e := range handled.entries {
			if e.at.Topic != topic {
				t.Errorf("%s: got the place %s", e.id, e.at)
			}
		}
	})
}

// TestTriesAgain asserts that an event whose handler returns an error or panics is handed over again.
func TestTriesAgain(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		h.send(t, topic, number(20, nil)...)
		var tried, handled book
		c := start(t, h.config(), func(ctx context.Context, e event.Event) error {
			tried.note(ctx, e)
			switch attempts := tried.times(e.ID()); {
			case attempts == 1:
				return errors.New("not now")
			case attempts == 2 && e.ID() == "7":
				panic("seven")
			}
			return handled.note(ctx, e)
		})
		handled.wait(t, 20)
		c.stop(t)
		handled.exactly(t, 20)
		if s := c.Stats(); s.Retried != 21 || s.DeadLettered != 0 {
			t.Errorf("got %+v, want 21 retries and no dead letter", s)
		}
	})
}

func (b *book) times(id string) (n int) {
	for _, other := range b.ids() {
		if other == id {
			n++
		}
	}
	return n
}
