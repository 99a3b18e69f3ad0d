package bridge_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// publisher is a Publisher that keeps what it is given. The zero value acknowledges everything before Publish returns.
type publisher struct {
	settle func(r *bridge.Record, settle func(bridge.Position, error)) // nil: acknowledge at once

	mu       sync.Mutex
	records  []*bridge.Record
	contexts []context.Context
}

func (p *publisher) Publish(ctx context.Context, r *bridge.Record, settle func(bridge.Position, error)) {
	p.mu.Lock()
	p.records, p.contexts = append(p.records, r), append(p.contexts, ctx)
	p.mu.Unlock()
	if p.settle == nil {
		settle(bridge.Position{Partition: 4, Offset: 17}, nil)
		return
	}
	p.settle(r, settle)
}

// acknowledging is a Publisher that takes everything and keeps nothing.
type acknowledging struct{}

func (acknowledging) Publish(_ context.Context, _ *bridge.Record, settle func(bridge.Position, error)) {
	settle(bridge.Position{}, nil)
}

// refusing settles records of a topic with a refusal, and acknowledges the others.
func refusing(topic string, reason bridge.Reason) *publisher {
	return &publisher{settle: func(r *bridge.Record, settle func(bridge.Position, error)) {
		if r.Topic == topic {
			settle(bridge.Position{}, &bridge.Refusal{Reason: reason, Err: errors.New("the broker says no")})
			return
		}
		settle(bridge.Position{Partition: 0, Offset: 3}, nil)
	}}
}

func newIngester(t testing.TB, p bridge.Publisher) *bridge.Ingester {
	t.Helper()
	return &bridge.Ingester{
		Catalog:    topics.Default(),
		Topics:     topics.DefaultConfig(),
		Publisher:  p,
		AckTimeout: 10 * time.Second, // a test that needs one sets less
		Metrics:    bridge.NewMetrics(nil),
	}
}

func deliver(body string) bridge.Delivery { return normaliseCase{body: body}.delivery() }

func checkReceipt(t *testing.T, got bridge.Receipt, outcome bridge.Outcome, topic string, reason bridge.Reason) {
	t.Helper()
	if got.Outcome != outcome || got.Topic != topic {
		t.Errorf("got %s in %s, want %s in %s", got.Outcome, got.Topic, outcome, topic)
	}
	switch {
	case reason == "" && got.Why != nil:
		t.Errorf("got %v, want no refusal", got.Why)
	case reason != "" && (got.Why == nil || got.Why.Reason != reason):
		t.Errorf("got %v, want the reason %s", got.Why, reason)
	}
}

func headersOf(r *bridge.Record) map[string]string {
	headers := map[string]string{}
	for _, h := range r.Headers {
		headers[h.Key] = string(h.Value)
	}
	return headers
}

