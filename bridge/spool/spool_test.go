package spool_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge"
	"qlikbridge/bridge/spool"
)

const (
	lane     = "app"
	plenty   = 1 << 30
	patience = 10 * time.Second
)

// opened is a spool under test, and what it counts.
type opened struct {
	*spool.Spool
	bridge.Log
	dir string
	reg *prometheus.Registry
}

func open(t testing.TB, dir string, maxBytes int64) *opened {
	t.Helper()
	reg := prometheus.NewRegistry()
	s, err := spool.Open(spool.Config{Enabled: true, Dir: dir, MaxBytes: maxBytes}, reg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	l, err := s.Log(lane)
	if err != nil {
		t.Fatalf("Log: %v", err)
	}
	return &opened{s, l, dir, reg}
}

func (o *opened) close(t testing.TB) {
	t.Helper()
	if err := o.Close(context.Background()); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// metric is the value of a counter or a gauge.
func (o *opened) metric(t testing.TB, name string) float64 {
	t.Helper()
	families, err := o.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.Metric[0].GetCounter().GetValue() + f.Metric[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func (o *opened) setAside(t testing.TB) float64 {
	t.Helper()
	return o.metric(t, "qlik_bridge_spool_set_aside_total")
}

// outcome is what done was called with.
type outcome struct {
	number uint64
	err    error
}

// add appends bodies together, waits for all, and returns what each was told; it fails where an order is not that of the numbers.
func (o *opened) add(t testing.TB, bodies ...[]byte) []outcome {
	t.Helper()
	var mu sync.Mutex
	var told []outcome
	all := make(chan struct{})
	for _, b := range bodies {
		o.Append(delivery(b), func(number uint64, err error) {
			mu.Lock()
			defer mu.Unlock()
			if told = append(told, outcome{number, err}); len(told) == len(bodies) {
				close(all)
			}
		})
	}
	wait(t, all, "done of every append")
	for i := range told[1:] {
		if told[i+1].number <= told[i].number {
			t.Fatalf("done of %d after that of %d", told[i+1].number, told[i].number)
		}
	}
	return told
}

// mustAdd is add where nothing may be refused; it returns the entries that Read must return.
func (o *opened) mustAdd(t testing.TB, bodies ...[]byte) []bridge.Entry {
	t.Helper()
	var entries []bridge.Entry
	for i, told := range o.add(t, bodies...) {
		if told.err != nil {
			t.Fatalf("append %d: %v", told.number, told.err)
		}
		entries = append(entries, bridge.Entry{Number: told.number, Delivery: delivery(bodies[i])})
	}
	return entries
}

// mustAddEach appends one after another, so that segments always end at the same entries.
func (o *opened) mustAddEach(t testing.TB, bodies ...[]byte) (entries []bridge.Entry) {
	t.Helper()
	for _, b := range bodies {
		entries = append(entries, o.mustAdd(t, b)...)
	}
	return entries
}

// drain reads all entries from a number.
func (o *opened) drain(t testing.TB, from uint64) []bridge.Entry {
	t.Helper()
	var entries []bridge.Entry
	for {
		e, err := o.Read(from)
		if err == io.EOF {
			return entries
		}
		if err != nil {
			t.Fatalf("Read(%d): %v", from, err)
		}
		if e.Number < from {
			t.Fatalf("Read(%d): got entry %d", from, e.Number)
		}
		entries = append(entries, e)
		from = e.Number + 1
	}
}

func delivery(body []byte) bridge.Delivery {
	return bridge.Delivery{
		Origin: bridge.Webhook, Source: "tenant", Body: body, ReceivedAt: time.Date(2026, 3, 1, 12, 0, len(body)%60, 123456789, time.UTC),
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

// body is n bytes that no other seed gives, any value among them.
func body(seed uint64, n int) []byte {
	b := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	_, _ = source.Read(b)
	return b
}

func bodies(n, size int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = body(uint64(i), size)
	}
	return all
}

func same(t testing.TB, got, want []bridge.Entry) {
	t.Helper()
	if diff := cmp.Diff(numbers(want), numbers(got)); diff != "" {
		t.Fatalf("entries: -want +got\n%s", diff)
	}
	for i := range want {
		if diff := cmp.Diff(want[i], got[i], cmp.Comparer(bytes.Equal)); diff != "" {
			t.Fatalf("entry %d: -want +got\n%.2000s", want[i].Number, diff)
		}
	}
}

func numbers(entries []bridge.Entry) []uint64 {
	n := []uint64{}
	for _, e := range entries {
		n = append(n, e.Number)
	}
	return n
}

func wait(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("no %s after %s", what, patience)
	}
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after %s: %s", patience, what)
		}
	}
}
