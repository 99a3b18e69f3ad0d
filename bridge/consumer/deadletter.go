package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// aside is why an event becomes a dead letter.
type aside struct {
	reason bridge.Reason
	err    error
}

const (
	errorBytes     = 512      // of the header error, at most
	deadLetterRoom = 64 << 10 // bytes by which a dead letter may be larger than its event
)

// setAside writes a dead letter. Until every in-sync replica has it the event is not done, and those behind it of the same key wait: while the
// topic cannot be written, that is tried again.
func (c *Consumer) setAside(t *task) {
	if t.partition.ctx.Err() != nil { // the event is another member's now
		c.dispatcher.park(t)
		return
	}
	c.dead.Publish(t.partition.ctx, c.deadLetter(t, time.Now()), func(at bridge.Position, err error) {
		if err == nil {
			c.log.Error("an event is a dead letter", c.about(t), slog.String("reason", string(t.aside.reason)), slog.Int("attempts", t.attempts),
				slog.Any("error", t.aside.err), slog.String("to", bridge.Place{Topic: c.config.DeadLetter, Position: at}.String()))
			c.settle(t, &c.counts.deadLettered)
			return
		}
		t.failures++
		wait := c.config.Retry.Wait(t.failures)
		c.log.Error("a dead letter cannot be written; it is tried again, and events of its key wait", c.about(t),
			slog.String("topic", c.config.DeadLetter), slog.Duration("wait", wait), slog.Any("error", err))
		c.counts.unwritten.Add(1)
		c.dispatcher.again(t, wait)
	})
}

// deadLetter is the record of an event as it was read, with what happened to it in headers behind its own.
func (c *Consumer) deadLetter(t *task, now time.Time) *bridge.Record {
	r := &bridge.Record{Topic: c.config.DeadLetter, Key: t.record.Key, Value: t.record.Value, Time: now}
	for _, h := range t.record.Headers {
		r.Headers = append(r.Headers, bridge.Header{Key: h.Key, Value: h.Value})
	}
	add := func(key, value string) { r.Headers = append(r.Headers, bridge.Header{Key: key, Value: []byte(value)}) }
	add("group", c.config.Group)
	add("reason", string(t.aside.reason))
	add("error", excerpt(t.aside.err))
	add("attempts", strconv.Itoa(t.attempts))
	add("failed", now.UTC().Format(time.RFC3339Nano))
	add("from", t.partition.at(t.record.Offset).String())
	return r
}

func excerpt(err error) string {
	text := strings.ToValidUTF8(err.Error(), "\ufffd")
	return strings.ToValidUTF8(text[:min(len(text), errorBytes)], "")
}

// ensureDeadLetterTopic makes the topic where it is missing, with the settings of the catalogue's own dead letters.
func (c *Consumer) ensureDeadLetterTopic(ctx context.Context) error {
	name := c.config.DeadLetter
	there, err := c.dead.Partitions(ctx, name)
	if _, ok := there[name]; ok || err != nil {
		return err
	}
	state, err := c.dead.State(ctx, []string{name})
	if err != nil {
		return err
	}
	specs := c.config.Topics.Specs(topics.Default(), state.Brokers, c.config.Kafka.MaxMessageBytes+deadLetterRoom)
	spec := specs[slices.IndexFunc(specs, func(s topics.Spec) bool { return s.Family == topics.DeadLetter })]
	spec.Name = name
	plan := topics.NewPlan([]topics.Spec{spec}, state)
	for _, refusal := range plan.Refusals {
		return fmt.Errorf("%s: %w: %s", name, errNoDeadLetters, refusal.Reason)
	}
	err = c.dead.Apply(ctx, plan, func(topics.Change) { c.log.Info("the topic for dead letters is made", "topic", name) })
	if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed) {
		return fmt.Errorf("%s: %w: %w; make it, or grant the login Create on it", name, errNoDeadLetters, err)
	}
	return err
}

// errNoDeadLetters is an error that says what to do.
var errNoDeadLetters = errors.New("the topic for dead letters is missing and cannot be made")
