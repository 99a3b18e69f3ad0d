package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
)

var (
	errNotChosen = errors.New("not chosen")
	errEnded     = errors.New("the handler ended its goroutine")
)

// attempt takes an event a step further, in a slot. Whatever the handler does, the event is settled by it, or waits for something that comes. The
// event is read anew at each attempt, so that what a handler changes in it does not stay.
func (c *Consumer) attempt(t *task) {
	if t.aside != nil {
		c.setAside(t)
		return
	}
	e, err := readEvent(t.record)
	if err != nil {
		t.aside = &aside{InvalidEvent, err}
		c.setAside(t)
		return
	}
	if !c.choice.chosen(e.Type()) {
		c.settle(t, &c.counts.skipped)
		return
	}
	switch known, busy := c.seen.claim(e, t); {
	case known:
		c.settle(t, &c.counts.duplicates)
	case busy:
		c.dispatcher.park(t)
	default:
		c.try(t, e)
	}
}

// try calls the handler, and judges what it returns also where it does not return.
func (c *Consumer) try(t *task, e event.Event) {
	source, id := e.Source(), e.ID()
	err := errEnded
	defer func() {
		waited := c.seen.release(source, id, err == nil && t.partition.ctx.Err() == nil)
		c.judge(t, err)
		for _, other := range waited {
			c.dispatcher.wake(other)
		}
	}()
	err = c.call(t, e)
}

// call makes an error of a panic.
func (c *Consumer) call(t *task, e event.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			c.log.Error("the handler panicked", c.about(t), slog.Any("error", err), slog.String("stack", string(debug.Stack())))
		}
	}()
	if c.config.Choose != nil && !c.config.Choose(e) {
		return errNotChosen
	}
	began := time.Now()
	defer func() { c.metrics.seconds.Observe(time.Since(began).Seconds()) }()
	return readable(c.handle(context.WithValue(t.partition.ctx, callKey{}, call{t.partition.at(t.record.Offset), t.attempts + 1, t.partition.draining}), e))
}

// readable makes another error of one whose methods panic, as those of a nil pointer do that was returned as an error, and is not nil then. What
// comes after call relies on it.
func readable(err error) (safe error) {
	defer func() {
		if p := recover(); p != nil {
			safe = fmt.Errorf("the handler returned an error of type %T that cannot be read: %v", err, p)
		}
	}()
	if err != nil {
		_, _ = err.Error(), verdictOf(err)
	}
	return err
}

// judge settles an event after an attempt, or lets it wait for the next.
func (c *Consumer) judge(t *task, err error) {
	switch {
	case err == nil:
		c.settle(t, &c.counts.handled)
		return
	case errors.Is(err, errNotChosen):
		c.settle(t, &c.counts.skipped)
		return
	case t.partition.ctx.Err() != nil: // the event is another member's now
		c.dispatcher.park(t)
		return
	}
	v := verdictOf(err)
	t.failures++
	if v.refuse || !v.hold {
		t.attempts++
	}
	switch {
	case v.refuse:
		t.aside = &aside{Refused, err}
	case !v.hold && t.attempts >= c.config.Retry.Attempts:
		t.aside = &aside{AttemptsExhausted, err}
	default:
		c.again(t, max(v.after, c.config.Retry.Wait(t.failures)), v.hold, err)
		return
	}
	t.failures = 0
	c.setAside(t)
}

// again lets an event wait for its next attempt. An attempt that was held says nothing of the event: see holds.
func (c *Consumer) again(t *task, wait time.Duration, held bool, err error) {
	level := slog.LevelWarn
	if held {
		level = slog.LevelDebug
		c.hold(t, err)
	} else {
		c.release(t)
	}
	c.log.Log(t.partition.ctx, level, "an event is tried again", c.about(t), slog.Int("failures", t.failures), slog.Duration("wait", wait), slog.Any("error", err))
	c.counts.retried.Add(1)
	c.dispatcher.again(t, wait)
}

// about names an event in a line of the log.
func (c *Consumer) about(t *task) slog.Attr {
	return slog.GroupAttrs("event", slog.String("group", c.config.Group), slog.String("at", t.partition.at(t.record.Offset).String()),
		slog.String("id", string(header(t.record, "ce_id"))), slog.String("type", string(header(t.record, typeHeader))))
}
