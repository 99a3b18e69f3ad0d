package bridge

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"qlikbridge/topics"
)

// Event is one CloudEvent 1.0, normalised from whatever Qlik sent. After Normalise it is read-only.
type Event struct {
	// Always set. ID, Source and Type hold no control characters and at most maxIdentityBytes.
	ID, Source, Type string
	Time             string // RFC 3339, as sent where that was valid
	Envelope         Envelope
	Family           *topics.Family
	Key              string // the partition key
	ReceivedAt       time.Time

	// Set for certain events.
	Today       string // today's name of the type, where Qlik renamed it
	TraceParent string // W3C traceparent of the request, else the event's own
	Data        []byte // the JSON value of data, byte for byte; nil where none was sent
	Base64      bool   // Data is the JSON string of data_base64, whose bytes are those sent
	Repairs     Repairs
	RequeuedAt  time.Time // when it was published after all, having been a dead letter; zero otherwise

	attributes []attribute
}

// attribute is an optional or extension attribute.
type attribute struct {
	name  string
	value jsontext.Value // a JSON string, an integer of 32 bits, or a boolean: what CloudEvents allows in JSON
}

// The attributes that the bridge adds: to every event, to those that were dead letters before, to those that Qlik renamed.
const (
	partitionKeyAttribute = "partitionkey"
	recordedTimeAttribute = "recordedtime"
	requeuedTimeAttribute = "requeuedtime"
	envelopeAttribute     = "qlikenvelope"
	todayAttribute        = "qliktype"
)

// isOwn reports whether an attribute is the bridge's to write: a body that carries the name does not decide what it says.
func isOwn(name string) bool {
	switch name {
	case "specversion", "auditid", partitionKeyAttribute, recordedTimeAttribute, requeuedTimeAttribute, envelopeAttribute, todayAttribute,
		"qliksource", "qliktime", "qlikdataschema", "qlikdatacontenttype":
		return true
	}
	return false
}

// Attribute returns an optional or extension attribute as text, or "". It is what key rules look into, beside id.
func (e *Event) Attribute(name string) string {
	if name == "id" {
		return e.ID
	}
	for i := range e.attributes {
		if e.attributes[i].name == name {
			return text(e.attributes[i].value)
		}
	}
	return ""
}

func (e *Event) set(name, value string) {
	quoted, _ := jsontext.AppendQuote(nil, value) // value came out of valid JSON
	e.attributes = append(e.attributes, attribute{name, quoted})
}

// pull takes an attribute out of the list.
func (e *Event) pull(name string) (string, bool) {
	for i, a := range e.attributes {
		if a.name == name {
			e.attributes = append(e.attributes[:i], e.attributes[i+1:]...)
			return text(a.value), true
		}
	}
	return "", false
}

// text is the content of a JSON string, and of any other value its JSON.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return string(v)
	}
	unquoted, _ := jsontext.AppendUnquote(nil, v)
	return string(unquoted)
}

// AppendJSON appends the event as one structured CloudEvent (CloudEvents JSON format 1.0.2, section 3). data keeps its bytes.
func (e *Event) AppendJSON(b []byte) []byte {
	b = append(b, `{"specversion":"1.0"`...)
	b = appendString(b, "id", e.ID)
	b = appendString(b, "source", e.Source)
	b = appendString(b, "type", e.Type)
	b = appendString(b, "time", e.Time)
	for _, a := range e.attributes {
		b = append(append(append(append(b, ',', '"'), a.name...), '"', ':'), a.value...)
	}
	b = appendString(b, partitionKeyAttribute, e.Key)
	b = appendTime(b, recordedTimeAttribute, e.ReceivedAt)
	if !e.RequeuedAt.IsZero() {
		b = appendTime(b, requeuedTimeAttribute, e.RequeuedAt)
	}
	b = appendString(b, envelopeAttribute, string(e.Envelope))
	if e.Today != "" {
		b = appendString(b, todayAttribute, e.Today)
	}
	return append(e.appendData(b), '}')
}

func (e *Event) appendData(b []byte) []byte {
	switch {
	case e.Data == nil:
		return b
	case e.Base64:
		b = append(b, `,"data_base64":`...)
	default:
		b = append(b, `,"data":`...)
	}
	return append(b, e.Data...)
}

func appendTime(b []byte, name string, at time.Time) []byte {
	b = append(append(append(b, ',', '"'), name...), `":"`...)
	return append(at.UTC().AppendFormat(b, time.RFC3339Nano), '"')
}

func appendString(b []byte, name, value string) []byte {
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	b, _ = jsontext.AppendQuote(b, value) // value came out of valid JSON
	return b
}
