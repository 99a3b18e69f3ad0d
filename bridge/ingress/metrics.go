package ingress

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are the door's. The label source is a configured name or empty, status and reason come from the closed sets of this package and
// of the domain.
type Metrics struct {
	requests   *prometheus.CounterVec
	refused    *prometheus.CounterVec
	signatures *prometheus.CounterVec
	seconds    prometheus.Histogram
	bytes      prometheus.Histogram
	inflight   prometheus.Gauge

	connections prometheus.Gauge
	cut         *prometheus.CounterVec
}

// Why a connection was cut off to make room.
const (
	cutConnections = "connections"
	cutHeaders     = "headers"
)

// NewMetrics declares and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	with := promauto.With(reg)
	m := &Metrics{
		requests: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_requests_total",
			Help: "Requests at the ingress, by the status they were answered with."}, []string{"source", "status"}),
		refused: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_refused_total",
			Help: "Requests refused at the door, by reason. Nothing of them is stored."}, []string{"source", "reason"}),
		signatures: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_signatures_total",
			Help: "Valid signatures, by the secret that matched: active, or retiring during a rotation."}, []string{"source", "secret"}),
		seconds: with.NewHistogram(prometheus.HistogramOpts{Name: "qlik_bridge_request_seconds",
			Help: "From the header of a request to its answer.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)}),
		bytes: with.NewHistogram(prometheus.HistogramOpts{Name: "qlik_bridge_body_bytes",
			Help: "Size of the bodies that were read.", Buckets: prometheus.ExponentialBuckets(256, 4, 8)}),
		inflight: with.NewGauge(prometheus.GaugeOpts{Name: "qlik_bridge_inflight_bytes",
			Help: "Bytes that bodies take of ingress.max_inflight_bytes: being read or published, beyond the first 8 KiB of each."}),
		connections: with.NewGauge(prometheus.GaugeOpts{Name: "qlik_bridge_connections", Help: "Open connections at the ingress."}),
		cut: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_connections_cut_total",
			Help: "Connections closed to make room, by what there was too much of: connections, or bytes of unfinished headers."}, []string{"over"}),
	}
	for _, over := range []string{cutConnections, cutHeaders} { // a rate sees a first one only after a 0
		m.cut.WithLabelValues(over)
	}
	return m
}

func (m *Metrics) observe(x *exchange, took time.Duration) {
	source := x.sourceName()
	m.requests.WithLabelValues(source, strconv.Itoa(x.status)).Inc()
	m.seconds.Observe(took.Seconds())
	if x.bytes > 0 {
		m.bytes.Observe(float64(x.bytes))
	}
	if x.secret != "" {
		m.signatures.WithLabelValues(source, string(x.secret)).Inc()
	}
	if x.reason != "" {
		m.refused.WithLabelValues(source, string(x.reason)).Inc()
	}
}
