package spool_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"qlikbridge/bridge"
	"qlikbridge/bridge/spool"
)

// smallDisk is a disk of 8 MiB, which is gone when the test ends.
func smallDisk(t *testing.T, flags uintptr) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=8m"); err != nil {
		t.Skipf("SKIP: a tmpfs cannot be mounted here (%v); root can", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting %s: %v", dir, err)
		}
	})
	return dir
}

// TestDiskFull shows that what was acknowledged before the disk was full is there after, also when the process ends meanwhile, and that the
// spool works again when there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		size int
		room func(t *testing.T, o *opened, ballast string)
	}{
		{"room made beside it", 300_000, func(t *testing.T, _ *opened, ballast string) {
			t.Helper()
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}},
		{"small entries, room made beside it", 3000, func(t *testing.T, _ *opened, ballast string) {
			t.Helper()
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if testing.Short() && test.size < 10_000 {
				t.Skip("SKIP: a thousand fsyncs; run it without -short")
			}
			disk := smallDisk(t, 0)
			o := open(t, filepath.Join(disk, "spool"), plenty)
			ballast := filepath.Join(disk, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			taken, err := o.fill(t, test.size)
			refused(t, err, bridge.SpoolFull)
			eventually(t, "no room", func() bool { return o.Room() != nil }) // noted just after done was called
			refused(t, o.Room(), bridge.SpoolFull)
			for _, told := range o.add(t, bodies(3, 100)...) {
				refused(t, told.err, bridge.SpoolFull)
			}
			same(t, o.drain(t, 1), taken)
			expect(t, open(t, copied(t, o.dir), plenty).drain(t, 1)[:len(taken)], taken)

			test.room(t, o, ballast)
			eventually(t, "room again", func() bool { return o.Room() == nil })
			taken = append(taken, o.mustAdd(t, body(77, test.size), body(78, 100))...)
			same(t, o.drain(t, 1), taken)
			o.close(t)
			o = open(t, o.dir, plenty)
			same(t, o.drain(t, 1), taken)
			if got := o.setAside(t); got != 0 {
				t.Errorf("set aside: got %v", got)
			}
		})
	}
}

// TestDiskFullOfSettled shows that a disk that the spool itself filled is of use again when all is settled.
func TestDiskFullOfSettled(t *testing.T) {
	t.Parallel()
	o := open(t, filepath.Join(smallDisk(t, 0), "spool"), plenty)
	taken, err := o.fill(t, 300_000)
	refused(t, err, bridge.SpoolFull)
	same(t, o.drain(t, 1), taken)
	o.Settle(taken[len(taken)-1].Number + 1) // and the one that was refused
	eventually(t, "all files gone", func() bool { return len(segments(t, o.dir)) == 0 })
	eventually(t, "room again", func() bool { return o.Room() == nil })
	next := o.mustAdd(t, bodies(5, 300_000)...)
	same(t, o.drain(t, next[0].Number), next)
}

// TestDiskFullAtClose shows that Close returns although the disk is full, and that what was acknowledged is there at the next start.
func TestDiskFullAtClose(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 0)
	o := open(t, filepath.Join(disk, "spool"), plenty)
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := o.fill(t, 300_000)
	refused(t, err, bridge.SpoolFull)
	o.Settle(2)
	o.close(t)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	got := open(t, o.dir, plenty).drain(t, 1)
	expect(t, got[:min(len(got), len(taken))], taken)
	if len(got) < len(taken)-2 {
		t.Errorf("entries: got %d, want %d or more", len(got), len(taken)-2)
	}
}

// TestOpenOnAFullDisk asserts that what a spool holds can be replayed although its disk takes nothing: that makes the room.
func TestOpenOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 0)
	o := open(t, filepath.Join(disk, "spool"), plenty)
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := o.fill(t, 300_000)
	refused(t, err, bridge.SpoolFull)
	o.close(t)
	next := open(t, o.dir, plenty)
	refused(t, next.Room(), bridge.SpoolFull)
	got := next.drain(t, 1)
	expect(t, got[:min(len(got), len(taken))], taken)
}

func TestOpenOnAReadOnlyDisk(t *testing.T) {
	disk := smallDisk(t, syscall.MS_RDONLY)
	for _, dir := range []string{disk, filepath.Join(disk, "spool")} {
		c := spool.Config{Enabled: true, Dir: dir, MaxBytes: plenty}
		if _, err := spool.Open(c, nil, slog.New(slog.DiscardHandler)); !contains(err, "spool.dir", "read-only") {
			t.Errorf("%s: got %v", dir, err)
		}
	}
}

// TestMarkBeyondTheEntries asserts that what is appended behind a mark of entries that were damaged is not taken for settled, where the disk
// would not remove the file that holds the mark.
func TestMarkBeyondTheEntries(t *testing.T) {
	o := open(t, memory(t), plenty)
	o.mustAdd(t, bodies(5, 300)...)
	o.Settle(4)
	eventually(t, "the mark is written", func() bool { return onDisk(t, o.dir, `{"settled":4}`) })
	o.close(t)
	edit(t, o.dir, func(b []byte) []byte { b[start(t, b, 4)+300] ^= 1; b[start(t, b, 5)+300] ^= 1; return b })
	pin(t, filepath.Join(o.dir, lane, "00000000"))
	o = open(t, o.dir, plenty)
	want := o.mustAdd(t, []byte("goes on"))
	o.close(t)
	o = open(t, o.dir, plenty)
	first, _ := o.Span()
	same(t, o.drain(t, first), want)
}

// pin has a file stay, whoever removes it, until the test ends.
func pin(t *testing.T, file string) {
	t.Helper()
	if err := syscall.Mount(file, file, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("SKIP: a file cannot be mounted here (%v); root can", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(file, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting %s: %v", file, err)
		}
	})
}
