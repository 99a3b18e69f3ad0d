package ingress_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
)

const (
	event = `{"specversion":"1.0","id":"e-1","source":"com.qlik/engine","type":"com.qlik.app.created","data":{"id":"app-1"}}`
	limit = 256 // of the bodies in the table
)

// statusCase is one line of the status table.
type statusCase struct {
	name      string
	send      wire
	becomes   func(bridge.Delivery) bridge.Receipt // nil: published
	impatient bool                                 // the rest of the body is not waited for long

	status int
	body   string            // the JSON of the answer; "": it has reason and error, and no outcome
	reason bridge.Reason     // of an answer without body
	header map[string]string // :: name -> value
	taken  bool              // ingest was called
}

var outcomeCases = []statusCase{
	{name: "published", send: wire{body: event}, status: 200, taken: true,
		body: `{"outcome":"published","id":"e-1","type":"com.qlik.app.created","topic":"qlik.apps","partition":0,"offset":0}`},
	{name: "published further on", send: wire{body: event}, status: 200, taken: true, becomes: publishedAt(3, 1<<40),
		body: `{"outcome":"published","id":"e-1","type":"com.qlik.app.created","topic":"qlik.apps","partition":3,"offset":1099511627776}`},
	{name: "dead letter", send: wire{body: "x"}, becomes: setAside(bridge.InvalidJSON), status: 200, taken: true, body: `{"outcome":"dead-letter","reason":"invalid_json"}`},
	{name: "signed empty body", send: wire{}, becomes: setAside(bridge.EmptyBody), status: 200, taken: true, body: `{"outcome":"dead-letter","reason":"empty_body"}`},
	{name: "Kafka away", send: wire{body: event}, becomes: failed(bridge.AckTimeout), status: 503, taken: true, header: map[string]string{"Retry-After": "5"},
		body: `{"reason":"ack_timeout","error":"neither Kafka nor the spool took the event; send it again"}`},
	{name: "no room to wait for Kafka", send: wire{body: event}, becomes: failed(bridge.BufferFull), status: 503, taken: true, header: map[string]string{"Retry-After": "5"},
		body: `{"reason":"buffer_full","error":"neither Kafka nor the spool took the event; send it again"}`},
	{name: "a bug of ours", send: wire{body: event}, becomes: func(bridge.Delivery) bridge.Receipt { panic("planted") }, status: 500, taken: true, body: `{"error":"internal error"}`},
}

const good = `{"outcome":"published","id":"e-1","type":"com.qlik.app.created","topic":"qlik.apps","partition":0,"offset":0}`

// TestStatus is the status table: status, JSON body, headers, the reason in the metrics, and that what is refused is never ingested.
func TestStatus(t *testing.T) {
	for _, cases := range [][]statusCase{outcomeCases, signatureCases, pathCases, methodCases(), bodyCases} {
		for _, tt := range cases {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				tt.run(t)
			})
		}
	}
}

func (tt statusCase) run(t *testing.T) {
	d := open(t, func(s *setup) {
		s.config.MaxBodyBytes = limit
		if tt.impatient {
			s.config.BodyTimeout = 300 * time.Millisecond
		}
		if tt.becomes != nil {
			s.ingest = tt.becomes
		}
	})
	got := d.send(t, tt.send)
	if got.status != tt.status {
		t.Fatalf("got %d %s, want %d", got.status, got.body, tt.status)
	}
	if taken := d.calls.Load() > 0; taken != tt.taken {
		t.Errorf("got ingest called %v, want %v", taken, tt.taken)
	}
	tt.checkBody(t, got)
	for name, want := range tt.header {
		if value := got.header.Get(name); value != want {
			t.Errorf("got %s %q, want %q", name, value, want)
		}
	}
	d.shut(t)
	tt.checkSeries(t, d.series(t))
}

func (tt statusCase) checkBody(t *testing.T, got answer) {
	t.Helper()
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("got Content-Type %q, want application/json", kind)
	}
	switch {
	case tt.send.method == "HEAD":
	case tt.body != "":
		if diff := cmp.Diff(tt.body, got.body); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
	default:
		if reason := got.member(t, "reason"); tt.reason != "" && reason != string(tt.reason) {
			t.Errorf("got reason %q, want %q", reason, tt.reason)
		}
		if got.member(t, "error") == "" || got.member(t, "outcome") != "" {
			t.Errorf("got %s, want an error and no outcome", got.body)
		}
	}
}

func (tt statusCase) checkSeries(t *testing.T, series map[string]float64) {
	t.Helper()
	source := "qlik"
	if tt.status == 404 {
		source = ""
	}
	if name := fmt.Sprintf("qlik_bridge_requests_total{source=%s,status=%d}", source, tt.status); series[name] != 1 {
		t.Errorf("got %v, want %s once", series, name)
	}
	if name := fmt.Sprintf("qlik_bridge_refused_total{reason=%s,source=%s}", tt.reason, source); tt.reason != "" && series[name] != 1 {
		t.Errorf("got %v, want %s once", series, name)
	}
}

// TestPanicEndsNothing asserts that the process goes on, on the same connection, after a bug was answered 500.
func TestPanicEndsNothing(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.ingest = func(delivery bridge.Delivery) bridge.Receipt {
			if string(delivery.Body) == "panic" {
				panic("planted")
			}
			return published(delivery)
		}
	})
	c := d.dial(t)
	write(t, c, wire{body: "panic"}.String()+wire{body: event}.String())
	for i, got := range readAll(t, c, 2) {
		if want := []int{500, 200}[i]; got.status != want {
			t.Errorf("answer %d: got %d, want %d", i, got.status, want)
		}
	}
	d.shut(t)
	if got := d.log.lines(t, "a bug: the handler panicked"); len(got) != 1 || got[0]["panic"] != "planted" {
		t.Errorf("got %v, want one line of the panic", got)
	}
}

func publishedAt(partition int32, offset int64) func(bridge.Delivery) bridge.Receipt {
	return func(d bridge.Delivery) bridge.Receipt {
		r := published(d)
		r.At = bridge.Position{Partition: partition, Offset: offset}
		return r
	}
}

func setAside(reason bridge.Reason) func(bridge.Delivery) bridge.Receipt {
	return func(bridge.Delivery) bridge.Receipt {
		return bridge.Receipt{Outcome: bridge.DeadLettered, Topic: "qlik.dead-letter", Why: &bridge.Refusal{Reason: reason, Err: errors.New("planted")}}
	}
}

func failed(reason bridge.Reason) func(bridge.Delivery) bridge.Receipt {
	return func(d bridge.Delivery) bridge.Receipt {
		r := published(d)
		r.Outcome, r.Why = bridge.Failed, &bridge.Refusal{Reason: reason, Err: errors.New("planted")}
		return r
	}
}
