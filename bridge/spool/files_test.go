package spool_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// segments are the files of the lane, oldest first.
func segments(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, lane, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// copied is a copy of a spool's folder, as kill -9 leaves it.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(memory(t), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// memory is a folder on a disk that is fast to sync, where there is one.
func memory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "spool")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func onDisk(t testing.TB, dir, text string) bool {
	t.Helper()
	for _, name := range segments(t, dir) {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

func onDiskBytes(t testing.TB, dir string) (size int64) {
	t.Helper()
	for _, name := range segments(t, dir) {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// folderBytes is what all files of a spool take.
func folderBytes(t testing.TB, dir string) (total float64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			total += float64(info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}
