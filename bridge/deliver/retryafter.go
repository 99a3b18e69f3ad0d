package deliver

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter bounds what a sink can ask for.
const longestRetryAfter = time.Hour

// retryAfter reads the header Retry-After (RFC 9110, section 10.2.3): seconds, or a date. 0 is no header, one that cannot be read, or one of the past.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longestRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil || at.Before(now) {
		return 0
	}
	return min(at.Sub(now), longestRetryAfter)
}
