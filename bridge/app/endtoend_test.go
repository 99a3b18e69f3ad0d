package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/sandbox"
	"qlikbridge/topics"
)

// posted is a sample on its way.
type posted struct {
	typ, envelope string
	body          []byte
	answer        sandbox.Answer
}

// TestEverySample posts a sample of every type in every envelope, and asserts of each that
//   - it is answered 200 with the topic of its family
//   - its record stands on that topic once, as a CloudEvent with its id, type and data byte for byte
//   - headers and key say what the value says
//   - nothing is in the dead-letter topic
func TestEverySample(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, nil)
	sent := postSamples(t, r)
	if len(sent) < 4*100 {
		t.Fatalf("got %d samples, want 400 or more", len(sent))
	}
	records := stored(t, r.config)
	if len(records) != len(sent) {
		t.Errorf("got %d records, want %d", len(records), len(sent))
	}
	want := map[string]int{}
	for _, p := range sent {
		family := topics.Other
		if known, ok := topics.Default().Lookup(p.typ); ok {
			family = known.Family.Name
		}
		want["qlik."+family]++
		if p.answer.Status != 200 || p.answer.Outcome != "published" || p.answer.Topic != "qlik."+family {
			t.Errorf("%s as %s: got %+v, want it published on qlik.%s", p.typ, p.envelope, p.answer, family)
		}
	}
	if diff := cmp.Diff(want, counts(t, r.config)); diff != "" {
		t.Errorf("records by topic (-want +got):\n%s", diff)
	}
	for _, record := range records {
		p, ok := sent[record.Header("ce_id")]
		if !ok {
			t.Errorf("got a record of %s on %s that nobody sent, or a second one", record.Header("ce_id"), record.Topic)
			continue
		}
		delete(sent, record.Header("ce_id"))
		p.check(t, record)
	}
}

// postSamples posts from eight senders; the samples are by id.
func postSamples(t *testing.T, r *running) map[string]posted {
	t.Helper()
	samples, work := sandbox.NewSamples(1, time.Now), make(chan posted)
	var senders sync.WaitGroup
	var mu sync.Mutex
	sent := map[string]posted{}
	for range 8 {
		senders.Go(func() {
			for p := range work {
				var err error
				if p.answer, err = r.tenant.Post(context.Background(), p.body); err != nil {
					t.Error(err)
				}
				mu.Lock()
				sent[p.answer.ID] = p
				mu.Unlock()
			}
		})
	}
	for _, typ := range sandbox.SampleTypes() {
		for _, envelope := range []bridge.Envelope{bridge.Legacy, bridge.Hybrid, bridge.CloudEvents, bridge.Audit} {
			body, err := samples.Body(typ, string(envelope))
			must(t, err)
			work <- posted{typ: typ, envelope: string(envelope), body: body}
		}
	}
	close(work)
	senders.Wait()
	return sent
}

func (p posted) check(t *testing.T, r kafka.Stored) {
	t.Helper()
	var got, body map[string]json.RawMessage
	must(t, json.Unmarshal(r.Value, &got))
	must(t, json.Unmarshal(p.body, &body))
	name := fmt.Sprintf("%s as %s", p.typ, p.envelope)
	if r.Topic != p.answer.Topic {
		t.Errorf("%s: got it on %s, want %s as answered", name, r.Topic, p.answer.Topic)
	}
	if string(got["data"]) != string(body["data"]) {
		t.Errorf("%s: got data %s, want %s", name, got["data"], body["data"])
	}
	for member, want := range map[string]string{
		"id": r.Header("ce_id"), "type": r.Header("ce_type"), "source": r.Header("ce_source"), "time": r.Header("ce_time"),
		"partitionkey": string(r.Key), "specversion": "1.0", "qlikenvelope": p.envelope,
	} {
		if text := unquote(t, got[member]); text != want || want == "" {
			t.Errorf("%s: got %s %q in the value, want %q", name, member, text, want)
		}
	}
	if r.Header("content-type") != "application/cloudevents+json; charset=utf-8" || r.Header("ce_type") != p.answer.Type {
		t.Errorf("%s: got headers %v, want the content type of a structured event and the type as answered", name, r.Headers)
	}
	recorded, err := time.Parse(time.RFC3339Nano, unquote(t, got["recordedtime"]))
	if err != nil || time.Since(recorded) > patience || r.Time.UnixMilli() != recorded.UnixMilli() {
		t.Errorf("%s: got recordedtime %s and the record of %s, want both the time of receipt", name, got["recordedtime"], r.Time)
	}
}

