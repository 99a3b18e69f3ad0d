package bridge

import (
	"context"
	"time"

	"qlikbridge/topics"
)

// The headers of a requeued event, and of the note of it that is written beside the dead letter, which Kafka cannot delete.
const (
	requeuedHeader     = "requeued"      // when
	requeuedFromHeader = "requeued-from" // where the dead letter is: topic/partition/offset
	requeuedToHeader   = "requeued-to"   // of a note: where the event is
)

// Requeued is a note that a dead letter was requeued.
type Requeued struct {
	From Place     // the dead letter
	To   Place     // the event
	At   time.Time // when
}

// ReadRequeued reads a note. It reports false where the record is none.
func ReadRequeued(r *Record) (Requeued, bool) {
	from, err := ParsePlace(r.Header(requeuedFromHeader))
	if err != nil || r.Header("reason") != "" {
		return Requeued{}, false
	}
	n := Requeued{From: from, At: r.Time}
	n.To, _ = ParsePlace(r.Header(requeuedToHeader)) // what counts is that it was requeued
	if at, err := time.Parse(time.RFC3339Nano, r.Header(requeuedHeader)); err == nil {
		n.At = at
	}
	return n, true
}

// Requeuer takes dead letters the way of a delivery again, after whatever kept them from it was mended: Normalise, classify, publish. It is
// safe for concurrent use. All fields are required and fixed.
type Requeuer struct {
	Catalog    *topics.Catalog
	Topics     topics.Config
	Publisher  Publisher
	AckTimeout time.Duration // how long one dead letter waits for Kafka in all
	Now        func() time.Time
}

// Read says what would become of a dead letter now: its event, and the record for the topic of its family. The event has the id that it
// would have had; recordedtime is when its delivery was received. The record's timestamp is the time of the requeue, so that the topic
// keeps it as long as any new event. The error is a *Refusal: the dead letter still cannot be read.
func (q *Requeuer) Read(d DeadLetter) (*Event, *Record, error) {
	event, err := Normalise(d.Delivery, q.Catalog)
	if err != nil {
		return nil, nil, err
	}
	event.RequeuedAt = q.Now()
	r := event.record(q.Topics.Topic(event.Family.Name))
	r.Time = event.RequeuedAt
	r.Headers = append(r.Headers, requeued(event.RequeuedAt), Header{requeuedFromHeader, []byte(d.At.String())})
	return event, r, nil
}

// Requeue publishes a dead letter's event and then notes that beside the dead letter. It blocks for AckTimeout at most, and goes on when ctx
// is cancelled, so that an event is not left without its note. The receipt says:
//   - Published: the event is there, and the note
//   - DeadLettered: the dead letter stays as it is, since it cannot be read or Kafka will never take the record; Why has the reason
//   - Failed: Kafka did not acknowledge the event, or, where Topic is the dead-letter topic, the note: to requeue again is right, and
//     may publish the event a second time, with the same id
func (q *Requeuer) Requeue(ctx context.Context, d DeadLetter) Receipt {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.AckTimeout)
	defer cancel()
	event, record, err := q.Read(d)
	if err != nil {
		return Receipt{Outcome: DeadLettered, Topic: d.At.Topic, At: d.At.Position, Why: asRefusal(err)}
	}
	at, err := q.send(ctx, record)
	switch why := asRefusal(err); {
	case err == nil:
		return q.note(ctx, d, event, Place{record.Topic, at})
	case permanent[why.Reason]:
		return Receipt{Outcome: DeadLettered, Topic: d.At.Topic, At: d.At.Position, Event: event, Why: why}
	default:
		return Receipt{Outcome: Failed, Topic: record.Topic, Event: event, Why: why}
	}
}

// note writes down that a dead letter was requeued.
func (q *Requeuer) note(ctx context.Context, d DeadLetter, event *Event, to Place) Receipt {
	r := &Record{Topic: d.At.Topic, Key: d.Key, Value: []byte{}, Time: event.RequeuedAt}
	r.Headers = []Header{requeued(event.RequeuedAt), {requeuedFromHeader, []byte(d.At.String())}, {requeuedToHeader, []byte(to.String())},
		{"family", []byte(event.Family.Name)}, {"ce_id", []byte(event.ID)}}
	if _, err := q.send(ctx, r); err != nil {
		return Receipt{Outcome: Failed, Topic: r.Topic, Event: event, Why: asRefusal(err)}
	}
	return Receipt{Outcome: Published, Topic: to.Topic, At: to.Position, Event: event}
}

func requeued(at time.Time) Header {
	return Header{requeuedHeader, []byte(at.UTC().Format(time.RFC3339Nano))}
}

// send publishes a record and waits for the acknowledgement until ctx ends.
func (q *Requeuer) send(ctx context.Context, r *Record) (Position, error) {
	var stored Position
	var refused error
	settled := make(chan struct{})
	q.Publisher.Publish(ctx, r, func(at Position, err error) { stored, refused = at, err; close(settled) })
	select {
	case <-settled:
		return stored, refused
	case <-ctx.Done():
		return Position{}, Refuse(AckTimeout, "Kafka did not acknowledge the record in time")
	}
}
