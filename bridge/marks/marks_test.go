package marks_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qlikbridge/bridge/marks"
)

const prefix = "qlik-bridge/1:"

func TestThereAndBack(t *testing.T) {
	tests := []struct {
		name       string
		offset     int64
		until      int64
		unfinished []int64
	}{
		{"all done", 17, 17, nil},
		{"one", 17, 18, []int64{17}},
		{"one, and much beyond", 17, 1 << 40, []int64{17}},
		{"several", 17, 5000, []int64{17, 18, 300, 4999}},
		{"from the beginning", 0, 3, []int64{0, 2}},
		{"far on", 1 << 60, 1<<60 + 9, []int64{1 << 60, 1<<60 + 8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := marks.Done{tt.until, tt.unfinished}.Text()
			d := marks.Parse(tt.offset, text)
			if d.Until != tt.until || !slices.Equal(d.Unfinished, tt.unfinished) {
				t.Errorf("got %d but %v back from %q, want %d but %v", d.Until, d.Unfinished, text, tt.until, tt.unfinished)
			}
		})
	}
}

// TestOther asserts that whatever else stands beside an offset says nothing but the offset.
func TestOther(t *testing.T) {
	other := marks.Done{40, []int64{20, 30}}.Text()
	for _, text := range []string{"", "member-1", prefix, prefix + "!", prefix + "EQ", prefix + "EQA", other, other[:len(other)-1], "x" + other,
		prefix + "////////////////"} {
		if d := marks.Parse(17, text); d.Until != 17 || d.Unfinished != nil {
			t.Errorf("%q: got %d but %v, want 17 alone", text, d.Until, d.Unfinished)
		}
	}
}

// TestFits asserts that the text keeps within what a broker takes, however much is not done, and that it never says of anything that it is
// done that is not.
func TestFits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 10, 1000, 100_000} {
		for _, gap := range []int64{1, 100, 1 << 40} {
			var all []int64
			for at := int64(1000); len(all) < n; at += 1 + random.Int64N(gap) {
				all = append(all, at)
			}
			end := all[n-1] + 1000
			text := marks.Done{end, all}.Text()
			d := marks.Parse(1000, text)
			if len(text) > marks.Most || !strings.HasPrefix(text, prefix) {
				t.Errorf("%d, %d apart: got %d bytes, want %d at most", n, gap, len(text), marks.Most)
			}
			kept := len(d.Unfinished)
			if kept < min(n, 250) || !slices.Equal(d.Unfinished, all[:kept]) {
				t.Errorf("%d, %d apart: got %d that are not done", n, gap, kept)
			}
			if kept < n && d.Until != all[kept] || kept == n && d.Until != end {
				t.Errorf("%d, %d apart: got done until %d after %d", n, gap, d.Until, kept)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(int64(17), marks.Done{5000, []int64{17, 18, 300, 4999}}.Text())
	f.Add(int64(0), prefix+"AAA")
	f.Fuzz(func(t *testing.T, offset int64, text string) {
		d := marks.Parse(offset, text)
		last := offset - 1
		for _, o := range d.Unfinished {
			if o <= last || o >= d.Until {
				t.Fatalf("got %+v", d)
			}
			last = o
		}
		if d.Until < offset || len(d.Unfinished) > 0 && d.Unfinished[0] != offset {
			t.Fatalf("got %+v", d)
		}
	})
}

// TestDone asserts that what is done is counted as it is told offset by offset.
func TestDone(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	some := func() marks.Done {
		d := marks.Done{Until: random.Int64N(20)}
		for offset := range d.Until {
			if random.IntN(3) == 0 {
				d.Unfinished = append(d.Unfinished, offset)
			}
		}
		return d
	}
	for range 500 {
		a, b := some(), some()
		from, to := random.Int64N(20), random.Int64N(25)
		both, n := a.And(b), int64(0)
		for offset := from; offset < to; offset++ {
			if a.Has(offset) && b.Has(offset) {
				n++
			}
			if both.Has(offset) != (a.Has(offset) && b.Has(offset)) {
				t.Fatalf("%+v and %+v: got %t of %d", a, b, both.Has(offset), offset)
			}
		}
		if got := both.Within(from, to); got != n {
			t.Fatalf("%+v and %+v: got %d from %d to %d, want %d", a, b, got, from, to, n)
		}
	}
}
