package ingress

import (
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// room is what all bodies share, in bytes (ingress.max_inflight_bytes). It is safe for concurrent use.
type room struct {
	left  *semaphore.Weighted
	taken prometheus.Gauge
}

func (r *room) take(n int64) bool {
	if !r.left.TryAcquire(n) {
		return false
	}
	r.taken.Add(float64(n))
	return true
}

func (r *room) giveBack(n int64) {
	if n > 0 { // a body within its free bytes has taken none
		r.left.Release(n)
		r.taken.Sub(float64(n))
	}
}
