package bridge

import (
	"fmt"
	"time"
)

// ParseMoment reads a moment as people give it: a duration before now (90m), or a time of RFC 3339 (2026-11-23T12:00:00Z).
func ParseMoment(s string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fmt.Errorf("%q: a duration such as 90m, or a time such as 2026-11-23T12:00:00Z", s)
	}
	return at, nil
}
