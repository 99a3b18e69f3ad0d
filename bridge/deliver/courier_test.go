package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"qlikbridge/bridge/consumer"
)

// play is a courier without Kafka and network, under a clock of synctest: a sink is a function, and events are given to the handler as package
// consumer does it.
type play struct {
	*courier
	registry *prometheus.Registry
	mu       sync.Mutex
	tried    []string    // ids, in the order in which the sink got them
	at       []time.Time // when
}

// answerOf says how the n-th request (from 1) is answered: a status, or 0 for no connection. after is a Retry-After.
type answerOf func(n int, id string) (status int, after string)

func newPlay(t *testing.T, answers answerOf, change func(*Subscription)) *play {
	t.Helper()
	p := &play{registry: prometheus.NewRegistry()}
	s := subscribe(t, "http://sink.example", change)
	c, err := newCourier(local, s, Options{Log: silent()}, NewMetrics(p.registry))
	if err != nil {
		t.Fatal(err)
	}
	c.begin(t.Context())
	c.attempt = func(ctx context.Context) int { return ctx.Value(attemptKey{}).(int) }
	c.sink.Load().client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		p.mu.Lock()
		p.tried, p.at = append(p.tried, r.Header.Get("webhook-id")), append(p.at, time.Now())
		n := len(p.tried)
		p.mu.Unlock()
		status, after := answers(n, r.Header.Get("webhook-id"))
		if status == 0 {
			return nil, errors.New("connection refused")
		}
		header := http.Header{}
		if after != "" {
			header.Set("Retry-After", after)
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("body"))}, nil
	})
	p.courier = c
	return p
}

type attemptKey struct{}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// deliver does with an event what package consumer does; nil: delivered, an error: a dead letter.
func (p *play) deliver(ctx context.Context, id string) error {
	e := event.New()
	e.SetID(id)
	e.SetType("t")
	e.SetSource("s")
	for attempt := 1; ; attempt++ {
		err := p.handle(context.WithValue(ctx, attemptKey{}, attempt), e)
		switch {
		case err == nil, isRefused(err), ctx.Err() != nil, p.stopping.Err() != nil, attempt == p.subscription.Retries.Attempts:
			return err
		}
		time.Sleep(p.subscription.Retries.retry().Wait(attempt))
	}
}

func isRefused(err error) bool {
	return err != nil && fmt.Sprintf("%T", err) == fmt.Sprintf("%T", consumer.Refuse(errors.New("x")))
}

func (p *play) attempts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tried)
}

// TestUnsendable asserts that an event whose type of data no header can hold is a dead letter of its own, and holds up nothing: the sink is well.
func TestUnsendable(t *testing.T) {
	tests := []struct {
		name, contentType string // as JSON has it between quotes
		mode              Mode
		want              int // requests
	}{
		{name: "a line feed", contentType: `application/json; charset=utf-8\n`, mode: Binary},
		{name: "a control character in quotes", contentType: `text/json;a=\"\u0001\"`, mode: Binary},
		{name: "DEL", contentType: `application/json; a=\"\u007f\"`, mode: Binary},
		{name: "a letter beyond ASCII", contentType: `application/json; a=\"ü\"`, mode: Binary, want: 1},
		{name: "in the body", contentType: `application/json; charset=utf-8\n`, mode: Structured, want: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSink(t, nil)
			e := sample(t, `{},"datacontenttype":"`+tt.contentType+`"`) // a setter of the SDK would trim it
			a := ready(t, local, subscribe(t, s.URL, func(s *Subscription) { s.Sink.Mode = tt.mode })).post(t.Context(), e)
			if n := len(s.requests()); n != tt.want || (a.outcome == Delivered) != (tt.want == 1) {
				t.Fatalf("got %+v and %d requests, want %d", a, n, tt.want)
			}
			if tt.want == 0 && (a.outcome != Unsendable || !strings.Contains(a.err.Error(), "datacontenttype")) {
				t.Errorf("got %+v, want it unsendable for its datacontenttype", a)
			}
		})
	}
}

