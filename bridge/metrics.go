package bridge

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"qlikbridge/topics"
)

// Metrics are the domain's. Every label value comes from a closed set: configured sources, families of the catalogue, and the
// constants of this package.
type Metrics struct {
	ingested    *prometheus.CounterVec
	deadLetters *prometheus.CounterVec
	failures    *prometheus.CounterVec
	spooled     *prometheus.CounterVec
	replayed    *prometheus.CounterVec
	envelopes   *prometheus.CounterVec
	repairs     *prometheus.CounterVec
	oldNames    *prometheus.CounterVec
}

// IngestedMetric counts what became of every delivery that was let in; the status page shows it.
const IngestedMetric = "qlik_bridge_ingested_total"

// NewMetrics declares and registers the metrics, with all failures of the sources at 0; a nil registerer registers nothing.
func NewMetrics(reg prometheus.Registerer, sources ...string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return promauto.With(reg).NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		ingested:    counter(IngestedMetric, "Deliveries taken the whole way, by family of the event and outcome.", "source", "family", "outcome"),
		deadLetters: counter("qlik_bridge_dead_letters_total", "Deliveries set aside in the dead-letter topic, by reason.", "source", "reason"),
		failures:    counter("qlik_bridge_publish_failures_total", "Deliveries answered 503 since neither Kafka nor the spool took them, by reason.", "reason"),
		spooled:     counter("qlik_bridge_spool_appended_total", "Deliveries written to the spool, by the reason why Kafka did not get them at once.", "reason"),
		replayed: counter("qlik_bridge_spool_replayed_total", "Entries of the spool that are settled, by outcome: published or dead-letter by replay; late, "+
			"acknowledged after all where the first produce was still under way; duplicate, known to be in Kafka; set-aside, refused by the dead-letter topic too and kept on disk.", "outcome"),
		envelopes: counter("qlik_bridge_envelopes_total", "Events by the envelope that Qlik sent them in.", "envelope"),
		repairs:   counter("qlik_bridge_repairs_total", "What had to be mended for an event to be a valid CloudEvent.", "repair"),
		oldNames:  counter("qlik_bridge_old_names_total", "Events sent under a name that Qlik has replaced.", "family"),
	}
	for _, reason := range publishFailures {
		m.failures.WithLabelValues(string(reason))
	}
	for _, reason := range spoolReasons {
		m.spooled.WithLabelValues(string(reason))
	}
	for _, outcome := range []Outcome{Published, DeadLettered, late, Duplicate, setAside} {
		m.replayed.WithLabelValues(string(outcome))
	}
	for _, source := range sources {
		for _, reason := range deadLetterReasons {
			m.deadLetters.WithLabelValues(source, string(reason))
		}
	}
	return m
}

func (m *Metrics) observe(d Delivery, r Receipt) {
	family := topics.DeadLetter
	if r.Event != nil {
		family = r.Event.Family.Name
		m.observeEvent(r.Event)
	}
	m.ingested.WithLabelValues(d.Source, family, string(r.Outcome)).Inc()
	switch r.Outcome {
	case DeadLettered:
		m.deadLettered(d, r.Why)
	case Failed:
		m.failures.WithLabelValues(string(r.Why.Reason)).Inc()
	}
}

func (m *Metrics) deadLettered(d Delivery, why *Refusal) {
	m.deadLetters.WithLabelValues(d.Source, string(why.Reason)).Inc()
}

// late is the outcome of an entry whose first produce came through after all.
const late Outcome = "late"

// setAside is the outcome of an entry that not even the dead-letter topic takes: it is kept on disk, and holds up nothing.
const setAside Outcome = "set-aside"

func (m *Metrics) settled(outcome Outcome) { m.replayed.WithLabelValues(string(outcome)).Inc() }

func (m *Metrics) observeEvent(e *Event) {
	m.envelopes.WithLabelValues(string(e.Envelope)).Inc()
	for _, repair := range e.Repairs {
		m.repairs.WithLabelValues(string(repair)).Inc()
	}
	if e.Today != "" {
		m.oldNames.WithLabelValues(e.Family.Name).Inc()
	}
}
