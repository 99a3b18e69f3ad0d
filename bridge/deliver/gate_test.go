package deliver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errTest = errors.New("down")

func of(o Outcome, after ...time.Duration) answer {
	a := answer{outcome: o, err: errTest}
	for _, d := range after {
		a.retryAfter = d
	}
	return a
}

// turns are what a gate has told.
type turns []bool

func (t *turns) note(s standing) { *t = append(*t, s.closed) }

// pass enters, and returns how long that took.
func pass(t *testing.T, g *gate) (trial bool, took time.Duration) {
	t.Helper()
	began := time.Now()
	trial, err := g.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return trial, time.Since(began)
}

// TestGateCloses asserts when a gate closes.
func TestGateCloses(t *testing.T) {
	failed, unreachable := of(Failed), of(Unreachable)
	tests := []struct {
		name string
		play func(g *gate) (closed bool)
		want bool
	}{
		{name: "an attempt that failed", play: func(g *gate) bool { return g.leave(false, failed) }},
		{name: "an event that failed every attempt", play: func(g *gate) bool { return g.exhausted(failed) }},
		{name: "two in a row", play: func(g *gate) bool { g.exhausted(failed); return g.exhausted(failed) }},
		{name: "three in a row", play: func(g *gate) bool { g.exhausted(failed); g.exhausted(failed); return g.exhausted(failed) }, want: true},
		{name: "three, not in a row", play: func(g *gate) bool {
			g.exhausted(failed)
			g.exhausted(failed)
			g.leave(false, answer{outcome: Delivered})
			return g.exhausted(failed)
		}},
		{name: "three, and another event refused between", play: func(g *gate) bool {
			g.exhausted(failed)
			g.exhausted(failed)
			g.leave(false, of(Refused))
			return g.exhausted(failed)
		}},
		{name: "three unwelcome in a row", play: func(g *gate) (closed bool) {
			for range 3 {
				g.leave(false, of(Unwelcome))
				closed = g.exhausted(of(Unwelcome))
			}
			return closed
		}, want: true},
		{name: "three unwelcome, not in a row", play: func(g *gate) (closed bool) {
			for range 3 {
				g.leave(false, answer{outcome: Delivered})
				closed = g.exhausted(of(Unwelcome))
			}
			return closed
		}},
		{name: "no connection", play: func(g *gate) bool { return g.exhausted(unreachable) }, want: true},
		{name: "an address that is not allowed", play: func(g *gate) bool { return g.exhausted(of(Blocked)) }, want: true},
		{name: "the sink asks to wait", play: func(g *gate) bool { return g.leave(false, of(Limited, time.Second)) }, want: true},
		{name: "too many requests", play: func(g *gate) bool { return g.leave(false, of(Limited)) }, want: true},
		{name: "gone", play: func(g *gate) bool { return g.leave(false, of(Gone)) }, want: true},
		{name: "an event that no request can be made of", play: func(g *gate) bool { return g.leave(false, of(Unsendable)) }},
		{name: "stopped", play: func(g *gate) bool { return g.leave(false, of(Cancelled)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var told turns
			g := newGate(3, told.note)
			if got := tt.play(g); got != tt.want || g.standing().closed != tt.want || (len(told) == 1) != tt.want {
				t.Errorf("got %t, told %v, want %t", got, told, tt.want)
			}
		})
	}
}

// TestGateTrials asserts that one at a time is let through a closed gate, after pauses that double up to a minute, until one succeeds: then all are.
func TestGateTrials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told turns
		g := newGate(1, told.note)
		g.exhausted(of(Failed))
		var waits []time.Duration
		for range 8 {
			trial, took := pass(t, g)
			if !trial {
				t.Fatal("got through without a trial")
			}
			waits = append(waits, took)
			g.leave(trial, of(Failed))
		}
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			if waits[i] != want*time.Second {
				t.Errorf("trial %d: got after %s, want %d s", i, waits[i], want)
			}
		}
		trial, _ := pass(t, g)
		through := make(chan bool)
		for range 3 {
			go func() { trial, _ := g.enter(t.Context()); through <- trial }()
		}
		synctest.Wait()
		select {
		case <-through:
			t.Error("got a second one through during a trial")
		default:
		}
		g.leave(trial, answer{outcome: Delivered})
		for range 3 {
			if <-through {
				t.Error("got a trial, want an open gate")
			}
		}
		if len(told) != 2 || !told[0] || told[1] {
			t.Errorf("told %v, want closed and open", told)
		}
		g.exhausted(of(Failed))
		if _, took := pass(t, g); took != time.Second {
			t.Errorf("closed again: got a pause of %s, want it to begin anew at 1 s", took)
		}
	})
}

// TestGateRetryAfter asserts that what the sink asks for is waited for, also where requests that were under way succeed.
func TestGateRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(3, func(standing) {})
		g.leave(false, of(Limited, 10*time.Second))
		g.leave(false, answer{outcome: Delivered})
		g.leave(false, of(Limited)) // says nothing more
		trial, took := pass(t, g)
		if !trial || took != 10*time.Second {
			t.Errorf("got trial %t after %s, want it after 10 s", trial, took)
		}
		g.leave(trial, of(Cancelled)) // says nothing
		if trial, took := pass(t, g); !trial || took != 0 {
			t.Errorf("after a trial that was given up: got trial %t after %s, want another at once", trial, took)
		}
	})
}

// TestGateLimitEnds asserts that an attempt which fails in another way, after the sink asked to wait, counts again: its event may be to blame.
func TestGateLimitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(3, func(standing) {})
		g.leave(false, of(Limited, time.Second))
		trial, _ := pass(t, g)
		if closed := g.leave(trial, of(Failed)); closed {
			t.Error("got the gate closed, want it open")
		}
		if trial, took := pass(t, g); trial || took != 0 {
			t.Errorf("got trial %t after %s, want an open gate", trial, took)
		}
	})
}

