package spool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
)

// TestSetAside asserts that an entry that no topic takes is kept byte for byte and counted, also beside another of the same number.
func TestSetAside(t *testing.T) {
	t.Parallel()
	o := open(t, t.TempDir(), plenty)
	entries := o.mustAdd(t, body(1, 50), body(2, 51))
	entries[1].Number = entries[0].Number
	for i, e := range entries {
		if err := o.SetAside(e); err != nil {
			t.Fatal(err)
		}
		if got := o.setAside(t); got != float64(i+1) {
			t.Errorf("set aside: got %v, want %d", got, i+1)
		}
		if !asideHolds(t, o.dir, e.Delivery.Body) {
			t.Errorf("no file in .set-aside ends with body %d", i)
		}
	}
}

// TestSetAsideAgain asserts that an entry is set aside over what an earlier process, which died before it settled it, had left of it.
func TestSetAsideAgain(t *testing.T) {
	t.Parallel()
	o := open(t, t.TempDir(), plenty)
	e := o.mustAdd(t, body(1, 50))[0]
	for range 2 {
		if err := o.SetAside(e); err != nil || !asideHolds(t, o.dir, e.Delivery.Body) {
			t.Errorf("got %v, want the entry in .set-aside", err)
		}
	}
}

// TestSetAsideCounts asserts that what is set aside is a part of what the spool may take, also for the next process.
func TestSetAsideCounts(t *testing.T) {
	t.Parallel()
	o := open(t, t.TempDir(), 4<<20)
	if err := o.SetAside(o.mustAdd(t, body(1, 3<<20))[0]); err != nil {
		t.Fatal(err)
	}
	o.Settle(1)
	refused(t, o.Room(), bridge.SpoolFull)
	o.close(t)
	next := open(t, o.dir, 4<<20)
	refused(t, next.Room(), bridge.SpoolFull)
	if got := next.metric(t, "qlik_bridge_spool_bytes"); got < 3<<20 || got > 3<<20+1000 {
		t.Errorf("got %v bytes, want the entry that is set aside", got)
	}
}

// TestSetAsideGivesItsRoomBack asserts that there is room again, soon and without a new start, when somebody has removed what was set aside.
func TestSetAsideGivesItsRoomBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, dir, 4<<20)
		if err := o.SetAside(o.mustAdd(t, body(1, 3<<20))[0]); err != nil {
			t.Fatal(err)
		}
		o.Settle(1)
		time.Sleep(2 * time.Minute)
		if got := o.metric(t, "qlik_bridge_spool_bytes"); got != folderBytes(t, dir) {
			t.Errorf("got %v bytes, want those of the folder, %v", got, folderBytes(t, dir))
		}
		refused(t, o.Room(), bridge.SpoolFull)
		if err := os.RemoveAll(filepath.Join(dir, ".set-aside")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + time.Second)
		if got := o.metric(t, "qlik_bridge_spool_bytes"); got != 0 || o.Room() != nil {
			t.Errorf("got %v bytes, and %v; want none, and room", got, o.Room())
		}
		o.close(t)
	})
}

func asideHolds(t *testing.T, dir string, body []byte) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, ".set-aside", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && bytes.HasSuffix(b, append([]byte{'\n'}, body...)) {
			return true
		}
	}
	return false
}
