package bridge

import (
	"container/list"
	"context"
	"time"
)

// flight is one delivery on its way through a lane: to Kafka, or else to the lane's log. Whoever sent it waits for its landing.
type flight struct {
	// Fixed.
	lane    *lane
	event   *Event // nil: the record is a dead letter
	began   time.Time
	landing chan landing // takes one

	// Guarded by the lane's mutex.
	delivery Delivery      // until it has an entry
	place    *list.Element // among the lane's direct flights; nil: it is not there, or not any more
	number   uint64        // of its entry in the log; 0: it has none
	failed   bool          // Kafka has refused the record
}

// landing is what came of a flight.
type landing struct {
	outcome Outcome // Published, Spooled or Failed
	at      Position
	why     *Refusal // nil: published
}

// spoolWait is how long a spooled delivery waits for the disk: with ack_timeout before it, every answer comes within ack_timeout and a second.
const spoolWait = 750 * time.Millisecond

// send takes a delivery to Kafka, or to the disk where Kafka does not take it by the time that ctx ends. It blocks until one of them has it,
// for spoolWait beyond ctx at most. d.Body is not kept after it returns.
func (l *lane) send(ctx context.Context, d Delivery, event *Event, r *Record) landing {
	f := &flight{lane: l, event: event, delivery: d, began: time.Now(), landing: make(chan landing, 1)}
	if l.admit(f) {
		l.ingester.Publisher.Publish(ctx, r, f.settle)
		select {
		case end := <-f.landing:
			return end
		case <-ctx.Done():
			f.giveUp(&Refusal{AckTimeout, errNoAnswer})
		}
	}
	timer := time.NewTimer(spoolWait)
	defer timer.Stop()
	select {
	case end := <-f.landing:
		return end
	case <-timer.C:
		return landing{outcome: Failed, why: &Refusal{SpoolSlow, errSlowDisk}}
	}
}

// settle is told by the Publisher what became of the record, perhaps long after the sender was answered.
func (f *flight) settle(at Position, err error) {
	l := f.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	f.failed = err != nil
	switch {
	case f.number > 0:
		l.landed(f.number, f.event, late, err)
	case f.place == nil: // the sender was told to try again; he need not
		if err == nil {
			l.ingester.Dedupe.publish(f.event)
		}
	case err == nil:
		l.remove(f)
		f.landing <- landing{Published, at, nil}
	default:
		l.divert(f, asRefusal(err))
	}
}

// giveUp ends the wait for Kafka.
func (f *flight) giveUp(why *Refusal) {
	f.lane.mu.Lock()
	defer f.lane.mu.Unlock()
	if f.place != nil {
		f.lane.divert(f, why)
	}
}

// written is told by the log what became of the entry.
func (f *flight) written(number uint64, why *Refusal, err error) {
	l := f.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	l.durable = number
	if err != nil {
		l.forget(number)
		f.landing <- landing{Failed, Position{}, asRefusal(err)}
	} else {
		l.ingester.Metrics.spooled.WithLabelValues(string(why.Reason)).Inc()
		f.landing <- landing{Spooled, Position{}, why}
	}
	l.changed.Broadcast()
}
