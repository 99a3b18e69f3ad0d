package app

import (
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// health is what stands in the way of the promise, by condition. It is safe for concurrent use.
type health struct {
	mu      sync.Mutex
	reasons map[string]string // :: condition -> why it does not hold

	holds *prometheus.GaugeVec
}

// The conditions of readiness.
const (
	kafkaReachable     = "kafka"
	topicsInOrder      = "topics"
	partitionsWritable = "partitions"
	eventsAcknowledged = "acknowledged"
	notDraining        = "not_draining"
)

const unknownAtStartUp = "not known yet"

func newHealth(reg prometheus.Registerer) *health {
	h := &health{reasons: map[string]string{}, holds: promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{
		Name: "qlik_bridge_condition", Help: "Conditions of readiness: 1 where one holds, 0 where it does not."}, []string{"condition"})}
	h.set(kafkaReachable, unknownAtStartUp)
	h.set(topicsInOrder, unknownAtStartUp)
	h.set(partitionsWritable, "")
	h.set(eventsAcknowledged, "")
	h.set(notDraining, "")
	return h
}

// set notes why a condition does not hold, "" where it does; it reports whether that is news.
func (h *health) set(condition, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.reasons[condition]
	h.reasons[condition] = reason
	holds := 1.0
	if reason != "" {
		holds = 0
	}
	h.holds.WithLabelValues(condition).Set(holds)
	return before != reason
}

// why lists the conditions that do not hold, each with its reason; none: the bridge is ready.
func (h *health) why() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := []string{}
	for _, condition := range slices.Sorted(maps.Keys(h.reasons)) {
		if reason := h.reasons[condition]; reason != "" {
			all = append(all, condition+": "+reason)
		}
	}
	return all
}
