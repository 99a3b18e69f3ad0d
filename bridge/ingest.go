package bridge

import (
	"context"
	"time"

	"qlikbridge/topics"
)

// Outcome is what became of a delivery. The set is closed.
type Outcome string

// The outcomes. Each but Failed stands on an acknowledged write and is answered with 200.
const (
	Published    Outcome = "published"
	DeadLettered Outcome = "dead-letter"
	Failed       Outcome = "failed" // nothing is stored that the sender may rely on; he is to try again
)

// Receipt says what became of a delivery, and where it is.
type Receipt struct {
	Outcome Outcome
	Topic   string
	At      Position
	Event   *Event   // nil where none could be read
	Why     *Refusal // of a dead letter or a failure; nil when published
}

// Ingester takes deliveries the whole way: Normalise, classify, publish, and where that cannot be, the dead letter.
// It is safe for concurrent use. All exported fields are required and fixed.
type Ingester struct {
	Catalog    *topics.Catalog
	Topics     topics.Config
	Publisher  Publisher
	AckTimeout time.Duration // how long one delivery waits for Kafka in all
	Metrics    *Metrics

	streak streak
}

// Ingest takes one delivery the whole way and says what became of it. It blocks for AckTimeout at most, and goes on when ctx is
// cancelled: a sender who hangs up does not undo what he has handed over. d.Body is not kept after it returns.
func (i *Ingester) Ingest(ctx context.Context, d Delivery) Receipt {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.AckTimeout)
	defer cancel()

	event, err := Normalise(d, i.Catalog)
	if err != nil {
		return i.setAside(ctx, d, nil, asRefusal(err))
	}
	receipt := i.publish(ctx, event)
	if receipt.Why != nil && permanent[receipt.Why.Reason] {
		return i.setAside(ctx, d, event, receipt.Why)
	}
	i.note(d, receipt)
	return receipt
}

// note counts what became of a delivery.
func (i *Ingester) note(d Delivery, r Receipt) {
	i.Metrics.observe(d, r)
	i.streak.observe(r, d.ReceivedAt)
}

func (i *Ingester) publish(ctx context.Context, event *Event) Receipt {
	topic := i.Topics.Topic(event.Family.Name)
	at, err := await(ctx, i.Publisher, event.record(topic))
	if err != nil {
		return Receipt{Outcome: Failed, Topic: topic, Event: event, Why: asRefusal(err)}
	}
	return Receipt{Outcome: Published, Topic: topic, At: at, Event: event}
}

func (i *Ingester) setAside(ctx context.Context, d Delivery, event *Event, why *Refusal) Receipt {
	receipt := Receipt{Outcome: DeadLettered, Topic: i.Topics.Topic(topics.DeadLetter), Event: event, Why: why}
	at, err := await(ctx, i.Publisher, deadLetter(receipt.Topic, d, event, why))
	if err != nil {
		receipt.Outcome, receipt.Why = Failed, asRefusal(err)
	}
	receipt.At = at
	i.note(d, receipt)
	return receipt
}
