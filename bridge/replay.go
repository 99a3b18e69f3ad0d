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
	if !l.launch(e) {
		return
	}
	if event == nil {
		l.deadLetter(e, nil, why)
		return
	}
	l.ingester.Publisher.Publish(context.Background(), event.record(l.ingester.Topics.Topic(event.Family.Name)), func(_ Position, err error) {
		if err != nil && permanent[asRefusal(err).Reason] {
			go l.deadLetter(e, event, asRefusal(err)) // not from inside the Publisher
			return
		}
		l.replayed(e, event, Published, err)
	})
}

func (l *lane) deadLetter(e Entry, event *Event, why *Refusal) {
	record := deadLetter(l.ingester.Topics.Topic(topics.DeadLetter), e.Delivery, event, why)
	l.ingester.Publisher.Publish(context.Background(), record, func(_ Position, err error) {
		switch {
		case err == nil:
			l.ingester.Metrics.deadLettered(e.Delivery, why)
		case permanent[asRefusal(err).Reason]:
			go func() { l.replayed(e, nil, setAside, l.entries.SetAside(e)) }() // it blocks on the disk
			return
		}
		l.replayed(e, nil, DeadLettered, err)
	})
}

// launch notes that an entry is in flight; false: it was settled meanwhile, or Kafka has refused an earlier one.
func (l *lane) launch(e Entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, flies := l.flying[e.Number]; flies || l.refused > 0 || e.Number < l.low || l.isSettled(e.Number) {
		return false
	}
	l.reading = e.Delivery.ReceivedAt
	l.flying[e.Number] = flying{began: time.Now(), received: e.Delivery.ReceivedAt}
	l.flights++
	l.bytes += len(e.Delivery.Body)
	l.ingester.flying.Add(int64(len(e.Delivery.Body)))
	return true
}

// replayed is told what became of an entry in flight.
func (l *lane) replayed(e Entry, event *Event, outcome Outcome, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flights--
	l.bytes -= len(e.Delivery.Body)
	l.ingester.flying.Add(-int64(len(e.Delivery.Body)))
	l.landed(e.Number, event, outcome, err)
}
