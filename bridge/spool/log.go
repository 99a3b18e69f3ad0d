package spool

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/prometheus/tsdb/wlog"

	"qlikbridge/bridge"
)

var _ bridge.Log = (*log)(nil)

// segmentBytes is the size of a segment: what is settled is given back to the disk in such parts, or all at once when nothing is left.
const segmentBytes = 8 << 20

// The largest record that a segment takes, and the most that one fsync makes durable.
const (
	largestRecord = segmentBytes / 2
	batchBytes    = 2 << 20
)

// markInterval is how long a mark of what is settled may wait to be written; it need not be durable.
const markInterval = 200 * time.Millisecond

// log is the log of one lane. Appends that wait are written and made durable together, by one goroutine.
type log struct {
	// Fixed.
	spool *Spool
	lane  string
	dir   string
	first uint64 // of Span
	last  uint64

	mu         sync.Mutex // guards what follows
	changed    sync.Cond
	waiting    []waiter // bounded by Room
	next       uint64   // the number of the next entry
	settled    uint64   // all up to here are
	marking    bool     // a mark is written when markInterval is over
	markDue    bool
	durable    uint64
	segments   []span // oldest first
	generation int    // rises when all segments go, since their names come again
	closed     bool
	ended      chan struct{}

	writer writer // of the goroutine
	reader reader // of whoever calls Read
}

// waiter is an entry that waits to be written.
type waiter struct {
	number uint64
	record []byte
	done   func(uint64, error)
}

func (a waiter) tooLarge() error {
	if len(a.record) > largestRecord {
		return bridge.Refuse(bridge.SpoolError, "a delivery of %d bytes is larger than the spool takes (%d)", len(a.record), largestRecord)
	}
	return nil
}

// span is a segment: its entries' numbers begin at first.
type span struct {
	index int
	first uint64
	size  int64 // what of it is durable
}

// Append implements bridge.Log.
func (l *log) Append(d bridge.Delivery, done func(uint64, error)) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := l.next
	l.next++
	record := encode(number, d)
	l.spool.waiting.Add(int64(len(record)))
	l.waiting = append(l.waiting, waiter{number, record, done})
	l.changed.Signal()
	return number
}

// Settle implements bridge.Log.
func (l *log) Settle(through uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled = max(l.settled, through)
	switch {
	case l.settled == l.next-1: // there may be nothing left to keep
		l.markDue = true
		l.changed.Signal()
	case !l.marking:
		l.marking = true
		time.AfterFunc(markInterval, l.mark)
	}
}

func (l *log) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marking, l.markDue = false, true
	l.changed.Signal()
}

// Span implements bridge.Log.
func (l *log) Span() (first, last uint64) { return l.first, l.last }

// run is the goroutine that writes.
func (l *log) run() {
	defer close(l.ended)
	for {
		batch, settled, ok := l.take()
		if !ok {
			l.writer.close(l)
			return
		}
		ended := l.spool.begin()
		if err := l.write(batch, settled); err != nil {
			l.spool.fail(err)
		}
		l.trim()
		ended()
	}
}

// take waits for something to write; false: the log is closed, and all is written.
func (l *log) take() (batch []waiter, settled uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.markDue {
		if l.closed {
			return nil, 0, false
		}
		l.changed.Wait()
	}
	bytes, n := 0, 0
	for n < len(l.waiting) && (n == 0 || bytes+len(l.waiting[n].record) <= batchBytes) {
		bytes += len(l.waiting[n].record)
		n++
	}
	batch = l.waiting[:n:n]
	if l.waiting = l.waiting[n:]; len(l.waiting) == 0 {
		l.waiting = nil
	}
	if l.markDue && (n > 0 || l.settled < l.next-1) { // else all of it goes
		settled = l.settled
	}
	l.markDue = false
	return batch, settled, true
}

// write makes a batch durable, with a mark where one is due, and tells each appender.
func (l *log) write(batch []waiter, settled uint64) error {
	records := make([][]byte, 0, len(batch)+1)
	if settled > 0 {
		records = append(records, encodeMark(settled))
	}
	for _, a := range batch {
		if a.tooLarge() == nil {
			records = append(records, a.record)
		}
	}
	var err error
	if len(records) > 0 {
		err = l.writer.write(l, records, len(batch) > 0)
	}
	l.mu.Lock()
	if err == nil && len(batch) > 0 {
		l.durable = batch[len(batch)-1].number
	}
	l.mu.Unlock()
	var told error
	if err != nil {
		told = refusal(err)
	}
	for _, a := range batch {
		l.spool.waiting.Add(-int64(len(a.record)))
		if why := a.tooLarge(); why != nil {
			a.done(a.number, why)
			continue
		}
		a.done(a.number, told)
	}
	return err
}

// trim gives segments back to the disk whose entries are all settled; all of them where nothing is left. The disk is not waited for under the
// lock, which promises of Kafka take.
func (l *log) trim() {
	gone, all := l.detach()
	if all {
		l.writer.drop(l, gone)
	}
	l.remove(gone)
}

// detach takes out the segments that are not needed any more, so that nobody begins to read them.
func (l *log) detach() (gone []span, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	if all = len(l.waiting) == 0 && l.settled == l.next-1; all {
		n = len(l.segments)
		l.generation++
	}
	for n+1 < len(l.segments) && l.segments[n+1].first <= l.settled+1 {
		n++
	}
	gone = l.segments[:n:n]
	l.segments = append([]span(nil), l.segments[n:]...)
	return gone, all
}

// remove removes the files of segments.
func (l *log) remove(gone []span) {
	for _, s := range gone {
		if err := os.Remove(wlog.SegmentName(l.dir, s.index)); err != nil && !os.IsNotExist(err) {
			l.spool.log.Error("a segment of the spool cannot be removed", "file", wlog.SegmentName(l.dir, s.index), "error", err)
		}
		l.spool.bytes.Add(-s.size)
	}
}

func (l *log) close() {
	l.mu.Lock()
	l.closed, l.markDue = true, len(l.segments) > 0 && l.settled > 0
	l.changed.Signal()
	l.mu.Unlock()
	<-l.ended
}

func newLog(s *Spool, lane string) *log {
	l := &log{spool: s, lane: lane, dir: filepath.Join(s.dir, lane), first: 1, next: 1, ended: make(chan struct{})}
	l.changed.L = &l.mu
	return l
}
