package bridge_test

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"time"

	"qlikbridge/bridge"
)

// memorySpool is a Spool without a disk, whose failures a test decides on.
type memorySpool struct {
	mu     sync.Mutex
	full   error // of Room
	broken error // of Log
	logs   map[string]*memoryLog
}

func (s *memorySpool) Lanes() (lanes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for lane := range s.logs {
		lanes = append(lanes, lane)
	}
	return lanes
}

func (s *memorySpool) Log(lane string) (bridge.Log, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	return s.log(lane), nil
}

func (s *memorySpool) log(lane string) *memoryLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logs[lane] == nil {
		s.logs[lane] = &memoryLog{first: 1, lost: map[uint64]bool{}}
	}
	return s.logs[lane]
}

func (s *memorySpool) Room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

func (s *memorySpool) setFull(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = err
}

// memoryLog writes what waits as one batch, as a disk with group commit does.
type memoryLog struct {
	first uint64 // of Span

	mu       sync.Mutex
	gate     chan struct{} // nil: open; writing waits until it is closed
	delay    time.Duration // that writing a batch takes
	failure  error         // of the next batches
	entries  []bridge.Entry
	durable  int             // how many of them are
	lost     map[uint64]bool // those that the disk has damaged
	settled  uint64
	writing  bool
	waiting  []func(uint64, error)
	readFrom []uint64
	readErr  error // of the next Read
	aside    []string
	asideErr error // of the next SetAside
}

func (l *memoryLog) SetAside(e bridge.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.asideErr
	if l.asideErr = nil; err == nil {
		l.aside = append(l.aside, string(e.Delivery.Body))
	}
	return err
}

func (l *memoryLog) Append(d bridge.Delivery, done func(uint64, error)) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.Body = bytes.Clone(d.Body)
	number := uint64(len(l.entries)) + 1
	l.entries, l.waiting = append(l.entries, bridge.Entry{Number: number, Delivery: d}), append(l.waiting, done)
	if !l.writing {
		l.writing = true
		go l.write()
	}
	return number
}

func (l *memoryLog) setAside() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.aside)
}

func (l *memoryLog) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > 0 {
		batch, gate, delay := l.waiting, l.gate, l.delay
		l.waiting = nil
		l.mu.Unlock()
		if gate != nil {
			<-gate
		}
		time.Sleep(delay)
		l.mu.Lock()
		number, failure := uint64(l.durable), l.failure
		l.durable += len(batch)
		l.mu.Unlock()
		for i, done := range batch {
			done(number+uint64(i)+1, failure)
		}
		l.mu.Lock()
	}
	l.writing = false
}

func (l *memoryLog) Read(from uint64) (bridge.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readFrom = append(l.readFrom, from)
	if err := l.readErr; err != nil {
		l.readErr = nil
		return bridge.Entry{}, err
	}
	for _, e := range l.entries[:l.durable] {
		if e.Number >= from && e.Number > l.settled && !l.lost[e.Number] {
			return e, nil
		}
	}
	return bridge.Entry{}, io.EOF
}

func (l *memoryLog) Settle(through uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled = max(l.settled, through)
}

func (l *memoryLog) Span() (first, last uint64) { return l.first, uint64(len(l.entries)) }

// left is the bodies of what a later process would replay.
func (l *memoryLog) left() (bodies []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries[:l.durable] {
		if e.Number > l.settled {
			bodies = append(bodies, string(e.Delivery.Body))
		}
	}
	return bodies
}

// keep puts entries into a log as an earlier process would have.
func (l *memoryLog) keep(bodies ...string) {
	for _, body := range bodies {
		l.entries = append(l.entries, bridge.Entry{Number: uint64(len(l.entries)) + 1, Delivery: deliver(body)})
	}
	l.durable = len(l.entries)
}
