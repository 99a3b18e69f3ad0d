package app_test

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

// withSpool has a spool of the test's own, and dedupe as it is by default.
func withSpool(dir string) func(*app.Config) {
	return func(c *app.Config) {
		c.AckTimeout = 300 * time.Millisecond
		c.Spool, c.Dedupe = app.DefaultConfig().Spool, app.DefaultConfig().Dedupe
		c.Spool.Dir = dir
	}
}

// breakable breaks the connection of each produce request while it is told to.
func breakable(k *sandbox.Kafka) (broken *atomic.Bool) {
	broken = &atomic.Bool{}
	k.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		return nil, net.ErrClosed, broken.Load()
	})
	return broken
}

func numbered(n int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"e-%d","type":"com.qlik.app.created","source":"com.qlik/engine","data":{"id":"app-1","n":%d}}`, n, n)
}

func (r *running) expectOutcome(t *testing.T, body, want string) {
	t.Helper()
	if answer := r.post(t, body); answer.Status != 200 || answer.Outcome != want {
		t.Errorf("got %+v, want 200 %s", answer, want)
	}
}

// expectInOrder asserts that Kafka has the events from 0 on, each once and in order.
func expectInOrder(t *testing.T, c app.Config, events int) {
	t.Helper()
	eventually(t, fmt.Sprint(events, " records"), func() bool { return len(stored(t, c)) >= events })
	for n, r := range stored(t, c) {
		if want := fmt.Sprintf("e-%d", n); r.Header("ce_id") != want {
			t.Errorf("got %s as record %d, want %s", r.Header("ce_id"), n, want)
		}
	}
}

// readyzSays asserts that the bridge is ready, and reports whether a text is among what it says.
func (r *running) readyzSays(t *testing.T, text string) bool {
	t.Helper()
	code, body := r.get(t, "/readyz")
	if code != 200 {
		t.Errorf("got readyz %d %s, want 200", code, body)
	}
	return strings.Contains(body, text)
}

// TestSpool asserts, of an outage that a spool rides out:
//   - deliveries are answered 200 spooled, those of an event that was taken before, 200 duplicate
//   - the bridge stays ready, and says what is wrong
//   - when Kafka is back, all of it is there, each once and in order, and deliveries are published again
func TestSpool(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, withSpool(t.TempDir()))
	broken := breakable(k)
	r.expectOutcome(t, numbered(0), "published")
	broken.Store(true)
	for n := 1; n < 20; n++ {
		r.expectOutcome(t, numbered(n), "spooled")
	}
	r.expectOutcome(t, numbered(7), "duplicate")
	eventually(t, "the reason", func() bool { return r.readyzSays(t, "spooled families: apps") })
	broken.Store(false)
	expectInOrder(t, r.config, 20)
	eventually(t, "direct again", func() bool { return !r.readyzSays(t, "spooled") })
	r.expectOutcome(t, numbered(20), "published")
	r.expectOutcome(t, numbered(3), "duplicate")
}

// TestSpoolOutlivesTheProcess asserts that a stop with Kafka away ends in time and in order, and that the next process replays what is left.
func TestSpoolOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, k := startReady(t, withSpool(dir))
	broken := breakable(k)
	r.expectOutcome(t, numbered(0), "published")
	broken.Store(true)
	for n := 1; n < 10; n++ {
		r.expectOutcome(t, numbered(n), "spooled")
	}
	must(t, r.Stop())
	broken.Store(false)
	next := start(t, k.Brokers(), withSpool(dir))
	expectInOrder(t, next.config, 10)
	next.expectOutcome(t, numbered(4), "duplicate")
}

// TestTailsAreRemembered asserts that a process that begins anew knows the events that the topics hold.
func TestTailsAreRemembered(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, withSpool(t.TempDir()))
	for n := range 5 {
		r.expectOutcome(t, numbered(n), "published")
	}
	must(t, r.Stop())
	next := start(t, k.Brokers(), withSpool(t.TempDir()))
	eventually(t, "the tails read", func() bool { return strings.Contains(next.log.String(), "the tails of the topics are read") })
	for n := range 5 {
		next.expectOutcome(t, numbered(n), "duplicate")
	}
	next.expectOutcome(t, numbered(5), "published")
}

// TestSpoolOfAnother asserts that two processes do not share a spool.
func TestSpoolOfAnother(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, withSpool(t.TempDir()))
	second := r.config
	_, err := app.New(second, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "spool.dir") || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("got %v, want that another process uses spool.dir", err)
	}
}
