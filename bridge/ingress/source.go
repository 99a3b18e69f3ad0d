package ingress

import (
	"math"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"qlikbridge/bridge"
)

// Source is one webhook, or several with the same secrets: what is posted to /webhooks/{Name}.
type Source struct {
	Name    string
	Keyring *bridge.Keyring
	Limiter *rate.Limiter // nil: no limit
}

// wait takes one delivery out of the rate limit and returns 0, or how long the sender is to wait.
func (s *Source) wait(now time.Time) time.Duration {
	if s.Limiter == nil {
		return 0
	}
	reservation := s.Limiter.ReserveN(now, 1)
	if !reservation.OK() {
		return time.Second
	}
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

// retryAfter writes a wait in whole seconds, at least one (RFC 9110, section 10.2.3).
func retryAfter(d time.Duration) string {
	return strconv.Itoa(int(math.Max(1, math.Ceil(d.Seconds()))))
}
