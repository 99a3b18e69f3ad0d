package consumer

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/topics"
)

// choice says which records are handled, by their type alone.
type choice struct {
	types *topics.Selection
	all   bool // types are not looked at
}

// wants reports whether a record may be one that is chosen. A record without the header is to be read before that can be told. This is done for
// every record of a topic, so it reads no value and allocates nothing.
func (c *choice) wants(r *kgo.Record) bool {
	if c.all {
		return true
	}
	name := header(r, typeHeader)
	return name == nil || c.types.Has(name)
}

// chosen reports whether an event that was read is one, by its type.
func (c *choice) chosen(name string) bool { return c.all || c.types.Has([]byte(name)) }

// keep makes a copy of a record that shares no memory with it: franz-go gives out slices of whole batches, which are used again for the next, and
// would otherwise be held, with the thousands of records that nobody wants, by one event that waits.
func keep(r *kgo.Record) *kgo.Record {
	n := len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += len(r.Headers[i].Value)
	}
	room := make([]byte, 0, n)
	bytes := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		room = append(room, b...)
		return room[len(room)-len(b) : len(room) : len(room)]
	}
	c := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, Key: bytes(r.Key), Value: bytes(r.Value)}
	if len(r.Headers) > 0 {
		c.Headers = make([]kgo.RecordHeader, len(r.Headers))
	}
	for i, h := range r.Headers {
		c.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: bytes(h.Value)}
	}
	return c
}
