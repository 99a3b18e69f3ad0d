package sse

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Why a stream ended.
const (
	endedClient   = "client"   // it went away
	endedSlow     = "slow"     // it took nothing for a while
	endedKafka    = "kafka"    // the topics could not be read
	endedStopping = "stopping" // the bridge stops
)

// Why a request got no stream.
const (
	refusedOff       = "off"       // events.enabled
	refusedElsewhere = "elsewhere" // it came from another machine, or was meant for another name
	refusedParameter = "parameter" // one cannot be used
	refusedFull      = "full"      // there are as many clients as are allowed
	refusedKafka     = "kafka"     // the topics could not be read
	refusedStopping  = "stopping"  // the bridge stops
)

type metrics struct {
	clients        prometheus.Gauge
	sent           prometheus.Counter
	failures       prometheus.Counter
	ended, refused *prometheus.CounterVec
}

// newMetrics registers; nil: nowhere.
func newMetrics(reg prometheus.Registerer) *metrics {
	with := promauto.With(reg)
	m := &metrics{
		clients:  with.NewGauge(prometheus.GaugeOpts{Name: "qlik_bridge_events_clients", Help: "Clients that follow /events now."}),
		sent:     with.NewCounter(prometheus.CounterOpts{Name: "qlik_bridge_events_sent_total", Help: "Events sent to clients of /events."}),
		failures: with.NewCounter(prometheus.CounterOpts{Name: "qlik_bridge_events_filter_failures_total", Help: "CESQL expressions of clients of /events that ended in an error; each was no match."}),
		ended: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_events_ended_total",
			Help: "Streams of /events that ended, by reason: client (it went away), slow (it took nothing for 10 s), kafka, stopping."}, []string{"reason"}),
		refused: with.NewCounterVec(prometheus.CounterOpts{Name: "qlik_bridge_events_refused_total",
			Help: "Requests for /events that got no stream, by reason: off (see events.enabled), elsewhere (see events.remote), parameter, full, kafka, stopping."}, []string{"reason"}),
	}
	for _, reason := range []string{endedClient, endedSlow, endedKafka, endedStopping} {
		m.ended.WithLabelValues(reason)
	}
	for _, reason := range []string{refusedOff, refusedElsewhere, refusedParameter, refusedFull, refusedKafka, refusedStopping} {
		m.refused.WithLabelValues(reason)
	}
	return m
}
