package redrive

import (
	"cmp"
	"slices"
)

// Span is offsets of one partition, from From on and before To.
type Span struct{ From, To int64 }

// Len is how many offsets there are, which is how many records there are at most.
func (s Span) Len() int64 { return max(0, s.To-s.From) }

// tail is how much is read of the end of a span that is too long to be read.
const tail = 50

// Within is the span itself where it has so many offsets at most, else its beginning and a little of its end: no more than most together.
func (s Span) Within(most int64) []Span {
	if s.Len() == 0 || most <= 0 {
		return nil
	}
	if s.Len() <= most {
		return []Span{s}
	}
	end := min(tail, most/2)
	parts := []Span{{s.From, s.From + most - end}, {s.To - end, s.To}}
	return slices.DeleteFunc(parts, func(p Span) bool { return p.Len() == 0 })
}

// Shares divides what may be read among spans: each gets the same, unless it has less, and then the others get the more.
func Shares(spans []Span, most int64) []int64 {
	shares := make([]int64, len(spans))
	order := make([]int, len(spans)) // the short ones first
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(spans[a].Len(), spans[b].Len()) })
	for n, i := range order {
		shares[i] = min(spans[i].Len(), most/int64(len(order)-n))
		most -= shares[i]
	}
	return shares
}
