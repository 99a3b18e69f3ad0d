package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

// TestOrderPerKey asserts that events of each key are handled in order, one at a time, though some fail at first, and that handlers of different keys
// run at once: the first of each key waits for those of all others.
func TestOrderPerKey(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		const keys, each = 6, 40
		topic := h.topic(t, "apps", 2)
		h.send(t, topic, number(keys*each, func(i int, e *sent) { e.key, e.partition = fmt.Sprint("key-", i%keys), int32(i%2) })...)
		together, here := make(chan struct{}), make(chan struct{}, keys)
		var tried, handled book
		c := start(t, h.config(func(c *consumer.Config) { c.Concurrency = keys }), func(ctx context.Context, e event.Event) error {
			if i, _ := strconv.Atoi(e.ID()); i < keys && tried.times(e.ID()) == 0 {
				if here <- struct{}{}; len(here) == keys {
					close(together)
				}
				<-together
			}
			tried.note(ctx, e)
			if i, _ := strconv.Atoi(e.ID()); i%5 == 0 && tried.times(e.ID()) < 3 {
				return errors.New("not now")
			}
			return handled.note(ctx, e)
		})
		handled.wait(t, keys*each)
		c.stop(t)
		handled.exactly(t, keys*each)
		for key := range keys {
			var got []int
			for _, id := range handled.ids() {
				if i, _ := strconv.Atoi(id); i%keys == key {
					got = append(got, i)
				}
			}
			if !slices.IsSorted(got) {
				t.Errorf("key %d: got %v", key, got)
			}
		}
	})
}

// TestKeyThatWaits asserts, with one slot, that a key whose event waits for its next attempt takes it from nobody: all others are handled meanwhile, those
// of its own key after it.
func TestKeyThatWaits(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		h.send(t, topic, number(60, func(i int, e *sent) { e.key = []string{"stuck", "free", "other"}[i%3] })...)
		release := make(chan struct{})
		var handled book
		c := start(t, h.config(func(c *consumer.Config) { c.Concurrency = 1 }), func(ctx context.Context, e event.Event) error {
			select {
			case <-release:
			default:
				if e.ID() == "0" {
					return consumer.Hold(errors.New("away"))
				}
			}
			return handled.note(ctx, e)
		})
		handled.wait(t, 40)
		if got := h.committed(t, h.prefix+"group", topic, 0); got > 0 {
			t.Errorf("got %d committed, want 0 at most: the first event is not done", got)
		}
		close(release)
		handled.wait(t, 60)
		c.stop(t)
		handled.exactly(t, 60)
		if got := handled.ids()[40:]; got[0] != "0" || !slices.IsSortedFunc(got, func(a, b string) int { i, _ := strconv.Atoi(a); j, _ := strconv.Atoi(b); return i - j }) {
			t.Errorf("got %v at last, want the events of the key that waited, in order", got)
		}
		if got := h.committed(t, h.prefix+"group", topic, 0); got != 60 {
			t.Errorf("got %d committed, want 60", got)
		}
	})
}

// TestUnordered asserts that events of one key are handled side by side where that is wanted: each waits for the other.
func TestUnordered(t *testing.T) {
	h := fake(t)
	topic := h.topic(t, "apps", 1)
	h.send(t, topic, sent{id: "0", key: "a"}, sent{id: "1", key: "a"})
	meet := make(chan struct{})
	var handled book
	start(t, h.config(func(c *consumer.Config) { c.Unordered = true }), func(ctx context.Context, e event.Event) error {
		if e.ID() == "0" {
			meet <- struct{}{}
		} else {
			<-meet
		}
		return handled.note(ctx, e)
	})
	handled.wait(t, 2)
}

// TestRoom asserts that no more events are read than there is room for while none is done, that this holds up no rebalance, and that all are handled
// once when they can be.
func TestRoom(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 2)
		h.send(t, topic, number(500, func(i int, e *sent) { e.partition, e.key = int32(i%2), fmt.Sprint(i%50) })...)
		release := make(chan struct{})
		var tried, handled book
		handle := func(ctx context.Context, e event.Event) error {
			select {
			case <-release:
				return handled.note(ctx, e)
			default:
				tried.note(ctx, e)
				return consumer.Hold(errors.New("away"))
			}
		}
		little := h.config(func(c *consumer.Config) { c.InFlight, c.Concurrency, c.Dedupe = 20, 4, -1 })
		first := start(t, little, handle)
		eventually(t, "the room is full", func() bool { return first.Stats().InFlight == 20 })
		second := start(t, little, handle)
		eventually(t, "the other has a partition, and its room is full", func() bool { s := second.Stats(); return s.Partitions == 1 && s.InFlight == 20 })
		ids := tried.ids()
		slices.Sort(ids)
		if n := len(slices.Compact(ids)); n > 60 || first.Stats().InFlight > 20 {
			t.Errorf("got %d events begun, and %+v; want 60 at most: 20, and 20 of each partition", n, first.Stats())
		}
		close(release)
		handled.wait(t, 500)
		first.stop(t)
		second.stop(t)
		handled.exactly(t, 500)
	})
}
