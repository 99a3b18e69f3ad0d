package topics

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Retention is how long a topic keeps its records. In text it is a duration as Go writes it ("36h"), or whole days ("30d").
type Retention time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Retention) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return fmt.Errorf("retention %q: write days as 30d", text)
		}
		*r = Retention(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("retention %q: write it as 30d or 36h", text)
	}
	*r = Retention(d)
	return nil
}

// MarshalText writes whole days as days.
func (r Retention) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r Retention) String() string {
	if d := time.Duration(r); d > 0 && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	return time.Duration(r).String()
}

// Milliseconds is the unit of Kafka's retention.ms.
func (r Retention) Milliseconds() int64 { return time.Duration(r).Milliseconds() }