func TestIngestPublishes(t *testing.T) {
	p := &publisher{}
	d := deliver(withMembers(""))
	d.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	got := newIngester(t, p).Ingest(t.Context(), d)

	checkReceipt(t, got, bridge.Published, "qlik.apps", "")
	if want := (bridge.Position{Partition: 4, Offset: 17}); got.At != want {
		t.Errorf("got position %v, want %v", got.At, want)
	}
	if len(p.records) != 1 {
		t.Fatalf("got %d records, want 1", len(p.records))
	}
	r := p.records[0]
	if r.Topic != "qlik.apps" || string(r.Key) != "app-1" || !r.Time.Equal(receivedAt) {
		t.Errorf("got topic %s, key %s, time %v; want qlik.apps, app-1, %v", r.Topic, r.Key, r.Time, receivedAt)
	}
	want := map[string]string{
		"content-type": "application/cloudevents+json; charset=utf-8", "ce_id": "e-1", "ce_type": "com.qlik.app.created",
		"ce_source": "com.qlik/engine", "ce_time": "2026-11-20T10:00:00Z", "traceparent": d.TraceParent,
	}
	if diff := cmp.Diff(want, headersOf(r)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if r.Header("ce_id") != "e-1" || r.Header("reason") != "" {
		t.Errorf("got ce_id %q, reason %q; want e-1 and none", r.Header("ce_id"), r.Header("reason"))
	}
	if string(r.Value) != string(got.Event.AppendJSON(nil)) {
		t.Errorf("got value %s, want the event of the receipt", r.Value)
	}
}

// TestIngestKeepsNothingOfTheBody asserts that the buffer of a body can be used again as soon as Ingest has returned, though the
// record may still be on its way.
func TestIngestKeepsNothingOfTheBody(t *testing.T) {
	for _, body := range []string{withMembers(`,"userid":"u-1"`), "<no event>"} {
		p := &publisher{}
		d := deliver(body)
		newIngester(t, p).Ingest(t.Context(), d)
		r := p.records[0]
		value, key := string(r.Value), string(r.Key)
		for i := range d.Body {
			d.Body[i] = '#'
		}
		if string(r.Value) != value || string(r.Key) != key {
			t.Errorf("got %s of %s after the body was overwritten, want %s", r.Value, r.Key, value)
		}
	}
}

func TestIngestByFamily(t *testing.T) {
	tests := []struct {
		name  string
		typ   string
		topic string
	}{
		{"today's name", "com.qlik.app.created", "qlik.apps"},
		{"old name", "com.qlik.user-session.begin", "qlik.user-sessions"},
		{"unknown", "com.qlik.brand.new", "qlik.other"},
		{"not Qlik's", "x", "qlik.other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newIngester(t, &publisher{}).Ingest(t.Context(), deliver(identified(`"e-1"`, `"s"`, `"`+tt.typ+`"`)))
			checkReceipt(t, got, bridge.Published, tt.topic, "")
		})
	}
}

