package spool_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"qlikbridge/bridge"
)

// TestDiskHangs shows a disk that does not end a write, without an error: the next segment is a pipe that nobody reads. The spool refuses within the
// time that a sender waits, whatever the lane; Close ends when its context does; and what was acknowledged is there at the next start.
func TestDiskHangs(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	taken := o.mustAddEach(t, bodies(7, 1<<20)...)
	release := hang(t, o.dir)
	told := make(chan error, 1)
	o.Append(delivery(body(9, 2<<20)), func(_ uint64, err error) { told <- err })
	eventually(t, "no room", func() bool { return o.Room() != nil })
	refused(t, o.Room(), bridge.SpoolSlow)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := o.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: got %v, want the end of its context", err)
	}
	same(t, open(t, copiedFiles(t, o.dir), plenty).drain(t, 1), taken)

	release()
	select { // a pipe cannot be made durable
	case err := <-told:
		refused(t, err, bridge.SpoolError)
	case <-time.After(patience):
		t.Error("the append was never told what became of it")
	}
}

// TestDiskHangsAtReading shows a disk that hangs while a segment is opened for reading: the segment is a pipe that nobody writes. Append and Settle
// go on, since their callers hold the lane. When the disk answers, all that was there is settled and gone, and what is read is what came after.
func TestDiskHangsAtReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, segment string }{{"the first", "00000000"}, {"the next", "00000001"}} {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, memory(t), plenty)
			o.mustAddEach(t, bodies(10, 1<<20)...)
			release := hangReading(t, filepath.Join(o.dir, lane, test.segment))
			read := make(chan bridge.Entry, 100)
			go o.follow(t, read)
			if test.segment != "00000000" {
				for range 7 {
					<-read
				}
			}
			wentOn := make(chan struct{})
			go func() {
				defer close(wentOn)
				last := uint64(0)
				for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) { // it is being opened by then
					last = o.Append(delivery([]byte("meanwhile")), func(uint64, error) {})
					o.Settle(1)
				}
				o.Settle(last)
			}()
			wait(t, wentOn, "Append and Settle while a segment is opened")
			eventually(t, "all files gone", func() bool { return len(segments(t, o.dir)) == 0 })
			want := o.mustAdd(t, []byte("anew"))
			release()
			same(t, []bridge.Entry{<-read}, want)
		})
	}
}

// follow reads all entries, and those that come, until the test ends.
func (o *opened) follow(t testing.TB, read chan<- bridge.Entry) {
	for from := uint64(1); t.Context().Err() == nil; time.Sleep(time.Millisecond) {
		switch e, err := o.Read(from); err {
		case nil:
			from = e.Number + 1
			read <- e
		case io.EOF:
		default:
			t.Errorf("Read(%d): %v", from, err)
			return
		}
	}
}

// hangReading has whoever opens a segment for reading wait until release is called.
func hangReading(t testing.TB, segment string) (release func()) {
	t.Helper()
	pipe := filepath.Join(memory(t), "pipe") // the same by another name, for when it is removed
	if err := errors.Join(os.Remove(segment), syscall.Mkfifo(segment, 0o600), os.Link(segment, pipe)); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if writer, err := os.OpenFile(pipe, os.O_RDWR, 0); err != nil {
			t.Error(err)
		} else {
			t.Cleanup(func() { writer.Close() })
		}
	})
	t.Cleanup(release) // also where the test has failed
	return release
}

// TestWaitingIsBounded asserts that no more is taken than may wait in memory, and more again when it is written.
func TestWaitingIsBounded(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	o.mustAddEach(t, bodies(7, 1<<20)...)
	hang(t, o.dir)
	n := 0
	for ; n < 100 && o.Room() == nil; n++ {
		o.Append(delivery(body(uint64(n), 1<<20)), func(uint64, error) {})
	}
	if refused(t, o.Room(), bridge.SpoolSlow); n > 20 {
		t.Errorf("got %d MiB in memory", n)
	}
}

// hang has the second segment's writer wait until release is called.
func hang(t testing.TB, dir string) (release func()) {
	t.Helper()
	pipe := filepath.Join(dir, lane, "00000001")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that it does not wait for the writer
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { reader.Close() })
		go func() { _, _ = io.Copy(io.Discard, reader) }()
	})
	t.Cleanup(release) // also where the test has failed: Close would wait for ever
	return release
}

// copiedFiles is copied without what is no file.
func copiedFiles(t testing.TB, dir string) string {
	t.Helper()
	to := memory(t)
	for _, name := range segments(t, dir) {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		b, err := os.ReadFile(name)
		if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Join(to, lane), 0o700), os.WriteFile(filepath.Join(to, lane, filepath.Base(name)), b, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}
