package spool_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qlikbridge/bridge"
	"qlikbridge/bridge/spool"
)

// refused fails where an error is no refusal with that reason.
func refused(t testing.TB, err error, want bridge.Reason) {
	t.Helper()
	var why *bridge.Refusal
	if !errors.As(err, &why) || why.Reason != want {
		t.Fatalf("got %v, want a refusal %s", err, want)
	}
}

func contains(err error, parts ...string) bool {
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			return false
		}
	}
	return true
}

// fill appends one body after another until one is refused, and returns the entries that were taken and the refusal.
func (o *opened) fill(t testing.TB, size int) (taken []bridge.Entry, refusal error) {
	t.Helper()
	for i := range uint64(1000) {
		b := body(i, size)
		told := o.add(t, b)[0]
		if told.err != nil {
			return taken, told.err
		}
		taken = append(taken, bridge.Entry{Number: told.number, Delivery: delivery(b)})
	}
	t.Fatal("nothing was refused")
	return nil, nil
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		maxBytes int64
		settle   func(last uint64) uint64
	}{
		{"one segment, all settled", 4 << 20, func(last uint64) uint64 { return last }},
		{"two segments, the oldest settled", 12 << 20, func(last uint64) uint64 { return last - 5 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, memory(t), test.maxBytes)
			taken, err := o.fill(t, 400_000)
			refused(t, err, bridge.SpoolFull)
			refused(t, o.Room(), bridge.SpoolFull)
			last := taken[len(taken)-1].Number
			if held := o.metric(t, "qlik_bridge_spool_bytes"); held > float64(test.maxBytes) || onDiskBytes(t, o.dir) > test.maxBytes {
				t.Errorf("holds %v, %d on disk", held, onDiskBytes(t, o.dir))
			}
			same(t, o.drain(t, 1), taken)
			settled := test.settle(last)
			if o.Settle(settled); settled == last {
				o.Settle(last + 1) // the one that was refused has a number, too
			}
			eventually(t, "room again", func() bool { return o.Room() == nil })
			more := o.mustAdd(t, []byte("fits"))
			same(t, o.drain(t, settled+1), append(taken[settled:], more...))
			if got := o.setAside(t); got != 0 {
				t.Errorf("set aside: got %v", got)
			}
		})
	}
}

// TestMaxBytesAfterReopen shows that what an earlier process left counts.
func TestMaxBytesAfterReopen(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	o.mustAdd(t, bodies(12, 400_000)...)
	o.close(t)
	o = open(t, o.dir, 4<<20)
	refused(t, o.Room(), bridge.SpoolFull)
	refused(t, o.add(t, []byte("one more"))[0].err, bridge.SpoolFull)
	if got := len(o.drain(t, 1)); got != 12 {
		t.Errorf("entries: got %d, want 12", got)
	}
}

func TestOpenNamesTheSetting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, dir string }{
		{"a file in its place", file},
		{"below a file", filepath.Join(file, "spool")},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := spool.Config{Enabled: true, Dir: test.dir, MaxBytes: plenty}
			if _, err := spool.Open(c, nil, slog.New(slog.DiscardHandler)); !contains(err, "spool.dir", file) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name   string
		config spool.Config
		want   string
	}{
		{"default", spool.DefaultConfig(), ""},
		{"off", spool.Config{}, ""},
		{"no folder", spool.Config{Enabled: true, MaxBytes: plenty}, "spool.dir"},
		{"too small", spool.Config{Enabled: true, Dir: "x", MaxBytes: 4<<20 - 1}, "spool.max_bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.config.Validate(); test.want == "" && err != nil || test.want != "" && !contains(err, test.want) {
				t.Errorf("got %v, want one that names %q", err, test.want)
			}
		})
	}
}