// TestIngestSetsAside asserts what a dead letter is: the body byte for byte, and the headers that say why.
func TestIngestSetsAside(t *testing.T) {
	body := "{\"type\": \"x\xff\"} \n"
	p := &publisher{}
	got := newIngester(t, p).Ingest(t.Context(), deliver(body))

	checkReceipt(t, got, bridge.DeadLettered, "qlik.dead-letter", bridge.InvalidUTF8)
	if got.Event != nil {
		t.Errorf("got the event %v, want none", got.Event)
	}
	r := p.records[0]
	if r.Topic != "qlik.dead-letter" || r.Key != nil || string(r.Value) != body || !r.Time.Equal(receivedAt) {
		t.Errorf("got %q of key %q in %s at %v, want the body without a key", r.Value, r.Key, r.Topic, r.Time)
	}
	want := map[string]string{"reason": "invalid_utf8", "error": "the body is not valid UTF-8", "source": "qlik", "origin": "webhook", "received": "2026-11-20T10:12:13.14Z"}
	if diff := cmp.Diff(want, headersOf(r)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// TestIngestSetsAsideWhatKafkaWillNotTake asserts that a record that no second try can help is a dead letter with what is known of it.
func TestIngestSetsAsideWhatKafkaWillNotTake(t *testing.T) {
	for _, reason := range []bridge.Reason{bridge.RecordTooLarge, bridge.InvalidRecord} {
		t.Run(string(reason), func(t *testing.T) {
			body := " " + withMembers("") + "\n"
			p := refusing("qlik.apps", reason)
			got := newIngester(t, p).Ingest(t.Context(), deliver(body))

			checkReceipt(t, got, bridge.DeadLettered, "qlik.dead-letter", reason)
			if got.Event == nil || got.At.Offset != 3 {
				t.Errorf("got event %v at %v, want the event and the dead letter's position", got.Event, got.At)
			}
			if len(p.records) != 2 {
				t.Fatalf("got %d records, want the event's and the dead letter", len(p.records))
			}
			r := p.records[1]
			if string(r.Value) != body || string(r.Key) != "e-1" {
				t.Errorf("got %q of key %q, want the body of e-1", r.Value, r.Key)
			}
			want := map[string]string{"reason": string(reason), "error": "the broker says no", "source": "qlik", "origin": "webhook",
				"received": "2026-11-20T10:12:13.14Z", "family": "apps", "ce_id": "e-1"}
			if diff := cmp.Diff(want, headersOf(r)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIngestFails asserts that nothing but an acknowledged write is called stored.
func TestIngestFails(t *testing.T) {
	tests := []struct {
		name      string
		publisher *publisher
		body      string
		topic     string
		reason    bridge.Reason
		records   int
	}{
		{"not authorized", refusing("qlik.apps", bridge.NotAuthorized), withMembers(""), "qlik.apps", bridge.NotAuthorized, 1},
		{"buffer full", refusing("qlik.apps", bridge.BufferFull), withMembers(""), "qlik.apps", bridge.BufferFull, 1},
		{"dead letter not authorized", refusing("qlik.dead-letter", bridge.NotAuthorized), "<no event>", "qlik.dead-letter", bridge.NotAuthorized, 1},
		{"dead letter too large", refusing("qlik.dead-letter", bridge.RecordTooLarge), "<no event>", "qlik.dead-letter", bridge.RecordTooLarge, 1},
		{"neither the event nor its dead letter", &publisher{settle: func(_ *bridge.Record, settle func(bridge.Position, error)) {
			settle(bridge.Position{}, &bridge.Refusal{Reason: bridge.RecordTooLarge, Err: errors.New("too large")})
		}}, withMembers(""), "qlik.dead-letter", bridge.RecordTooLarge, 2},
		{"an error without a reason", &publisher{settle: func(_ *bridge.Record, settle func(bridge.Position, error)) {
			settle(bridge.Position{}, errors.New("something else"))
		}}, withMembers(""), "qlik.apps", bridge.KafkaError, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newIngester(t, tt.publisher).Ingest(t.Context(), deliver(tt.body))
			checkReceipt(t, got, bridge.Failed, tt.topic, tt.reason)
			if len(tt.publisher.records) != tt.records {
				t.Errorf("got %d records, want %d", len(tt.publisher.records), tt.records)
			}
		})
	}
}

// TestIngestTimesOut asserts that a delivery waits for AckTimeout and no longer, for an event and for a dead letter, and that Kafka's
// late answer finds nobody waiting and does no harm.
func TestIngestTimesOut(t *testing.T) {
	for name, body := range map[string]string{"event": withMembers(""), "dead letter": "<no event>"} {
		t.Run(name, func(t *testing.T) {
			var late func(bridge.Position, error)
			p := &publisher{settle: func(_ *bridge.Record, settle func(bridge.Position, error)) { late = settle }}
			i := newIngester(t, p)
			i.AckTimeout = 5 * time.Millisecond
			got := i.Ingest(t.Context(), deliver(body))

			if got.Outcome != bridge.Failed || got.Why == nil || got.Why.Reason != bridge.AckTimeout {
				t.Errorf("got %s, %v; want %s with %s", got.Outcome, got.Why, bridge.Failed, bridge.AckTimeout)
			}
			if p.contexts[0].Err() == nil {
				t.Errorf("got a context that goes on, want the record given up where no broker has seen it")
			}
			settled := make(chan struct{})
			go func() {
				late(bridge.Position{}, nil)
				close(settled)
			}()
			select {
			case <-settled:
			case <-time.After(5 * time.Second):
				t.Error("the late settle blocks")
			}
		})
	}
}

// TestIngestOutlivesItsCaller asserts that a sender who hangs up does not undo what he has handed over.
func TestIngestOutlivesItsCaller(t *testing.T) {
	for name, body := range map[string]string{"event": withMembers(""), "dead letter": "<no event>"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			asked := make(chan func(bridge.Position, error), 1)
			p := &publisher{settle: func(_ *bridge.Record, settle func(bridge.Position, error)) { asked <- settle }}
			go func() { (<-asked)(bridge.Position{Offset: 9}, nil) }()
			got := newIngester(t, p).Ingest(ctx, deliver(body))

			if got.Outcome == bridge.Failed || got.At.Offset != 9 {
				t.Errorf("got %s at %v, %v; want it stored at offset 9", got.Outcome, got.At, got.Why)
			}
		})
	}
}

// TestMetrics asserts what is counted, and by which labels: they come from configured sources, the catalogue, and constants.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	p := refusing("qlik.dead-letter", bridge.NotAuthorized)
	i := newIngester(t, p)
	i.Metrics = bridge.NewMetrics(reg)
	ingest := func(body string) { i.Ingest(t.Context(), deliver(body)) }
	ingest(withMembers(""))
	ingest(withMembers(""))
	ingest(`{"cloudEventsVersion":"0.1","eventId":"e","eventType":"com.qlik.v1.app.created"}`)
	ingest(`{"type":"made.up.by.the.sender"}`)
	ingest("<no event>")
	p.settle = nil
	ingest("<no event>")
	ingest("[]")

	want := map[string]float64{
		"qlik_bridge_dead_letters_total{reason=batch,source=qlik}":                       1,
		"qlik_bridge_dead_letters_total{reason=invalid_json,source=qlik}":                1,
		"qlik_bridge_envelopes_total{envelope=cloudevents}":                              3,
		"qlik_bridge_envelopes_total{envelope=legacy}":                                   1,
		"qlik_bridge_ingested_total{family=apps,outcome=published,source=qlik}":          3,
		"qlik_bridge_ingested_total{family=dead-letter,outcome=dead-letter,source=qlik}": 2,
		"qlik_bridge_ingested_total{family=dead-letter,outcome=failed,source=qlik}":      1,
		"qlik_bridge_ingested_total{family=other,outcome=published,source=qlik}":         1,
		"qlik_bridge_old_names_total{family=apps}":                                       1,
		"qlik_bridge_publish_failures_total{reason=not_authorized}":                      1,
		"qlik_bridge_repairs_total{repair=id_missing}":                                   1,
		"qlik_bridge_repairs_total{repair=source_missing}":                               2,
		"qlik_bridge_repairs_total{repair=time_missing}":                                 2,
	}
	got := counted(t, reg)
	maps.DeleteFunc(got, func(_ string, count float64) bool { return count == 0 })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

// TestMetricsBeginAtZero asserts that every failure has a series before it happens: a rate does not see one that is born with 1.
func TestMetricsBeginAtZero(t *testing.T) {
	reg := prometheus.NewRegistry()
	bridge.NewMetrics(reg, "qlik", "acme")
	got := counted(t, reg)
	for _, series := range []string{
		"qlik_bridge_dead_letters_total{reason=no_type,source=acme}", "qlik_bridge_dead_letters_total{reason=record_too_large,source=qlik}",
		"qlik_bridge_publish_failures_total{reason=ack_timeout}",
	} {
		if count, ok := got[series]; !ok || count != 0 {
			t.Errorf("%s: got %v, %v, want 0", series, count, ok)
		}
	}
}

// TestFailing asserts that a bridge whose deliveries fail in a row says so and why, until one is taken or a while has passed.
func TestFailing(t *testing.T) {
	p := refusing("qlik.apps", bridge.NotEnoughReplicas)
	i := newIngester(t, p)
	for n := range 5 {
		if err := i.Failing(receivedAt); err != nil {
			t.Errorf("after %d failures: got %v, want none yet", n, err)
		}
		i.Ingest(t.Context(), deliver(withMembers("")))
	}
	if err := i.Failing(receivedAt); err == nil || !strings.Contains(err.Error(), "not_enough_replicas") {
		t.Errorf("after 5 failures: got %v, want the reason", err)
	}
	if err := i.Failing(receivedAt.Add(time.Minute)); err != nil {
		t.Errorf("a minute later: got %v, want it forgotten", err)
	}
	if err := i.Failing(receivedAt.Add(-time.Minute)); err != nil {
		t.Errorf("when the clock was set back a minute: got %v, want it forgotten", err)
	}
	p.settle = nil
	i.Ingest(t.Context(), deliver(withMembers("")))
	if err := i.Failing(receivedAt); err != nil {
		t.Errorf("after a success: got %v, want none", err)
	}
}

// counted is each counter of a registry by its name and labels.
func counted(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatalf("gathering: %v", err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) != 0 {
		t.Errorf("got %v, %v; want names as Prometheus has them", problems, err)
	}
	counters := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			counters[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue()
		}
	}
	return counters
}
