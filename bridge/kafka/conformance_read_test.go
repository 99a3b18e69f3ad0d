package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge/kafka"
)

func newReader(t *testing.T, h *harness, topic string, from time.Time) *kafka.Reader {
	t.Helper()
	at, err := h.client(t).OffsetsFrom(within(t, patience), []string{topic}, from)
	must(t, "ask where to begin", err)
	r, err := kafka.NewReader(h.config, []string{topic}, at, slog.New(slog.DiscardHandler))
	must(t, "make a reader", err)
	t.Cleanup(r.Close)
	return r
}

// readAll reads with the package's own reader until it has n records, and returns them.
func readAll(t *testing.T, h *harness, topic string, from time.Time, n int) []kafka.Stored {
	t.Helper()
	r, ctx := newReader(t, h, topic, from), within(t, patience)
	var all []kafka.Stored
	for len(all) < n {
		got, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("reading %s: got %d records, want %d: %v", topic, len(all), n, err)
		}
		all = append(all, got...)
	}
	return all
}

// readSince asserts that a reader begins with the first record at or after the time, and goes on with those that come later.
func readSince(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	began := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for i := range 10 {
		r := record(topic, "key", fmt.Sprint(i))
		r.Time = began.Add(time.Duration(i) * time.Minute)
		publish(t.Context(), c, r).acked(t)
	}
	for _, tt := range []struct {
		name  string
		since time.Duration
		first int
	}{
		{"before all", -time.Minute, 0}, {"at one", 4 * time.Minute, 4}, {"just after one", 4*time.Minute + time.Millisecond, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := readAll(t, h, topic, began.Add(tt.since), 10-tt.first)
			if first := string(got[0].Value); first != fmt.Sprint(tt.first) || len(got) != 10-tt.first {
				t.Errorf("got %d records from %s on, want %d from %d on", len(got), first, 10-tt.first, tt.first)
			}
		})
	}
	t.Run("after all", func(t *testing.T) { fromNowOn(t, h, c, topic, time.Now().Add(-time.Minute)) })
}

func readFromEnd(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	publish(t.Context(), c, record(topic, "key", "old")).acked(t)
	fromNowOn(t, h, c, topic, time.Time{})
}

// fromNowOn asserts that a reader gives nothing that was there, and from its first record on all that comes, in order. The reader takes its
// place a moment after it is made, so records are published until the first arrives.
func fromNowOn(t *testing.T, h *harness, c *kafka.Client, topic string, from time.Time) {
	t.Helper()
	r := newReader(t, h, topic, from)
	ctx, done := context.WithCancel(within(t, patience))
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			publish(ctx, c, record(topic, "key", fmt.Sprint("new ", i))).in(patience)
		}
	}()
	defer done()
	next := -1
	for n := 0; n < 100; {
		got, err := r.Next(ctx)
		must(t, "read", err)
		for _, s := range got {
			text, isNew := strings.CutPrefix(string(s.Value), "new ")
			i, err := strconv.Atoi(text)
			if !isNew || err != nil || next >= 0 && i != next {
				t.Fatalf("got %q, want new %d", s.Value, next)
			}
			next, n = i+1, n+1
		}
	}
}

// readerContext asserts that a reader that waits comes back with the error of its context.
func readerContext(t *testing.T, h *harness) {
	r := newReader(t, h, h.topic(t, 1), time.Now().Add(-time.Hour))
	began := time.Now()
	got, err := r.Next(within(t, 300*time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) || len(got) != 0 || time.Since(began) > 5*time.Second {
		t.Errorf("got %d records and %v after %s, want %v", len(got), err, time.Since(began), context.DeadlineExceeded)
	}
	if got, err := r.Next(canceled(t)); !errors.Is(err, context.Canceled) || len(got) != 0 {
		t.Errorf("got %d records and %v, want %v", len(got), err, context.Canceled)
	}
}

// readerDeadlines asserts that no record is lost where a context ends just when records come.
func readerDeadlines(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	r := newReader(t, h, topic, time.Now().Add(-time.Hour))
	const n = 300
	go func() {
		for i := range n {
			publish(t.Context(), c, record(topic, "key", fmt.Sprint(i))).in(patience)
		}
	}()
	next, all := 0, within(t, patience)
	for next < n {
		ctx, cancel := context.WithTimeout(all, time.Millisecond)
		got, err := r.Next(ctx)
		cancel()
		if err != nil && (!errors.Is(err, context.DeadlineExceeded) || all.Err() != nil) {
			t.Fatalf("got %v after %d records", err, next)
		}
		for _, s := range got {
			if string(s.Value) != fmt.Sprint(next) {
				t.Fatalf("got %s, want %d", s.Value, next)
			}
			next++
		}
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
