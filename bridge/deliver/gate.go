package deliver

import (
	"context"
	"sync"
	"time"
)

// Between two attempts of a sink that is down. The wait doubles, so that a short trouble ends soon and a long one is not hammered at.
const (
	firstPause = time.Second
	mostPause  = time.Minute
)

// gate stands before the sink of a subscription. It is open, or closed by what the sink did: then the events of the subscription wait at it, one at a
// time is let through as a trial, and the first trial whose answer shows the sink at work opens it. It is safe for concurrent use.
type gate struct {
	after int            // events in a row that failed every attempt or were unwelcome, which close it
	tell  func(standing) // told when it closes and opens, in that order; it must not block

	mu      sync.Mutex
	closed  bool
	why     answer // closed: what closed it, or the last trial
	since   time.Time
	until   time.Time // closed: when the next trial may be; zero: never
	pause   time.Duration
	trial   bool          // one is under way
	row     int           // events in a row that failed every attempt or were unwelcome
	version int           // of the sink
	changed chan struct{} // closed and replaced when those who wait are to look again
}

func newGate(after int, tell func(standing)) *gate {
	return &gate{after: after, tell: tell, changed: make(chan struct{})}
}

// enter blocks until the sink may be tried, or ctx ends, whose error it returns. Every enter without error is followed by one leave.
func (g *gate) enter(ctx context.Context) (trial bool, err error) {
	for {
		trial, ok, wait, changed := g.look(time.Now())
		if ok {
			return trial, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-changed:
		case <-time.After(wait):
		}
	}
}

// look lets one pass, or says how long to wait at most before looking again.
func (g *gate) look(now time.Time) (trial, ok bool, wait time.Duration, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.closed:
		return false, true, 0, nil
	case g.trial || g.gone():
		return false, false, time.Hour, g.changed // changed comes before
	case now.Before(g.until):
		return false, false, g.until.Sub(now), g.changed
	}
	g.trial = true
	return true, true, 0, nil
}

// leave takes what came of an attempt. It reports whether the gate is closed now, or the answer is past: then the event, unless it is settled, is to
// enter again, its attempt uncounted.
func (g *gate) leave(trial bool, a answer) (uncounted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if trial {
		g.trial = false
		defer g.signal()
	}
	if g.past(a) {
		return true
	}
	switch a.outcome {
	case Delivered, Refused: // the sink is at work, whatever it thinks of this event
		g.row = 0
		if trial && !g.waits(time.Now()) {
			g.open()
		}
	case Gone:
		g.close(a)
	case Limited:
		if trial || !g.closed || a.retryAfter > 0 {
			g.close(a)
		}
	case Failed, TimedOut, Broken, Unreachable, Blocked, Unwelcome:
		switch {
		case trial && g.why.outcome == Limited && !g.waits(time.Now()):
			g.open() // it is over its limit no more; what is wrong now may be the event's
		case trial:
			g.close(a)
		}
	}
	return g.closed
}

// exhausted notes that an event has failed every attempt, the last one by a, or was unwelcome. It reports whether the gate is closed for it, or a is past:
// the event is to enter again, and not to be given up. Where no connection came about, no event is to blame.
func (g *gate) exhausted(a answer) (held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.past(a) {
		return true
	}
	g.row++
	if g.row >= g.after || a.outcome == Unreachable || a.outcome == Blocked {
		g.close(a)
	}
	return g.closed
}

// again lets the next trial be now, or as soon as one that is under way has ended: another sink has taken the place of the one before. version is the new
// one's, and higher than that one's; what an older sink still answers is past.
func (g *gate) again(version int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.version, g.until, g.pause = version, time.Now(), 0
	g.signal()
}

func (g *gate) open() {
	g.closed, g.pause, g.why, g.since = false, 0, answer{}, time.Time{}
	g.tell(g.stands())
}

// close closes, or keeps closed for longer: for as long as the sink asks for, or twice as long as before. Answers to requests that were under way come
// in any order, so none shortens what another has asked for, and after Gone only again lets a trial be.
func (g *gate) close(why answer) {
	if g.gone() {
		return
	}
	now, wait := time.Now(), why.retryAfter
	if wait == 0 {
		g.pause = min(max(2*g.pause, firstPause), mostPause)
		wait = g.pause
	}
	if until := now.Add(wait); why.outcome == Gone {
		g.why, g.until = why, time.Time{}
	} else if until.After(g.until) {
		g.why, g.until = why, until
	}
	if !g.closed {
		g.closed, g.since = true, now
		g.tell(g.stands())
	}
}

// gone reports whether no trial may be until something about the sink changes.
func (g *gate) gone() bool { return g.closed && g.until.IsZero() }

// waits reports whether the sink has asked to wait, also since a trial began.
func (g *gate) waits(now time.Time) bool { return g.gone() || now.Before(g.until) }

// past reports whether an answer is an older sink's and says nothing of the one that is there now. That an event was taken or refused counts as ever.
func (g *gate) past(a answer) bool {
	return a.version < g.version && a.outcome != Delivered && a.outcome != Refused
}

// signal lets all who wait look again.
func (g *gate) signal() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// standing is how a gate stands, for status pages.
type standing struct {
	closed bool
	why    answer
	since  time.Time
	next   time.Time // zero: no trial until the subscription changes
}

func (g *gate) standing() standing {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stands()
}

func (g *gate) stands() standing { return standing{g.closed, g.why, g.since, g.until} }
