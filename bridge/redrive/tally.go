package redrive

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// mostTypes bounds the types that a tally tells apart: what stands in a header is anybody's to write.
const mostTypes = 500

// FurtherTypes is the name under which a tally counts the types beyond those that it tells apart.
const FurtherTypes = "further types"

// Tally counts events. The zero value is ready.
type Tally struct {
	Events      int64
	First, Last time.Time        // the oldest and the youngest timestamp; zero: there is none
	Types       map[string]int64 // :: type -> how many; "" where a record names none
}

// Add counts one event.
func (t *Tally) Add(typ string, at time.Time) {
	t.Events++
	t.span(at, at)
	if t.Types == nil {
		t.Types = map[string]int64{}
	}
	if _, known := t.Types[typ]; !known && len(t.Types) >= mostTypes {
		typ = FurtherTypes
	}
	t.Types[typ]++
}

// Join counts what another has counted.
func (t *Tally) Join(o Tally) {
	t.Events += o.Events
	if o.Events > 0 {
		t.span(o.First, o.Last)
	}
	for typ, n := range o.Types {
		if t.Types == nil {
			t.Types = map[string]int64{}
		}
		t.Types[typ] += n
	}
}

func (t *Tally) span(first, last time.Time) {
	if t.First.IsZero() || first.Before(t.First) {
		t.First = first
	}
	if last.After(t.Last) {
		t.Last = last
	}
}

// Frequent are the types, the most frequent first.
func (t Tally) Frequent() []string {
	return slices.SortedFunc(maps.Keys(t.Types), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.Types[b], t.Types[a]), cmp.Compare(a, b))
	})
}
