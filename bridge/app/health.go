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
	spoolTakes         = "spool"
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
	h.set(spoolTakes, unknownAtStartUp)
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

// ready reports whether the promise can be kept, by Kafka or by the spool, and lists the conditions that do not hold, each with its reason.
// Before it is known whether Kafka is there, and where it is, whether the topics are, the bridge is not ready: at a first start they have yet
// to be made.
func (h *health) ready() (bool, []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	why, byKafka := []string{}, true
	for _, condition := range slices.Sorted(maps.Keys(h.reasons)) {
		reason := h.reasons[condition]
		if reason == "" || condition == spoolTakes && reason == errSpoolOff.Error() {
			continue
		}
		why = append(why, condition+": "+reason)
		byKafka = byKafka && condition == spoolTakes
	}
	known := h.reasons[kafkaReachable] != unknownAtStartUp && (h.reasons[kafkaReachable] != "" || h.reasons[topicsInOrder] != unknownAtStartUp)
	bySpool := h.reasons[spoolTakes] == "" && known
	return h.reasons[notDraining] == "" && (byKafka || bySpool), why
}
