package consumer

import "sync/atomic"

// Stats is how a consumer stands, for status pages. Counts are since New.
type Stats struct {
	Lag          int64  `json:"lag"`           // records that are not done yet, of the partitions that this member has now
	Partitions   int    `json:"partitions"`    // that this member has now; one that is being given up is not counted
	InFlight     int    `json:"in_flight"`     // events that were read and are not done
	Handled      uint64 `json:"handled"`       // events whose handler returned nil
	Retried      uint64 `json:"retried"`       // calls of the handler that were followed by another for the same event
	DeadLettered uint64 `json:"dead_lettered"` // events that were set aside
	Duplicates   uint64 `json:"duplicates"`    // events that were skipped since they had been handled
	Skipped      uint64 `json:"skipped"`       // records that were not chosen
}

// Stats is safe for concurrent use, also before and after Run, and does not block.
func (c *Consumer) Stats() Stats {
	s := Stats{
		Handled:      c.counts.handled.Load(),
		Retried:      c.counts.retried.Load(),
		DeadLettered: c.counts.deadLettered.Load(),
		Duplicates:   c.counts.duplicates.Load(),
		Skipped:      c.counts.skipped.Load(),
	}
	lags, held := c.dispatcher.lags()
	s.InFlight = held
	for _, l := range lags {
		s.Lag += l.records
		s.Partitions += l.partitions
	}
	return s
}

// counts is what became of events; the metrics and Stats read it.
type counts struct {
	handled, duplicates, deadLettered, skipped atomic.Uint64

	retried   atomic.Uint64
	unwritten atomic.Uint64 // dead letters, attempts that failed
	unsaved   atomic.Uint64 // commits that failed
}

// settle notes that an event is done, and what became of it.
func (c *Consumer) settle(t *task, outcome *atomic.Uint64) {
	c.release(t)
	if c.dispatcher.done(t) {
		outcome.Add(1)
	}
}

// lag is how far this member is behind in a topic.
type lag struct {
	partitions int
	records    int64
}

// lags returns the lag of every topic that this member has partitions of, and how many events are held.
func (d *dispatcher) lags() (lags map[string]lag, held int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	lags = map[string]lag{}
	for _, p := range d.partitions {
		if p.state != open {
			continue
		}
		l := lags[p.topic]
		lags[p.topic] = lag{l.partitions + 1, l.records + p.lag()}
	}
	return lags, d.held
}
