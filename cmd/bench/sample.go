package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// sample is what one server did in one measurement.
type sample struct {
	Server      string  `json:"server"` // with -spooling the path: all of them are the bridge
	Connections int     `json:"connections"`
	Round       int     `json:"round"` // from 1; 0 in a warm-up and a median
	PerSecond   float64 `json:"events_per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	CPU         float64 `json:"cpu_us_per_event"` // of the server's process, user and system
	PeakRSS     float64 `json:"peak_rss_mib"`     // of the server's process, in this measurement
	Generator   float64 `json:"generator_cpu"`    // share of all cores' time that the load generator used
	Others      float64 `json:"others_cpu"`       // share of Kafka and of whatever else the machine did
	Stolen      float64 `json:"stolen_cpu"`       // share that the hypervisor gave to other machines

	Answered int    `json:"answered"`          // 200s
	Failed   int    `json:"failed"`            // every other answer, every broken connection
	Spooled  int    `json:"spooled"`           // 200s that stood on the server's disk and not yet in Kafka
	Stored   int64  `json:"stored"`            // records that the topics grew by; 0 while Kafka was away
	Problem  string `json:"problem,omitempty"` // what went wrong; empty when every answer was 200 and every 200 is in Kafka
}

// measure runs one load of length d against one server and then counts the records in Kafka. An error means that nothing could be measured;
// wrong answers and missing records are the sample's Problem.
func (b *bench) measure(ctx context.Context, srv *server, connections int, d time.Duration) (sample, error) {
	before, err := b.kafka.ends(ctx)
	if err != nil {
		return sample{}, err
	}
	s, l, err := b.observe(ctx, srv, connections, d)
	if err != nil {
		return sample{}, err
	}
	grown, err := b.kafka.settle(ctx, before, l.answered())
	s.Stored, s.Problem = grown.sum(), problem(l, grown)
	return s, err
}

// observe is measure without Kafka: it judges nothing.
func (b *bench) observe(ctx context.Context, srv *server, connections int, d time.Duration) (sample, load, error) {
	start, err := readMeter(srv.pid)
	if err = errors.Join(err, resetPeak(srv.pid)); err != nil {
		return sample{}, load{}, fmt.Errorf("%s: %w", srv.name, err)
	}
	l := generate(ctx, srv.host, b.site.secret, connections, d)
	if ctx.Err() != nil {
		return sample{}, l, fmt.Errorf("measuring %s: %w", srv.name, ctx.Err())
	}
	used, err := readMeter(srv.pid)
	peak, err2 := memory(srv.pid, "VmHWM")
	if err = errors.Join(err, err2); err != nil {
		return sample{}, l, fmt.Errorf("%s died under load (%v): see %s: %w", srv.name, l.failure, srv.log.Name(), err)
	}
	s := sample{Server: srv.name, Connections: connections, PeakRSS: peak, Spooled: l.spooled}
	s.addLoad(l, used.since(start))
	return s, l, nil
}

func (s *sample) addLoad(l load, used meter) {
	cores := l.elapsed.Seconds() * float64(runtime.NumCPU())
	s.Answered, s.Failed = l.answered(), l.failed
	s.PerSecond = float64(s.Answered) / l.elapsed.Seconds()
	s.P50, s.P99 = l.quantile(0.50), l.quantile(0.99)
	s.CPU = float64(used.server.Microseconds()) / float64(max(s.Answered, 1))
	s.Generator = used.generator.Seconds() / cores
	s.Others = (used.machine - used.server - used.generator).Seconds() / cores
	s.Stolen = used.stolen.Seconds() / cores
}

// problem is what is wrong with a load, in words, or empty. A failed request may have stored a record all the same.
func problem(l load, grown counts) string {
	stored, answered := grown.sum(), int64(l.answered())
	switch {
	case answered+int64(l.failed) == 0:
		return "nothing was answered"
	case l.failed > 0:
		return fmt.Sprintf("%d failed, the first: %v (%d answered 200; %v)", l.failed, l.failure, answered, grown)
	case stored < answered:
		return fmt.Sprintf("%d LOST: %d answered 200, but %v", answered-stored, answered, grown)
	case stored > answered:
		return fmt.Sprintf("%d records too many: %d answered 200, but %v", stored-answered, answered, grown)
	}
	return ""
}
