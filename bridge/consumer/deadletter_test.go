package consumer_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/consumer"
)

// deadTopic is where a test's group has its dead letters.
func (h *harness) deadTopic() string { return h.prefix + "dead-letter." + h.prefix + "group" }

// headers of a record, by name; the last of each.
func headers(r *kgo.Record) map[string]string {
	all := map[string]string{}
	for _, h := range r.Headers {
		all[h.Key] = string(h.Value)
	}
	return all
}

// TestDeadLetter asserts what becomes of an event whose handler always fails: the record in the group's own topic, which is made, with its key, value
// and headers as they were and what happened behind them; after that the events behind it of the same key.
func TestDeadLetter(t *testing.T) {
	tests := []struct {
		name     string
		fail     func() error
		reason   string
		errors   string
		attempts string
	}{
		{"an error", func() error { return errors.New("no such app") }, "attempts_exhausted", "no such app", "3"},
		{"refused", func() error { return consumer.Refuse(errors.New("never")) }, "refused", "never", "1"},
		{"refused, and wrapped", func() error {
			return errors.Join(consumer.Hold(errors.New("held")), consumer.Refuse(errors.New("never")))
		}, "refused", "held\nnever", "1"},
		{"after a wait", func() error { return consumer.After(errors.New("busy"), time.Millisecond) }, "attempts_exhausted", "busy", "3"},
		{"a panic", func() error { panic("of a handler") }, "attempts_exhausted", "panic: of a handler", "3"},
		{"a goroutine that ends", func() error { runtime.Goexit(); return nil }, "attempts_exhausted", "the handler ended its goroutine", "3"},
		{"a nil pointer that is an error", func() error { return (*unreadable)(nil) }, "attempts_exhausted", "the handler returned an error of type *consumer_test.unreadable that cannot be read: " +
			"runtime error: invalid memory address or nil pointer dereference", "3"},
		{"a long error", func() error { return errors.New(strings.Repeat("ü", 1000)) }, "attempts_exhausted", strings.Repeat("ü", 256), "3"},
	}
	onEach(t, func(t *testing.T, h *harness) {
		for i, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				h := *h
				h.prefix += string(rune('a'+i)) + "."
				topic := h.topic(t, "apps", 1)
				poison := sent{id: "0", key: "k", headers: []kgo.RecordHeader{{Key: "traceparent", Value: []byte("00-x")}, {Key: "empty"}}}
				h.send(t, topic, poison, sent{id: "1", key: "k"})
				var handled book
				began := time.Now().Truncate(time.Millisecond)
				c := start(t, h.config(), func(ctx context.Context, e event.Event) error {
					if e.ID() == "0" {
						return tt.fail()
					}
					return handled.note(ctx, e)
				})
				handled.wait(t, 1)
				got, want := h.read(t, h.deadTopic(), 1)[0], poison.record(topic)
				if string(got.Key) != "k" || string(got.Value) != string(want.Value) {
					t.Errorf("got %q, %q, want the record's own", got.Key, got.Value)
				}
				if diff := cmp.Diff(want.Headers, got.Headers[:len(want.Headers)]); diff != "" {
					t.Errorf("the record's own headers: -want +got\n%s", diff)
				}
				added := headers(got)
				failed, err := time.Parse(time.RFC3339Nano, added["failed"])
				if err != nil || failed.Before(began) || failed.After(time.Now()) || got.Timestamp.UnixMilli() != failed.UnixMilli() {
					t.Errorf("got failed %q and the timestamp %v", added["failed"], got.Timestamp)
				}
				for name, want := range map[string]string{"group": h.prefix + "group", "reason": tt.reason, "error": tt.errors, "attempts": tt.attempts, "from": topic + "/0/0"} {
					if added[name] != want {
						t.Errorf("header %s: got %q, want %q", name, added[name], want)
					}
				}
				c.stop(t)
				if s := c.Stats(); s.DeadLettered != 1 || s.Handled != 1 || h.count(t, h.deadTopic()) != 1 || h.committed(t, h.prefix+"group", topic, 0) != 2 {
					t.Errorf("got %+v, %d dead letters", s, h.count(t, h.deadTopic()))
				}
			})
		}
	})
}

// unreadable is an error whose text cannot be read of a nil pointer.
type unreadable struct{ text string }

func (e *unreadable) Error() string { return e.text }

// TestHold asserts that an event is kept and handed over until its handler is content, however few attempts there are, and that what was held has taken
// none of them: of two, an error at last is the first.
func TestHold(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		h.send(t, h.topic(t, "apps", 1), sent{id: "0", key: "k"}, sent{id: "1", key: "k"})
		var tried, handled book
		c := start(t, h.config(func(c *consumer.Config) { c.Retry.Attempts = 2 }), func(ctx context.Context, e event.Event) error {
			tried.note(ctx, e)
			switch attempts := tried.times("0"); {
			case e.ID() == "0" && attempts < 7:
				return consumer.Hold(errors.New("away"))
			case e.ID() == "0" && attempts == 7:
				return errors.New("not now")
			}
			return handled.note(ctx, e)
		})
		handled.wait(t, 2)
		if got := strings.Join(handled.ids(), " "); got != "0 1" || c.Stats().Retried != 7 || c.Stats().DeadLettered != 0 {
			t.Errorf("got %s handled and %+v, want 0 and 1 after 7 retries", got, c.Stats())
		}
	})
}

