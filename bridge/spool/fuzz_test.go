package spool_test

import (
	"encoding/binary"
	"testing"

	"qlikbridge/bridge"
)

// FuzzRecovery damages a log at random: bytes changed (4 bytes where, 1 what), and its end cut. Whatever it is, Open takes it, each entry
// that is read is one that was appended, they ascend, and the log goes on.
func FuzzRecovery(f *testing.F) {
	f.Add([]byte{}, uint32(0))
	f.Add([]byte{}, uint32(70_000))
	f.Add([]byte{0, 0, 0, 0, 0xff, 0, 0, 0x80, 0, 3}, uint32(1))
	f.Add([]byte{0, 0, 0x80, 0, 4, 0, 1, 0x80, 0, 1}, uint32(0))
	f.Add([]byte{0, 0, 1, 44, 2, 0, 2, 1, 44, 2, 0, 2, 0, 17, 80}, uint32(33_000))
	dir, want := original(f)
	f.Fuzz(func(t *testing.T, changes []byte, cut uint32) {
		dir := copied(t, dir)
		edit(t, dir, func(b []byte) []byte {
			for ; len(changes) >= 5; changes = changes[5:] {
				b[int(binary.BigEndian.Uint32(changes))%len(b)] ^= changes[4]
			}
			return b[:len(b)-int(cut)%len(b)]
		})
		o := open(t, dir, plenty)
		left := o.drain(t, 1)
		expect(t, left, want)
		first, last := o.Span()
		if n := len(left); n > 0 && (left[0].Number < first || left[n-1].Number > last) {
			t.Errorf("Span %d to %d, entries %v", first, last, numbers(left))
		}
		more := o.mustAdd(t, []byte("goes on"))
		same(t, o.drain(t, 1), append(left, more...))
		o.close(t)
		same(t, open(t, dir, plenty).drain(t, 1), append(left, more...))
	})
}

// expect fails where an entry is not one of those that were appended, with its number.
func expect(t testing.TB, got, appended []bridge.Entry) {
	t.Helper()
	for i, e := range got {
		if i > 0 && e.Number <= got[i-1].Number || e.Number < 1 || e.Number > uint64(len(appended)) {
			t.Fatalf("numbers: got %v", numbers(got))
		}
		same(t, got[i:i+1], appended[e.Number-1:e.Number])
	}
}
