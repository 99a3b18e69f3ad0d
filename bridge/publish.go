package bridge

import (
	"context"
	"time"
)

// Record is what is produced to Kafka.
type Record struct {
	Topic   string
	Key     []byte // nil: any partition
	Value   []byte
	Headers []Header
	Time    time.Time // the record's timestamp
}

// Header is one header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Position is where Kafka put a record.
type Position struct {
	Partition int32
	Offset    int64
}

// Publisher hands records to Kafka.
type Publisher interface {
	// Publish begins to produce r and returns without waiting for Kafka. settle is called exactly once, possibly before Publish returns: with
	// a nil error once every in-sync replica has the record, else with a *Refusal. It must not block. When ctx ends, a record
	// that no broker can have seen is given up; one that may be in flight settles when Kafka has answered, however late that is, so
	// that whoever waits needs a deadline of his own.
	Publish(ctx context.Context, r *Record, settle func(Position, error))
}

// record is the Kafka record of an event (CloudEvents Kafka protocol binding, section 3.3, structured mode). The headers that binary
// mode would have stand beside it, so that a consumer can choose without reading the value.
func (e *Event) record(topic string) *Record {
	headers := make([]Header, 0, 6)
	headers = append(headers,
		Header{"content-type", structuredJSON},
		Header{"ce_id", []byte(e.ID)},
		Header{"ce_type", []byte(e.Type)},
		Header{"ce_source", []byte(e.Source)},
		Header{"ce_time", []byte(e.Time)})
	if e.TraceParent != "" {
		headers = append(headers, Header{"traceparent", []byte(e.TraceParent)})
	}
	value := e.AppendJSON(make([]byte, 0, e.size()))
	return &Record{Topic: topic, Key: []byte(e.Key), Value: value, Headers: headers, Time: e.ReceivedAt}
}

var structuredJSON = []byte("application/cloudevents+json; charset=utf-8")

// size is a little more than AppendJSON writes where little has to be escaped, in bytes.
func (e *Event) size() int {
	n := 320 + len(e.ID) + len(e.Source) + 2*len(e.Type) + len(e.Key) + len(e.Data)
	for _, a := range e.attributes {
		n += len(a.name) + len(a.value) + 4
	}
	return n
}

// Header returns the value of a header, or "".
func (r *Record) Header(key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}