// TestGateGone asserts that after 410 nothing more is sent, and that who waits can stop.
func TestGateGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(3, func(standing) {})
		g.leave(false, of(Gone))
		g.leave(false, answer{outcome: Delivered}) // was under way
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		if trial, err := g.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %t, %v, want to wait for ever", trial, err)
		}
		if s := g.standing(); !s.closed || !s.next.IsZero() {
			t.Errorf("got %+v, want closed for good", s)
		}
		g.again(1)
		if trial, took := pass(t, g); !trial || took != 0 {
			t.Errorf("after a change: got trial %t after %s, want it at once", trial, took)
		}
	})
}

// TestGateOrder asserts that the order in which answers of requests come that were under way together changes nothing: the longest wait that the sink
// asked for counts, and 410 most of all.
func TestGateOrder(t *testing.T) {
	const forever = time.Duration(-1)
	short, long := of(Limited, time.Second), of(Limited, time.Hour)
	delivered := answer{outcome: Delivered}
	tests := []struct {
		name    string
		answers []answer
		trial   *answer // of one that was let through before
		want    time.Duration
	}{
		{name: "short, long", answers: []answer{short, long}, want: time.Hour},
		{name: "long, short", answers: []answer{long, short}, want: time.Hour},
		{name: "long, delivered", answers: []answer{long, delivered}, want: time.Hour},
		{name: "gone, short", answers: []answer{of(Gone), short}, want: forever},
		{name: "short, gone", answers: []answer{short, of(Gone)}, want: forever},
		{name: "gone, no connection", answers: []answer{of(Gone), of(Unreachable)}, want: forever},
		{name: "long, and a trial before it fails", answers: []answer{long}, trial: &short, want: time.Hour},
		{name: "long, and a trial before it is delivered", answers: []answer{long}, trial: &delivered, want: time.Hour},
		{name: "gone, and a trial before it fails", answers: []answer{of(Gone)}, trial: &short, want: forever},
		{name: "gone, and a trial before it is delivered", answers: []answer{of(Gone)}, trial: &delivered, want: forever},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(3, func(standing) {})
				if tt.trial != nil {
					g.leave(false, of(Limited))
					pass(t, g)
				}
				for _, a := range tt.answers {
					g.leave(false, a)
					g.exhausted(a)
				}
				if tt.trial != nil {
					g.leave(true, *tt.trial)
				}
				if got := g.standing(); !got.closed || tt.want == forever != got.next.IsZero() || tt.want != forever && time.Until(got.next) != tt.want {
					t.Errorf("got closed %t and a trial at %s (now %s), want it after %s", got.closed, got.next, time.Now(), tt.want)
				}
			})
		})
	}
}

// TestGatePast asserts that what a sink answers after another has taken its place says nothing of that one: whatever it is, the gate stays as it is, a
// trial is given back, and the event is to be tried again. Only that it took or refused an event counts as ever.
func TestGatePast(t *testing.T) {
	tests := []struct {
		name      string
		answer    answer
		closed    bool // the gate, when the other takes the place; the answer is that of a trial
		uncounted bool
		opens     bool
	}{
		{name: "gone", answer: of(Gone), uncounted: true},
		{name: "the sink asks to wait", answer: of(Limited, time.Hour), uncounted: true},
		{name: "failed", answer: of(Failed), uncounted: true},
		{name: "no connection", answer: of(Unreachable), uncounted: true},
		{name: "unwelcome", answer: of(Unwelcome), uncounted: true},
		{name: "delivered", answer: answer{outcome: Delivered}},
		{name: "a trial, gone", answer: of(Gone), closed: true, uncounted: true},
		{name: "a trial, the sink asks to wait", answer: of(Limited, time.Hour), closed: true, uncounted: true},
		{name: "a trial, failed", answer: of(Failed), closed: true, uncounted: true},
		{name: "a trial, unwelcome", answer: of(Unwelcome), closed: true, uncounted: true},
		{name: "a trial, refused", answer: of(Refused), closed: true, opens: true},
		{name: "a trial, delivered", answer: answer{outcome: Delivered}, closed: true, opens: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(1, func(standing) {})
				if tt.closed {
					g.leave(false, of(Limited))
				}
				trial, _ := pass(t, g)
				g.again(1)
				uncounted := g.leave(trial, tt.answer)
				if tt.uncounted && !tt.closed && !g.exhausted(tt.answer) {
					t.Error("got the event given up, want it tried again")
				}
				if closed := tt.closed && !tt.opens; uncounted != tt.uncounted || g.standing().closed != closed {
					t.Errorf("got uncounted %t, %+v, want %t, and closed %t", uncounted, g.standing(), tt.uncounted, closed)
				}
				if trial, ok, _, _ := g.look(time.Now()); !ok || trial != (tt.closed && !tt.opens) {
					t.Errorf("the next: got trial %t, through %t, want it through at once", trial, ok)
				}
			})
		})
	}
}

// TestGateExhaustedPast asserts that an event whose last attempt had failed just before another sink took the place is not given up by that.
func TestGateExhaustedPast(t *testing.T) {
	g := newGate(1, func(standing) {})
	failed := of(Failed)
	uncounted := g.leave(false, failed)
	g.again(1)
	if held := g.exhausted(failed); uncounted || !held || g.standing().closed {
		t.Errorf("got uncounted %t, held %t, %+v, want it counted, held, and the gate open", uncounted, held, g.standing())
	}
	failed.version = 1
	if held := g.exhausted(failed); !held || !g.standing().closed {
		t.Errorf("the new sink's: got held %t, %+v, want the gate closed", held, g.standing())
	}
}