// TestWhereItGoes is what is special: older names, unknown types, what no event can be read from.
func TestWhereItGoes(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, func(c *app.Config) { c.Topics.Prefix = "acme.qlik." })
	tests := []struct {
		name, body string
		topic      string
		reason     bridge.Reason // of a dead letter
		today      string        // attribute qliktype
	}{
		{name: "today's name", body: `{"specversion":"1.0","type":"com.qlik.app.created","data":{"id":"a"}}`, topic: "apps"},
		{name: "older name", body: `{"cloudEventsVersion":"0.1","eventType":"com.qlik.v1.app.created","data":{"id":"a"}}`, topic: "apps", today: "com.qlik.app.created"},
		{name: "session", body: `{"specversion":"1.0","type":"com.qlik.user-session.begin","data":{"id":"a"}}`, topic: "user-sessions", today: "com.qlik.core.user-session.begun"},
		{name: "session, older name", body: `{"eventType":"com.qlik.core.user-session.begun","eventId":"x","data":{"id":"a"}}`, topic: "user-sessions"},
		{name: "unknown type", body: `{"specversion":"1.0","type":"com.qlik.unheard-of.created","data":{"id":"a"}}`, topic: "other"},
		{name: "no JSON", body: "not \x00 JSON \xff at all", topic: "dead-letter", reason: bridge.InvalidUTF8},
		{name: "cut JSON", body: `{"specversion":"1.0",`, topic: "dead-letter", reason: bridge.InvalidJSON},
		{name: "nothing", body: "", topic: "dead-letter", reason: bridge.EmptyBody},
		{name: "no type", body: ` {"specversion":"1.0","id":"x"}` + "\n", topic: "dead-letter", reason: bridge.NoType},
		{name: "batch", body: `[{"type":"a"}]`, topic: "dead-letter", reason: bridge.Batch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := time.Now().Truncate(time.Millisecond)
			answer := r.post(t, tt.body)
			if want := map[bool]string{true: "published", false: "dead-letter"}[tt.reason == ""]; answer.Status != 200 || answer.Outcome != want || answer.Reason != string(tt.reason) {
				t.Fatalf("got %+v, want 200 %s %s", answer, want, tt.reason)
			}
			record := last(t, r)
			if record.Topic != "acme.qlik."+tt.topic {
				t.Errorf("got it on %s, want acme.qlik.%s", record.Topic, tt.topic)
			}
			if tt.reason != "" {
				checkDeadLetter(t, record, tt.body, tt.reason, before)
				return
			}
			event := map[string]any{}
			must(t, json.Unmarshal(record.Value, &event))
			if got, _ := event["qliktype"].(string); got != tt.today {
				t.Errorf("got qliktype %q, want %q", got, tt.today)
			}
		})
	}
}

// last is the record that Kafka took last.
func last(t *testing.T, r *running) kafka.Stored {
	t.Helper()
	var latest kafka.Stored
	for _, record := range stored(t, r.config) {
		if !record.Time.Before(latest.Time) {
			latest = record
		}
	}
	return latest
}

func checkDeadLetter(t *testing.T, r kafka.Stored, body string, reason bridge.Reason, after time.Time) {
	t.Helper()
	if string(r.Value) != body {
		t.Errorf("got the value %q, want the body %q byte for byte", r.Value, body)
	}
	received, err := time.Parse(time.RFC3339Nano, r.Header("received"))
	if err != nil || received.Before(after) {
		t.Errorf("got received %q, want the time of receipt", r.Header("received"))
	}
	if r.Header("reason") != string(reason) || r.Header("source") != "qlik" || r.Header("origin") != "webhook" || r.Header("error") == "" {
		t.Errorf("got headers %v, want reason %s, source, origin and an error", r.Headers, reason)
	}
}

// TestLargestBody asserts that a body of exactly the limit is published, whatever it is made of, and that one byte more is refused.
func TestLargestBody(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, nil)
	limit := int(r.config.Ingress.MaxBodyBytes)
	for name, filler := range map[string]string{"letters": "x", "random": "", "what JSON escapes": `\u0001`} {
		body := sized(limit, filler)
		if answer := r.post(t, body); answer.Outcome != "published" {
			t.Errorf("%s: got %+v, want it published", name, answer)
		}
		if answer := r.post(t, body+" "); answer.Status != 413 {
			t.Errorf("%s and a byte more: got %+v, want 413", name, answer)
		}
	}
	if answer := r.post(t, sized(limit, "x")[1:]); answer.Outcome != "dead-letter" {
		t.Errorf("unreadable: got %+v, want a dead letter", answer)
	}
	if got := len(stored(t, r.config)); got != 4 {
		t.Errorf("got %d records, want 4", got)
	}
}

// sized is an event of so many bytes with an attribute of the filler over and over; "": of letters in no order.
func sized(n int, filler string) string {
	const head, tail = `{"type":"com.qlik.app.created","data":{"id":"a"},"padding":"`, `"}`
	room := n - len(head) - len(tail)
	var b strings.Builder
	for random := rand.New(rand.NewPCG(5, 6)); filler == "" && b.Len() < room; {
		b.WriteByte('a' + byte(random.IntN(26)))
	}
	for filler != "" && b.Len()+len(filler) <= room {
		b.WriteString(filler)
	}
	return head + b.String() + strings.Repeat("x", room-b.Len()) + tail
}

func unquote(t *testing.T, value json.RawMessage) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		t.Errorf("got %s, want a string: %v", value, err)
	}
	return s
}