// TestDeadLetter asserts how often a sink is tried that answers an event badly, and what the dead letter says.
func TestDeadLetter(t *testing.T) {
	tests := []struct {
		name     string
		status   int
		attempts int
		want     string
	}{
		{name: "refused", status: 400, attempts: 1, want: `the sink answered 400 Bad Request: "body"`},
		{name: "a redirect, alone", status: 302, attempts: 1, want: "302 Found"},
		{name: "failed", status: 500, attempts: 5, want: `the sink answered 500 Internal Server Error: "body"`},
		{name: "too early", status: 425, attempts: 5, want: "425 Too Early"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlay(t, func(int, string) (int, string) { return tt.status, "" }, nil)
				err := p.deliver(t.Context(), "a")
				if err == nil || !strings.Contains(err.Error(), tt.want) || p.attempts() != tt.attempts {
					t.Errorf("got %v after %d attempts, want %q after %d", err, p.attempts(), tt.want, tt.attempts)
				}
			})
		})
	}
}

// TestPause asserts: a sink that is down gets dead letters of the first events alone; from pause_after in a row on events are held, one attempt is made at
// growing intervals, and when it succeeds every event is delivered.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		down := func() bool { return time.Since(began) < 10*time.Minute }
		p := newPlay(t, func(int, string) (int, string) {
			if down() {
				return 500, ""
			}
			return 204, ""
		}, func(s *Subscription) { s.PauseAfter = 3 })
		var letters, delivered int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				err := p.deliver(t.Context(), "e"+strconv.Itoa(i))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					letters++
				} else {
					delivered++
				}
			})
		}
		time.Sleep(5 * time.Minute)
		s := p.status()
		if s.State != Paused || s.Why != "the sink answered 500 Internal Server Error" || s.Since == nil || s.Next == nil || time.Until(*s.Next) > time.Minute {
			t.Errorf("while it is down: got %+v, want it paused, and why", s)
		}
		if got := testutil.ToFloat64(p.metrics.held); got != 1 {
			t.Errorf("got the metric %v, want 1", got)
		}
		before := p.attempts()
		time.Sleep(5 * time.Minute)
		if n := p.attempts() - before; n < 4 || n > 6 {
			t.Errorf("got %d attempts in the last 5 minutes, want one a minute", n)
		}
		all.Wait()
		if letters != 2 || delivered != 18 {
			t.Errorf("got %d dead letters and %d delivered, want 2 and 18", letters, delivered)
		}
		if s := p.status(); s.State != Delivering || s.Why != "" {
			t.Errorf("in the end: got %+v, want it delivering", s)
		}
		if got := testutil.ToFloat64(p.metrics.attempts.WithLabelValues("delivered")) + testutil.ToFloat64(p.metrics.attempts.WithLabelValues("failed")); int(got) != p.attempts() {
			t.Errorf("got %v attempts in the metrics, want the sink's %d", got, p.attempts())
		}
	})
}

// TestPoison asserts that an event which a sink cannot take becomes a dead letter although it was held, once others show that the sink is at work.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := newPlay(t, func(_ int, id string) (int, string) {
			if id == "poison" || time.Since(began) < 2*time.Minute {
				return 500, ""
			}
			return 204, ""
		}, func(s *Subscription) { s.PauseAfter = 3 })
		for _, id := range []string{"first", "second"} {
			if p.deliver(t.Context(), id) == nil {
				t.Errorf("%s: got it delivered, want a dead letter", id)
			}
		}
		poison := make(chan error, 1)
		go func() { poison <- p.deliver(t.Context(), "poison") }()
		time.Sleep(10 * time.Minute)
		if len(poison) > 0 || p.status().State != Paused {
			t.Errorf("the third event in a row: got %+v, want it held", p.status())
		}
		if err := p.deliver(t.Context(), "other"); err != nil {
			t.Errorf("got %v for another event, want it delivered", err)
		}
		if err := <-poison; err == nil || p.status().State != Delivering {
			t.Errorf("got %v, %+v, want a dead letter and no pause", err, p.status())
		}
	})
}

