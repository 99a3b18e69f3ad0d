package redrive

import (
	"time"
)

// Effect is what a move does to the events that lie between where a group stands and where it is to stand.
type Effect string

// The effects.
const (
	Same    Effect = "same"    // the offset stays
	Again   Effect = "again"   // they are handled again
	Skipped Effect = "skipped" // they are not handled
	Ahead   Effect = "ahead"   // the group has no offset yet: these it is given, and those before the target it is not
	Removed Effect = "removed" // the group has no offset any more, and begins where its consumers' own settings say
)

// Move is what a reset does in one partition.
type Move struct {
	Partition
	Current    int64 // None
	Target     int64 // None
	Start, End int64 // of the partition

	Counted Tally // of the records in the span that were read
	Whole   bool  // all of them were read
}

// Effect says what becomes of the events in the span.
func (m Move) Effect() Effect {
	switch {
	case m.Current == m.Target:
		return Same
	case m.Target == None:
		return Removed
	case m.Current == None:
		return Ahead
	case m.Target < m.Current:
		return Again
	}
	return Skipped
}

// Span is the offsets between. An offset of which the partition has nothing any more, or not yet, does not count.
func (m Move) Span() Span {
	switch m.Effect() {
	case Again:
		return Span{m.Target, min(m.Current, m.End)}
	case Skipped:
		return Span{max(m.Current, m.Start), m.Target}
	case Ahead:
		return Span{m.Target, m.End}
	}
	return Span{}
}

// Events is how many events lie between: as many as were counted, or where not all were read, as many as there can be.
func (m Move) Events() int64 {
	if m.Whole {
		return m.Counted.Events
	}
	return m.Span().Len()
}

// Plan is what a reset does to a group.
type Plan struct {
	Moves   []Move
	Outside []Outside // where the target is not to be had; these partitions are not among the moves
}

// NewPlan works out where a target lies in each partition. With clamp, what is outside of a partition becomes the nearest that it has, as
// with Kafka's own tool; what is not to be had even so stays outside.
func NewPlan(t Target, standings []Standing, clamp bool, now time.Time) Plan {
	var p Plan
	for _, s := range standings {
		offset, outside := t.In(s, now)
		if outside != nil {
			if !clamp || outside.Nearest == None {
				p.Outside = append(p.Outside, *outside)
				continue
			}
			offset = outside.Nearest
		}
		p.Moves = append(p.Moves, move(s, offset))
	}
	return p
}

func move(s Standing, target int64) Move {
	return Move{Partition: s.Partition, Current: s.Committed, Target: target, Start: s.Start, End: s.End}
}

// Changes are the moves that are more than nothing.
func (p Plan) Changes() []Move {
	var changes []Move
	for _, m := range p.Moves {
		if m.Effect() != Same {
			changes = append(changes, m)
		}
	}
	return changes
}

// Sum counts the events of an effect.
func (p Plan) Sum(e Effect) (events int64, counted Tally) {
	for _, m := range p.Moves {
		if m.Effect() == e {
			events += m.Events()
			counted.Join(m.Counted)
		}
	}
	return events, counted
}
