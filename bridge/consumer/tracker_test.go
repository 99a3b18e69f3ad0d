package consumer

import (
	"slices"
	"testing"
)

// The tests of this file and of mark, dispatch and retry are of the package itself: what they are about has no exported name, and on Kafka its
// corner cases could not be brought about one by one.

func TestTracker(t *testing.T) {
	tests := []struct {
		name string
		do   func(*tracker)
		want mark
	}{
		{"nothing known", func(*tracker) {}, mark{offset: -1, until: -1}},
		{"nothing wanted", func(t *tracker) { t.pass(1000) }, mark{offset: 1000, until: 1000}},
		{"begun", func(t *tracker) { t.begin(5) }, mark{5, 6, []int64{5}}},
		{"begun and done", func(t *tracker) { t.begin(5); t.skip(5) }, mark{offset: 6, until: 6}},
		{"the later is done", func(t *tracker) { t.begin(5); t.begin(7); t.skip(7) }, mark{5, 8, []int64{5}}},
		{"the earlier is done", func(t *tracker) { t.begin(5); t.begin(7); t.skip(5) }, mark{7, 8, []int64{7}}},
		{"one between is done", func(t *tracker) { t.begin(5); t.begin(6); t.begin(7); t.skip(6) }, mark{5, 8, []int64{5, 7}}},
		{"not wanted beyond", func(t *tracker) { t.begin(5); t.pass(100) }, mark{5, 100, []int64{5}}},
		{"all done, out of order", func(t *tracker) {
			t.begin(1)
			t.begin(2)
			t.begin(3)
			t.skip(2)
			t.skip(3)
			t.skip(1)
			t.pass(9)
		}, mark{offset: 9, until: 9}},
		{"done twice", func(t *tracker) { t.begin(1); t.skip(1); t.skip(1) }, mark{offset: 2, until: 2}},
		{"never begun", func(t *tracker) { t.begin(1); t.skip(4) }, mark{1, 2, []int64{1}}},
		{"begun twice", func(t *tracker) { t.begin(1); t.begin(1); t.skip(1) }, mark{offset: 2, until: 2}},
		{"the partition went back", func(t *tracker) { t.begin(10); t.skip(10); t.back(4); t.begin(4) }, mark{4, 5, []int64{4}}},
		{"it went back, nothing wanted", func(t *tracker) { t.begin(10); t.skip(10); t.back(4); t.pass(5) }, mark{offset: 5, until: 5}},
		{"it went back over what was begun", func(t *tracker) { t.begin(3); t.begin(10); t.back(4); t.pass(6) }, mark{3, 6, []int64{3}}},
		{"what was lost is done", func(t *tracker) { lost := t.begin(4); t.back(4); t.begin(4); t.finish(lost) }, mark{4, 5, []int64{4}}},
		{"what was before is done", func(t *tracker) { kept := t.begin(3); t.back(4); t.begin(4); t.finish(kept) }, mark{4, 5, []int64{4}}},
		{"pass never goes back", func(t *tracker) { t.pass(10); t.pass(4) }, mark{offset: 10, until: 10}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := tracker{next: -1}
			tt.do(&tr)
			if got := tr.mark(); !equal(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func equal(a, b mark) bool {
	return a.offset == b.offset && a.until == b.until && slices.Equal(a.unfinished, b.unfinished)
}
