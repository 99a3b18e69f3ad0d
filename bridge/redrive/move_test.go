package redrive_test

import (
	"testing"

	"qlikbridge/bridge/marks"
	"qlikbridge/bridge/redrive"
)

// TestMove asserts what becomes of which offsets.
func TestMove(t *testing.T) {
	const none = redrive.None
	tests := []struct {
		name                        string
		current, target, start, end int64
		effect                      redrive.Effect
		span                        redrive.Span
	}{
		{"back", 70, 40, 10, 100, redrive.Again, redrive.Span{From: 40, To: 70}},
		{"ahead", 70, 90, 10, 100, redrive.Skipped, redrive.Span{From: 70, To: 90}},
		{"nowhere", 70, 70, 10, 100, redrive.Same, redrive.Span{}},
		{"none so far", none, 40, 10, 100, redrive.Ahead, redrive.Span{From: 40, To: 100}},
		{"none from then on", 70, none, 10, 100, redrive.Removed, redrive.Span{}},
		{"none at all", none, none, 10, 100, redrive.Same, redrive.Span{}},
		{"ahead of what retention took", 5, 10, 10, 100, redrive.Skipped, redrive.Span{From: 10, To: 10}},
		{"back from beyond the end", 150, 40, 10, 100, redrive.Again, redrive.Span{From: 40, To: 100}},
		{"back to beyond the end", 150, 120, 10, 100, redrive.Again, redrive.Span{From: 120, To: 100}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := redrive.Move{Current: tt.current, Target: tt.target, Start: tt.start, End: tt.end}
			if m.Effect() != tt.effect || m.Span() != tt.span {
				t.Errorf("got %s %v, want %s %v", m.Effect(), m.Span(), tt.effect, tt.span)
			}
			if n := m.Events(); n != max(0, tt.span.To-tt.span.From) {
				t.Errorf("got %d events before any was read, want as many as there are offsets", n)
			}
			m.Whole, m.Counted.Events = true, 2
			if n := m.Events(); n != 2 {
				t.Errorf("got %d events, want the 2 that were read", n)
			}
		})
	}
}

// note is what a consumer leaves beside the first of its unfinished offsets.
func note(until int64, unfinished ...int64) string {
	return marks.Done{Until: until, Unfinished: unfinished}.Text()
}

// TestMoveBeyond asserts that what a group has done beyond its offset counts as done, and that the offset it stands at already is a change where
// that is dropped.
func TestMoveBeyond(t *testing.T) {
	beside := note(80, 70, 75) // all before 80 but these two
	tests := []struct {
		name            string
		beside          string
		target          int64
		effect          redrive.Effect
		events, opposed int64
		drops           bool
	}{
		{"back", beside, 60, redrive.Again, 18, 0, true},
		{"to where it stands", beside, 70, redrive.Again, 8, 0, true},
		{"behind the first", beside, 71, redrive.Skipped, 1, 8, true},
		{"behind both", beside, 76, redrive.Skipped, 2, 4, true},
		{"to where it has come", beside, 80, redrive.Skipped, 2, 0, true},
		{"ahead", beside, 90, redrive.Skipped, 12, 0, true},
		{"away", beside, redrive.None, redrive.Removed, 0, 0, true},
		{"of another client", "mine", 70, redrive.Same, 0, 0, false},
		{"of another offset", note(80, 60), 70, redrive.Same, 0, 0, false},
		{"beyond the end", note(200, 70), 60, redrive.Again, 39, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := redrive.Move{Current: 70, Beside: tt.beside, Target: tt.target, Start: 10, End: 100}
			if m.Effect() != tt.effect || m.Events() != tt.events || m.Opposed() != tt.opposed || m.Drops() != tt.drops {
				t.Errorf("got %d %s, %d opposed, drops: %t, want %d %s, %d, %t", m.Events(), m.Effect(), m.Opposed(), m.Drops(), tt.events, tt.effect, tt.opposed, tt.drops)
			}
			counted, fate := map[redrive.Effect]int64{}, m.Fate()
			for offset := m.Span().From; offset < m.Span().To; offset++ {
				counted[fate(offset)]++
			}
			if counted[tt.effect] != tt.events && tt.effect != redrive.Same || counted[tt.effect.Opposite()] != tt.opposed && tt.opposed > 0 {
				t.Errorf("got %v offset by offset, want %d and %d", counted, tt.events, tt.opposed)
			}
		})
	}
}
