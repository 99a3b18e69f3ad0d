package consumer

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMarkThereAndBack(t *testing.T) {
	tests := []struct {
		name string
		mark mark
	}{
		{"all done", mark{offset: 17, until: 17}},
		{"one", mark{17, 18, []int64{17}}},
		{"one, and much beyond", mark{17, 1 << 40, []int64{17}}},
		{"several", mark{17, 5000, []int64{17, 18, 300, 4999}}},
		{"from the beginning", mark{0, 3, []int64{0, 2}}},
		{"far on", mark{1 << 60, 1<<60 + 9, []int64{1 << 60, 1<<60 + 8}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.mark.metadata()
			if got := parseMark(tt.mark.offset, text); !equal(got, tt.mark) {
				t.Errorf("got %+v back from %q, want %+v", got, text, tt.mark)
			}
		})
	}
}

// TestMarkThatIsNone asserts that whatever else stands beside an offset says nothing but the offset.
func TestMarkThatIsNone(t *testing.T) {
	other := mark{20, 40, []int64{20, 30}}.metadata()
	for _, text := range []string{"", "member-1", markPrefix, markPrefix + "!", markPrefix + "EQ", markPrefix + "EQA", other, other[:len(other)-1], "x" + other,
		markPrefix + "////////////////"} {
		if got, want := parseMark(17, text), (mark{offset: 17, until: 17}); !equal(got, want) {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

// TestMarkFits asserts that the text keeps within what a broker takes, however much is not done, and that it never says of anything that it is
// done that is not.
func TestMarkFits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 10, 1000, 100_000} {
		for _, gap := range []int64{1, 100, 1 << 40} {
			m := mark{offset: 1000}
			for at := m.offset; len(m.unfinished) < n; at += 1 + random.Int64N(gap) {
				m.unfinished = append(m.unfinished, at)
			}
			m.until = m.unfinished[n-1] + 1000
			text := m.metadata()
			got := parseMark(m.offset, text)
			if len(text) > markBytes || !strings.HasPrefix(text, markPrefix) {
				t.Errorf("%d, %d apart: got %d bytes, want %d at most", n, gap, len(text), markBytes)
			}
			kept := len(got.unfinished)
			if kept < min(n, 250) || !equal(mark{got.offset, 0, got.unfinished}, mark{m.offset, 0, m.unfinished[:kept]}) {
				t.Errorf("%d, %d apart: got %d that are not done", n, gap, kept)
			}
			if kept < n && got.until != m.unfinished[kept] || kept == n && got.until != m.until {
				t.Errorf("%d, %d apart: got done until %d after %d", n, gap, got.until, kept)
			}
		}
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add(int64(17), mark{17, 5000, []int64{17, 18, 300, 4999}}.metadata())
	f.Add(int64(0), markPrefix+"AAA")
	f.Fuzz(func(t *testing.T, offset int64, text string) {
		m := parseMark(offset, text)
		last := offset - 1
		for _, o := range m.unfinished {
			if o <= last || o >= m.until {
				t.Fatalf("got %+v", m)
			}
			last = o
		}
		if m.offset != offset || m.until < offset {
			t.Fatalf("got %+v", m)
		}
	})
}
