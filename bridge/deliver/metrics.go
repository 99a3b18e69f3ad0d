package deliver

import (
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are those of all subscriptions. The label subscription is a name of the file, outcome of the closed set of this package.
type Metrics struct {
	attempts *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	lag      *prometheus.HistogramVec
	paused   *prometheus.GaugeVec
	pauses   *prometheus.CounterVec
	files    *prometheus.GaugeVec
	file     prometheus.Gauge
}

const label = "subscription"

// NewMetrics declares and registers the metrics; a nil registerer registers nothing.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	with := promauto.With(reg)
	return &Metrics{
		attempts: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_deliver_attempts_total",
			Help: "Requests to sinks, by what came of them. All but unreachable, blocked, unsendable and cancelled reached their sink."}, []string{label, "outcome"}),
		seconds: with.NewHistogramVec(prometheus.HistogramOpts{Name: "qlik_bridge_deliver_seconds",
			Help: "From the beginning of a request to a sink to the end of its answer.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 15)}, []string{label}),
		lag: with.NewHistogramVec(prometheus.HistogramOpts{Name: "qlik_bridge_deliver_lag_seconds",
			Help: "Age of events when their sink had taken them, since the bridge took them in.", Buckets: prometheus.ExponentialBuckets(0.005, 4, 12)}, []string{label}),
		paused: with.NewGaugeVec(prometheus.GaugeOpts{Name: "qlik_bridge_deliver_paused",
			Help: "1 while a subscription holds its events because of its sink."}, []string{label}),
		pauses: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_deliver_pauses_total",
			Help: "How often a subscription began to hold its events."}, []string{label}),
		files: with.NewGaugeVec(prometheus.GaugeOpts{Name: "qlik_bridge_deliver_files_ok",
			Help: "1 where the files that a subscription names are in use as they are, 0 where one changed and cannot be used: a restart would fail."}, []string{label}),
		file: with.NewGauge(prometheus.GaugeOpts{Name: "qlik_bridge_deliver_subscriptions_file_ok",
			Help: "1 where the subscriptions file is in use as it is, 0 where it changed and cannot be used: a restart would fail."}),
	}
}

// fileOK says whether the subscriptions file can be used as it is.
func (m *Metrics) fileOK(ok bool) { m.file.Set(number(ok)) }

// forget drops the metrics of a subscription that is no more.
func (m *Metrics) forget(subscription string) {
	labels := prometheus.Labels{label: subscription}
	m.attempts.DeletePartialMatch(labels)
	m.seconds.DeletePartialMatch(labels)
	m.lag.DeletePartialMatch(labels)
	m.paused.DeletePartialMatch(labels)
	m.pauses.DeletePartialMatch(labels)
	m.files.DeletePartialMatch(labels)
}

// metrics are those of one subscription.
type metrics struct {
	attempts     *prometheus.CounterVec
	seconds, lag prometheus.Observer
	held         prometheus.Gauge
	pauses       prometheus.Counter
	files        prometheus.Gauge
}

// of are the metrics of one subscription that begins: nothing held, files in use, and every outcome there, since a rate sees a first one only after 0.
func (m *Metrics) of(subscription string) *metrics {
	labels := prometheus.Labels{label: subscription}
	own := &metrics{attempts: m.attempts.MustCurryWith(labels), seconds: m.seconds.With(labels), lag: m.lag.With(labels), held: m.paused.With(labels),
		pauses: m.pauses.With(labels), files: m.files.With(labels)}
	for _, o := range outcomes {
		own.attempts.WithLabelValues(string(o))
	}
	own.held.Set(0)
	own.filesOK(true)
	return own
}

func (m *metrics) observe(e *event.Event, a answer) {
	m.attempts.WithLabelValues(string(a.outcome)).Inc()
	m.seconds.Observe(a.took.Seconds())
	if recorded, err := types.ToTime(e.Extensions()["recordedtime"]); err == nil && a.outcome == Delivered {
		m.lag.Observe(time.Since(recorded).Seconds())
	}
}

func (m *metrics) paused(closed bool) {
	m.held.Set(number(closed))
	if closed {
		m.pauses.Inc()
	}
}

func (m *metrics) filesOK(ok bool) { m.files.Set(number(ok)) }

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
