package doctor_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"qlikbridge/bridge/doctor"
)

// TestSpool asserts that a directory which the spool can use is told from one without room or right, and that nothing is left there.
func TestSpool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		name, dir string
		max       int64
		want      want
	}{
		{"good", dir, 1, want{"spool", dir, doctor.OK, "room for", ""}},
		{"not there yet", filepath.Join(dir, "a", "b"), 1, want{"spool", "b", doctor.OK, "room for", ""}},
		{"too small", dir, math.MaxInt64, want{"spool", dir, doctor.Warning, "spool.max_bytes", "lower spool.max_bytes"}},
		{"a file", file(t, "spool", ""), 1, want{"spool", "", doctor.Failed, "not a directory", "spool.dir"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, doctor.Spool(tt.dir, tt.max), tt.want)
		})
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("got %v (%v) left behind, want nothing", left, err)
	}
}
