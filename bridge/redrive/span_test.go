package redrive_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/redrive"
)

// TestWithin asserts that never more is read than may be, and of what is too long the beginning and the end.
func TestWithin(t *testing.T) {
	span := func(from, to int64) redrive.Span { return redrive.Span{From: from, To: to} }
	tests := []struct {
		name string
		span redrive.Span
		most int64
		want []redrive.Span
	}{
		{"all", span(10, 20), 10, []redrive.Span{span(10, 20)}},
		{"nothing there", span(10, 10), 10, nil},
		{"backwards", span(10, 5), 10, nil},
		{"none", span(10, 20), 0, nil},
		{"one", span(10, 20), 1, []redrive.Span{span(10, 11)}},
		{"few", span(10, 20), 4, []redrive.Span{span(10, 12), span(18, 20)}},
		{"many", span(0, 1000), 500, []redrive.Span{span(0, 450), span(950, 1000)}},
		{"one less than all", span(0, 100), 99, []redrive.Span{span(0, 50), span(51, 100)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.span.Within(tt.most)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShares(t *testing.T) {
	tests := []struct {
		name string
		lens []int64
		most int64
		want []int64
	}{
		{"enough", []int64{5, 7, 0}, 100, []int64{5, 7, 0}},
		{"just enough", []int64{5, 7}, 12, []int64{5, 7}},
		{"alike", []int64{50, 70}, 20, []int64{10, 10}},
		{"the short leave more", []int64{500, 1, 500}, 21, []int64{10, 1, 10}},
		{"nothing", []int64{50, 70}, 0, []int64{0, 0}},
		{"less than one each", []int64{5, 5, 5}, 2, []int64{0, 1, 1}},
		{"none", nil, 10, []int64{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var spans []redrive.Span
			for _, n := range tt.lens {
				spans = append(spans, redrive.Span{From: 100, To: 100 + n})
			}
			if diff := cmp.Diff(tt.want, redrive.Shares(spans, tt.most)); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTally asserts counts, times in whatever order, and that the number of types is bounded.
func TestTally(t *testing.T) {
	var a redrive.Tally
	for i, typ := range []string{"b", "a", "b", ""} {
		a.Add(typ, ago(time.Duration(i%3)*time.Hour))
	}
	if a.Events != 4 || !a.First.Equal(ago(2*time.Hour)) || !a.Last.Equal(now) {
		t.Errorf("got %+v, want 4 between %s and %s", a, ago(2*time.Hour), now)
	}
	if got := strings.Join(a.Frequent(), ","); got != "b,,a" {
		t.Errorf("got %q, want the most frequent first, then by name", got)
	}
	var b redrive.Tally
	b.Add("c", ago(5*time.Hour))
	a.Join(b)
	a.Join(redrive.Tally{})
	if a.Events != 5 || a.Types["c"] != 1 || !a.First.Equal(ago(5*time.Hour)) || !a.Last.Equal(now) {
		t.Errorf("got %+v, want both", a)
	}
	var many redrive.Tally
	for i := range 5000 {
		many.Add(fmt.Sprint("type-", i), now)
	}
	if len(many.Types) > 600 || many.Types["type-0"] != 1 || many.Types[redrive.FurtherTypes] < 4000 || many.Events != 5000 {
		t.Errorf("got %d types, %d of them further, want at most some hundreds told apart", len(many.Types), many.Types[redrive.FurtherTypes])
	}
}