// TestUnwelcome asserts: where the sink takes nothing of ours, a wrong token for instance, the first events alone become dead letters; from pause_after
// in a row on events are held, and when the token is mended they are delivered.
func TestUnwelcome(t *testing.T) {
	for _, status := range []int{302, 401, 403, 404, 405, 407} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			p := newPlay(t, func(int, string) (int, string) {
				if time.Since(began) < 10*time.Minute {
					return status, ""
				}
				return 204, ""
			}, func(s *Subscription) { s.PauseAfter = 3 })
			for _, id := range []string{"first", "second"} {
				if err := p.deliver(t.Context(), id); !isRefused(err) {
					t.Errorf("%d: got %v for the %s event, want it refused", status, err, id)
				}
			}
			var held sync.WaitGroup
			for i := range 20 {
				held.Go(func() {
					if err := p.deliver(t.Context(), strconv.Itoa(i)); err != nil {
						t.Errorf("%d: event %d: got %v, want it held and then delivered", status, i, err)
					}
				})
			}
			time.Sleep(5 * time.Minute)
			if s := p.status(); s.State != Paused || !strings.Contains(s.Why, strconv.Itoa(status)) {
				t.Errorf("%d: got %+v, want it paused, and why", status, s)
			}
			held.Wait()
			if s := p.status(); s.State != Delivering {
				t.Errorf("%d: in the end: got %+v, want it delivering", status, s)
			}
		})
	}
}

// TestUnwelcomeEvent asserts that a sink which does not know the objects of some events, and takes others, never pauses its subscription.
func TestUnwelcomeEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, func(n int, _ string) (int, string) { return []int{204, 404, 404}[n%3], "" }, func(s *Subscription) { s.PauseAfter = 3 })
		letters := 0
		for i := range 30 {
			if p.deliver(t.Context(), strconv.Itoa(i)) != nil {
				letters++
			}
		}
		if letters != 20 || p.attempts() != 30 || p.status().State != Delivering {
			t.Errorf("got %d dead letters of %d attempts, %+v, want 20 of 30 and no pause", letters, p.attempts(), p.status())
		}
	})
}

// TestUnreachable asserts that no event becomes a dead letter because there is no connection.
func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := newPlay(t, func(int, string) (int, string) {
			if time.Since(began) < time.Hour {
				return 0, ""
			}
			return 204, ""
		}, nil)
		if err := p.deliver(t.Context(), "a"); err != nil || time.Since(began) > time.Hour+time.Minute {
			t.Errorf("got %v after %s, want it delivered within a minute of the sink's return", err, time.Since(began))
		}
	})
}

// TestRetryAfterIsHonoured asserts that a sink that asks to wait is left alone until then, and that no event is lost by it, however often it asks.
func TestRetryAfterIsHonoured(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlay(t, func(n int, _ string) (int, string) {
				if n <= 20 {
					return status, "30"
				}
				return 200, ""
			}, nil)
			if err := p.deliver(t.Context(), "a"); err != nil || p.attempts() != 21 {
				t.Errorf("%d: got %v after %d attempts, want it delivered by the 21st", status, err, p.attempts())
			}
			for i := 1; i < len(p.at); i++ {
				if wait := p.at[i].Sub(p.at[i-1]); wait != 30*time.Second {
					t.Errorf("%d: got attempt %d after %s, want 30 s", status, i+1, wait)
				}
			}
		})
	}
}

// TestSinkReplaced asserts that what a sink answers after a file was mended, to requests that were under way, is held neither against the sink that has
// taken its place nor against the events: these are tried there at once.
func TestSinkReplaced(t *testing.T) {
	tests := []struct {
		name     string
		status   int
		after    string
		attempts int
	}{
		{name: "gone", status: 410, attempts: 5},
		{name: "it asks for a long wait", status: 429, after: "3600", attempts: 5},
		{name: "the first attempt of several failed", status: 500, after: "3600", attempts: 5},
		{name: "so many failed their last attempt as would pause", status: 500, attempts: 1},
		{name: "so many unwelcome as would pause", status: 401, attempts: 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				url, replaced := write(t, "url", "http://old.example"), make(chan struct{})
				p := newPlay(t, func(int, string) (int, string) { <-replaced; return tt.status, tt.after }, func(s *Subscription) {
					s.Sink.URL, s.Sink.URLFile, s.PauseAfter, s.Retries.Attempts = "", url, 3, tt.attempts
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				var all sync.WaitGroup
				for i := range 3 {
					all.Go(func() {
						if err := p.deliver(ctx, strconv.Itoa(i)); err != nil || time.Since(began) != 0 {
							t.Errorf("event %d: got %v after %s, want it delivered at once", i, err, time.Since(began))
						}
					})
				}
				synctest.Wait() // the requests are under way
				must(t, os.WriteFile(url, []byte("http://new.example"), 0o600))
				must(t, p.reread())
				var posted atomic.Int32
				p.sink.Load().client.Transport = transport(func(*http.Request) (*http.Response, error) {
					posted.Add(1)
					return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody}, nil
				})
				close(replaced)
				all.Wait()
				if pauses := testutil.ToFloat64(p.metrics.pauses); p.attempts() != 3 || posted.Load() != 3 || pauses != 0 || p.status().State != Delivering {
					t.Errorf("got %d posts to the old sink, %d to the new one, %v pauses, %+v, want 3 and 3 and no pause", p.attempts(), posted.Load(), pauses, p.status())
				}
			})
		})
	}
}

