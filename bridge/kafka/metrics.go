package kafka

import (
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kgo"
)

// metrics watch the client from inside; brokers are not labels, since their number is not ours.
type metrics struct {
	connects    *prometheus.CounterVec
	disconnects prometheus.Counter
	requests    prometheus.Histogram
	batches     prometheus.Counter
	raw, wire   prometheus.Counter
}

var (
	_ kgo.HookBrokerConnect       = (*metrics)(nil)
	_ kgo.HookBrokerDisconnect    = (*metrics)(nil)
	_ kgo.HookBrokerE2E           = (*metrics)(nil)
	_ kgo.HookProduceBatchWritten = (*metrics)(nil)
)

func newMetrics(reg prometheus.Registerer) *metrics {
	with := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return with.NewCounter(prometheus.CounterOpts{Name: "qlik_bridge_kafka_" + name, Help: help})
	}
	return &metrics{
		connects: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_kafka_connects_total",
			Help: "Connections to brokers that were tried, by result (ok, failed)."}, []string{"result"}),
		disconnects: counter("disconnects_total", "Connections to brokers that ended."),
		requests: with.NewHistogram(prometheus.HistogramOpts{Name: "qlik_bridge_kafka_produce_seconds",
			Help: "Produce requests, from the first byte written to the answer read.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)}),
		batches: counter("produced_batches_total", "Record batches that Kafka acknowledged."),
		raw:     counter("produced_bytes_total", "Bytes of acknowledged batches before compression."),
		wire:    counter("produced_compressed_bytes_total", "Bytes of acknowledged batches as they were sent."),
	}
}

// gauges registers what the client knows at the moment of a scrape.
func (c *Client) gauges(reg prometheus.Registerer) {
	with := promauto.With(reg)
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "qlik_bridge_kafka_buffered_records", Help: "Records that wait for Kafka."},
		func() float64 { return float64(c.producer.current.Load().BufferedProduceRecords()) })
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "qlik_bridge_kafka_buffered_bytes", Help: "Bytes of records that wait for Kafka."},
		func() float64 { return float64(c.producer.current.Load().BufferedProduceBytes()) })
}

func (m *metrics) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.connects.WithLabelValues(result).Inc()
}

func (m *metrics) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) { m.disconnects.Inc() }

const produceKey = 0 // Kafka protocol: the API key of Produce

func (m *metrics) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, e2e kgo.BrokerE2E) {
	if key == produceKey && e2e.Err() == nil {
		m.requests.Observe(e2e.DurationE2E().Seconds())
	}
}

func (m *metrics) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, batch kgo.ProduceBatchMetrics) {
	m.batches.Inc()
	m.raw.Add(float64(batch.UncompressedBytes))
	m.wire.Add(float64(batch.CompressedBytes))
}
