package bridge_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// receivedAt is when every delivery of these tests came in; recorded is how an event says so.
var receivedAt = time.Date(2026, 11, 20, 11, 12, 13, 140_000_000, time.FixedZone("", 3600))

const recorded = `"2026-11-20T10:12:13.14Z"`

// normaliseCase is one body and what is to become of it. The cases stand in the files of what they are about; all are judged by the
// CloudEvents SDK too, are normalised a second time, and are the seeds of the fuzz target.
type normaliseCase struct {
	name   string
	origin bridge.Origin // "": Webhook
	body   string
	reason bridge.Reason // of the refusal; "": it is an event

	// Of an event.
	want    map[string]string // :: attribute -> its JSON, "" where it must be absent; the others are not looked at
	data    string            // the JSON of data byte for byte; "": there is none
	key     string            // "": not looked at
	repairs string
	once    bool // with what the bridge adds it has more members than the bridge takes
}

func allCases() []normaliseCase {
	return slices.Concat(envelopeCases, identityCases, attributeCases, memberCases)
}

func (c normaliseCase) delivery() bridge.Delivery {
	d := bridge.Delivery{Origin: c.origin, Source: "qlik", Body: []byte(c.body), ReceivedAt: receivedAt}
	if d.Origin == "" {
		d.Origin = bridge.Webhook
	}
	return d
}

// withMembers is a CloudEvent of an app, with further members as JSON.
func withMembers(further string) string {
	return `{"specversion":"1.0","id":"e-1","source":"com.qlik/engine","type":"com.qlik.app.created","time":"2026-11-20T10:00:00Z","tenantid":"t-1"` +
		further + `,"data":` + appData + `}`
}

// withData is a CloudEvent of an app whose data is the given JSON.
func withData(data string) string {
	return `{"specversion":"1.0","id":"e-1","source":"com.qlik/engine","type":"com.qlik.app.created","time":"2026-11-20T10:00:00Z","data":` + data + `}`
}

const appData = `{"id":"app-1"}`

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "sha256-" + hex.EncodeToString(sum[:])
}

func TestNormalise(t *testing.T) {
	for _, tt := range allCases() {
		t.Run(tt.name, func(t *testing.T) {
			before := []byte(tt.body)
			d := tt.delivery()
			event, err := bridge.Normalise(d, topics.Default())
			if !bytes.Equal(d.Body, before) {
				t.Errorf("the body was changed to %q", d.Body)
			}
			if tt.reason != "" {
				checkReason(t, err, tt.reason)
				return
			}
			if err != nil {
				t.Fatalf("got %v, want an event", err)
			}
			checkCase(t, tt, event)
		})
	}
}

func checkReason(t *testing.T, err error, want bridge.Reason) {
	t.Helper()
	var refusal *bridge.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal with %s", err, want)
	}
	if refusal.Reason != want {
		t.Errorf("got %v, want the reason %s", refusal, want)
	}
	if refusal.Err == nil {
		t.Errorf("got a refusal without an error")
	}
}

func checkCase(t *testing.T, tt normaliseCase, event *bridge.Event) {
	t.Helper()
	out := readOutput(t, event.AppendJSON(nil))
	for name, want := range tt.want {
		if got := string(out[name]); got != want {
			t.Errorf("%s: got %s, want %s", name, orAbsent(got), orAbsent(want))
		}
	}
	data := out["data"]
	if event.Base64 {
		data = out["data_base64"]
	}
	if string(data) != tt.data || string(event.Data) != tt.data {
		t.Errorf("data: got %s, and %s in the event, want %s", orAbsent(string(data)), event.Data, orAbsent(tt.data))
	}
	if tt.key != "" && event.Key != tt.key {
		t.Errorf("key: got %q, want %q", event.Key, tt.key)
	}
	if got := event.Repairs.String(); got != tt.repairs {
		t.Errorf("repairs: got %q, want %q", got, tt.repairs)
	}
	checkAlways(t, event, out)
}

// checkAlways asserts what holds for each event: the four identifying attributes and the added ones.
func checkAlways(t *testing.T, event *bridge.Event, out map[string]jsontext.Value) {
	t.Helper()
	want := map[string]string{
		"specversion": "1.0", "id": event.ID, "source": event.Source, "type": event.Type, "time": event.Time,
		"partitionkey": event.Key, "qlikenvelope": string(event.Envelope), "qliktype": event.Today,
	}
	for name, value := range want {
		if got := unquote(t, out[name]); got != value {
			t.Errorf("%s: got %q, want %q as in the event", name, got, value)
		}
		if value == "" && name != "qliktype" {
			t.Errorf("%s: got nothing, want it in every event", name)
		}
	}
	if got := string(out["recordedtime"]); got != recorded {
		t.Errorf("recordedtime: got %s, want %s", got, recorded)
	}
}

// readOutput reads JSON strictly (valid UTF-8, no name twice) into its members.
func readOutput(t *testing.T, text []byte) map[string]jsontext.Value {
	t.Helper()
	members := map[string]jsontext.Value{}
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	if _, err := dec.ReadToken(); err != nil {
		t.Fatalf("reading %s: %v", text, err)
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			t.Fatalf("reading %s: %v", text, err)
		}
		name := token.String()
		value, err := dec.ReadValue()
		if err != nil {
			t.Fatalf("reading %s of %s: %v", name, text, err)
		}
		members[name] = bytes.Clone(value)
	}
	if _, err := dec.ReadToken(); err != nil || dec.InputOffset() != int64(len(text)) {
		t.Fatalf("reading %s: %v at %d, want the end of the object and of the text", text, err, dec.InputOffset())
	}
	return members
}

func unquote(t *testing.T, v jsontext.Value) string {
	t.Helper()
	if len(v) == 0 {
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		t.Errorf("unquoting %s: %v", v, err)
	}
	return string(text)
}

func orAbsent(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// TestNormaliseAgain asserts that a record of ours, given back to the bridge, is the same event: same id, type, source, time, key and
// data.
func TestNormaliseAgain(t *testing.T) {
	for _, tt := range allCases() {
		if tt.reason != "" || tt.once {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			first, err := bridge.Normalise(tt.delivery(), topics.Default())
			if err != nil {
				t.Fatalf("got %v, want an event", err)
			}
			checkAgain(t, first)
		})
	}
}

func checkAgain(t *testing.T, first *bridge.Event) {
	t.Helper()
	later := bridge.Delivery{Origin: bridge.Webhook, Source: "qlik", Body: first.AppendJSON(nil), ReceivedAt: receivedAt.Add(time.Hour)}
	second, err := bridge.Normalise(later, topics.Default())
	if err != nil {
		t.Fatalf("got %v the second time, want an event", err)
	}
	got := [...]string{second.ID, second.Type, second.Source, second.Time, second.Key, string(second.Data), second.Family.Name, second.Today}
	want := [...]string{first.ID, first.Type, first.Source, first.Time, first.Key, string(first.Data), first.Family.Name, first.Today}
	if got != want {
		t.Errorf("got %q the second time, want %q", got, want)
	}
}
