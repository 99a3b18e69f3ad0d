package ingress_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// TestLogLine asserts that each request leaves exactly one line, with its outcome.
func TestLogLine(t *testing.T) {
	tests := []struct {
		name  string
		send  wire
		in    func(bridge.Delivery) bridge.Receipt
		level string
		want  map[string]any // members of the line
	}{
		{name: "published", send: wire{body: event, header: []string{"Traceparent: " + traceParent}}, in: ingester(nil).ingest, level: "INFO", want: map[string]any{
			"source": "qlik", "status": 200.0, "bytes": float64(len(event)), "secret": "active", "outcome": "published", "topic": "qlik.apps", "partition": 7.0, "offset": 9.0,
			"id": "e-1", "type": "com.qlik.app.created", "envelope": "cloudevents", "repairs": "time_missing", "traceparent": traceParent}},
		{name: "published by the retiring secret", send: wire{body: event, signed: []string{sign(retiringSecret, event)}}, level: "INFO", want: map[string]any{"secret": "retiring"}},
		{name: "dead letter", send: wire{body: "x"}, in: ingester(nil).ingest, level: "WARN", want: map[string]any{"outcome": "dead-letter", "topic": "qlik.dead-letter", "reason": "invalid_json"}},
		{name: "failed", send: wire{body: event}, in: failed(bridge.AckTimeout), level: "WARN", want: map[string]any{"status": 503.0, "outcome": "failed", "reason": "ack_timeout", "offset": nil}},
		{name: "refused", send: wire{body: event, signed: unsigned}, level: "INFO", want: map[string]any{"status": 401.0, "outcome": "refused", "reason": "signature_missing", "secret": nil, "bytes": 0.0}},
		{name: "unknown source", send: wire{target: "/webhooks/planted", body: event}, level: "INFO", want: map[string]any{"status": 404.0, "source": "", "reason": "unknown_source"}},
		{name: "a traceparent that is none", send: wire{body: event, header: []string{"Traceparent: planted"}}, in: ingester(nil).ingest, level: "INFO", want: map[string]any{"traceparent": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) {
				if tt.in != nil {
					s.ingest = tt.in
				}
			})
			d.send(t, tt.send)
			d.shut(t)
			lines := d.log.lines(t, "delivery")
			if len(lines) != 1 || strings.Count(d.log.String(), "\n") != 1 {
				t.Fatalf("got %s, want one line", d.log)
			}
			for name, want := range tt.want {
				if got := lines[0][name]; got != want {
					t.Errorf("got %s %v, want %v", name, got, want)
				}
			}
			if got := lines[0]["level"]; got != tt.level {
				t.Errorf("got level %v, want %s", got, tt.level)
			}
			if strings.Contains(d.log.String(), "planted\"") && tt.name != "failed" {
				t.Errorf("got %s, want nothing that the sender made up", d.log)
			}
		})
	}
}

// TestLogHoldsNothingPersonal sends bodies of every kind with words planted where personal data stands, and looks for them in the log.
func TestLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	bodies := []string{
		`{"specversion":"1.0","id":"e-1","type":"com.qlik.app.created","source":"s","userid":"planted-1","authclaims":"{\"sub\":\"planted-2\"}",
			"data":{"id":"planted-3","name":"planted-4"}}`,
		`{"cloudEventsVersion":"0.1","eventId":"e-2","eventType":"com.qlik.v1.app.created","eventTime":"planted-5","source":"planted 6",
			"extensions":{"actor":{"sub":"planted-7"},"userId":"planted-8"},"data":{"id":"planted-9"}}`,
		`{"specversion":"1.0","id":"e-3","type":"com.qlik.unheard.of","userid":"planted-1","data":{"id":"planted-2"}}`,
		`{"specversion":"1.0","id":"e-4","type":"x.y","userid":"planted-1","userid":"planted-2"}`,      // duplicate_key
		`{"specversion":"1.0","id":"e-5","type":"x.y","userid":"planted-1","userId":"planted-2"}`,      // name_collision
		`{"specversion":"1.0","id":"e-6","type":"x.y","data":{"name":"planted-1" "planted-2"}}`,        // invalid_json
		`{"specversion":"1.0","id":"e-7","type":"x.y","data_base64":"planted-1","userid":"planted-2"}`, // invalid_data
		`{"specversion":"1.0","id":"e-8","userid":"planted-1"}`,                                        // no_type
		`["planted-1"]`, `"planted-1"`, `planted-1`, `{"a":"planted-1`, "{\"a\":\"planted-1\xff\"}", // no object
		`{"specversion":"1.0","id":"e-9","type":"x.y","source":"s` + strings.Repeat("x", 1100) + `","a":"planted-1"}`, // attribute_too_long
	}
	for name, in := range map[string]*bridge.Ingester{"published": ingester(nil).Ingester, "failed": ingester(&bridge.Refusal{Reason: bridge.KafkaError, Err: context.Canceled}).Ingester} {
		d := open(t, func(s *setup) {
			s.ingest = func(delivery bridge.Delivery) bridge.Receipt { return in.Ingest(context.Background(), delivery) }
		})
		for i, body := range bodies {
			d.send(t, wire{body: body})
			d.send(t, wire{body: body, signed: unsigned})
			if got := d.calls.Load(); got != int64(i+1) {
				t.Fatalf("%s, body %d: got %d ingested, want %d", name, i, got, i+1)
			}
		}
		d.shut(t)
		if got := len(d.log.lines(t, "delivery")); got != 2*len(bodies) {
			t.Errorf("%s: got %d lines, want %d", name, got, 2*len(bodies))
		}
		for line := range strings.Lines(d.log.String()) {
			if strings.Contains(line, "planted") || strings.Contains(line, activeSecret) {
				t.Errorf("%s: got %s, want no word that was planted", name, line)
			}
		}
	}
}

