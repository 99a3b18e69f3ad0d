package deliver

import (
	"fmt"
	"net/http"

	"github.com/cloudevents/sdk-go/v2/event"
)

// Mode is the form in which a sink gets events.
type Mode string

// The modes: two of the CloudEvents HTTP binding, and one for sinks that want a body of their own.
const (
	Binary     Mode = "binary"
	Structured Mode = "structured"
	Templated  Mode = "template"
)

const contentType = "Content-Type"

// content makes the body of a request and the headers that belong to it. An error is final: the same event would fail the same.
type content func(e *event.Event, header http.Header) (body []byte, err error)

// newContent makes the content of a sink's mode.
func newContent(s Sink) (content, error) {
	switch s.Mode {
	case Binary:
		return binary, nil
	case Structured:
		return structured, nil
	}
	t, err := newTemplate(s.Template, s.ContentType)
	if err != nil {
		return nil, err
	}
	return t.content, nil
}

// structured is the structured mode of CloudEvents HTTP 1.0.2 (section 3.2): the whole event as JSON, data byte for byte as Qlik sent it.
func structured(e *event.Event, header http.Header) ([]byte, error) {
	body, err := e.MarshalJSON() // not json.Marshal, which would go over data again
	if err != nil {
		return nil, fmt.Errorf("writing the event as JSON: %w", err)
	}
	header.Set(contentType, "application/cloudevents+json; charset=utf-8")
	return body, nil
}

// binary is the binary mode of CloudEvents HTTP 1.0.2 (section 3.1): data is the body, byte for byte, and attributes are headers.
func binary(e *event.Event, header http.Header) ([]byte, error) {
	for name, value := range attributes(e) {
		if name != "datacontenttype" {
			header.Set("ce-"+name, percentEncode(value))
		}
	}
	if t := dataType(e); t != "" {
		header.Set(contentType, t)
	}
	return e.Data(), nil
}

// dataType is the type of data: of an event in JSON that does not say, it is JSON (CloudEvents JSON 1.0.2, section 3.1); "": there is no data.
func dataType(e *event.Event) string {
	if t := e.DataContentType(); t != "" || e.Data() == nil {
		return t
	}
	return event.ApplicationJSON
}

// percentEncode writes an attribute's value as a header's (CloudEvents HTTP 1.0.2, section 3.1.3.2).
func percentEncode(value string) string {
	const digits = "0123456789ABCDEF"
	encoded := make([]byte, 0, len(value))
	for i := range len(value) { // bytes: what is beyond ASCII is encoded byte for byte
		if b := value[i]; b <= ' ' || b >= 0x7f || b == '"' || b == '%' {
			encoded = append(encoded, '%', digits[b>>4], digits[b&15])
		} else {
			encoded = append(encoded, b)
		}
	}
	return string(encoded)
}
