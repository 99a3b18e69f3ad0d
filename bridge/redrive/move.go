package redrive

import "qlikbridge/bridge/marks"

// Effect is what a move does to the events that lie between where a group stands and where it is to stand.
type Effect string

// The effects.
const (
	Same    Effect = "same"    // what is done stays so
	Again   Effect = "again"   // they are handled again
	Skipped Effect = "skipped" // they are not handled
	Ahead   Effect = "ahead"   // the group has no offset yet: these it is given, and those before the target it is not
	Removed Effect = "removed" // the group has no offset any more, and begins where its consumers' own settings say
)

// Opposite is the effect that some events of a move can have beside that of the move: where a group had done some beyond its offset and
// others not. Same: there is none.
func (e Effect) Opposite() Effect {
	switch e {
	case Again:
		return Skipped
	case Skipped:
		return Again
	}
	return Same
}

// Move is what a reset does in one partition.
type Move struct {
	Partition
	Current    int64  // None
	Beside     string // what the group has left beside Current: where package marks can read it, what it has done beyond
	Target     int64  // None
	Restored   string // what is put beside Target: of an undo; else nothing
	Start, End int64  // of the partition

	Counted  Tally // of the records in the span that were read, those of the effect
	Opposite Tally // and those of its opposite
	Whole    bool  // all of them were read
}

// before and after are what the group has done when it stands at Current, and when it stands at Target.
func (m Move) before() marks.Done { return marks.Parse(m.Current, m.Beside) }
func (m Move) after() marks.Done  { return marks.Parse(m.Target, m.Restored) }

// Effect says what becomes of the events in the span.
func (m Move) Effect() Effect {
	before, after := m.before(), m.after()
	switch {
	case m.Current == m.Target && before.Text() == after.Text():
		return Same
	case m.Target == None:
		return Removed
	case m.Current == None:
		return Ahead
	case m.Target < m.Current, m.Target == m.Current && after.Until <= before.Until:
		return Again
	}
	return Skipped
}

// Span is the offsets between. An offset of which the partition has nothing any more, or not yet, does not count.
func (m Move) Span() Span {
	switch m.Effect() {
	case Again, Skipped:
		return Span{max(min(m.Current, m.Target), m.Start), min(max(m.before().Until, m.after().Until), m.End)}
	case Ahead:
		return Span{m.Target, m.End}
	}
	return Span{}
}

// Fate returns what says of an offset in the span what becomes of the event there.
func (m Move) Fate() func(offset int64) Effect {
	effect, before, after := m.Effect(), m.before(), m.after()
	return func(offset int64) Effect {
		was, is := before.Has(offset), after.Has(offset)
		switch {
		case effect == Ahead && !is:
			return Ahead
		case effect == Ahead, was == is:
			return Same
		case was:
			return Again
		}
		return Skipped
	}
}

// Sum counts the events of an effect: as many as were counted, or where not all were read, as many as there can be.
func (m Move) Sum(e Effect) (events int64, counted Tally) {
	switch e {
	case m.Effect():
		counted = m.Counted
	case m.Effect().Opposite():
		counted = m.Opposite
	default:
		return 0, Tally{}
	}
	if m.Whole {
		return counted.Events, counted
	}
	return m.most(e), counted
}

// most is how many offsets an effect is of.
func (m Move) most(e Effect) int64 {
	span, before, after := m.Span(), m.before(), m.after()
	count := func(d marks.Done) int64 { return d.Within(span.From, span.To) }
	switch both := before.And(after); e {
	case Again:
		return count(before) - count(both)
	case Skipped:
		return count(after) - count(both)
	case Ahead:
		return span.Len() - count(after)
	}
	return 0
}

// Events is how many events the effect is of, as Sum counts them.
func (m Move) Events() int64 {
	events, _ := m.Sum(m.Effect())
	return events
}

// Opposed is how many events the opposite of the effect is of, as Sum counts them.
func (m Move) Opposed() int64 {
	if m.Effect().Opposite() == Same {
		return 0
	}
	events, _ := m.Sum(m.Effect().Opposite())
	return events
}

// Drops reports whether the group has noted what it has done beyond its offset, and that note is not to stay.
func (m Move) Drops() bool {
	text := m.before().Text()
	return text != "" && (m.Current != m.Target || text != m.after().Text())
}
