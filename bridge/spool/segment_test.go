package spool_test

import (
	"os"
	"testing"
)

// TestSegmentsAreGivenBack shows that a spool rolls at 8 MiB, that settled segments go, and that a reader at the end of one goes on behind it.
func TestSegmentsAreGivenBack(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	want := o.mustAddEach(t, bodies(50, 500_000)...) // 16 in a segment
	if got := len(segments(t, o.dir)); got != 4 {
		t.Fatalf("segments: got %d, want 4", got)
	}
	for _, name := range segments(t, o.dir) {
		if info, err := os.Stat(name); err != nil || info.Size() > 8<<20 {
			t.Errorf("%s: %d bytes, %v", name, info.Size(), err)
		}
	}
	for i := range want {
		e, err := o.Read(uint64(i + 1))
		if err != nil || e.Number != uint64(i+1) {
			t.Fatalf("Read(%d) behind settled entries: got %d, %v", i+1, e.Number, err)
		}
		if o.Settle(uint64(i)); i == 20 || i == 40 {
			left := 4 - i/20
			eventually(t, "a segment given back", func() bool { return len(segments(t, o.dir)) == left })
		}
	}
	eventually(t, "the bytes of the last segment alone", func() bool { // counted just after the file is gone
		held := o.metric(t, "qlik_bridge_spool_bytes")
		return held < 10e6 && held > 1e6
	})
	same(t, o.drain(t, 50), want[49:])
}

// TestReadBehindSettled shows that a reader finds its place when what it has not read yet is settled and gone.
func TestReadBehindSettled(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	want := o.mustAddEach(t, bodies(28, 500_000)...)
	if _, err := o.Read(1); err != nil {
		t.Fatal(err)
	}
	o.Settle(20)
	eventually(t, "segments given back", func() bool { return len(segments(t, o.dir)) <= 1 })
	same(t, o.drain(t, 21), want[20:])
}

// TestLogBeginsAnew shows that all files go when all is settled, that numbers go on, and that a reader follows into files of the same names.
func TestLogBeginsAnew(t *testing.T) {
	o := open(t, memory(t), plenty)
	next := uint64(1)
	for range 20 {
		want := o.mustAdd(t, bodies(5, 1000)...)
		if want[0].Number != next {
			t.Fatalf("number: got %d, want %d", want[0].Number, next)
		}
		same(t, o.drain(t, next), want)
		next += 5
		o.Settle(next - 1)
		eventually(t, "all files gone", func() bool { return len(segments(t, o.dir)) == 0 })
		eventually(t, "no bytes held", func() bool { return o.metric(t, "qlik_bridge_spool_bytes") == 0 })
	}
	want := o.mustAdd(t, []byte("last"))
	o.close(t)
	o = open(t, o.dir, plenty)
	if first, last := o.Span(); first != next || last != next {
		t.Errorf("Span: got %d to %d, want %d", first, last, next)
	}
	same(t, o.drain(t, next), want)
}
