package consumer

import (
	"cmp"
	"slices"
)

// tracker knows how far a partition is done. Offsets that nobody wants cost nothing: they only move next. It is for one goroutine at a time.
type tracker struct {
	next       int64  // everything before it was read; below 0: nothing is known yet
	unfinished []step // what was begun and is not done, ascending
	turn       int    // how often the partition went back
}

// step is an offset that was begun. After the partition has lost its end another record stands at it, which is another step.
type step struct {
	offset int64
	turn   int
}

// begin notes that an offset was read and is to be done. Offsets come in order, but for those that an earlier owner left and are known already.
func (t *tracker) begin(offset int64) step {
	s := step{offset, t.turn}
	t.next = max(t.next, offset+1)
	if i, found := t.search(offset); !found {
		t.unfinished = slices.Insert(t.unfinished, i, s)
	}
	return s
}

// search finds an offset, which mostly belongs at the end.
func (t *tracker) search(offset int64) (int, bool) {
	if n := len(t.unfinished); n == 0 || t.unfinished[n-1].offset < offset {
		return n, false
	}
	return slices.BinarySearchFunc(t.unfinished, offset, func(s step, offset int64) int { return cmp.Compare(s.offset, offset) })
}

// pass notes that everything before next was read.
func (t *tracker) pass(next int64) { t.next = max(t.next, next) }

// back notes that the partition lost all from an offset on, so that what stands there from now on was not read. What was begun of the lost may be
// finished still, and counts for nothing.
func (t *tracker) back(offset int64) {
	t.next = min(t.next, offset)
	i, _ := t.search(offset)
	t.unfinished = t.unfinished[:i]
	t.turn++
}

// finish notes that what was begun is done.
func (t *tracker) finish(s step) {
	i, found := t.search(s.offset)
	switch {
	case !found || t.unfinished[i] != s:
	case i == 0:
		t.unfinished = t.unfinished[1:]
	default:
		t.unfinished = slices.Delete(t.unfinished, i, i+1)
	}
}

// skip notes that an offset which an earlier owner left is done.
func (t *tracker) skip(offset int64) { t.finish(step{offset, t.turn}) }

// position is the oldest offset that is not done.
func (t *tracker) position() int64 {
	if len(t.unfinished) == 0 {
		return t.next
	}
	return t.unfinished[0].offset
}

// mark is how far the partition is done.
func (t *tracker) mark() mark {
	m := mark{offset: t.position(), until: t.next}
	for _, s := range t.unfinished {
		m.unfinished = append(m.unfinished, s.offset)
	}
	return m
}

// resume is a tracker that goes on at a mark.
func resume(m mark) tracker {
	t := tracker{next: m.until}
	for _, offset := range m.unfinished {
		t.unfinished = append(t.unfinished, step{offset, 0})
	}
	return t
}
