package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"
)

// The bridge's two paths, as samples and reports name them.
const (
	directPath  = "direct"  // Kafka acknowledges, answers are published
	spooledPath = "spooled" // Kafka is away, answers are spooled
)

// spoolingDefaults sets what -spooling measures unless the flags say otherwise.
func (opt *options) spoolingDefaults(flags *flag.FlagSet) error {
	if !opt.spooling {
		return nil
	}
	return setDefaults(flags, map[string]string{"connections": "64", "rounds": "1"})
}

// setDefaults sets flags that were not given.
func setDefaults(flags *flag.FlagSet, defaults map[string]string) error {
	flags.Visit(func(f *flag.Flag) { delete(defaults, f.Name) })
	var errs []error
	for name, value := range defaults {
		errs = append(errs, flags.Set(name, value))
	}
	return errors.Join(errs...)
}

// spoolingLimit is limit for -spooling: every round warms up again, and waits for Kafka twice.
func (opt options) spoolingLimit() time.Duration {
	measured := 2 * time.Duration(len(opt.connections)) * (opt.warmup + opt.duration)
	return time.Duration(opt.rounds)*(2*measured+steadyLimit+drainLimit+time.Minute) + 5*time.Minute
}

// measureSpooling measures both paths of the bridge in each round, and prints.
func (b *bench) measureSpooling(ctx context.Context) error {
	srv, err := b.site.startBridge(b.opt.bridge, "bridge")
	if err := b.keep(ctx, srv, err); err != nil {
		return err
	}
	if err := b.kafka.cluster.InSync(ctx); err != nil { // of three brokers, one may not know yet what topics the bridge has made
		return err
	}
	printHeader(b.opt.progress(), paths)
	for round := 1; round <= b.opt.rounds; round++ {
		err := b.along(ctx, srv, directPath, round, b.measure)
		if err == nil {
			err = b.withoutKafka(ctx, srv, round)
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	r := newReport(b.opt, paths, b.samples)
	return errors.Join(r.print(b.opt), r.judge(0))
}

// withoutKafka takes Kafka away, measures, and brings it back. What the topics then miss is the last sample's problem.
func (b *bench) withoutKafka(ctx context.Context, srv *server, round int) error {
	o, err := b.takeKafka(ctx, srv)
	if err == nil {
		err = b.along(ctx, srv, spooledPath, round, o.measure)
	}
	if err != nil {
		return err
	}
	missing, err := o.end(ctx)
	if last := &b.samples[len(b.samples)-1]; last.Problem == "" {
		last.Problem = missing
	}
	return err
}

// measurement is one load of length d against the server and what came of it; b.measure is one.
type measurement func(ctx context.Context, srv *server, connections int, d time.Duration) (sample, error)

// along warms up, measures and keeps the samples, for every number of connections.
func (b *bench) along(ctx context.Context, srv *server, path string, round int, measure measurement) error {
	for _, connections := range b.opt.connections {
		warm, err := measure(ctx, srv, connections, b.opt.warmup)
		if err != nil {
			return fmt.Errorf("%s, warm-up: %w", path, err)
		}
		warm.of(path, 0).print(b.opt.progress(), "warm-up")
		s, err := measure(ctx, srv, connections, b.opt.duration)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s = s.of(path, round)
		s.print(b.opt.progress(), strconv.Itoa(round))
		b.samples = append(b.samples, s)
	}
	return nil
}

// of is the sample as one of a path: an answer of the other path is a problem.
func (s sample) of(path string, round int) sample {
	s.Server, s.Round = path, round
	if s.Problem == "" {
		s.Problem = s.astray()
	}
	return s
}

// astray says, in words, which answers came along another path than the sample's; empty where none did.
func (s sample) astray() string {
	others := s.Spooled
	if s.Server == spooledPath {
		others = s.Answered - s.Spooled
	}
	if others == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d answers are not of the path %s", others, s.Answered, s.Server)
}
