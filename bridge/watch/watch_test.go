package watch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"qlikbridge/bridge/watch"
)

// TestChanged lets each case do something to a mounted directory, and asks at once: Changed looks at content, so nothing has to wait.
func TestChanged(t *testing.T) {
	tests := []struct {
		name string
		act  func(t *testing.T, m mount)
		want bool
	}{
		{name: "nothing happened", act: func(*testing.T, mount) {}},
		{name: "another content", act: func(t *testing.T, m mount) { write(t, m.file("secrets"), "two") }, want: true},
		{name: "another content of the same length and time", want: true, act: func(t *testing.T, m mount) {
			info, err := os.Stat(m.file("secrets"))
			must(t, err)
			write(t, m.file("secrets"), "ONE")
			must(t, os.Chtimes(m.file("secrets"), info.ModTime(), info.ModTime()))
		}},
		{name: "the same content written again", act: func(t *testing.T, m mount) { write(t, m.file("secrets"), "one") }},
		{name: "the second file", act: func(t *testing.T, m mount) { write(t, m.file("key"), "other") }, want: true},
		{name: "contents exchanged", want: true, act: func(t *testing.T, m mount) {
			write(t, m.file("secrets"), "key")
			write(t, m.file("key"), "one")
		}},
		{name: "content moved over the border of two files", want: true, act: func(t *testing.T, m mount) {
			write(t, m.file("secrets"), "onek")
			write(t, m.file("key"), "ey")
		}},
		{name: "a file removed", act: func(t *testing.T, m mount) { must(t, os.Remove(m.file("secrets"))) }, want: true},
		{name: "a file replaced by rename", want: true, act: func(t *testing.T, m mount) {
			write(t, m.file("new"), "two")
			must(t, os.Rename(m.file("new"), m.file("secrets")))
		}},
		{name: "the directory swapped as Kubernetes does", act: func(t *testing.T, m mount) { m.swap(t, "two", "key") }, want: true},
		{name: "the directory swapped for one that holds the same", act: func(t *testing.T, m mount) { m.swap(t, "one", "key") }},
		{name: "the directory swapped for one without the file", want: true, act: func(t *testing.T, m mount) {
			m.swap(t, "one", "key")
			must(t, os.Remove(m.file("secrets")))
		}},
		{name: "the directory gone", act: func(t *testing.T, m mount) { must(t, os.Remove(filepath.Join(m.dir, "..data"))) }, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			w := watch.New(filepath.Join(m.dir, "secrets"), filepath.Join(m.dir, "key"))
			tt.act(t, m)
			if got := w.Changed(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if w.Changed() {
				t.Error("got a change at the second look, want none")
			}
		})
	}
}

func TestChangedWithoutAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	w := watch.New(path)
	if w.Changed() {
		t.Error("got a change while there is no file, want none")
	}
	write(t, path, "one")
	if !w.Changed() {
		t.Error("got no change when the file came, want one")
	}
}

// TestRun asserts that a change whose load fails is tried again although nothing changes any more, that the failure is told once and then
// the success, and that Run ends with its context.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	write(t, path, "one")
	w := watch.New(path)
	write(t, path, "two") // after the first look, before Run: it must not be missed
	ctx, cancel := context.WithCancel(context.Background())
	told, ended, tries := make(chan error, 9), make(chan struct{}), 0
	half := errors.New("half written")
	load := func() error {
		if tries++; tries < 3 {
			return half
		}
		return nil
	}
	go func() {
		defer close(ended)
		w.Run(ctx, load, func(err error) {
			told <- err
			if err == nil {
				cancel()
			}
		})
	}()
	select {
	case <-ended:
	case <-time.After(30 * watch.Interval):
		t.Fatal("got nothing, want the change told and Run ended")
	}
	close(told)
	var got []error
	for err := range told {
		got = append(got, err)
	}
	if len(got) != 2 || got[0] != half || got[1] != nil || tries != 3 {
		t.Errorf("got %v after %d tries, want the failure once and then the success after 3", got, tries)
	}
}

// mount is a directory as Kubernetes mounts a Secret: each file is a link into ..data, which is a link to a directory with a date for a
// name, and which is swapped by a rename.
type mount struct{ dir string }

func newMount(t *testing.T) mount {
	t.Helper()
	m := mount{t.TempDir()}
	m.swap(t, "one", "key")
	for _, name := range []string{"secrets", "key"} {
		must(t, os.Symlink(filepath.Join("..data", name), filepath.Join(m.dir, name)))
	}
	return m
}

// file is where a file is now.
func (m mount) file(name string) string { return filepath.Join(m.dir, "..data", name) }

func (m mount) swap(t *testing.T, secrets, key string) {
	t.Helper()
	dated, err := os.MkdirTemp(m.dir, "..2026_11_20_")
	must(t, err)
	write(t, filepath.Join(dated, "secrets"), secrets)
	write(t, filepath.Join(dated, "key"), key)
	link := filepath.Join(m.dir, "..data_tmp")
	must(t, os.Symlink(filepath.Base(dated), link))
	must(t, os.Rename(link, filepath.Join(m.dir, "..data")))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(content), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
