package file_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"qlikbridge/bridge/file"
)

// TestRead asserts that a read ends, with the content or an error that names the path, whatever stands there.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(path("small"), []byte("content"), 0o600),
		os.WriteFile(path("limit"), make([]byte, file.Limit), 0o600),
		os.WriteFile(path("large"), make([]byte, file.Limit+1), 0o600),
		os.Symlink(path("small"), path("link")),
		syscall.Mkfifo(path("pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]int{"small": 7, "limit": file.Limit, "link": 7, "large": -1, "pipe": -1, ".": -1, "none": -1} {
		t.Run(name, func(t *testing.T) {
			content, err := file.Read(path(name))
			if want >= 0 && (err != nil || len(content) != want) {
				t.Errorf("got %d bytes, %v, want %d", len(content), err, want)
			}
			if want < 0 && err == nil {
				t.Errorf("got %d bytes, want an error", len(content))
			}
		})
	}
}

func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte("\ufefffirst \r\n\n  # a comment\nsecond"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := file.Lines(path)
	if want := []string{"first", "second"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := file.Lines(path + "-none"); err == nil {
		t.Error("got nil for a file that is not there, want an error")
	}
}

// TestCreate asserts that a file is there as it was to be, for its owner alone, and that nothing that is there already is written over.
func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	if err := file.Create(path, []byte("content")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	content, readErr := os.ReadFile(path)
	if err != nil || readErr != nil || info.Mode() != 0o600 || string(content) != "content" {
		t.Errorf("got %v %q, %v, %v, want a file of mode 0600 with the content", info.Mode(), content, err, readErr)
	}
	if err := file.Create(path, []byte("another")); !os.IsExist(err) {
		t.Errorf("got %v, want an error since it is there", err)
	}
	if content, _ := os.ReadFile(path); string(content) != "content" {
		t.Errorf("got %q, want what was there", content)
	}
	if err := file.Create(filepath.Join(path, "below"), nil); err == nil {
		t.Error("got no error where there is no folder, want one")
	}
}

// TestWrite asserts that a file is written over whole, for its owner alone, and that none is left where that fails.
func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	for _, want := range []string{"content", "more content", "less"} {
		if err := file.Write(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if content, readErr := os.ReadFile(path); err != nil || readErr != nil || info.Mode() != 0o600 || string(content) != want {
			t.Errorf("got %v %q, %v, %v, want a file of mode 0600 with %q", info.Mode(), content, err, readErr, want)
		}
	}
	if err := file.Write(filepath.Join(path, "below"), nil); err == nil {
		t.Error("got no error where there is no folder, want one")
	}
}

func TestSyncFolder(t *testing.T) {
	dir := t.TempDir()
	if err := file.SyncFolder(dir); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if err := file.SyncFolder(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("got %v of a folder that is not there, want that", err)
	}
}
