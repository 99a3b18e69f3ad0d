package spool_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge"
	"qlikbridge/bridge/spool"
)

// TestDurable asserts that each entry that is appended alone costs an fsync before it is acknowledged. What an fsync is good for, a test on a
// machine that keeps running cannot see.
func TestDurable(t *testing.T) {
	reg := prometheus.NewRegistry()
	s, err := spool.Open(spool.Config{Enabled: true, Dir: t.TempDir(), MaxBytes: 1 << 30}, reg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	log, err := s.Log("apps")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		done := make(chan error, 1)
		log.Append(bridge.Delivery{Body: []byte("{}"), ReceivedAt: time.Now()}, func(_ uint64, err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := fsyncs(t, reg); got < uint64(n+1) {
			t.Fatalf("got %d fsyncs when %d entries were acknowledged one by one, want as many", got, n+1)
		}
	}
}

func fsyncs(t *testing.T, reg *prometheus.Registry) uint64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "qlik_bridge_spool_fsync_seconds" {
			return f.GetMetric()[0].GetHistogram().GetSampleCount()
		}
	}
	return 0
}
