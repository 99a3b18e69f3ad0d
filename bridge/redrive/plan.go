package redrive

import "time"

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
	return Move{Partition: s.Partition, Current: s.Committed, Beside: s.Beside, Target: target, Start: s.Start, End: s.End}
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
		n, tally := m.Sum(e)
		events += n
		counted.Join(tally)
	}
	return events, counted
}
