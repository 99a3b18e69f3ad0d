package spool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
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
