package main

import (
	"context"
	"fmt"
)

// scaleToOne leaves one instance, so that the order of what goes through its spool is promised as a whole.
func (r *release) scaleToOne(ctx context.Context) error {
	if _, err := r.kube.kubectl(ctx, "scale", r.workload(), "--replicas=1"); err != nil {
		return err
	}
	_, err := r.settled(ctx, 1)
	return err
}

// outage takes Kafka away (kill -9), and while deliveries are spooled the pod as well, by force. Its successor finds the volume, and what is in
// it is in Kafka when that is back.
func (r *release) outage(ctx context.Context) error {
	err := r.underLoad(ctx, "Kafka away, pod deleted by force meanwhile", false, func(ctx context.Context) error {
		if err := r.kafka.Kill(0); err != nil {
			return err
		}
		if err := r.spooled(ctx, 500); err != nil {
			return err
		}
		pods, err := r.settled(ctx, 1)
		if err != nil {
			return err
		}
		if err := r.forceDelete(ctx, pods[0]); err != nil {
			return err
		}
		if err := r.spooled(ctx, 500); err != nil {
			return err
		}
		say("%s: Kafka comes back", r.name)
		return r.kafka.Restart(ctx, 0)
	})
	if err != nil {
		return err
	}
	return until(ctx, "the spool is empty", patience, func() error { return r.holdsNothing(ctx) })
}

// spooled waits for n more events that the spool took.
func (r *release) spooled(ctx context.Context, n int64) error {
	from := r.load.Spooled.Load()
	return until(ctx, fmt.Sprintf("%d more events are spooled", n), patience, func() error {
		if got := r.load.Spooled.Load() - from; got < n {
			return fmt.Errorf("got %d", got)
		}
		return nil
	})
}

// holdsNothing says what has not reached Kafka yet.
func (r *release) holdsNothing(ctx context.Context) error {
	pods, err := r.settled(ctx, 1)
	if err != nil {
		return err
	}
	for _, name := range []string{"qlik_bridge_spool_events", "qlik_bridge_kafka_buffered_records"} {
		if n, err := r.metric(ctx, pods[0], name); err != nil || n > 0 {
			return fmt.Errorf("%s: %.0f (%v)", name, n, err)
		}
	}
	return nil
}
