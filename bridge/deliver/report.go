package deliver

import (
	"context"
	"log/slog"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

// report writes the one line of an attempt. There is no personal data in it: nothing of data, and nothing of what the sink said but its status.
func (c *courier) report(ctx context.Context, e *event.Event, a answer, attempt int) {
	level := a.level()
	if !c.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs, slog.String("outcome", string(a.outcome)), slog.Int("attempt", attempt), slog.Float64("seconds", a.took.Seconds()),
		slog.String("id", e.ID()), slog.String("type", e.Type()))
	if at, ok := consumer.At(ctx); ok {
		attrs = append(attrs, slog.String("topic", at.Topic), slog.Int("partition", int(at.Partition)), slog.Int64("offset", at.Offset))
	}
	if a.status != 0 {
		attrs = append(attrs, slog.Int("status", a.status))
	} else if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	if a.retryAfter > 0 {
		attrs = append(attrs, slog.Float64("retry_after", a.retryAfter.Seconds()))
	}
	c.log.LogAttrs(ctx, level, "attempt", attrs...)
}

// level is info for an outcome, warn where something is degraded, debug for what only a stop has ended.
func (a answer) level() slog.Level {
	switch a.outcome {
	case Delivered:
		return slog.LevelInfo
	case Cancelled:
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// gateTurned says that the subscription pauses, or goes on.
func (c *courier) gateTurned(s standing) {
	c.metrics.paused(s.closed)
	switch {
	case !s.closed:
		c.log.Info("the sink answers again; the subscription goes on")
	case s.next.IsZero():
		c.log.Error("the sink wants no more events; the subscription holds them until its entry in the file changes", "error", s.why.err)
	default:
		c.log.Warn("the subscription pauses and holds its events", "reason", string(s.why.outcome), "error", s.why.err, "next_attempt", s.next)
	}
}
