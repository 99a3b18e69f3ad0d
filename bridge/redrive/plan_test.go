package redrive_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/redrive"
)

// TestPlan asserts that what is outside is kept apart, or taken from as near as it can be.
func TestPlan(t *testing.T) {
	partition := func(n int32, committed int64) redrive.Standing {
		return redrive.Standing{Partition: redrive.Partition{Topic: "t", Number: n}, Committed: committed, Start: 10, End: 100}
	}
	standings := []redrive.Standing{partition(0, 60), partition(1, 15), partition(2, redrive.None), partition(3, 95), partition(4, 30)}
	back := redrive.Target{Kind: redrive.ShiftBy, Number: -20}
	targets := func(p redrive.Plan) (moves map[int32]int64, outside []int32) {
		moves = map[int32]int64{}
		for _, m := range p.Moves {
			moves[m.Number] = m.Target
		}
		for _, o := range p.Outside {
			outside = append(outside, o.Number)
		}
		return moves, outside
	}
	for _, tt := range []struct {
		name    string
		clamp   bool
		moves   map[int32]int64
		outside []int32
	}{
		{"strict", false, map[int32]int64{0: 40, 3: 75, 4: 10}, []int32{1, 2}},
		{"clamped", true, map[int32]int64{0: 40, 1: 10, 3: 75, 4: 10}, []int32{2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			moves, outside := targets(redrive.NewPlan(back, standings, tt.clamp, now))
			if diff := cmp.Diff(tt.moves, moves); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.outside, outside); diff != "" {
				t.Errorf("outside (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSum asserts that events are added by what becomes of them, and that a move that changes nothing is no change.
func TestSum(t *testing.T) {
	tally := func(typ string, at time.Time) redrive.Tally {
		var tally redrive.Tally
		tally.Add(typ, at)
		return tally
	}
	p := redrive.Plan{Moves: []redrive.Move{
		{Current: 9, Target: 5, End: 9, Whole: true, Counted: tally("a", ago(time.Hour))},
		{Current: 9, Target: 7, End: 9},
		{Current: 5, Target: 9, End: 9, Whole: true, Counted: tally("b", ago(2*time.Hour))},
		{Current: 9, Target: 9, End: 9, Whole: true},
	}}
	if n := len(p.Changes()); n != 3 {
		t.Errorf("got %d changes, want 3", n)
	}
	events, counted := p.Sum(redrive.Again)
	if events != 3 || counted.Events != 1 || counted.Types["a"] != 1 || counted.Types["b"] != 0 {
		t.Errorf("got %d again, %+v, want 1 that was read and 2 that may be", events, counted)
	}
	if events, counted := p.Sum(redrive.Skipped); events != 1 || counted.Types["b"] != 1 {
		t.Errorf("got %d skipped, %+v, want 1", events, counted)
	}
	p.Moves = append(p.Moves, redrive.Move{Current: 3, Beside: note(9, 3), Target: 4, End: 9, Whole: true, Counted: tally("c", now), Opposite: tally("d", now)})
	for _, effect := range []redrive.Effect{redrive.Again, redrive.Skipped} {
		if events, counted := p.Sum(effect); events != counted.Events+map[redrive.Effect]int64{redrive.Again: 2}[effect] || counted.Types["c"]+counted.Types["d"] != 1 {
			t.Errorf("got %d %s, %+v, want one more of each", events, effect, counted)
		}
	}
	if events, _ := p.Sum(redrive.Ahead); events != 0 {
		t.Errorf("got %d ahead, want none", events)
	}
}
