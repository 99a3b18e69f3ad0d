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

// take takes one delivery out of the rate limit; where that cannot be, it says how long the sender is to wait.
func (s *Source) take(now time.Time) (ok bool, wait time.Duration) {
	if s.Limiter == nil || s.Limiter.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - s.Limiter.TokensAt(now) // a reservation that is given up can lose its token to one beside it
	return false, time.Duration(max(missing, 0) / float64(s.Limiter.Limit()) * float64(time.Second))
}

// retryAfter writes a wait in whole seconds, at least one (RFC 9110, section 10.2.3).
func retryAfter(d time.Duration) string {
	return strconv.Itoa(int(math.Max(1, math.Ceil(d.Seconds()))))
}
