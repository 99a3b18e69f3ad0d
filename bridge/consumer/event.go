package consumer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The headers that say what a record holds (CloudEvents Kafka protocol binding 1.0.2, section 3).
const (
	typeHeader        = "ce_type"
	specVersionHeader = "ce_specversion"
	attributePrefix   = "ce_"
	contentTypeHeader = "content-type"
	structuredType    = "application/cloudevents+json"
	anyStructuredType = "application/cloudevents"
)

// header returns a header of a record; nil where there is none.
func header(r *kgo.Record, key string) []byte {
	for i := range r.Headers {
		if r.Headers[i].Key == key {
			return r.Headers[i].Value
		}
	}
	return nil
}

// readEvent reads the event that a record holds, in structured mode as the bridge writes it, or in binary mode. It shares no memory with the
// record. The error says why it is no CloudEvent.
func readEvent(r *kgo.Record) (e event.Event, err error) {
	defer func() {
		if p := recover(); p != nil { // of the SDK, or of the parser below it: what one record holds must not end the process
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	contentType := string(header(r, contentTypeHeader))
	switch {
	case strings.HasPrefix(contentType, structuredType):
		err = e.UnmarshalJSON(r.Value)
	case strings.HasPrefix(contentType, anyStructuredType):
		return e, fmt.Errorf("content-type %s: one event in JSON is read, no batch and no other format", contentType)
	case header(r, specVersionHeader) != nil:
		e, err = readBinary(r, contentType)
	case len(r.Value) == 0:
		return e, errors.New("the record is empty")
	default:
		err = e.UnmarshalJSON(r.Value)
	}
	if err == nil {
		err = e.Validate()
	}
	return e, err
}

// readBinary reads an event whose attributes are headers and whose data is the value.
func readBinary(r *kgo.Record, contentType string) (event.Event, error) {
	e := event.New(string(header(r, specVersionHeader)))
	for _, h := range r.Headers {
		name, attribute := strings.CutPrefix(h.Key, attributePrefix)
		if !attribute {
			continue
		}
		switch value := string(h.Value); name {
		case "specversion":
		case "id":
			e.SetID(value)
		case "type":
			e.SetType(value)
		case "source":
			e.SetSource(value)
		case "subject":
			e.SetSubject(value)
		case "dataschema":
			e.SetDataSchema(value)
		case "time":
			at, err := types.ParseTime(value)
			if err != nil {
				return e, err
			}
			e.SetTime(at)
		default:
			e.SetExtension(name, value)
		}
	}
	if r.Value == nil {
		return e, nil
	}
	return e, e.SetData(contentType, bytes.Clone(r.Value))
}
