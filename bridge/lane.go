package bridge

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// lane is the way of one family's records to Kafka, in order, and always in one of two states:
//
//   - direct: each record is produced as it comes. The first that Kafka does not acknowledge in time turns the lane: it and all others that are
//     on their way are appended to the log, in the order in which they came, and their senders answered.
//   - spooling: every delivery is appended, and replay alone produces, oldest first. It turns the lane back when it has caught up.
//
// A record whose first produce has not settled when its entry is written is not replayed before that: its promise settles the entry, however
// late it comes. Keys never cross lanes, so a family that is stuck (a topic that may not be written, say) holds up no other.
type lane struct {
	// Fixed.
	ingester *Ingester
	family   string

	mu       sync.Mutex // guards what follows
	changed  sync.Cond  // tells replay that something did
	direct   list.List  // of *flight: on their way to Kafka, without an entry
	entries  Log        // nil: not needed so far
	spooling bool
	since    time.Time // when it turned
	why      *Refusal  // why it turned, or why Kafka refused an entry last
	replayer sync.WaitGroup

	// Deliveries wait at the door while the last entries are written, so that replay, which is as fast as the disk, has an end under load too.
	door   sync.Cond
	shut   bool
	shutAt time.Time

	backlog
}

var (
	errNoAnswer = errors.New("no acknowledgement by Kafka in time")
	errSlowDisk = errors.New("neither Kafka nor the disk of the spool took the delivery in time")
	errInOrder  = errors.New("earlier events of the family wait in the spool")
	errStopping = errors.New("the bridge is stopping")
	errEarlier  = errors.New("events of an earlier run are replayed")
)

// admit reports whether a flight is to go to Kafka; otherwise it was appended to the log.
func (l *lane) admit(f *flight) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.shut {
		l.door.Wait()
	}
	if l.spooling {
		f.failed = true // there is no promise to wait for
		l.append(f, &Refusal{Spooling, errInOrder})
		return false
	}
	f.place = l.direct.PushBack(f)
	return true
}

func (l *lane) remove(f *flight) {
	l.direct.Remove(f.place)
	f.place = nil
}

// divert takes a direct flight, which Kafka refused or did not answer, to where it belongs: back to its sender, or to the log with all
// others.
func (l *lane) divert(f *flight, why *Refusal) {
	if !permanent[why.Reason] && l.canSpool() {
		l.turn(why)
		return
	}
	l.remove(f)
	f.landing <- landing{Failed, Position{}, why}
}

func (l *lane) canSpool() bool {
	return !l.ingester.closing() && l.ingester.Spool != nil && l.ingester.Spool.Room() == nil && l.open() == nil
}

// open opens the log when it is first needed.
func (l *lane) open() (err error) {
	if l.entries == nil {
		if l.entries, err = l.ingester.Spool.Log(l.family); err == nil {
			l.backlog = newBacklog(l.entries.Span())
		}
	}
	return err
}

// turn makes the lane spool: whatever is on its way gets an entry, in the order in which it came.
func (l *lane) turn(why *Refusal) {
	l.spooling, l.since, l.why = true, time.Now(), why
	l.probe()
	for place := l.direct.Front(); place != nil; place = l.direct.Front() {
		f := place.Value.(*flight)
		l.remove(f)
		if l.append(f, why); f.failed && f.number > 0 { // and what failed with it, but was not told of so far, is not to be overtaken
			l.refuse(f.number)
		}
	}
	l.replayer.Go(l.replay)
	l.ingester.Log.Warn("the family is spooled until Kafka takes it again", "family", l.family, "reason", why.Reason, "error", why.Err)
}

// append gives a flight an entry; what came of it is told to its sender.
func (l *lane) append(f *flight, why *Refusal) {
	if err := l.room(); err != nil {
		f.landing <- landing{Failed, Position{}, asRefusal(err)}
		return
	}
	if l.low > l.last {
		l.reading = f.delivery.ReceivedAt // replay may not read it for long
	}
	f.number = l.entries.Append(f.delivery, func(number uint64, err error) { f.written(number, why, err) })
	l.last = f.number
	if !f.failed {
		l.flying[f.number] = flying{began: f.began, received: f.delivery.ReceivedAt}
	}
	f.delivery = Delivery{} // its body is the sender's again
}

func (l *lane) room() error {
	if l.ingester.closing() {
		return &Refusal{Closing, errStopping}
	}
	return l.ingester.Spool.Room()
}

// landed settles an entry that was in flight, or has it replayed.
func (l *lane) landed(number uint64, event *Event, outcome Outcome, err error) {
	if _, ok := l.flying[number]; !ok {
		return
	}
	delete(l.flying, number)
	if err == nil {
		l.ingester.Metrics.settled(outcome)
		l.ingester.Dedupe.publish(event)
		l.acknowledge()
		l.forget(number)
	} else {
		l.why = asRefusal(err)
		l.refuse(number)
		l.openDoor()
		if !l.spooling && !l.ingester.closing() { // it was in flight when the lane turned back
			l.turn(l.why)
		}
	}
	l.changed.Broadcast()
}

// forget settles an entry, whether Kafka has it or it never was.
func (l *lane) forget(number uint64) {
	delete(l.flying, number)
	if l.settle(number) {
		l.entries.Settle(l.low - 1)
	}
}

// held is what waits in the lane's log.
func (l *lane) held() Held {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		return Held{}
	}
	return l.backlog.held()
}

// resume takes up the entries that an earlier process left.
func (l *lane) resume() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(); err != nil {
		return err
	}
	if l.low > l.last {
		return nil
	}
	if oldest, err := l.entries.Read(l.low); err == nil { // else replay will say what is wrong
		l.reading = oldest.Delivery.ReceivedAt
	}
	l.spooling, l.since, l.why = true, time.Now(), &Refusal{Recovered, errEarlier}
	l.replayer.Go(l.replay)
	l.ingester.Log.Info("the spool holds events of an earlier run; they are replayed", "family", l.family, "entries", l.last+1-l.low)
	return nil
}

// end ends the replay, and waits for what is in flight until ctx ends.
func (l *lane) end(ctx context.Context) {
	l.wake()
	done := make(chan struct{})
	go func() { l.replayer.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done(): // the disk hangs
		return
	}
	release := context.AfterFunc(ctx, l.wake)
	defer release()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.flying) > 0 && ctx.Err() == nil {
		l.changed.Wait()
	}
}

// trouble says why and since when the lane spools; "" where it is direct.
func (l *lane) trouble() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.spooling {
		return ""
	}
	return fmt.Sprintf("%s (%s, since %s)", l.family, l.why.Reason, l.since.UTC().Format(time.RFC3339))
}

func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.Broadcast()
}
