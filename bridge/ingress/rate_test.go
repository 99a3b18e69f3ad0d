package ingress_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"qlikbridge/bridge/ingress"
)

// TestRateLimit asserts that signed deliveries over the rate are answered 429 with the seconds to wait, that unsigned ones do not use it
// up, and that it fills again.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := open(t, func(s *setup) {
		s.sources[0].Limiter, s.now = rate.NewLimiter(0.25, 2), c.now
	})
	for range 5 {
		if got := d.send(t, wire{body: event, signed: []string{sign(activeSecret, "x")}}); got.status != 401 {
			t.Fatalf("wrongly signed: got %d, want 401", got.status)
		}
	}
	for i, want := range []int{200, 200, 429, 429} {
		got := d.send(t, wire{body: event})
		if got.status != want {
			t.Fatalf("delivery %d: got %d %s, want %d", i, got.status, got.body, want)
		}
		if wait := got.header.Get("Retry-After"); want == 429 && wait != "4" {
			t.Errorf("delivery %d: got Retry-After %q, want 4", i, wait)
		}
	}
	c.add(4 * time.Second)
	for i, want := range []int{200, 429} {
		if got := d.send(t, wire{body: event}); got.status != want {
			t.Errorf("delivery %d after the wait: got %d, want %d", i, got.status, want)
		}
	}
	if got := d.calls.Load(); got != 3 {
		t.Errorf("got %d ingested, want 3", got)
	}
}

// TestRateLimitCountsWhenTheBodyIsThere asserts that deliveries whose bodies took long do not fill the rate up again: it counts by the
// time at which a delivery is complete.
func TestRateLimitCountsWhenTheBodyIsThere(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := open(t, func(s *setup) {
		s.sources[0].Limiter, s.now = rate.NewLimiter(1, 2), c.now
	})
	slow, text := d.dial(t), wire{body: event}.String()
	write(t, slow, text[:len(text)-1])
	eventually(t, "the slow request begun", func() bool { return c.asked() > 0 })
	c.add(time.Minute)
	if got := d.send(t, wire{body: event}); got.status != 200 {
		t.Fatalf("got %d, want 200", got.status)
	}
	write(t, slow, text[len(text)-1:])
	if got := readAll(t, slow, 1)[0]; got.status != 200 {
		t.Fatalf("the slow one: got %d %s, want 200", got.status, got.body)
	}
	if got := d.send(t, wire{body: event}); got.status != 429 {
		t.Errorf("the third within a second: got %d, want 429", got.status)
	}
}

// TestSourcesApart asserts that each source has its own secrets and its own rate.
func TestSourcesApart(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("other", 8)
	d := open(t, func(s *setup) {
		s.sources[0].Limiter = rate.NewLimiter(0.001, 1)
		s.sources = append(s.sources, &ingress.Source{Name: "other", Keyring: keyring(t, other)})
	})
	tests := []struct {
		name   string
		send   wire
		status int
	}{
		{"its own secret", wire{target: "/webhooks/other", body: event, signed: []string{sign(other, event)}}, 200},
		{"the secret of another", wire{target: "/webhooks/other", body: event}, 401},
		{"the other way round", wire{body: event, signed: []string{sign(other, event)}}, 401},
		{"the only one of its rate", wire{body: event}, 200},
		{"over its rate", wire{body: event}, 429},
		{"the rate of another", wire{target: "/webhooks/other", body: event, signed: []string{sign(other, event)}}, 200},
	}
	for _, tt := range tests {
		if got := d.send(t, tt.send); got.status != tt.status {
			t.Errorf("%s: got %d, want %d", tt.name, got.status, tt.status)
		}
	}
}

// clock goes on only where a test says so.
type clock struct {
	mu    sync.Mutex
	time  time.Time
	times int // that it was asked
}

func newClock() *clock { return &clock{time: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times++
	return c.time
}

func (c *clock) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

// TestRateLimitUnderPressure asserts that many deliveries over the rate at the same time take nothing of it: a second later there is a whole second's
// worth, and each was told to wait for one second.
func TestRateLimitUnderPressure(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := open(t, func(s *setup) {
		s.sources[0].Limiter, s.now = rate.NewLimiter(10, 10), c.now
	})
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	defer client.CloseIdleConnections()
	var over atomic.Int64
	deliver := func(n int) {
		var senders sync.WaitGroup
		for range 32 {
			senders.Go(func() {
				for range n {
					if wait := retryAfter(t, client, d); wait != "" {
						over.Add(1)
						if wait != "1" {
							t.Errorf("got Retry-After %s, want 1", wait)
						}
					}
				}
			})
		}
		senders.Wait()
	}
	deliver(200)
	if got := d.calls.Load(); got != 10 || over.Load() != 32*200-10 {
		t.Fatalf("got %d taken and %d over the rate, want 10 and all others", got, over.Load())
	}
	c.add(time.Second)
	deliver(1)
	if got := d.calls.Load(); got != 20 {
		t.Errorf("got %d taken after a second, want 20", got)
	}
}

// retryAfter delivers an event and gives Retry-After, "" where it was taken.
func retryAfter(t *testing.T, client *http.Client, d *door) string {
	request, _ := http.NewRequest(http.MethodPost, d.url("/webhooks/qlik"), strings.NewReader(event))
	request.Header.Set("Qlik-Signature", sign(activeSecret, event))
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.Header.Get("Retry-After")
}
