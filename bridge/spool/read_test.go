package spool_test

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"
)

func TestReadIsByteForByte(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	tests := []struct {
		name string
		body []byte
	}{
		{"empty", nil},
		{"a newline", []byte("\n")},
		{"newlines in it", []byte("{\n\"a\": 1\n}\n\n")},
		{"every byte", every},
		{"looks like a header", []byte("{\"number\":7}\n{\"settled\":9}\n")},
		{"200 B", body(1, 200)},
		{"40 KB over pages", body(2, 40<<10)},
		{"zeros over pages", make([]byte, 100<<10)},
		{"1 MiB", body(3, 1<<20)},
	}
	o := open(t, memory(t), plenty)
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := o.mustAdd(t, test.body)
			same(t, o.drain(t, uint64(i+1)), want)
		})
	}
	var want [][]byte
	for _, test := range tests {
		want = append(want, test.body)
	}
	o.close(t)
	entries := open(t, o.dir, plenty).drain(t, 1)
	for i, e := range entries {
		if e.Number != uint64(i+1) || !bytes.Equal(e.Delivery.Body, want[i]) {
			t.Errorf("after Close, entry %d: not as appended", e.Number)
		}
	}
}

// TestReadFillsPages has records end at each of the last bytes of a page, where padding begins.
func TestReadFillsPages(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	next := uint64(1)
	for size := 32<<10 - 260; size < 32<<10-100; size++ {
		want := o.mustAdd(t, body(next, size))
		same(t, o.drain(t, next), want)
		next++
	}
	if got := len(o.drain(t, 1)); got != int(next-1) {
		t.Errorf("from the start: got %d, want %d", got, next-1)
	}
}

// TestReadSeesWhatIsAppendedBetween shows that a reader that has not reached the end yet misses nothing of what comes behind it.
func TestReadSeesWhatIsAppendedBetween(t *testing.T) {
	o := open(t, memory(t), plenty)
	want := o.mustAdd(t, bodies(3, 200)...)
	first, err := o.Read(1)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, o.mustAdd(t, bodies(3, 300)...)...)
	second, err := o.Read(2)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, o.mustAdd(t, bodies(3, 400)...)...)
	same(t, append(append(want[:0:0], first, second), o.drain(t, 3)...), want)
}

// TestReadWhileAppending has the reader catch up with the writer many times, over segments that are given back behind it.
func TestReadWhileAppending(t *testing.T) {
	t.Parallel()
	n := 3000
	if testing.Short() {
		n = 800
	}
	o := open(t, memory(t), plenty)
	text := func(i uint64) []byte { return body(i, int(i*7919%20_000)) }
	var caughtUp atomic.Int64
	go func() {
		for i := range uint64(n) {
			for before := caughtUp.Load(); i%50 == 0 && i > 0 && caughtUp.Load() == before; {
				time.Sleep(50 * time.Microsecond) // until the reader has come to the end
			}
			done := make(chan struct{})
			o.Append(delivery(text(i+1)), func(uint64, error) { close(done) })
			if i%7 == 0 {
				<-done // else more are written at once
			}
		}
	}()
	end := time.Now().Add(patience)
	for next := uint64(1); next <= uint64(n); {
		e, err := o.Read(next)
		if err == io.EOF && time.Now().Before(end) {
			caughtUp.Add(1)
			time.Sleep(50 * time.Microsecond)
			continue
		}
		if err != nil || e.Number != next || !bytes.Equal(e.Delivery.Body, text(next)) {
			t.Fatalf("Read(%d): got entry %d of %d bytes, %v", next, e.Number, len(e.Delivery.Body), err)
		}
		o.Settle(next)
		next++
	}
	if got := o.setAside(t); got != 0 {
		t.Errorf("set aside: got %v", got)
	}
	eventually(t, "all files gone", func() bool { return len(segments(t, o.dir)) == 0 })
}

func TestReadAgain(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	want := o.mustAdd(t, bodies(30, 400_000)...) // two segments
	o.drain(t, 1)
	for _, from := range []uint64{1, 30, 21, 5, 5} {
		t.Run(fmt.Sprint(from), func(t *testing.T) { same(t, o.drain(t, from), want[from-1:]) })
	}
	for _, from := range []uint64{31, 1000} {
		if _, err := o.Read(from); err != io.EOF {
			t.Errorf("Read(%d): got %v, want EOF", from, err)
		}
	}
}

func TestReadOfAnEmptyLog(t *testing.T) {
	o := open(t, memory(t), plenty)
	if _, err := o.Read(1); err != io.EOF {
		t.Errorf("got %v, want EOF", err)
	}
	want := o.mustAdd(t, []byte("first"))
	same(t, o.drain(t, 1), want)
}
