package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

const (
	heldLine   = `level=WARN msg="an event is held`
	goesOnLine = `level=INFO msg="events go on`
)

// TestHeldIsTold asserts that an operator learns that events are held, why and from where on, and that they go on: once, however many and often.
func TestHeldIsTold(t *testing.T) {
	t.Parallel()
	h := fake(t)
	topic := h.topic(t, "apps", 1)
	const n = 3
	h.send(t, topic, number(n, func(i int, e *sent) { e.key = fmt.Sprint(i) })...)
	log, up := &lateLog{}, atomic.Bool{}
	var mu sync.Mutex
	attempts := map[string]int{}
	var handled book
	c := startWith(t, h.config(), func(ctx context.Context, e event.Event) error {
		mu.Lock()
		attempts[e.ID()]++
		mu.Unlock()
		if !up.Load() {
			return consumer.Hold(errors.New("the directory refuses the login"))
		}
		return handled.note(ctx, e)
	}, consumer.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	eventually(t, "each event is held twice", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return min(attempts["0"], attempts["1"], attempts["2"]) > 2
	})
	if strings.Contains(log.String(), goesOnLine) {
		t.Error("got a line that events go on, want none while they are held")
	}
	up.Store(true)
	handled.wait(t, n)
	eventually(t, "the log says that events go on", func() bool { return strings.Contains(log.String(), goesOnLine) })
	c.stop(t)
	text := log.String()
	if held, on := strings.Count(text, heldLine), strings.Count(text, goesOnLine); held != 1 || on != 1 {
		t.Errorf("got %d lines that events are held and %d that they go on, want 1 each; %s", held, on, text)
	}
	for _, part := range []string{"the directory refuses the login", "event.type=" + appCreated, "event.at=" + topic + "/0/", "event.group=" + h.prefix + "group"} {
		if line := text[max(0, strings.Index(text, heldLine)):]; !strings.Contains(strings.SplitN(line, "\n", 2)[0], part) {
			t.Errorf("got %s, want %s in the line", line, part)
		}
	}
}

// TestCancelledIsNotTold asserts that a wait which the handler's own program cancelled makes no news, as when it stops a moment before the consumer.
func TestCancelledIsNotTold(t *testing.T) {
	t.Parallel()
	h := fake(t)
	h.send(t, h.topic(t, "apps", 1), sent{id: "0"})
	log, again := &lateLog{}, atomic.Bool{}
	var handled book
	c := startWith(t, h.config(), func(ctx context.Context, e event.Event) error {
		if !again.Swap(true) {
			return consumer.Hold(fmt.Errorf("waiting for the sink: %w", context.Canceled))
		}
		return handled.note(ctx, e)
	}, consumer.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	handled.wait(t, 1)
	c.stop(t)
	if text := log.String(); strings.Contains(text, heldLine) || strings.Contains(text, goesOnLine) {
		t.Errorf("got %s, want no line of it", text)
	}
}

// TestHeldByAStopIsNotTold asserts that events which a handler gives back since the consumer stops make no news.
func TestHeldByAStopIsNotTold(t *testing.T) {
	t.Parallel()
	h := fake(t)
	h.send(t, h.topic(t, "apps", 1), sent{id: "0"})
	log, waits := &lateLog{}, make(chan struct{})
	c := startWith(t, h.config(), func(ctx context.Context, _ event.Event) error {
		close(waits)
		<-consumer.Draining(ctx)
		return consumer.Hold(errors.New("the sink is down"))
	}, consumer.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	<-waits
	c.stop(t)
	if text := log.String(); strings.Contains(text, heldLine) {
		t.Errorf("got %s, want no line of it", text)
	}
}