// TestAfter asserts that the next attempt comes no earlier than was asked for, though the usual wait is shorter.
func TestAfter(t *testing.T) {
	h := fake(t)
	h.send(t, h.topic(t, "apps", 1), sent{id: "0"})
	var first time.Time
	took := make(chan time.Duration, 1)
	start(t, h.config(), func(context.Context, event.Event) error {
		if first.IsZero() {
			first = time.Now()
			return consumer.After(errors.New("busy"), 700*time.Millisecond)
		}
		took <- time.Since(first)
		return nil
	})
	if got := <-took; got < 700*time.Millisecond {
		t.Errorf("got the next attempt after %s, want 700 ms or more", got)
	}
}

// TestDeadLetterTopicAway asserts that an event whose dead letter cannot be written is kept, with those behind it of its key, and neither skipped nor
// committed, and that other keys go on; and that it becomes a dead letter when the topic is back.
func TestDeadLetterTopicAway(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		var handled book
		reg := prometheus.NewRegistry()
		c := startWith(t, h.config(), func(ctx context.Context, e event.Event) error {
			if e.ID() == "0" {
				return consumer.Refuse(errors.New("never"))
			}
			return handled.note(ctx, e)
		}, consumer.Options{Log: testLog(t), Registerer: reg})
		eventually(t, "the member reads", func() bool { return c.Stats().Partitions == 1 })
		_, err := h.admin.DeleteTopic(within(t), h.deadTopic())
		must(t, "delete the topic for dead letters", err)
		h.send(t, topic, sent{id: "0", key: "k"}, sent{id: "1", key: "k"}, sent{id: "2", key: "other"}, sent{id: "3"})
		handled.wait(t, 2)
		eventually(t, "a dead letter was refused, twice", func() bool {
			return gather(t, reg, h.prefix+"group")["qlik_bridge_consumer_dead_letter_failures_total"] >= 2
		})
		handled.is(t, "2", "3")
		if s := c.Stats(); s.DeadLettered != 0 || s.InFlight != 2 {
			t.Errorf("got %+v, want two in flight", s)
		}
		_, err = h.admin.CreateTopic(within(t), 1, 1, nil, h.deadTopic())
		must(t, "make it anew", err)
		handled.wait(t, 3)
		c.stop(t)
		handled.is(t, "1", "2", "3")
		if n := h.count(t, h.deadTopic()); n < 1 || c.Stats().DeadLettered != 1 {
			t.Errorf("got %d dead letters and %+v", n, c.Stats())
		}
	})
}

// TestForeign asserts what becomes of records that the bridge did not write: a CloudEvent is handled where its type is chosen, in structured and in
// binary mode, and what is none is a dead letter, byte for byte, without a call of the handler.
func TestForeign(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		structured := func(id, typ string) []byte { return sent{id: id, typ: typ}.record("").Value }
		header := func(pairs ...string) (all []kgo.RecordHeader) {
			for i := 0; i < len(pairs); i += 2 {
				all = append(all, kgo.RecordHeader{Key: pairs[i], Value: []byte(pairs[i+1])})
			}
			return all
		}
		binary := header("ce_specversion", "1.0", "ce_id", "binary", "ce_type", appCreated, "ce_source", "s", "ce_time", "2026-11-25T10:00:00Z", "ce_tenantid", "t", "content-type", "text/plain")
		h.send(t, topic,
			sent{bare: true, value: structured("bare", appCreated)},
			sent{bare: true, value: structured("other", "com.qlik.app.deleted")},
			sent{bare: true, value: []byte("hello"), headers: binary},
			sent{bare: true, value: structured("typed", appCreated), headers: header("content-type", "application/cloudevents+json")},
			sent{id: "told", typ: appCreated, value: structured("lied", "com.qlik.app.deleted")},
			sent{bare: true, value: []byte("not json")},
			sent{bare: true, value: []byte{}},
			sent{bare: true, value: []byte(`{"id":"no specversion"}`)},
			sent{bare: true, value: []byte("[]"), headers: header("content-type", "application/cloudevents-batch+json")},
			sent{bare: true, value: []byte("x"), headers: header("ce_specversion", "1.0", "ce_type", appCreated)},
			sent{bare: true, value: []byte("x"), headers: header("ce_specversion", "1.0", "ce_time", "yesterday")},
			sent{id: "last"})
		var handled book
		var text string
		c := start(t, h.config(func(c *consumer.Config) { c.Types = []string{appCreated} }), func(ctx context.Context, e event.Event) error {
			if e.ID() == "binary" {
				text = string(e.Data()) + " " + e.DataContentType() + " " + e.Extensions()["tenantid"].(string)
			}
			return handled.note(ctx, e)
		})
		handled.wait(t, 4)
		dead := h.read(t, h.deadTopic(), 6)
		c.stop(t)
		handled.is(t, "bare", "binary", "typed", "last")
		if text != "hello text/plain t" {
			t.Errorf("binary mode: got %q", text)
		}
		for _, r := range dead {
			if got := headers(r); got["reason"] != "invalid_event" || got["attempts"] != "0" || got["error"] == "" {
				t.Errorf("%q: got the headers %v", r.Value, got)
			}
		}
		if s := c.Stats(); s.Skipped != 2 || s.DeadLettered != 6 || h.committed(t, h.prefix+"group", topic, 0) != 12 {
			t.Errorf("got %+v", s)
		}
	})
}
