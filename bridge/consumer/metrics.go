package consumer

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are those of one consumer. They stand in a registry of their own, which is registered and taken back as a whole, so that a group can
// be consumed again in the same process.
type metrics struct {
	registry *prometheus.Registry
	seconds  prometheus.Histogram
}

const metricPrefix = "qlik_bridge_consumer_"

func newMetrics(c *Consumer) *metrics {
	registry := prometheus.NewRegistry()
	labelled := prometheus.WrapRegistererWith(prometheus.Labels{"group": c.config.Group}, registry)
	with := promauto.With(labelled)
	count := func(name, help string, labels prometheus.Labels, n *atomic.Uint64) {
		with.NewCounterFunc(prometheus.CounterOpts{Name: metricPrefix + name, Help: help, ConstLabels: labels}, func() float64 { return float64(n.Load()) })
	}
	for outcome, n := range map[string]*atomic.Uint64{"handled": &c.counts.handled, "duplicate": &c.counts.duplicates,
		"dead-letter": &c.counts.deadLettered, "skipped": &c.counts.skipped} {
		count("events_total", "Events that are done, by outcome: handled; duplicate, which this process had handled; dead-letter; skipped, which were not chosen.",
			prometheus.Labels{"outcome": outcome}, n)
	}
	count("retries_total", "Calls of the handler that failed and were or are to be followed by another.", nil, &c.counts.retried)
	count("dead_letter_failures_total", "Attempts to write a dead letter that failed; its key waits.", nil, &c.counts.unwritten)
	count("commit_failures_total", "Commits that failed and are made again; after a crash more is handled again.", nil, &c.counts.unsaved)
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: metricPrefix + "in_flight", Help: "Events that were read and are not done."},
		func() float64 { return float64(c.Stats().InFlight) })
	labelled.MustRegister(lagCollector{c})
	return &metrics{registry: registry, seconds: with.NewHistogram(prometheus.HistogramOpts{Name: metricPrefix + "handler_seconds",
		Help: "How long a call of the handler took.", Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 14)})}
}

// register shows the metrics until the call that it returns.
func (m *metrics) register(to prometheus.Registerer) (unregister func(), err error) {
	if to == nil {
		return func() {}, nil
	}
	if err := to.Register(m.registry); err != nil {
		return nil, fmt.Errorf("registering the metrics: %w; give each consumer of a group a registerer of its own", err)
	}
	return func() { to.Unregister(m.registry) }, nil
}

// lagCollector has one value for each topic that the member has partitions of at the moment.
type lagCollector struct{ consumer *Consumer }

var (
	lagDesc = prometheus.NewDesc(metricPrefix+"lag", "Records that are not done yet, of the partitions that this member has.", []string{"topic"}, nil)
	ownDesc = prometheus.NewDesc(metricPrefix+"partitions", "Partitions that this member has.", []string{"topic"}, nil)
)

func (l lagCollector) Describe(to chan<- *prometheus.Desc) {
	to <- lagDesc
	to <- ownDesc
}

func (l lagCollector) Collect(to chan<- prometheus.Metric) {
	lags, _ := l.consumer.dispatcher.lags()
	for topic, lag := range lags {
		to <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, float64(lag.records), topic)
		to <- prometheus.MustNewConstMetric(ownDesc, prometheus.GaugeValue, float64(lag.partitions), topic)
	}
}
