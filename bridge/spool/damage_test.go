package spool_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"qlikbridge/bridge"
)

const (
	pageBytes     = 32 << 10
	fragmentBytes = 7
)

// sizes are the bodies of a segment that is damaged: entries 1 to 3 and the beginning of 4 share the first page, 4 goes over four pages.
var sizes = []int{200, 200, 200, 100 << 10, 200, 40 << 10, 200, 200, 20 << 10, 200}

// original is a closed spool of one segment with those entries.
func original(t testing.TB) (dir string, want []bridge.Entry) {
	t.Helper()
	o := open(t, memory(t), plenty)
	for i, size := range sizes {
		want = append(want, o.mustAdd(t, body(uint64(i), size))...)
	}
	o.close(t)
	return o.dir, want
}

// start is where an entry's record begins in its segment.
func start(t testing.TB, segment []byte, number int) int {
	t.Helper()
	at := bytes.Index(segment, fmt.Appendf(nil, `{"number":%d,`, number))
	if at < fragmentBytes {
		t.Fatalf("no entry %d in the segment", number)
	}
	return at - fragmentBytes
}

func TestDamage(t *testing.T) {
	t.Parallel()
	const page1, page2 = pageBytes, 2 * pageBytes // both in the middle of entry 4
	flip := func(b []byte, at int) { b[at] ^= 0x55 }
	tests := []struct {
		name   string
		damage func(b []byte, start func(int) int)
		lost   []uint64
	}{
		{"none", func([]byte, func(int) int) {}, nil},
		{"payload", func(b []byte, start func(int) int) { flip(b, start(2)+fragmentBytes+250) }, []uint64{2}},
		{"payload of the first", func(b []byte, start func(int) int) { flip(b, start(1)+fragmentBytes+250) }, []uint64{1}},
		{"line before the body", func(b []byte, start func(int) int) { flip(b, start(2)+fragmentBytes+3) }, []uint64{2}},
		{"checksum", func(b []byte, start func(int) int) { flip(b, start(2)+5) }, []uint64{2}},
		{"length: the rest of the page", func(b []byte, start func(int) int) { flip(b, start(2)+1) }, []uint64{2, 3, 4}},
		{"length, low byte", func(b []byte, start func(int) int) { flip(b, start(2)+2) }, []uint64{2, 3, 4}},
		{"kind: the rest of the page", func(b []byte, start func(int) int) { b[start(2)] = 0xff }, []uint64{2, 3, 4}},
		{"kind says padding", func(b []byte, start func(int) int) { b[start(2)] = 0 }, []uint64{2, 3, 4}},
		{"kind says a beginning", func(b []byte, start func(int) int) { b[start(2)] = 2 }, []uint64{2}},
		{"kind says compressed", func(b []byte, start func(int) int) { b[start(2)] |= 8 }, []uint64{2}},
		{"several pages: beginning", func(b []byte, start func(int) int) { flip(b, start(4)+fragmentBytes+250) }, []uint64{4}},
		{"several pages: middle", func(b []byte, _ func(int) int) { flip(b, page1+500) }, []uint64{4}},
		{"several pages: header in the middle", func(b []byte, _ func(int) int) { flip(b, page2+1) }, []uint64{4}},
		{"several pages: end", func(b []byte, start func(int) int) { flip(b, start(5)-10) }, []uint64{4}},
		{"several pages: the beginning says it is all", func(b []byte, start func(int) int) { b[start(4)] = 1 }, []uint64{4}},
		{"several pages: a middle says it is the end", func(b []byte, _ func(int) int) { b[page2] = 4 }, []uint64{4}},
		{"several pages: a page of zeros", func(b []byte, _ func(int) int) { clear(b[page2 : page2+pageBytes]) }, []uint64{4}},
		{"two apart", func(b []byte, start func(int) int) { flip(b, start(1)+50); flip(b, start(7)+50) }, []uint64{1, 7}},
		{"last but one", func(b []byte, start func(int) int) { flip(b, start(9)+100) }, []uint64{9}},
		{"last", func(b []byte, start func(int) int) { flip(b, start(10)+100) }, []uint64{10}},
	}
	dir, want := original(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := copied(t, dir)
			edit(t, dir, func(b []byte) []byte {
				test.damage(b, func(n int) int { return start(t, b, n) })
				return b
			})
			o := open(t, dir, plenty)
			left := slices.DeleteFunc(slices.Clone(want), func(e bridge.Entry) bool { return slices.Contains(test.lost, e.Number) })
			for range 2 { // the second time nothing is counted again
				same(t, o.drain(t, 1), left)
				aside, _ := filepath.Glob(filepath.Join(dir, ".set-aside", lane+"-*"))
				if got := o.setAside(t); got != float64(len(test.lost)) || len(aside) > 0 != (got > 0) {
					t.Errorf("set aside: got %v in %v, want %d", got, aside, len(test.lost))
				}
			}
			more := o.mustAdd(t, []byte("goes on"))
			same(t, o.drain(t, 1), append(left, more...))
			o.close(t)
			same(t, open(t, dir, plenty).drain(t, 1), append(left, more...))
		})
	}
}

