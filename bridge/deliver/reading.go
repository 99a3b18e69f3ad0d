package deliver

import (
	"context"
	"time"

	"qlikbridge/bridge/consumer"
)

// reader is what a courier asks of a consumer.Consumer.
type reader interface {
	Run(context.Context) error
	Stats() consumer.Stats
}

// reading is a consumer under way.
type reading struct {
	reader
	began time.Time
}

// provenAfter is how long a consumer runs to have shown that it can read: what Kafka refuses it refuses in the first seconds.
const provenAfter = 30 * time.Second

func (r *reading) proven() bool { return time.Since(r.began) >= provenAfter }

// consume reads until ctx ends or Kafka refuses something. It reports whether it could read until then.
func (c *courier) consume(ctx context.Context) (proven bool, err error) {
	defer func() { c.failure.Store(&err); c.reading.Store(nil) }()
	config, err := c.subscription.consumer()
	if err != nil {
		return false, err
	}
	running, err := c.newConsumer(config, c.handle)
	if err != nil {
		return false, err
	}
	r := &reading{running, time.Now()}
	c.reading.Store(r)
	err = r.Run(ctx)
	return r.proven(), err
}

// unread is why the subscription cannot read from Kafka; nil: it can, or nothing else is known yet. A failure counts until a later consumer has shown
// that it can read, so that trouble which stays is not taken for over at each new attempt.
func (c *courier) unread() error {
	failure, now := c.failure.Load(), c.reading.Load()
	if failure == nil || now != nil && now.proven() {
		return nil
	}
	return *failure
}
