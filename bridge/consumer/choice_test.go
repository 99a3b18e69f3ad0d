package consumer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

// TestChoice asserts which events are handled: by type, by today's name and older ones, by prefix, by family, by what the event says, and out of
// other topics.
func TestChoice(t *testing.T) {
	tests := []struct {
		name   string
		choose func(*consumer.Config)
		want   []string
	}{
		{"a type, under its older name too", func(c *consumer.Config) { c.Types = []string{"com.qlik.app.created"} }, []string{"created", "created-v1"}},
		{"an older name alone", func(c *consumer.Config) { c.Types = []string{"com.qlik.v1.app.created"} }, []string{"created-v1"}},
		{"a prefix", func(c *consumer.Config) { c.Types = []string{"com.qlik.app.*"} }, []string{"created", "created-v1", "deleted"}},
		{"a family", func(c *consumer.Config) { c.Families = []string{"users"} }, []string{"user"}},
		{"a type of no family", func(c *consumer.Config) { c.Types = []string{"com.example.*"} }, []string{"unknown"}},
		{"everything", func(*consumer.Config) {}, []string{"created", "created-v1", "deleted", "user", "unknown"}},
		{"by what it says", func(c *consumer.Config) {
			c.Choose = func(e event.Event) bool { return e.ID() != "deleted" }
			c.Families = []string{"apps"}
		}, []string{"created", "created-v1"}},
		{"another topic", func(c *consumer.Config) { c.From = []string{c.Topics.Prefix + "side"} }, []string{"aside", "aside-user"}},
		{"a type in another topic", func(c *consumer.Config) {
			c.From, c.Types = []string{c.Topics.Prefix + "side"}, []string{"com.qlik.core.user.*"}
		}, []string{"aside-user"}},
	}
	onEach(t, func(t *testing.T, h *harness) {
		h.send(t, h.topic(t, "apps", 1), sent{id: "created"}, sent{id: "created-v1", typ: "com.qlik.v1.app.created"}, sent{id: "deleted", typ: "com.qlik.app.deleted"})
		h.send(t, h.topic(t, "users", 1), sent{id: "user", typ: "com.qlik.core.user.created"})
		h.send(t, h.topic(t, "other", 1), sent{id: "unknown", typ: "com.example.thing"})
		h.send(t, h.topic(t, "side", 1), sent{id: "aside"}, sent{id: "aside-user", typ: "com.qlik.core.user.created"})
		for i, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var handled book
				c := start(t, h.config(func(c *consumer.Config) {
					c.Families, c.Group = nil, h.prefix+string(rune('a'+i))
					tt.choose(c)
				}), handled.note)
				handled.wait(t, len(tt.want))
				eventually(t, "everything is read", func() bool { s := c.Stats(); return s.Partitions > 0 && s.Lag == 0 && s.InFlight == 0 })
				c.stop(t)
				handled.is(t, tt.want...)
			})
		}
	})
}

// TestDuplicates asserts that an event that comes again is skipped, also while the first is with its handler, by source and id, within the window.
func TestDuplicates(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		other := sent{id: "0"}.record("").Value
		events := []sent{{id: "0"}, {id: "0"}, {id: "0", key: "k"}, {id: "1"}, {id: "0", value: []byte(`{"specversion":"1.0","id":"0","source":"another","type":"com.qlik.app.created"}`)},
			{id: "0", value: other}}
		h.send(t, h.topic(t, "apps", 1), events...)
		for _, tt := range []struct {
			name   string
			dedupe int
			want   []string
		}{
			{"by default", 0, []string{"0", "0", "1"}},
			{"not at all", -1, []string{"0", "0", "0", "0", "0", "1"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				var handled book
				c := start(t, h.config(func(c *consumer.Config) { c.Dedupe, c.Group = tt.dedupe, c.Group+tt.name[:2] }), handled.note)
				eventually(t, "all are done", func() bool { s := c.Stats(); return s.Handled+s.Duplicates == uint64(len(events)) })
				handled.is(t, tt.want...)
			})
		}
	})
}

// TestDuplicateMeanwhile asserts that an event that comes again while it is with a handler waits for what becomes of that, in no slot: there are two, so
// that the last event can only be handled when the second has given one up. Where the first call fails, one of the two is handled instead.
func TestDuplicateMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error // of the first call for the event
		calls int
	}{{"handled", nil, 1}, {"failed", errors.New("not now"), 2}} {
		t.Run(tt.name, func(t *testing.T) {
			h := fake(t)
			h.send(t, h.topic(t, "apps", 1), sent{id: "0"}, sent{id: "0"}, sent{id: "1"})
			release := make(chan struct{})
			var called, handled book
			c := start(t, h.config(func(c *consumer.Config) { c.Concurrency = 2 }), func(ctx context.Context, e event.Event) error {
				if called.note(ctx, e); e.ID() == "0" && called.times("0") == 1 {
					if <-release; tt.err != nil {
						return tt.err
					}
				}
				return handled.note(ctx, e)
			})
			handled.wait(t, 1)
			handled.is(t, "1")
			close(release)
			eventually(t, "all are done", func() bool { s := c.Stats(); return s.Handled == 2 && s.Duplicates == 1 })
			if handled.is(t, "0", "1"); called.times("0") != tt.calls {
				t.Errorf("got %d calls, want %d", called.times("0"), tt.calls)
			}
		})
	}
}
