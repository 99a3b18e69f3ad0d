package spool_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// after are the ways in which a process ends.
var after = []struct {
	name string
	end  func(t *testing.T, o *opened) (dir string)
}{
	{"Close", func(t *testing.T, o *opened) string { t.Helper(); o.close(t); return o.dir }},
	{"kill", func(t *testing.T, o *opened) string { t.Helper(); return copied(t, o.dir) }},
}

func TestReopen(t *testing.T) {
	t.Parallel()
	for _, test := range after {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, memory(t), plenty)
			want := o.mustAdd(t, bodies(22, 400_000)...)
			for run := range 2 {
				o = open(t, test.end(t, o), plenty)
				if first, last := o.Span(); first != 1 || last != uint64(len(want)) {
					t.Fatalf("run %d: Span: got %d to %d, want 1 to %d", run, first, last, len(want))
				}
				if diff := cmp.Diff([]string{lane}, o.Lanes()); diff != "" {
					t.Errorf("Lanes: %s", diff)
				}
				more := o.mustAdd(t, body(99, 100), body(98, 70_000))
				if got := more[0].Number; got != uint64(len(want)+1) {
					t.Fatalf("run %d: number: got %d, want %d", run, got, len(want)+1)
				}
				want = append(want, more...)
				same(t, o.drain(t, 1), want)
			}
			if got := o.setAside(t); got != 0 {
				t.Errorf("set aside: got %v", got)
			}
		})
	}
}

func TestReopenKnowsWhatIsSettled(t *testing.T) {
	t.Parallel()
	for _, test := range after {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, memory(t), plenty)
			want := o.mustAdd(t, bodies(10, 300)...)
			o.Settle(2)
			o.Settle(4)
			eventually(t, "the mark is written", func() bool { return onDisk(t, o.dir, `{"settled":4}`) })
			o = open(t, test.end(t, o), plenty)
			if first, last := o.Span(); first != 5 || last != 10 {
				t.Errorf("Span: got %d to %d, want 5 to 10", first, last)
			}
			same(t, o.drain(t, 5), want[4:])
			o.Settle(10)
			eventually(t, "all files gone", func() bool { return len(segments(t, o.dir)) == 0 })
			o = open(t, test.end(t, o), plenty)
			if first, last := o.Span(); first <= last || len(o.Lanes()) > 0 {
				t.Errorf("with all settled: Span %d to %d, lanes %v", first, last, o.Lanes())
			}
		})
	}
}

// TestCloseMarksWhatIsSettled shows that Close does not wait for the mark's time.
func TestCloseMarksWhatIsSettled(t *testing.T) {
	o := open(t, memory(t), plenty)
	o.mustAdd(t, bodies(10, 300)...)
	o.Settle(7)
	o.close(t)
	if first, last := open(t, o.dir, plenty).Span(); first != 8 || last != 10 {
		t.Errorf("Span: got %d to %d, want 8 to 10", first, last)
	}
}

func TestReopenPassesOverWhatIsNotALane(t *testing.T) {
	dir := t.TempDir()
	found := filepath.Join(dir, "lost+found", "00000002")
	for _, name := range []string{found, filepath.Join(filepath.Dir(found), "00000007"), filepath.Join(dir, "a file")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("not ours"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if lanes := open(t, dir, plenty).Lanes(); len(lanes) > 0 {
		t.Errorf("Lanes: got %v", lanes)
	}
}