// TestDamageIsSetAsideByteForByte shows that what a person finds holds the damaged entry.
func TestDamageIsSetAsideByteForByte(t *testing.T) {
	dir, _ := original(t)
	var record []byte
	edit(t, dir, func(b []byte) []byte {
		b[start(t, b, 2)+100] ^= 1
		record = bytes.Clone(b[start(t, b, 2):start(t, b, 3)])
		return b
	})
	open(t, dir, plenty).drain(t, 1)
	aside, err := filepath.Glob(filepath.Join(dir, ".set-aside", "*"))
	if err != nil || len(aside) != 1 {
		t.Fatalf("files: got %v, %v", aside, err)
	}
	if got, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(got, record) {
		t.Errorf("got %q, %v; want %q", got, err, record)
	}
}

// TestDamageReadAgain asserts that damage takes its room once, however often it is read: replay goes back after each refusal of Kafka.
func TestDamageReadAgain(t *testing.T) {
	dir, _ := original(t)
	edit(t, dir, func(b []byte) []byte { b[start(t, b, 4)+fragmentBytes+250] ^= 1; return b })
	o := open(t, dir, plenty)
	for range 3 {
		o.drain(t, 1)
		if got, want := o.metric(t, "qlik_bridge_spool_bytes"), folderBytes(t, dir); got != want {
			t.Errorf("got %v bytes, want those in the folder, %v", got, want)
		}
	}
}

// TestDamageOfPaddingCostsNothing shows that a byte that no entry is in is not counted as one.
func TestDamageOfPaddingCostsNothing(t *testing.T) {
	o := open(t, memory(t), plenty)
	want := o.mustAdd(t, bytes.Repeat([]byte("a"), 200))
	o.close(t)
	o = open(t, o.dir, plenty)
	want = append(want, o.mustAdd(t, []byte("in the next segment"))...)
	o.close(t)
	edit(t, o.dir, func(b []byte) []byte { b[1000] ^= 0x10; return b })
	o = open(t, o.dir, plenty)
	same(t, o.drain(t, 1), want)
	if got := o.setAside(t); got != 0 {
		t.Errorf("set aside: got %v", got)
	}
}

// TestDamageBeforeAMark shows that a damaged entry is told of although all that is intact is settled, and the files go: the mark is behind the
// entry, in the same segment or in the next.
func TestDamageBeforeAMark(t *testing.T) {
	for _, test := range after {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, memory(t), plenty)
			o.mustAdd(t, bodies(3, 300)...)
			if test.name == "Close" {
				o.close(t)
				o = open(t, o.dir, plenty)
			}
			o.Settle(2)
			eventually(t, "the mark is written", func() bool { return onDisk(t, o.dir, `{"settled":2}`) })
			dir := test.end(t, o)
			edit(t, dir, func(b []byte) []byte { b[start(t, b, 3)+300] ^= 1; return b })
			o = open(t, dir, plenty)
			aside, _ := filepath.Glob(filepath.Join(dir, ".set-aside", lane+"-*"))
			if got := o.setAside(t); got != 1 || len(aside) != 1 {
				t.Errorf("set aside: got %v in %v, want 1", got, aside)
			}
			same(t, o.drain(t, 1), nil)
			same(t, o.mustAdd(t, []byte("goes on")), o.drain(t, 1))
		})
	}
}

// TestTailThatIsCut cuts the last record at every length: it is there whole, or not at all.
func TestTailThatIsCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		size, step int
	}{{"one page", 20, 1}, {"over pages", 40 << 10, 1499}} {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, memory(t), plenty)
			want := o.mustAdd(t, body(1, 200), body(2, 300), body(3, test.size))
			dir := copied(t, o.dir)
			whole := edit(t, dir, func(b []byte) []byte { return b })
			step := test.step
			if testing.Short() {
				step *= 19
			}
			for n := start(t, whole, 3); n <= len(whole); n++ {
				edge := (n+4)%pageBytes < 8 || n < start(t, whole, 3)+9 || n > len(whole)-9
				if n%step != 0 && !edge {
					continue
				}
				edit(t, dir, func([]byte) []byte { return whole[:n] })
				o, left := open(t, dir, plenty), want[:2]
				if n == len(whole) {
					left = want
				}
				same(t, o.drain(t, 1), left)
				if got, torn := o.setAside(t), n > start(t, whole, 3) && n < len(whole); got > 1 || got > 0 && !torn {
					t.Errorf("cut to %d of %d: set aside: got %v", n, len(whole), got)
				}
				o.close(t)
			}
		})
	}
}

// edit changes the oldest segment of a spool, and returns what is in it now.
func edit(t testing.TB, dir string, change func([]byte) []byte) []byte {
	t.Helper()
	name := filepath.Join(dir, lane, "00000000")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b = change(b)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}
