package main

import (
	"time"

	"qlikbridge/bridge/redrive"
)

// wholePlan is a plan as JSON.
type wholePlan struct {
	Group      string           `json:"group,omitempty"`
	Target     redrive.Kind     `json:"target,omitempty"`
	Asked      string           `json:"asked,omitempty"`
	At         *time.Time       `json:"at,omitempty"`    // the moment that the target stands for
	Event      string           `json:"event,omitempty"` // where the event of to-event is
	Execute    bool             `json:"execute"`
	UndoFile   string           `json:"undo_file,omitempty"` // of an execution
	CopyTo     string           `json:"copy_to,omitempty"`
	Partitions []wholeMove      `json:"partitions"`
	Again      int64            `json:"again"`
	Skipped    int64            `json:"skipped"`
	Ahead      int64            `json:"ahead"`
	Types      map[string]int64 `json:"types"`
	Members    []wholeMember    `json:"members"` // live ones; with any the plan is refused
	Moved      []wholeMoved     `json:"moved,omitempty"`
}

// wholeMove is a partition of it.
type wholeMove struct {
	Topic     string           `json:"topic"`
	Partition int32            `json:"partition"`
	Current   *int64           `json:"current"` // null: the group has no offset
	Target    *int64           `json:"target"`  // null: it is removed
	Start     int64            `json:"start"`
	End       int64            `json:"end"`
	Effect    redrive.Effect   `json:"effect"`
	Events    int64            `json:"events"`
	Opposite  int64            `json:"opposite,omitempty"` // events that are skipped while others are handled again, or the other way round
	Exact     bool             `json:"exact"`              // otherwise events is what there are at most
	First     *time.Time       `json:"first,omitempty"`
	Last      *time.Time       `json:"last,omitempty"`
	Types     map[string]int64 `json:"types"`
}

type wholeMember struct {
	Client string `json:"client_id"`
	Host   string `json:"host"`
	ID     string `json:"member_id"`
}

func (r *redriving) wholePlan(plan redrive.Plan, undoFile string) wholePlan {
	w := wholePlan{Group: r.group, Target: r.target.Kind, Asked: r.asked, Execute: r.execute, CopyTo: r.copyTo,
		Partitions: []wholeMove{}, Types: map[string]int64{}, Members: []wholeMember{}}
	if r.target.ByTime() {
		w.At = &r.target.Time
	}
	if r.target.Kind == redrive.ToEvent {
		w.Event = r.target.Event.String()
	}
	if r.execute {
		w.UndoFile = undoFile
	}
	for _, m := range r.state.Members {
		w.Members = append(w.Members, wholeMember{m.Client, m.Host, m.ID})
	}
	for _, m := range plan.Moves {
		w.Partitions = append(w.Partitions, whole(m))
		for _, counted := range []redrive.Tally{m.Counted, m.Opposite} {
			for typ, n := range counted.Types {
				w.Types[typ] += n
			}
		}
	}
	w.Again, _ = plan.Sum(redrive.Again)
	w.Skipped, _ = plan.Sum(redrive.Skipped)
	w.Ahead, _ = plan.Sum(redrive.Ahead)
	return w
}

func whole(m redrive.Move) wholeMove {
	w := wholeMove{Topic: m.Topic, Partition: m.Number, Current: offsetOrNull(m.Current), Target: offsetOrNull(m.Target), Start: m.Start, End: m.End,
		Effect: m.Effect(), Events: m.Events(), Opposite: m.Opposed(), Exact: m.Whole, Types: map[string]int64{}}
	if m.Counted.Events > 0 {
		first, last := m.Counted.First.UTC(), m.Counted.Last.UTC()
		w.First, w.Last, w.Types = &first, &last, m.Counted.Types
	}
	return w
}

func offsetOrNull(offset int64) *int64 {
	if offset == redrive.None {
		return nil
	}
	return &offset
}

// wholeOutside is what is said of a target that is not to be had, as JSON.
type wholeOutside struct {
	Group   string        `json:"group,omitempty"`
	Target  redrive.Kind  `json:"target,omitempty"`
	Asked   string        `json:"asked,omitempty"`
	Refused []wholeRefuse `json:"refused"`
}

type wholeRefuse struct {
	Topic     string     `json:"topic"`
	Partition int32      `json:"partition"`
	Asked     string     `json:"asked"`
	Reason    string     `json:"reason"`
	Start     int64      `json:"start"`
	End       int64      `json:"end"`
	First     *time.Time `json:"first,omitempty"` // the oldest event that it has
}

func (r *redriving) wholeOutside(outside []redrive.Outside) wholeOutside {
	w := wholeOutside{Group: r.group, Target: r.target.Kind, Asked: r.asked}
	for _, o := range outside {
		refused := wholeRefuse{Topic: o.Topic, Partition: o.Number, Asked: o.Asked, Reason: o.Reason, Start: o.Start, End: o.End}
		if !o.First.IsZero() {
			first := o.First.UTC()
			refused.First = &first
		}
		w.Refused = append(w.Refused, refused)
	}
	return w
}

// wholeMoved is a partition in which the group has moved since the reset that is to be taken back.
type wholeMoved struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Before    *int64 `json:"before"`
	After     *int64 `json:"after"`
	Current   *int64 `json:"current"`
	Reason    string `json:"reason"`
}
