package spool_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"qlikbridge/bridge/spool"
)

// onWarning calls a function when something is logged.
type onWarning struct {
	slog.Handler
	call func()
}

func (h onWarning) Enabled(context.Context, slog.Level) bool { return true }

func (h onWarning) Handle(context.Context, slog.Record) error { h.call(); return nil }

// TestOpenWaitsForTheFolder asserts that a spool with a lock_timeout opens as soon as the process before it has ended, and finds what that left.
func TestOpenWaitsForTheFolder(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	o.mustAdd(t, bodies(3, 300)...)
	waiting := onWarning{slog.DiscardHandler, func() { o.close(t) }}
	s, err := spool.Open(spool.Config{Enabled: true, Dir: o.dir, MaxBytes: plenty, LockTimeout: patience}, nil, slog.New(waiting))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	l, err := s.Log(lane)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := l.Span(); first != 1 || last != 3 {
		t.Errorf("Span: got %d to %d, want 1 to 3", first, last)
	}
}

// TestOpenWaitsNoLonger asserts that the wait ends with lock_timeout, in an error that names the folder and why.
func TestOpenWaitsNoLonger(t *testing.T) {
	t.Parallel()
	o := open(t, memory(t), plenty)
	_, err := spool.Open(spool.Config{Enabled: true, Dir: o.dir, MaxBytes: plenty, LockTimeout: time.Millisecond}, nil, slog.New(slog.DiscardHandler))
	if !errors.Is(err, context.DeadlineExceeded) || !contains(err, "spool.dir", "another process") {
		t.Errorf("got %v, want that another process uses spool.dir, after the deadline", err)
	}
}
