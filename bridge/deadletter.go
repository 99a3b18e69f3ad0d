package bridge

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"
)

// maxErrorBytes bounds the header error of a dead letter.
const maxErrorBytes = 512

// deadLetter is the record of a delivery that cannot become one of an event: the body byte for byte, and beside it why. event is nil where
// none could be read.
func deadLetter(topic string, d Delivery, event *Event, why *Refusal) *Record {
	r := &Record{Topic: topic, Value: bytes.Clone(d.Body), Time: d.ReceivedAt}
	add := func(key, value string) { r.Headers = append(r.Headers, Header{key, []byte(value)}) }
	add("reason", string(why.Reason))
	add("error", excerpt(why.Err))
	add("source", d.Source)
	add("origin", string(d.Origin))
	add("received", d.ReceivedAt.UTC().Format(time.RFC3339Nano))
	if event != nil {
		r.Key = []byte(event.ID)
		add("family", event.Family.Name)
		add("ce_id", event.ID)
	}
	return r
}

// DeadLetter is what a record of the dead-letter topic says: the delivery as it was received, and why it was set aside.
type DeadLetter struct {
	Delivery
	At     Place
	Key    []byte
	Reason Reason // as the record says: a later version knows further ones
	Error  string
	ID     string // of the event; "" where none could be read
}

// ReadDeadLetter reads what deadLetter wrote. It reports false where the record is no dead letter: it gives no reason.
func ReadDeadLetter(r *Record, at Position) (DeadLetter, bool) {
	d := DeadLetter{
		Delivery: Delivery{Origin: Origin(r.Header("origin")), Source: r.Header("source"), Body: r.Value, ReceivedAt: r.Time},
		At:       Place{r.Topic, at},
		Key:      r.Key,
		Reason:   Reason(r.Header("reason")),
		Error:    r.Header("error"),
		ID:       r.Header("ce_id"),
	}
	if received, err := time.Parse(time.RFC3339Nano, r.Header("received")); err == nil {
		d.ReceivedAt = received
	}
	return d, d.Reason != ""
}

// DeadLetterReasons are the reasons that a dead letter of this version may have.
func DeadLetterReasons() []Reason { return slices.Clone(deadLetterReasons) }

func excerpt(err error) string {
	s := err.Error()
	return strings.ToValidUTF8(s[:min(len(s), maxErrorBytes)], "")
}

// asRefusal returns the refusal in err; every error of this package and of a Publisher holds one.
func asRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return &Refusal{Reason: KafkaError, Err: err}
}
