package bridge_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// requeuedAt is when every dead letter of these tests is requeued.
var requeuedAt = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func newRequeuer(p bridge.Publisher) *bridge.Requeuer {
	return &bridge.Requeuer{Catalog: topics.Default(), Topics: topics.DefaultConfig(), Publisher: p, AckTimeout: 10 * time.Second,
		Now: func() time.Time { return requeuedAt }}
}

// asDeadLetter lets the bridge set a body aside, and reads the dead letter back.
func asDeadLetter(t *testing.T, d bridge.Delivery) bridge.DeadLetter {
	t.Helper()
	p := &publisher{settle: func(r *bridge.Record, settle func(bridge.Position, error)) {
		if r.Topic != "qlik.dead-letter" {
			settle(bridge.Position{}, &bridge.Refusal{Reason: bridge.RecordTooLarge, Err: errors.New("the broker says no")})
			return
		}
		settle(bridge.Position{}, nil)
	}}
	newIngester(t, p).Ingest(t.Context(), d)
	letter, ok := bridge.ReadDeadLetter(p.records[len(p.records)-1], bridge.Position{Partition: 2, Offset: 17})
	if !ok {
		t.Fatalf("got no dead letter of %q, want one", d.Body)
	}
	return letter
}

// TestReadDeadLetter asserts that a delivery comes back out of its dead letter as it was received.
func TestReadDeadLetter(t *testing.T) {
	for _, tt := range []struct {
		name   string
		d      bridge.Delivery
		reason bridge.Reason
		id     string
	}{
		{"no JSON", deliver("{no\x1b[31m"), bridge.InvalidJSON, ""},
		{"empty", deliver(""), bridge.EmptyBody, ""},
		{"no UTF-8", deliver("{\"type\": \"\xff\"}"), bridge.InvalidUTF8, ""},
		{"too large for Kafka", deliver(withMembers("")), bridge.RecordTooLarge, "e-1"},
		{"an audit", bridge.Delivery{Origin: bridge.Audits, Source: "acme", Body: []byte("[]"), ReceivedAt: receivedAt}, bridge.Batch, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := asDeadLetter(t, tt.d)
			if got.Reason != tt.reason || got.ID != tt.id || got.Error == "" || got.At.String() != "qlik.dead-letter/2/17" {
				t.Errorf("got %+v, want the reason %s and the id %q", got, tt.reason, tt.id)
			}
			if string(got.Body) != string(tt.d.Body) || got.Origin != tt.d.Origin || got.Source != tt.d.Source || !got.ReceivedAt.Equal(receivedAt) {
				t.Errorf("got the delivery %+v, want %+v", got.Delivery, tt.d)
			}
		})
	}
	t.Run("neither time nor reason", func(t *testing.T) {
		got, ok := bridge.ReadDeadLetter(&bridge.Record{Headers: []bridge.Header{{Key: "received", Value: []byte("noon")}}, Time: requeuedAt}, bridge.Position{})
		if ok || !got.ReceivedAt.Equal(requeuedAt) {
			t.Errorf("got %+v, %t; want the record's time, and that it is no dead letter", got, ok)
		}
	})
}