// TestStopEndsWaits asserts that a stop ends what waits, at the gate and for the rate, and not what is under way.
func TestStopEndsWaits(t *testing.T) {
	slow := func(status int, after string) answerOf {
		return func(int, string) (int, string) { time.Sleep(5 * time.Second); return status, after }
	}
	tests := []struct {
		name     string
		answers  answerOf
		rate     float64
		first    string // an event before, whose request has ended
		attempts int
		took     time.Duration // from the beginning of the event to its end; the stop is after 1 s
	}{
		{name: "under way", answers: slow(410, ""), attempts: 1, took: 5 * time.Second},
		{name: "at the gate", answers: slow(429, "3600"), first: "closes it", attempts: 1, took: time.Second},
		{name: "for the rate", answers: slow(204, ""), rate: 0.01, first: "is the one of 100 s", attempts: 1, took: time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stopping, stop := context.WithCancel(t.Context())
				p := newPlay(t, tt.answers, func(s *Subscription) { s.Rate = tt.rate })
				p.stopping = stopping
				if tt.first != "" {
					go func() { _ = p.deliver(t.Context(), tt.first) }()
					time.Sleep(6 * time.Second)
				}
				began := time.Now()
				time.AfterFunc(time.Second, stop)
				err := p.deliver(t.Context(), "a")
				if err == nil || isRefused(err) || time.Since(began) != tt.took || p.attempts() != tt.attempts {
					t.Errorf("got %v after %s and %d attempts, want the event held after %s and %d", err, time.Since(began), p.attempts(), tt.took, tt.attempts)
				}
			})
		})
	}
}

// TestDrainEndsWaits asserts that what waits gives its event back when another member of the group is to have it: at the gate, there since the sink
// asked for a wait, and for the rate.
func TestDrainEndsWaits(t *testing.T) {
	answers := func(status int) answerOf { return func(int, string) (int, string) { return status, "" } }
	tests := []struct {
		name    string
		answers answerOf
		change  func(*Subscription)
	}{
		{"at the gate", answers(410), nil},
		{"for the rate", answers(204), func(s *Subscription) { s.Rate = 0.001 }},
		{"as the sink asked", func(n int, id string) (int, string) {
			if n == 1 {
				return 0, ""
			}
			return 503, "3600"
		}, func(s *Subscription) { s.Retries.Attempts = 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlay(t, tt.answers, tt.change)
				draining := make(chan struct{})
				p.draining = func(context.Context) <-chan struct{} { return draining }
				results := make(chan error, 2)
				for _, id := range []string{"a", "b"} {
					e := event.New()
					e.SetID(id)
					go func() { results <- p.handle(context.WithValue(t.Context(), attemptKey{}, 1), e) }()
				}
				time.Sleep(time.Minute)
				waits := 2 - len(results)
				close(draining)
				synctest.Wait()
				if waits == 0 || len(results) != 2 {
					t.Fatalf("got %d that waited, and %d of 2 that ended with the drain", waits, len(results))
				}
				held := fmt.Sprintf("%T", consumer.Hold(errors.New("x")))
				for range 2 {
					if err := <-results; err != nil && fmt.Sprintf("%T", err) != held {
						t.Errorf("got %v, want it held", err)
					}
				}
			})
		})
	}
}

// TestRate asserts that no more requests are made than the rate allows.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, func(int, string) (int, string) { return 204, "" }, func(s *Subscription) { s.Rate = 2 })
		began := time.Now()
		for i := range 10 {
			if err := p.deliver(t.Context(), strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 4*time.Second { // two at once, then two a second
			t.Errorf("got 10 requests in %s, want 4 s", took)
		}
	})
}
