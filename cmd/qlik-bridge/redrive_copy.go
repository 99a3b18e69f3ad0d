package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
)

// copyWindow bounds the bytes and the records of copies that wait for Kafka.
var copyWindow = redrive.Window{Bytes: 16 << 20, Records: 1000}

// copying is a run that publishes events from the past once more.
type copying struct {
	*redriving
	side   side
	plan   redrive.Plan // a move per partition, whose span is what is copied from
	before int64        // events in it of which the side topic has a copy
}

func (r *redriving) copy(ctx context.Context) error {
	c := &copying{redriving: r}
	if err := c.fits(); err != nil {
		return badConfig(err)
	}
	if r.group != "" {
		if err := r.look(ctx); err != nil {
			return err
		}
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if len(c.plan.Outside) > 0 {
		return r.refuseOutside(c.plan.Outside, "what --"+string(r.target.Kind)+" asks for")
	}
	if err := r.count(ctx, c.plan.Moves, c.matches); err != nil {
		return err
	}
	if err := c.show(); err != nil {
		return err
	}
	if events, whole := c.found(); !r.execute || whole && events.Events == 0 {
		return nil
	}
	return c.publish(ctx)
}

// prepare works out what is copied from, and looks at the topic that is copied to.
func (c *copying) prepare(ctx context.Context) (err error) {
	if c.plan, err = c.planned(ctx); err != nil {
		return err
	}
	c.side, err = c.lookAtSide(ctx)
	return err
}

// matches counts what has a copy, and reports whether a record is to be copied.
func (c *copying) matches(s kafka.Stored) bool {
	if c.chooses(s) && c.side.copied.Has(placeOf(s)) {
		c.before++
	}
	return c.wanted(s)
}

// wanted reports whether a record is to be copied.
func (c *copying) wanted(s kafka.Stored) bool {
	return c.chooses(s) && (c.again || !c.side.copied.Has(placeOf(s)))
}

// chooses looks at every record up to the end: what comes out of a spool is older than what stands before it, so that --until is no place.
func (c *copying) chooses(s kafka.Stored) bool {
	return (c.until.IsZero() || s.Time.Before(c.until)) && c.choice.Matches(&s.Record)
}

func placeOf(s kafka.Stored) bridge.Place { return bridge.Place{Topic: s.Topic, Position: s.Position} }

// publish copies what is wanted, and says how far it came where it does not come to the end.
func (c *copying) publish(ctx context.Context) error {
	if err := c.makeSide(ctx); err != nil {
		return err
	}
	window := redrive.Window{Bytes: min(copyWindow.Bytes, int64(c.config.Kafka.MaxBufferedBytes)), Records: min(copyWindow.Records, int64(c.config.Kafka.MaxBufferedRecords))}
	copier := redrive.NewCopier(c.client, c.copyTo, window, c.timeout, time.Now)
	defer context.AfterFunc(ctx, func() { fmt.Fprintln(c.status, "interrupted; waiting for what is on its way") })()
	err := c.send(ctx, copier)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	copied, refused, waitErr := copier.Wait()
	if err == nil {
		err = waitErr
	}
	return c.report(copied, refused, err)
}

// send hands every wanted record to the copier, in the order of each partition.
func (c *copying) send(ctx context.Context, copier *redrive.Copier) error {
	progress := newReading(c.status, "copying", c.offsets())
	defer progress.Done()
	for _, m := range c.plan.Moves {
		span := m.Span()
		err := c.scan(ctx, m.Partition, span.Within(span.Len()), func(s kafka.Stored) error {
			progress.Add()
			if !c.wanted(s) {
				return nil
			}
			return copier.Send(ctx, &s.Record, placeOf(s))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// goOn is how to go on where a run did not come to the end: what is measured from now lies elsewhere later.
func (c *copying) goOn() string {
	text := "run it again to go on: what has a copy is passed over"
	if c.target.Kind == redrive.ByDuration {
		text += fmt.Sprintf("; with --to-datetime %s instead of --by-duration, which has moved on", c.target.Time.UTC().Format("2006-01-02T15:04:05.000"))
	}
	if c.again {
		text += "; without --again"
	}
	return text
}
