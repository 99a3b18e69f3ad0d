package redrive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"qlikbridge/bridge"
)

// Window is how much may wait for Kafka.
type Window struct {
	Bytes   int64
	Records int64
}

// Copier publishes copies of records, in the order in which they come, with many on their way at once. Send and Wait are for one goroutine.
type Copier struct {
	// Fixed.
	publisher bridge.Publisher
	topic     string
	window    Window
	patience  time.Duration
	now       func() time.Time
	room      *semaphore.Weighted // in bytes

	mu      sync.Mutex // guards what follows
	copied  int64
	refused []Refused
	failed  error // the first that Kafka did not acknowledge, and why; nothing is sent after it
}

// Refused is an event that Kafka will never take as a copy.
type Refused struct {
	From bridge.Place
	Why  error
}

// NewCopier makes a copier to a topic. It holds no more than the window of what Kafka has not acknowledged, and waits for patience at most
// until it has acknowledged some.
func NewCopier(p bridge.Publisher, topic string, w Window, patience time.Duration, now func() time.Time) *Copier {
	return &Copier{publisher: p, topic: topic, window: w, patience: patience, now: now, room: semaphore.NewWeighted(w.Bytes)}
}

// Send begins to publish a copy of a record: key, value and headers byte for byte, and the header CopiedFrom. Its timestamp is the time of the
// copy, so that the topic keeps it as long as any other. It blocks while the window is full. The error is of a copy before, or of ctx, and
// says that no more is to be sent.
func (c *Copier) Send(ctx context.Context, r *bridge.Record, from bridge.Place) error {
	weight := c.weight(r)
	if err := c.wait(ctx, weight); err != nil {
		return err
	}
	c.publisher.Publish(context.WithoutCancel(ctx), c.copy(r, from), func(_ bridge.Position, err error) {
		c.settle(from, err)
		c.room.Release(weight)
	})
	return nil
}

func (c *Copier) copy(r *bridge.Record, from bridge.Place) *bridge.Record {
	headers := append(slices.Clone(r.Headers), bridge.Header{Key: CopiedFrom, Value: []byte(from.String())})
	return &bridge.Record{Topic: c.topic, Key: r.Key, Value: r.Value, Headers: headers, Time: c.now()}
}

// weight is what a record takes of the room, which is full with so many records as the window has, however small they are.
func (c *Copier) weight(r *bridge.Record) int64 {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return min(c.window.Bytes, max(int64(n), c.window.Bytes/c.window.Records))
}

// wait blocks until there is so much room, and takes it, or says why there is to be none, and takes nothing.
func (c *Copier) wait(ctx context.Context, weight int64) error {
	limited, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	acquired := c.room.Acquire(limited, weight)
	err := c.refusal(ctx, acquired)
	if err != nil && acquired == nil {
		c.room.Release(weight)
	}
	return err
}

// refusal is why nothing is to be sent, even where there is room.
func (c *Copier) refusal(ctx context.Context, acquired error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		return c.failed
	case ctx.Err() != nil:
		return ctx.Err()
	case acquired != nil:
		return fmt.Errorf("%s: nothing was acknowledged for %s", c.topic, c.patience)
	}
	return nil
}

func (c *Copier) settle(from bridge.Place, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var refusal *bridge.Refusal
	switch {
	case err == nil:
		c.copied++
	case errors.As(err, &refusal) && (refusal.Reason == bridge.RecordTooLarge || refusal.Reason == bridge.InvalidRecord):
		c.refused = append(c.refused, Refused{from, err})
	case c.failed == nil:
		c.failed = fmt.Errorf("%s to %s: %w", from, c.topic, err)
	}
}

// Wait blocks until every copy has settled, or patience ends, and returns how many are there and which Kafka will never take. The error is
// of a copy that was not acknowledged: it may be there, or not.
func (c *Copier) Wait() (copied int64, refused []Refused, err error) {
	err = c.wait(context.Background(), c.window.Bytes)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.copied, c.refused, err
}