// TestSeriesAreClosed sends 500 requests of random methods, paths, types and headers, and asserts that every label is a word that we chose.
func TestSeriesAreClosed(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		word := fmt.Sprintf("%x", random.Uint32())
		w := wire{
			method: pick(random, "POST", "POST", "POST", "GET", "M"+word),
			target: pick(random, "/webhooks/qlik", "/webhooks/qlik", "/webhooks/"+word, "/"+word),
			header: []string{pick(random, "Content-Encoding: "+word, "Content-Type: "+word, "X-"+word+": "+word)},
			body:   `{"type":"` + word + `","source":"` + word + `"}`,
		}
		switch random.IntN(4) {
		case 0:
			w.signed = unsigned
		case 1:
			w.signed = []string{word}
		}
		d.send(t, w)
	}
	d.shut(t)
	series := d.series(t)
	words := map[string]bool{"": true, "qlik": true, "active": true, "200": true, "401": true, "404": true, "405": true, "415": true, "wrong_method": true,
		"unknown_source": true, "unknown_path": true, "content_encoding": true, "signature_missing": true, "signature_malformed": true, "connections": true, "headers": true}
	total := 0.0
	for name, count := range series {
		_, labels, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		for label := range strings.SplitSeq(labels, ",") {
			if _, value, _ := strings.Cut(label, "="); !words[value] {
				t.Errorf("got %s, want no label %q", name, value)
			}
		}
		if strings.HasPrefix(name, "qlik_bridge_requests_total") {
			total += count
		}
	}
	if total != 500 || series["qlik_bridge_request_seconds{}"] != 500 {
		t.Errorf("got %v requests counted and %v timed, want 500", total, series["qlik_bridge_request_seconds{}"])
	}
	if len(series) > 23 {
		t.Errorf("got %d series, want 23 at most: %v", len(series), series)
	}
}

// TestSignatureSeries asserts that the metrics tell which secret matched: a rotation is over when nothing is signed by the retiring one.
func TestSignatureSeries(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	for _, secret := range []string{activeSecret, retiringSecret, retiringSecret, "a secret that is not accepted at all"} {
		d.send(t, wire{body: event, signed: []string{sign(secret, event)}})
	}
	d.shut(t)
	series := d.series(t)
	for name, want := range map[string]float64{
		"qlik_bridge_signatures_total{secret=active,source=qlik}": 1, "qlik_bridge_signatures_total{secret=retiring,source=qlik}": 2, "qlik_bridge_body_bytes{}": 4,
	} {
		if got := series[name]; got != want {
			t.Errorf("got %s %v, want %v", name, got, want)
		}
	}
}

const traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// domain is the real one before a Kafka that is not.
type domain struct{ *bridge.Ingester }

func (d domain) ingest(delivery bridge.Delivery) bridge.Receipt {
	return d.Ingest(context.Background(), delivery)
}

// ingester settles every record at once, with refusal where that is not nil.
func ingester(refusal *bridge.Refusal) domain {
	return domain{&bridge.Ingester{
		Catalog: topics.Default(), Topics: topics.DefaultConfig(), Publisher: settler{refusal}, AckTimeout: time.Second, Metrics: bridge.NewMetrics(prometheus.NewRegistry()),
	}}
}

type settler struct{ refusal *bridge.Refusal }

func (s settler) Publish(_ context.Context, _ *bridge.Record, settle func(bridge.Position, error)) {
	if s.refusal != nil {
		settle(bridge.Position{}, s.refusal)
		return
	}
	settle(bridge.Position{Partition: 7, Offset: 9}, nil)
}
