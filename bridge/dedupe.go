package bridge

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Dedupe remembers the events that were taken of late, by source and id, so that a delivery that comes again is not published again. It works
// in two phases: a delivery claims its event, and settles the claim when it knows what became of it; another delivery of the same event
// waits for that. It is safe for concurrent use; nil remembers nothing.
//
// It is a help, not a guarantee: the window is bounded, another instance has its own, and after a start it holds what the tails of the
// topics show. A consumer that must not see an event twice compares ids as well.
type Dedupe struct {
	size int // how many events are remembered

	mu     sync.Mutex               // guards what follows
	known  map[digest]bool          // :: event -> whether Kafka has it; false: the spool has
	order  []digest                 // of known, a ring once it is full
	oldest int                      // where the ring begins
	claims map[digest]chan struct{} // :: event -> closed when its claim ends
}

// digest stands for source and id; half of a SHA-256, so that two events never share one.
type digest [16]byte

// NewDedupe makes a window of so many events, 40 to 90 bytes each as its map has just grown or not (55 of a million); nil for none.
func NewDedupe(size int) *Dedupe {
	if size == 0 {
		return nil
	}
	return &Dedupe{size: size, known: map[digest]bool{}, claims: map[digest]chan struct{}{}}
}

func digestOf(source, id string) digest {
	var room [256]byte
	sum := sha256.Sum256(append(append(append(room[:0], source...), 0), id...)) // neither holds a zero
	return digest(sum[:16])
}

// once runs work unless the event was taken before, and then returns a receipt that says so. Where a delivery of the same event is on its way
// it waits for that one, no longer than patience; where that one failed, the next has its turn.
func (d *Dedupe) once(patience time.Duration, event *Event, work func() Receipt) Receipt {
	if d == nil {
		return work()
	}
	key := digestOf(event.Source, event.ID)
	var late <-chan time.Time
	for {
		known, other := d.claim(key)
		switch {
		case known:
			return Receipt{Outcome: Duplicate, Event: event}
		case other == nil:
			return d.hold(key, work)
		}
		if late == nil {
			late = time.After(patience)
		}
		select {
		case <-other:
		case <-late:
			return Receipt{Outcome: Failed, Event: event, Why: &Refusal{AckTimeout, errNoAnswer}}
		}
	}
}

// claim returns whether an event is known, and if not, what ends the claim of another; nil: the claim is the caller's.
func (d *Dedupe) claim(key digest) (known bool, other <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known = d.known[key]; known {
		return true, nil
	}
	if other, taken := d.claims[key]; taken {
		return false, other
	}
	d.claims[key] = make(chan struct{})
	return false, nil
}

// hold runs work under a claim, which ends even if work panics.
func (d *Dedupe) hold(key digest, work func() Receipt) (r Receipt) {
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if r.Outcome == Published || r.Outcome == Spooled {
			d.remember(key, r.Outcome == Published)
		}
		close(d.claims[key])
		delete(d.claims, key)
	}()
	return work()
}

func (d *Dedupe) remember(key digest, published bool) {
	before, known := d.known[key]
	d.known[key] = before || published
	switch {
	case known:
	case len(d.order) < d.size:
		d.order = append(d.order, key)
	default:
		delete(d.known, d.order[d.oldest])
		d.order[d.oldest] = key
		d.oldest = (d.oldest + 1) % d.size
	}
}

// Remember adds an event that Kafka was found to have, where that displaces no younger one; false: the window is full.
func (d *Dedupe) Remember(source, id string) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.order) == d.size {
		return false
	}
	d.remember(digestOf(source, id), true)
	return true
}

// Note adds an event; the oldest gives way to it. What a consumer of events has handled it notes so.
func (d *Dedupe) Note(source, id string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remember(digestOf(source, id), true)
}

// Has reports whether an event is remembered.
func (d *Dedupe) Has(source, id string) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, known := d.known[digestOf(source, id)]
	return known
}

// Published reports whether Kafka is known to have an event.
func (d *Dedupe) Published(e *Event) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[digestOf(e.Source, e.ID)]
}

// publish notes that Kafka has an event that the spool had; nil is none.
func (d *Dedupe) publish(e *Event) {
	if d == nil || e == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remember(digestOf(e.Source, e.ID), true)
}

// forget takes out an event that the spool had and Kafka will never take, unless another delivery of it is there. Its place in the ring stays:
// where the event comes again, it may be forgotten that much sooner.
func (d *Dedupe) forget(e *Event) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if key := digestOf(e.Source, e.ID); !d.known[key] {
		delete(d.known, key)
	}
}
