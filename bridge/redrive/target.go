package redrive

import (
	"fmt"
	"math"
	"time"

	"qlikbridge/bridge"
)

// Kind is a way of naming a target; the words are the flags of Kafka's kafka-consumer-groups, and one of ours.
type Kind string

// The kinds. ToEvent alone is not Kafka's.
const (
	ToEarliest Kind = "to-earliest"
	ToLatest   Kind = "to-latest"
	ToOffset   Kind = "to-offset"
	ShiftBy    Kind = "shift-by"
	ToDateTime Kind = "to-datetime"
	ByDuration Kind = "by-duration"
	ToEvent    Kind = "to-event"
)

// Target is where a group's offsets are to go.
type Target struct {
	Kind   Kind
	Number int64        // an offset, or how far to shift
	Time   time.Time    // of ToDateTime, ByDuration and ToEvent
	Event  bridge.Place // where the record of ToEvent is
}

// ByTime reports whether the target is a moment, of which each partition has to be asked where it lies.
func (t Target) ByTime() bool {
	return t.Kind == ToDateTime || t.Kind == ByDuration || t.Kind == ToEvent
}

// None stands for an offset that a group does not have.
const None int64 = -1

// Partition is one partition of a topic.
type Partition struct {
	Topic  string
	Number int32
}

// String is topic/partition.
func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Number) }

// Standing is what is known of a partition before a reset.
type Standing struct {
	Partition
	Committed  int64     // the group's offset; None
	Beside     string    // what the group has left beside it
	Start, End int64     // the records that the partition holds are from Start on and before End
	First      time.Time // timestamp of the first of them; zero: there is none
	Mark       int64     // of a target by time: the first that is not older, else End
	Keeps      time.Time // whatever was not older at this moment can only have been deleted by hand; zero: that is not known
}

// Outside is a target that a partition does not have.
type Outside struct {
	Standing
	Asked   string // what for
	Reason  string
	Nearest int64 // what it has nearest to that; None: nothing will do
}

// In returns the offset that the target is in a partition. It is an *Outside where the partition does not hold what lies there, and where the
// moment is still to come at now.
func (t Target) In(s Standing, now time.Time) (int64, *Outside) {
	switch t.Kind {
	case ToEarliest:
		return s.Start, nil
	case ToLatest:
		return s.End, nil
	case ToOffset:
		return t.within(s, t.Number)
	case ShiftBy:
		if s.Committed == None {
			return None, &Outside{s, t.asked(), "the group has no offset here that could be shifted", None}
		}
		return t.within(s, shifted(s.Committed, t.Number))
	case ToEvent:
		if s.Partition == (Partition{t.Event.Topic, t.Event.Partition}) {
			return t.within(s, t.Event.Offset)
		}
	}
	switch {
	case t.Time.After(now):
		return s.End, &Outside{s, t.asked(), "that is still to come; a time without a zone is UTC", s.End}
	case t.lost(s):
		return s.Mark, &Outside{s, t.asked(), "retention may have deleted events from then on", s.Mark}
	}
	return s.Mark, nil
}

// shifted adds without running over.
func shifted(offset, by int64) int64 {
	if by > 0 && offset > math.MaxInt64-by {
		return math.MaxInt64
	}
	return offset + by
}

func (t Target) within(s Standing, offset int64) (int64, *Outside) {
	switch {
	case offset < s.Start:
		return offset, &Outside{s, fmt.Sprint("offset ", offset), "the partition begins later", s.Start}
	case offset > s.End:
		return offset, &Outside{s, fmt.Sprint("offset ", offset), "the partition ends before", s.End}
	}
	return offset, nil
}

// lost reports whether events that are not older than the target may be gone: the partition has been cut, what it still has is younger, and
// its settings do not say that what was cut is older.
func (t Target) lost(s Standing) bool {
	younger := s.First.IsZero() || s.First.After(t.Time)
	return s.Start > 0 && younger && (s.Keeps.IsZero() || t.Time.Before(s.Keeps))
}

func (t Target) asked() string {
	if t.Kind == ShiftBy {
		return fmt.Sprintf("%+d", t.Number)
	}
	return t.Time.UTC().Format(time.RFC3339)
}