// TestRequeue asserts that what was too large is published as it would have been, that both value and headers say that it was requeued and
// from where, that a note of it stands beside the dead letter, and that the value is a CloudEvent.
func TestRequeue(t *testing.T) {
	letter, p := asDeadLetter(t, deliver(withMembers(""))), &publisher{}
	got := newRequeuer(p).Requeue(t.Context(), letter)
	checkReceipt(t, got, bridge.Published, "qlik.apps", "")
	if len(p.records) != 2 {
		t.Fatalf("got %d records, want the event and the note", len(p.records))
	}
	event, note := p.records[0], p.records[1]
	judge(t, got.Event)
	out := readOutput(t, event.Value)
	if string(out["recordedtime"]) != recorded || string(out["requeuedtime"]) != `"2026-11-24T09:00:00Z"` || string(out["id"]) != `"e-1"` || string(out["data"]) != appData {
		t.Errorf("got %s, want the event with its id, data and recordedtime, and requeuedtime", event.Value)
	}
	if event.Topic != "qlik.apps" || string(event.Key) != "app-1" || !event.Time.Equal(requeuedAt) {
		t.Errorf("got key %s in %s at %v, want app-1 in qlik.apps at %v", event.Key, event.Topic, event.Time, requeuedAt)
	}
	want := map[string]string{
		"content-type": "application/cloudevents+json; charset=utf-8", "ce_id": "e-1", "ce_type": "com.qlik.app.created", "ce_source": "com.qlik/engine",
		"ce_time": "2026-11-20T10:00:00Z", "requeued": "2026-11-24T09:00:00Z", "requeued-from": "qlik.dead-letter/2/17",
	}
	if diff := cmp.Diff(want, headersOf(event)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	checkNote(t, note, letter)
}

func checkNote(t *testing.T, note *bridge.Record, letter bridge.DeadLetter) {
	t.Helper()
	want := map[string]string{"requeued": "2026-11-24T09:00:00Z", "requeued-from": "qlik.dead-letter/2/17", "requeued-to": "qlik.apps/4/17", "family": "apps", "ce_id": "e-1"}
	if diff := cmp.Diff(want, headersOf(note)); diff != "" {
		t.Errorf("headers of the note (-want +got):\n%s", diff)
	}
	if note.Topic != "qlik.dead-letter" || string(note.Key) != "e-1" || note.Value == nil || len(note.Value) > 0 || !note.Time.Equal(requeuedAt) {
		t.Errorf("got %q of key %q in %s, want an empty value, which is no tombstone, of the dead letter's key", note.Value, note.Key, note.Topic)
	}
	read, ok := bridge.ReadRequeued(note)
	to := bridge.Place{Topic: "qlik.apps", Position: bridge.Position{Partition: 4, Offset: 17}}
	if !ok || read.From != letter.At || read.To != to || !read.At.Equal(requeuedAt) {
		t.Errorf("got %+v, %t; want from %v to %v", read, ok, letter.At, to)
	}
	if _, isLetter := bridge.ReadDeadLetter(note, bridge.Position{}); isLetter {
		t.Error("a note is taken for a dead letter")
	}
}

// TestRequeueForged asserts that a body does not decide what requeuedtime says, and that a dead letter is not taken for a note.
func TestRequeueForged(t *testing.T) {
	event, err := bridge.Normalise(deliver(withMembers(`,"requeuedtime":"2001-01-01T00:00:00Z"`)), topics.Default())
	if err != nil || strings.Contains(string(event.AppendJSON(nil)), "requeuedtime") || event.Repairs.String() != "own_name" {
		t.Errorf("got %v %s, want the attribute left out", err, event.AppendJSON(nil))
	}
	forged := &bridge.Record{Headers: []bridge.Header{{Key: "reason", Value: []byte("batch")}, {Key: "requeued-from", Value: []byte("qlik.dead-letter/0/1")}}}
	if _, ok := bridge.ReadRequeued(forged); ok {
		t.Error("a record with a reason is taken for a note")
	}
}

// TestRequeueStays asserts what does not become an event, and that then nothing says it had: what still cannot be read, what Kafka still
// does not take, and where Kafka does not answer, for the event or for the note.
func TestRequeueStays(t *testing.T) {
	tests := []struct {
		name      string
		body      string
		publisher *publisher
		outcome   bridge.Outcome
		topic     string
		reason    bridge.Reason
		records   int
	}{
		{"unreadable", "{", &publisher{}, bridge.DeadLettered, "qlik.dead-letter", bridge.InvalidJSON, 0},
		{"still too large", withMembers(""), refusing("qlik.apps", bridge.RecordTooLarge), bridge.DeadLettered, "qlik.dead-letter", bridge.RecordTooLarge, 1},
		{"not authorized", withMembers(""), refusing("qlik.apps", bridge.NotAuthorized), bridge.Failed, "qlik.apps", bridge.NotAuthorized, 1},
		{"no note", withMembers(""), refusing("qlik.dead-letter", bridge.NotAuthorized), bridge.Failed, "qlik.dead-letter", bridge.NotAuthorized, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newRequeuer(tt.publisher).Requeue(t.Context(), asDeadLetter(t, deliver(tt.body)))
			checkReceipt(t, got, tt.outcome, tt.topic, tt.reason)
			if len(tt.publisher.records) != tt.records {
				t.Errorf("got %d records, want %d", len(tt.publisher.records), tt.records)
			}
		})
	}
}

// TestRequeueDeadline asserts that Kafka's silence ends after AckTimeout, and that a caller who goes away does not leave an event without
// its note.
func TestRequeueDeadline(t *testing.T) {
	letter := asDeadLetter(t, deliver(withMembers("")))
	q := newRequeuer(&publisher{settle: func(*bridge.Record, func(bridge.Position, error)) {}})
	q.AckTimeout = 20 * time.Millisecond
	checkReceipt(t, q.Requeue(t.Context(), letter), bridge.Failed, "qlik.apps", bridge.AckTimeout)

	gone, cancel := context.WithCancel(t.Context())
	p := &publisher{settle: func(_ *bridge.Record, settle func(bridge.Position, error)) { cancel(); settle(bridge.Position{}, nil) }}
	checkReceipt(t, newRequeuer(p).Requeue(gone, letter), bridge.Published, "qlik.apps", "")
	if len(p.records) != 2 {
		t.Errorf("got %d records, want the event and the note", len(p.records))
	}
}

func TestParsePlace(t *testing.T) {
	for _, s := range []string{"qlik.dead-letter/0/0", "a/2147483647/9223372036854775807"} {
		if got, err := bridge.ParsePlace(s); err != nil || got.String() != s {
			t.Errorf("%s: got %s, %v; want it as it is", s, got, err)
		}
	}
	for _, s := range []string{"", "/", "a", "a/1", "/0/1", "a/b/1", "a/1/-1", "a/1/2/3", "a/2147483648/1", "a/1/9223372036854775808", "a/ 1/2"} {
		if got, err := bridge.ParsePlace(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, got)
		}
	}
}

// TestDeadLetterReasonsDocumented asserts that docs/dead-letters.md says of each reason what it is and what to do, and of no other.
func TestDeadLetterReasonsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/dead-letters.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []bridge.Reason
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)` \\| .+ \\| .+ \\|$").FindAllSubmatch(page, -1) {
		got = append(got, bridge.Reason(row[1]))
	}
	if diff := cmp.Diff(bridge.DeadLetterReasons(), got); diff != "" {
		t.Errorf("the table of docs/dead-letters.md (-want +got):\n%s", diff)
	}
}
