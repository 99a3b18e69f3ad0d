package deliver

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/watch"
)

// readerFunc is a consumer without Kafka.
type readerFunc func(context.Context) error

func (f readerFunc) Run(ctx context.Context) error { return f(ctx) }

func (f readerFunc) Stats() consumer.Stats { return consumer.Stats{} }

// reads lets a courier read by a function.
func (c *courier) reads(f readerFunc) *courier {
	c.newConsumer = func(consumer.Config, consumer.Handler) (reader, error) { return f, nil }
	return c
}

func untilStopped(ctx context.Context) error { <-ctx.Done(); return nil }

// makeCourier makes a courier of a subscription.
func makeCourier(t *testing.T, m *Metrics, log *slog.Logger, change func(*Subscription)) *courier {
	t.Helper()
	c, err := newCourier(local, subscribe(t, "http://sink.example", change), Options{Log: log}, m)
	must(t, err)
	return c
}

// TestChangeBeforeRun asserts that a file which changes after a courier was made and before it runs, while the one before it drains, is noticed.
func TestChangeBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := write(t, "token", "one")
		c := makeCourier(t, NewMetrics(nil), silent(), func(s *Subscription) { s.Sink.Headers = map[string]string{"X-Token": token} }).reads(untilStopped)
		must(t, os.WriteFile(token, []byte("two"), 0o600))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go c.run(ctx)
		time.Sleep(2 * watch.Interval)
		if got := c.sink.Load().header.Get("X-Token"); got != "two" {
			t.Errorf("got the token %q, want two", got)
		}
	})
}

// TestRunWaitsForReading asserts that run does not return while files are read again: who comes next would share sink and metrics with that.
func TestRunWaitsForReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := write(t, "token", "one")
		begun, finish := make(chan struct{}), make(chan struct{})
		log := slog.New(slog.NewTextHandler(writerFunc(func(line string) {
			if strings.Contains(line, "read again") {
				close(begun)
				<-finish
			}
		}), nil))
		c := makeCourier(t, NewMetrics(nil), log, func(s *Subscription) { s.Sink.Headers = map[string]string{"X-Token": token} }).reads(untilStopped)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.run(ctx) }()
		must(t, os.WriteFile(token, []byte("two"), 0o600))
		<-begun
		cancel()
		synctest.Wait()
		select {
		case <-done:
			t.Error("got run at its end, want it to wait")
		default:
		}
		close(finish)
		<-done
	})
}

type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) { f(string(p)); return len(p), nil }

// TestFailing asserts that a subscription which Kafka refuses is failed until it has read for a while: each new attempt begins well.
func TestFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var granted atomic.Bool
		c := makeCourier(t, NewMetrics(nil), silent(), nil).reads(func(ctx context.Context) error {
			if granted.Load() {
				return untilStopped(ctx)
			}
			time.Sleep(3 * time.Second)
			return errors.New("no rights")
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go c.run(ctx)
		time.Sleep(time.Second)
		if got := c.status(); got.State != Delivering {
			t.Errorf("before anything is known: got %+v, want it delivering", got)
		}
		time.Sleep(2500 * time.Millisecond)
		for range 1000 {
			if got := c.status(); got.State != Failing || got.Why != "no rights" {
				t.Fatalf("%s: got %+v, want it failed and why", time.Now(), got)
			}
			time.Sleep(500 * time.Millisecond)
		}
		granted.Store(true)
		time.Sleep(mostPause + 3*time.Second + provenAfter)
		if got := c.status(); got.State != Delivering || got.Why != "" {
			t.Errorf("with the rights: got %+v, want it delivering", got)
		}
	})
}

// TestMetricsOfTheRunning asserts that to make a courier changes no metric of the one that runs, and that one which begins starts anew.
func TestMetricsOfTheRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := NewMetrics(prometheus.NewRegistry())
		c := makeCourier(t, all, silent(), nil)
		c.begin(t.Context())
		c.metrics.paused(true)
		c.metrics.filesOK(false)
		got := func() [2]float64 {
			return [2]float64{testutil.ToFloat64(all.paused.WithLabelValues("test")), testutil.ToFloat64(all.files.WithLabelValues("test"))}
		}
		next := makeCourier(t, all, silent(), nil)
		if want := [2]float64{1, 0}; got() != want {
			t.Errorf("made: got paused and files_ok %v, want %v as the one before has them", got(), want)
		}
		next.begin(t.Context())
		if want := [2]float64{0, 1}; got() != want {
			t.Errorf("begun: got paused and files_ok %v, want %v", got(), want)
		}
	})
}

// TestFollows asserts that a courier begins when those of its name and of its group have ended, also such as were stopped and still drain, and waits
// for no other.
func TestFollows(t *testing.T) {
	is := func(name, group string) func(*Subscription) {
		return func(s *Subscription) { s.Name, s.Group = name, group }
	}
	tests := []struct {
		name    string
		next    func(*Subscription)
		replace bool // the one before is changed, not gone
		waits   bool
	}{
		{name: "changed", next: is("a", "g"), replace: true, waits: true},
		{name: "another group", next: is("a", "h"), replace: true, waits: true},
		{name: "renamed", next: is("b", "g"), waits: true},
		{name: "put back", next: is("a", "g"), waits: true},
		{name: "put back with another group", next: is("a", "h"), waits: true},
		{name: "another", next: is("b", "h")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &Deliverer{options: Options{Log: silent()}, metrics: NewMetrics(nil), running: map[string]*running{}, alive: map[*running]bool{}}
				var mu sync.Mutex
				var order []string
				note := func(what string) { mu.Lock(); defer mu.Unlock(); order = append(order, what) }
				ctx, cancel := context.WithCancel(t.Context())
				start := func(who string, change func(*Subscription)) {
					c := makeCourier(t, d.metrics, silent(), change).reads(func(ctx context.Context) error {
						note(who + " begins")
						<-ctx.Done()
						time.Sleep(time.Second) // it drains
						note(who + " ends")
						return nil
					})
					d.mu.Lock()
					defer d.mu.Unlock()
					d.start(ctx, c.subscription.Name, c)
				}
				start("first", is("a", "g"))
				synctest.Wait()
				if !tt.replace {
					d.mu.Lock()
					d.stop("a", d.running["a"])
					d.mu.Unlock()
				}
				start("next", tt.next)
				time.Sleep(2 * time.Second)
				cancel()
				d.couriers.Wait()
				want := []string{"first begins", "next begins", "first ends", "next ends"}
				if tt.waits {
					want = []string{"first begins", "first ends", "next begins", "next ends"}
				}
				if !slices.Equal(order, want) {
					t.Errorf("got %q, want %q", order, want)
				}
				if len(d.alive) != 0 {
					t.Errorf("got %d that are remembered, want none", len(d.alive))
				}
			})
		})
	}
}
