package consumer

import "slices"

// tracker knows how far a partition is done. Offsets that nobody wants cost nothing: they only move next. It is for one goroutine at a time.
type tracker struct {
	next       int64   // everything before it was read; below 0: nothing is known yet
	unfinished []int64 // what was begun and is not done, ascending
}

// begin notes that an offset was read and is to be done. Offsets come in order, but for a partition that went back since it lost its end.
func (t *tracker) begin(offset int64) {
	t.next = max(t.next, offset+1)
	if n := len(t.unfinished); n == 0 || t.unfinished[n-1] < offset {
		t.unfinished = append(t.unfinished, offset)
		return
	}
	if i, found := slices.BinarySearch(t.unfinished, offset); !found {
		t.unfinished = slices.Insert(t.unfinished, i, offset)
	}
}

// pass notes that everything before next was read.
func (t *tracker) pass(next int64) { t.next = max(t.next, next) }

// finish notes that an offset is done.
func (t *tracker) finish(offset int64) {
	i, found := slices.BinarySearch(t.unfinished, offset)
	switch {
	case !found:
	case i == 0:
		t.unfinished = t.unfinished[1:]
	default:
		t.unfinished = slices.Delete(t.unfinished, i, i+1)
	}
}

// mark is how far the partition is done.
func (t *tracker) mark() mark {
	if len(t.unfinished) == 0 {
		return mark{offset: t.next, until: t.next}
	}
	return mark{offset: t.unfinished[0], until: t.next, unfinished: slices.Clone(t.unfinished)}
}
