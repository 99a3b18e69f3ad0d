package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"qlikbridge/bridge/kafka"
)

// How far our clock may be from the cluster's. Records carry our time: consumers and retention go by it, and brokers refuse one that is
// more than message.timestamp.after.max.ms (an hour by default) ahead of theirs.
const (
	skewWarning = time.Second
	skewFailed  = time.Minute
)

func (x *examination) clock(ctx context.Context) ([]Finding, bool) {
	c, err := x.client.Clock(ctx)
	switch {
	case errors.Is(err, kafka.ErrDenied):
		return []Finding{skip(clock, "", "the login may not ask (it needs Describe on the cluster; the bridge itself does not)")}, true
	case err != nil:
		return []Finding{skip(clock, "", err.Error())}, true
	}
	return []Finding{skew(c)}, true
}

// skew judges by what is certain: the difference less the error of the measurement.
func skew(c kafka.Clock) Finding {
	words := "ahead of"
	if c.Ahead < 0 {
		words = "behind"
	}
	text := fmt.Sprintf("the clock of controller %d is %s %s ours (± %s)", c.Controller, c.Ahead.Abs().Round(time.Millisecond), words, c.Within.Round(time.Millisecond))
	if c.Ahead.Abs() <= c.Within {
		text = fmt.Sprintf("the clock of controller %d agrees with ours to %s", c.Controller, c.Within.Round(time.Millisecond))
	}
	const remedy = "let this machine and the brokers follow the same time (chrony, systemd-timesyncd)"
	switch least := c.Ahead.Abs() - c.Within; {
	case least > skewFailed:
		return fail(clock, "", text, remedy+"; brokers refuse records too far from their time")
	case least > skewWarning:
		return warn(clock, "", text, remedy)
	}
	return ok(clock, "", "%s", text)
}
