package bridge_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json/jsontext"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// samples are payloads as Qlik's documentation prints them; they are not part of the project.
var samples = filepath.Join("..", "..", "shared", "qlik", "samples")

var attributeName = regexp.MustCompile(`^[a-z0-9]+$`)

// judge lets the CloudEvents SDK read a record's value: it must be one valid CloudEvent that says what the event says.
func judge(t *testing.T, e *bridge.Event) {
	t.Helper()
	value := e.AppendJSON(nil)
	out := readOutput(t, value)
	if hasHugeNumber(e.Data) {
		return // valid JSON, kept as sent; the JSON library of this SDK stumbles over it
	}
	var got event.Event
	if err := json.Unmarshal(value, &got); err != nil {
		t.Fatalf("the SDK cannot read %.2000s: %v", value, err)
	}
	if err := got.Validate(); err != nil {
		t.Fatalf("the SDK finds %.2000s invalid: %v", value, err)
	}
	if got.SpecVersion() != "1.0" || got.ID() != e.ID || got.Type() != e.Type || got.Source() != reprint(t, e.Source) {
		t.Errorf("got id %q, type %q, source %q, version %q; want %q, %q, %q, 1.0", got.ID(), got.Type(), got.Source(), got.SpecVersion(), e.ID, e.Type, e.Source)
	}
	if want, err := time.Parse(time.RFC3339, e.Time); err != nil || !got.Time().Equal(want) {
		t.Errorf("got time %v, want %s", got.Time(), e.Time)
	}
	judgeData(t, &got, e)
	for name, sent := range out {
		judgeAttribute(t, &got, name, sent)
	}
}

// hasHugeNumber reports whether a number in JSON is beyond what a float of 64 bits holds.
func hasHugeNumber(data []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if token.Kind() == '0' {
			if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
				return true
			}
		}
	}
}

// reprint writes a reference as the SDK does, which keeps it parsed: an empty fragment is lost, for example.
func reprint(t *testing.T, reference string) string {
	t.Helper()
	u, err := url.Parse(reference)
	if err != nil {
		t.Fatalf("got the reference %q: %v", reference, err)
	}
	return u.String()
}

func judgeData(t *testing.T, got *event.Event, e *bridge.Event) {
	t.Helper()
	want := string(e.Data)
	switch mediaType := got.DataMediaType(); {
	case e.Base64:
		decoded, err := base64.StdEncoding.DecodeString(unquote(t, e.Data))
		if err != nil {
			t.Errorf("data_base64: %v", err)
		}
		want = string(decoded)
	case e.Data != nil && mediaType != "application/json" && mediaType != "text/json" && !strings.HasSuffix(mediaType, "+json"):
		want = unquote(t, e.Data) // a string of that media type
	case e.Data != nil && e.Data[0] == '"' && strings.HasSuffix(mediaType, "+json"):
		return // the SDK of this version takes it for text
	}
	if string(got.Data()) != want {
		t.Errorf("the SDK gives data %.200q, want %.200q", got.Data(), want)
	}
}

// judgeAttribute asserts that the SDK has the attribute as it stands in the record.
func judgeAttribute(t *testing.T, got *event.Event, name string, sent jsontext.Value) {
	t.Helper()
	switch name {
	case "specversion", "id", "type", "source", "time", "data", "data_base64":
		return
	}
	if !attributeName.MatchString(name) {
		t.Errorf("got the attribute name %q, want lower-case letters and digits", name)
	}
	var have, want any
	if err := json.Unmarshal(sent, &want); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	switch name {
	case "subject":
		have = got.Subject()
	case "dataschema":
		have, want = got.DataSchema(), reprint(t, want.(string))
	case "datacontenttype":
		have = got.DataContentType()
	default:
		have = got.Extensions()[name]
	}
	if number, ok := want.(float64); ok {
		want = int32(number)
	}
	if have != want {
		t.Errorf("%s: the SDK gives %#v, want %#v", name, have, want)
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range allCases() {
		if tt.reason != "" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			event, err := bridge.Normalise(tt.delivery(), topics.Default())
			if err != nil {
				t.Fatalf("got %v, want an event", err)
			}
			judge(t, event)
		})
	}
}

// TestQliksSamples asserts for every payload that Qlik's documentation prints: it is an event of the family that its file is named for,
// in the envelope that its file is named for, with the data byte for byte; the SDK takes it; and it is the same when it comes again.
func TestQliksSamples(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(samples, "*.json"))
	if len(files) == 0 {
		t.Skipf("no samples in %s", samples)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "_") {
			continue // an answer of an API
		}
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checkSample(t, name, body)
		})
	}
}

func checkSample(t *testing.T, name string, body []byte) {
	t.Helper()
	parts := strings.Split(name, ".") // family[-event].envelope.json
	origin := map[string]bridge.Origin{"audits": bridge.Audits}[parts[1]]
	event, err := bridge.Normalise(normaliseCase{origin: origin, body: string(body)}.delivery(), topics.Default())
	if err != nil {
		t.Fatalf("got %v, want an event", err)
	}
	if want := map[string]bridge.Envelope{"audits": bridge.Audit, "legacy": bridge.Legacy, "cloudevents": bridge.CloudEvents}[parts[1]]; event.Envelope != want {
		t.Errorf("got envelope %s, want %s", event.Envelope, want)
	}
	if !strings.HasPrefix(parts[0], event.Family.Name) && event.Family.Name != topics.Other {
		t.Errorf("got family %s, want that of %s", event.Family.Name, parts[0])
	}
	if event.Family.Name == topics.Other && !strings.HasPrefix(parts[0], "auth-settings") && !strings.HasPrefix(parts[0], "ui-") {
		t.Errorf("got family %s, want that of %s", event.Family.Name, parts[0])
	}
	sent := readOutput(t, []byte(strings.TrimSpace(string(body))))
	if string(event.Data) != string(sent["data"]) {
		t.Errorf("got data %s, want %s", event.Data, sent["data"])
	}
	judge(t, event)
	checkAgain(t, event)
}
