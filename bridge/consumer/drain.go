package consumer

import (
	"context"
	"time"
)

// drain ends partitions: no event of theirs begins any more, and those that are worked on have until stop is over. Then they are closed, and how
// far they are done does not change any more. It returns those that are still this member's, as they are until forget; others, and all that comes of
// theirs, do not count. Two may drain one partition: that of a stop, and a rebalance in the midst of it. Both wait.
func (d *dispatcher) drain(places []place, stop time.Duration) []*partition {
	ending, idle := d.end(places)
	late, cancel := context.WithTimeout(context.Background(), stop)
	defer cancel()
	for _, each := range idle {
		select {
		case <-each:
		case <-late.Done():
		}
	}
	d.close(ending)
	return ending
}

// end lets partitions drain, and returns what to wait for.
func (d *dispatcher) end(places []place) (ending []*partition, idle []<-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range places {
		p := d.partitions[at]
		if p == nil {
			continue
		}
		ending = append(ending, p)
		if p.drain(); p.idle != nil {
			idle = append(idle, p.idle)
		}
	}
	d.freed.Broadcast() // an event that waits for room need not any more
	return ending, idle
}

// drop ends partitions at once, where others may have them already.
func (d *dispatcher) drop(places []place) {
	d.mu.Lock()
	var lost []*partition
	for _, at := range places {
		if p := d.partitions[at]; p != nil {
			lost = append(lost, p)
		}
	}
	d.mu.Unlock()
	d.close(lost)
	d.forget(lost)
}

// forget notes that partitions are not this member's any more: nothing is committed for them.
func (d *dispatcher) forget(partitions []*partition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range partitions {
		if at := (place{p.topic, p.number}); d.partitions[at] == p {
			delete(d.partitions, at)
		}
	}
}

// close lets go of what is held of partitions. The context of handlers that still run ends.
func (d *dispatcher) close(partitions []*partition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range partitions {
		if p.state == closed {
			continue
		}
		p.drain()
		p.state = closed
		p.rested()
		d.held -= p.held
		for l := range p.waiting { // a timer that runs on would hold the line's records
			l.timer.Stop()
		}
		p.held, p.lines, p.waiting = 0, nil, nil
		p.cancel()
	}
	d.freed.Broadcast()
}

// all are the partitions that this member has.
func (d *dispatcher) all() (places []place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for at := range d.partitions {
		places = append(places, at)
	}
	return places
}
