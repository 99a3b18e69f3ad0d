package bridge

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// A streak of so many failures in a row says that Kafka does not take events, whatever else it answers; it is forgotten after a while, so
// that somebody tries again.
const (
	streakLength = 5
	streakMemory = 30 * time.Second
)

// streak counts deliveries in a row that Kafka did not acknowledge. It is safe for concurrent use.
type streak struct {
	length atomic.Int64
	last   atomic.Int64 // when, in Unix nanoseconds
	why    atomic.Value // Reason
}

func (s *streak) observe(r Receipt, at time.Time) {
	switch {
	case r.Outcome == Failed:
		s.why.Store(r.Why.Reason)
		s.last.Store(at.UnixNano())
		s.length.Add(1)
	case s.length.Load() > 0:
		s.length.Store(0)
	}
}

// Troubled says why deliveries do not go to Kafka as they come: they are refused, or families of them are spooled; nil where all is well.
func (i *Ingester) Troubled(now time.Time) error {
	var spooled []string
	i.eachLane(func(l *lane) {
		if why := l.trouble(); why != "" {
			spooled = append(spooled, why)
		}
	})
	if len(spooled) == 0 {
		return i.Failing(now)
	}
	slices.Sort(spooled)
	return fmt.Errorf("spooled families: %s", strings.Join(spooled, ", "))
}

// Failing says why deliveries are not acknowledged, nil where the last one was, or where few or none have come of late.
func (i *Ingester) Failing(now time.Time) error {
	n := i.streak.length.Load()
	if n < streakLength || now.Sub(time.Unix(0, i.streak.last.Load())).Abs() > streakMemory { // the clock may have been set back
		return nil
	}
	return fmt.Errorf("the last %d deliveries were not acknowledged: %s", n, i.streak.why.Load())
}
