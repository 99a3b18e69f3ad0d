package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	steadyLimit  = 30 * time.Second // from Kafka's end to answers that no longer wait for it
	steadyWithin = time.Second      // what no such answer takes: half of the bridge's ack_timeout
	drainLimit   = 3 * time.Minute  // from Kafka's return to an empty spool
)

// outage is the time without Kafka: it sums up what was answered in it, to be found in Kafka afterwards.
type outage struct {
	b      *bench
	srv    *server
	before counts
	total  load // without latencies
}

// takeKafka kills every broker, and returns when the server's answers are spooled and steady.
func (b *bench) takeKafka(ctx context.Context, srv *server) (*outage, error) {
	before, err := b.kafka.ends(ctx)
	if err != nil {
		return nil, err
	}
	for i := range b.kafka.brokers {
		err = errors.Join(err, b.kafka.cluster.Kill(i))
	}
	if err != nil {
		return nil, fmt.Errorf("taking Kafka away: %w", err)
	}
	o := &outage{b: b, srv: srv, before: before}
	return o, o.waitSteady(ctx)
}

// waitSteady posts, a second at a time: the first answers wait for Kafka.
func (o *outage) waitSteady(ctx context.Context) error {
	for start := time.Now(); time.Since(start) < steadyLimit; {
		l := generate(ctx, o.srv.host, o.b.site.secret, o.b.opt.connections[0], time.Second)
		o.total.add(l)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if l.steady() {
			fmt.Fprintf(o.b.opt.progress(), "  Kafka is away; steady after %.1f s\n", time.Since(start).Seconds())
			return nil
		}
	}
	return fmt.Errorf("%v after Kafka ended, answers are not spooled and steady (failed: %d, the first: %v)", steadyLimit, o.total.failed, o.total.failure)
}

// steady is true when every answer is from the spool and none waited for Kafka.
func (l load) steady() bool {
	n := len(l.latencies)
	return n > 0 && l.spooled == n && l.failed == 0 && l.latencies[n-1] < steadyWithin
}

// measure is a measurement whose records are counted when the outage ends.
func (o *outage) measure(ctx context.Context, srv *server, connections int, d time.Duration) (sample, error) {
	s, l, err := o.b.observe(ctx, srv, connections, d)
	o.total.add(l)
	switch {
	case len(l.latencies) == 0:
		s.Problem = fmt.Sprintf("nothing was answered: %v", l.failure)
	case l.failed > 0:
		s.Problem = fmt.Sprintf("%d failed, the first: %v", l.failed, l.failure)
	}
	return s, err
}

// add counts another load's answers in.
func (l *load) add(other load) {
	l.published, l.spooled, l.failed = l.published+other.published, l.spooled+other.spooled, l.failed+other.failed
	if l.failure == nil {
		l.failure = other.failure
	}
}

// end starts Kafka again, waits until the spool is empty, and says, in words, what the topics lack or have too many of.
func (o *outage) end(ctx context.Context) (string, error) {
	if err := o.b.kafka.restart(ctx); err != nil {
		return "", fmt.Errorf("starting Kafka again: %w", err)
	}
	if err := o.drain(ctx); err != nil {
		return "", err
	}
	grown, err := o.b.kafka.settle(ctx, o.before, o.total.answered())
	return problem(o.total, grown), err
}

// restart starts every broker again, all at once: one of three cannot be ready alone.
func (k *kafka) restart(ctx context.Context) error {
	errs := make([]error, len(k.brokers))
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = k.cluster.Restart(ctx, i) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return k.cluster.InSync(ctx)
}

// drain waits until the spool is empty.
func (o *outage) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		held, err := o.srv.spoolEvents(ctx)
		if err != nil {
			return fmt.Errorf("waiting for an empty spool: %w", err)
		}
		if held == 0 {
			fmt.Fprintf(o.b.opt.progress(), "  Kafka is back; spool empty after %.1f s\n", time.Since(start).Seconds())
			return nil
		}
	}
}
