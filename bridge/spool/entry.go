package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"qlikbridge/bridge"
)

// head begins a record of the log, one line of JSON that a person can read; the body of the delivery follows it byte for byte. A record with
// settled has no body: it says how far the log is settled.
type head struct {
	Number      uint64        `json:"number,omitempty"`
	Origin      bridge.Origin `json:"origin,omitempty"`
	Source      string        `json:"source,omitempty"`
	Received    time.Time     `json:"received,omitzero"`
	TraceParent string        `json:"traceparent,omitempty"`
	Bytes       int           `json:"bytes,omitempty"` // of the body; a fragment's CRC does not cover its kind, nor that none is missing
	Settled     uint64        `json:"settled,omitempty"`
}

var errNoEntry = errors.New("no entry of a spool")

func encode(number uint64, d bridge.Delivery) []byte {
	line, _ := json.Marshal(head{
		Number: number, Origin: d.Origin, Source: d.Source, Received: d.ReceivedAt.UTC(), TraceParent: d.TraceParent, Bytes: len(d.Body),
	})
	b := make([]byte, 0, len(line)+1+len(d.Body))
	return append(append(append(b, line...), '\n'), d.Body...)
}

func encodeMark(settled uint64) []byte {
	line, _ := json.Marshal(head{Settled: settled})
	return append(line, '\n')
}

// decode reads a record; the body is copied.
func decode(record []byte) (head, []byte, error) {
	line, body, found := bytes.Cut(record, []byte{'\n'})
	var h head
	if err := json.Unmarshal(line, &h); err != nil || !found || h.Number == 0 && h.Settled == 0 || h.Bytes != len(body) {
		return h, nil, errNoEntry
	}
	return h, bytes.Clone(body), nil
}

func (h head) entry(body []byte) bridge.Entry {
	return bridge.Entry{Number: h.Number, Delivery: bridge.Delivery{
		Origin: h.Origin, Source: h.Source, Body: body, ReceivedAt: h.Received, TraceParent: h.TraceParent,
	}}
}
