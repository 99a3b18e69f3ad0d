package bridge

import (
	"context"
	"io"
	"time"

	"qlikbridge/topics"
)

// replay produces the lane's entries, oldest first and many at once, until the lane has caught up or the bridge stops.
func (l *lane) replay() {
	select {
	case <-l.ingester.remembered: // so that what an earlier process published is known
	case <-l.ingester.stopping:
		return
	}
	for l.await() {
		l.read()
	}
}

// await waits until an entry may be replayed; false: the lane is direct again, or the bridge stops.
func (l *lane) await() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.ingester.closing() {
		switch {
		case l.refused > 0 && len(l.flying) == 0:
			l.rest(l.goBack())
			continue
		case l.refused > 0:
		case l.mayReplay(l.ingester.flying.Load()):
			return true
		case l.keepsUp(time.Now(), l.ingester.AckTimeout/4):
			if l.cursor > l.last {
				l.turnBack()
				return false
			}
			l.shutDoor()
		}
		l.changed.Wait()
	}
	return false
}

// rest gives the lane's lock away for a while.
func (l *lane) rest(d time.Duration) {
	l.mu.Unlock()
	defer l.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.ingester.stopping:
	}
}

// shutDoor keeps deliveries waiting until the entries that are being written are produced too. It does so once in a while and not for long,
// since the disk may be slow.
func (l *lane) shutDoor() {
	if now := time.Now(); !l.shut && now.Sub(l.shutAt) > l.ingester.AckTimeout {
		l.shut, l.shutAt = true, now
		time.AfterFunc(l.ingester.AckTimeout/4, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.openDoor()
		})
	}
}

func (l *lane) openDoor() {
	l.shut = false
	l.door.Broadcast()
}

func (l *lane) turnBack() {
	l.spooling = false
	l.openDoor()
	l.ingester.Log.Info("Kafka takes the family's events again; they are not spooled any more", "family", l.family, "seconds", time.Since(l.since).Seconds())
}

// read reads the entry at the cursor and produces it. Entries that the log passes over are lost to the disk: it has set them aside.
func (l *lane) read() {
	l.mu.Lock()
	from, durable := l.cursor, l.durable
	l.mu.Unlock()
	entry, err := l.entries.Read(from)
	switch {
	case err == io.EOF:
		l.passOver(from, durable+1)
	case err != nil:
		l.ingester.Log.Error("the spool cannot be read; it is tried again", "family", l.family, "error", err)
		l.mu.Lock()
		l.rest(longestPause)
		l.mu.Unlock()
	default:
		l.passOver(from, entry.Number)
		l.produce(entry)
	}
}

// passOver forgets the entries from one number up to another, but for those that a Publisher still has.
func (l *lane) passOver(from, to uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for number := from; number < to; number++ {
		if _, flies := l.flying[number]; !flies {
			l.forget(number)
		}
	}
	l.cursor = max(l.cursor, to)
}

// produce hands an entry to the Publisher as what it would have become at the door, unless Kafka has it already.
func (l *lane) produce(e Entry) {
	event, why := l.ingester.normalise(e.Delivery)
	if event != nil && l.ingester.Dedupe.Published(event) {
		l.ingester.Metrics.settled(Duplicate)
		l.passOver(e.Number, e.Number+1)
		return
	}
	refused, ok := l.launch(e)
	switch {
	case !ok:
	case event == nil:
		l.deadLetter(e, nil, why)
	case refused != nil:
		l.deadLetter(e, event, refused)
	default:
		l.publish(e.Number, len(e.Delivery.Body), event)
	}
}

// publish hands an event to the Publisher. Of what is in flight only the record is kept, and by what Dedupe knows it: body and event would take as
// much again.
func (l *lane) publish(number uint64, size int, event *Event) {
	known := &Event{ID: event.ID, Source: event.Source}
	record := notAhead(event.record(l.ingester.Topics.Topic(event.Family.Name)))
	l.ingester.Publisher.Publish(context.Background(), record, func(_ Position, err error) {
		if err != nil && permanent[asRefusal(err).Reason] {
			l.ingester.Dedupe.forget(known) // sent again it is tried again, as after a dead letter made at the door
			l.comeBack(number, size, asRefusal(err))
			return
		}
		l.replayed(number, size, known, Published, err)
	})
}

// notAhead gives a record a timestamp that Kafka takes where the clock was ahead when the delivery was received, and has been set right since: a
// topic refuses what is an hour ahead (message.timestamp.after.max.ms), and would until then. When it was received still stands in the record.
func notAhead(r *Record) *Record {
	if now := time.Now(); r.Time.After(now) {
		r.Time = now
	}
	return r
}

// comeBack has replay read an entry once more that Kafka will never take: then it becomes a dead letter. What is behind it may go on.
func (l *lane) comeBack(number uint64, size int, why *Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alight(size)
	delete(l.flying, number)
	l.unwanted[number] = why
	if l.back == 0 || number < l.back {
		l.back = number
	}
	if !l.spooling && !l.ingester.closing() { // it was in flight when the lane turned back
		l.turn(why)
	}
	l.changed.Broadcast()
}

func (l *lane) deadLetter(e Entry, event *Event, why *Refusal) {
	record := notAhead(deadLetter(l.ingester.Topics.Topic(topics.DeadLetter), e.Delivery, event, why))
	l.ingester.Publisher.Publish(context.Background(), record, func(_ Position, err error) {
		switch {
		case err == nil:
			l.ingester.Metrics.deadLettered(e.Delivery, why)
		case permanent[asRefusal(err).Reason]:
			go func() { l.replayed(e.Number, len(e.Delivery.Body), nil, setAside, l.entries.SetAside(e)) }() // it blocks on the disk
			return
		}
		l.replayed(e.Number, len(e.Delivery.Body), nil, DeadLettered, err)
	})
}

// launch notes that an entry is in flight, and returns why Kafka will never take its record, where that is known; false: the entry was settled
// meanwhile, or Kafka has refused an earlier one.
func (l *lane) launch(e Entry) (unwanted *Refusal, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, flies := l.flying[e.Number]; flies || l.refused > 0 || e.Number < l.low || l.isSettled(e.Number) {
		return nil, false
	}
	unwanted = l.unwanted[e.Number]
	delete(l.unwanted, e.Number)
	l.reading = e.Delivery.ReceivedAt
	l.flying[e.Number] = flying{began: time.Now(), received: e.Delivery.ReceivedAt}
	l.flights++
	l.bytes += len(e.Delivery.Body)
	l.ingester.flying.Add(int64(len(e.Delivery.Body)))
	return unwanted, true
}

// replayed is told what became of an entry in flight.
func (l *lane) replayed(number uint64, size int, event *Event, outcome Outcome, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alight(size)
	l.landed(number, event, outcome, err)
}

// alight notes that an entry is not in flight any more.
func (l *lane) alight(size int) {
	l.flights--
	l.bytes -= size
	l.ingester.flying.Add(-int64(size))
}
