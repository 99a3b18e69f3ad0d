package consumer_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

// TestAttempt asserts that a handler can learn which attempt it makes, and that one that was held does not count.
func TestAttempt(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		h.send(t, topic, sent{id: "a"})
		var mu sync.Mutex
		var attempts []int
		var handled book
		c := start(t, h.config(), func(ctx context.Context, e event.Event) error {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, consumer.Attempt(ctx))
			switch len(attempts) {
			case 1:
				return errors.New("not now")
			case 2:
				return consumer.Hold(errors.New("not at all now"))
			}
			return handled.note(ctx, e)
		})
		handled.wait(t, 1)
		c.stop(t)
		if want := []int{1, 2, 2}; !slices.Equal(attempts, want) {
			t.Errorf("got attempts %v, want %v", attempts, want)
		}
	})
	if n := consumer.Attempt(context.Background()); n != 0 {
		t.Errorf("outside of a handler: got %d, want 0", n)
	}
}
