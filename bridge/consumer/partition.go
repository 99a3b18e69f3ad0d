package consumer

import (
	"context"
	"sync/atomic"

	"qlikbridge/bridge"
)

// partition is a partition that this member has, from when it is assigned until it is taken away. One that comes back is another.
type partition struct {
	// Fixed.
	topic  string
	number int32
	ctx    context.Context // the handlers'
	cancel context.CancelFunc

	draining chan struct{} // closed when state is not open any more

	begin, end atomic.Int64 // where the partition begins and ends, as far as is known

	// Guarded by dispatcher.mu.
	state     state
	tracker   tracker
	read      int64            // where the next record is to be read, or beyond
	owed      []int64          // offsets that an earlier owner read and did not finish, not read again yet
	resumed   int64            // before it, all but owed was done by an earlier owner
	lines     map[string]*line // :: key -> its events that are not done
	waiting   map[*line]bool   // those, with a key or without, whose timer runs
	held      int              // events that are not done
	busy      int              // those of them that are being worked on, by a handler or by Kafka
	idle      chan struct{}    // where it drains and busy is not 0: closed when it is
	committed struct {
		offset   int64 // -1: nothing is known to be
		metadata string
	}
}

// state is what may happen to a partition's events.
type state int

const (
	open     state = iota // they are read, and handled
	draining              // what was begun may end; nothing else begins
	closed                // nothing counts any more
)

func newPartition(topic string, number int32) *partition {
	p := &partition{topic: topic, number: number, draining: make(chan struct{}), lines: map[string]*line{}, waiting: map[*line]bool{}, tracker: tracker{next: -1}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.committed.offset = -1
	return p
}

func (p *partition) at(offset int64) bridge.Place {
	return bridge.Place{Topic: p.topic, Position: bridge.Position{Partition: p.number, Offset: offset}}
}

// drain lets nothing begin any more. What is worked on makes idle the channel to wait for.
func (p *partition) drain() {
	if p.state != open {
		return
	}
	p.state = draining
	close(p.draining)
	if p.busy > 0 {
		p.idle = make(chan struct{})
	}
}

// leaving reports whether the partition is about to leave this member, or has left. It needs no lock.
func (p *partition) leaving() bool {
	select {
	case <-p.draining:
		return true
	default:
		return false
	}
}

// rested ends the wait for what is worked on.
func (p *partition) rested() {
	if p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
}

// resume notes how far the partition was done when it was assigned.
func (p *partition) resume(m mark, metadata string) {
	p.tracker, p.read = resume(m), m.offset
	p.owed, p.resumed = m.unfinished, m.until
	p.committed.offset, p.committed.metadata = m.offset, metadata
}

// back reports whether a record was read from before where the next was to be, as happens once a partition has lost its end: its leader died, and the one
// that follows had not all of it (unclean leader election). All that is known of what stood from there on is void.
func (p *partition) back(offset int64) bool {
	if offset >= p.read {
		return false
	}
	p.tracker.back(offset)
	p.read, p.owed, p.resumed = offset, nil, 0
	return true
}

// settled reports whether an earlier owner was done with an offset before resumed, as the partition is read in order. What is owed and was
// not found is gone.
func (p *partition) settled(offset int64) bool {
	p.forget(offset)
	if len(p.owed) > 0 && p.owed[0] == offset {
		p.owed = p.owed[1:]
		return false
	}
	return true
}

// forget gives up what is owed before an offset.
func (p *partition) forget(before int64) {
	for len(p.owed) > 0 && p.owed[0] < before {
		p.tracker.skip(p.owed[0])
		p.owed = p.owed[1:]
	}
}

// lag is the number of records that are not known to be done.
func (p *partition) lag() int64 {
	return max(0, p.end.Load()-max(p.begin.Load(), p.tracker.position()))
}
