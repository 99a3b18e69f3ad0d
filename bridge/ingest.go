package bridge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"qlikbridge/topics"
)

// Outcome is what became of a delivery. The set is closed.
type Outcome string

// The outcomes. Each but Failed stands on a durable write and is answered with 200.
const (
	Published    Outcome = "published"
	Spooled      Outcome = "spooled"     // on disk; Kafka gets it when it takes records again
	Duplicate    Outcome = "duplicate"   // the event was taken before
	DeadLettered Outcome = "dead-letter" // no event, or none that Kafka takes; its body is kept
	Failed       Outcome = "failed"      // nothing is stored that the sender may rely on; he is to try again
)

// Receipt says what became of a delivery, and where it is.
type Receipt struct {
	Outcome Outcome
	Topic   string   // "" of a duplicate
	At      Position // of what Kafka has
	Event   *Event   // nil where none could be read
	Why     *Refusal // of a dead letter, a failure, or what was spooled; nil otherwise
}

// Ingester takes deliveries the whole way: Normalise, dedupe, publish, and where that cannot be, the spool or the dead letter. It is safe for
// concurrent use. Exported fields are fixed once it is used.
type Ingester struct {
	Catalog    *topics.Catalog
	Topics     topics.Config
	Publisher  Publisher
	AckTimeout time.Duration // how long one delivery waits for Kafka in all
	Metrics    *Metrics
	Spool      Spool        // nil: where Kafka does not take a delivery, the sender is told to try again
	Dedupe     *Dedupe      // nil: no delivery is a duplicate
	Log        *slog.Logger // required with a Spool

	remembered <-chan struct{} // closed when Dedupe knows what earlier processes published
	stopping   chan struct{}   // closed when nothing is to be replayed any more
	lanes      sync.Map        // :: family -> *lane
	flying     atomic.Int64    // bytes of bodies that replay has in flight, in all lanes
	streak     streak
}

// Ingest takes one delivery the whole way and says what became of it. It blocks for AckTimeout and spoolWait at most, and goes on when ctx is
// cancelled: a sender who hangs up does not undo what he has handed over. d.Body is not kept after it returns.
func (i *Ingester) Ingest(ctx context.Context, d Delivery) Receipt {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.AckTimeout)
	defer cancel()

	receipt := i.take(ctx, d)
	i.Metrics.observe(d, receipt)
	i.streak.observe(receipt, d.ReceivedAt)
	return receipt
}

func (i *Ingester) take(ctx context.Context, d Delivery) Receipt {
	event, why := i.normalise(d)
	if why != nil {
		return i.setAside(ctx, d, nil, why)
	}
	return i.Dedupe.once(i.AckTimeout+spoolWait, event, func() Receipt {
		receipt := i.publish(ctx, d, event)
		if receipt.Why != nil && permanent[receipt.Why.Reason] {
			return i.setAside(ctx, d, event, receipt.Why)
		}
		return receipt
	})
}

func (i *Ingester) normalise(d Delivery) (*Event, *Refusal) {
	event, err := Normalise(d, i.Catalog)
	if err != nil {
		return nil, asRefusal(err)
	}
	return event, nil
}

func (i *Ingester) publish(ctx context.Context, d Delivery, event *Event) Receipt {
	topic := i.Topics.Topic(event.Family.Name)
	end := i.lane(event.Family.Name).send(ctx, d, event, event.record(topic))
	return Receipt{Outcome: end.outcome, Topic: topic, At: end.at, Event: event, Why: end.why}
}

func (i *Ingester) setAside(ctx context.Context, d Delivery, event *Event, why *Refusal) Receipt {
	topic := i.Topics.Topic(topics.DeadLetter)
	end := i.lane(topics.DeadLetter).send(ctx, d, nil, deadLetter(topic, d, event, why))
	receipt := Receipt{Outcome: end.outcome, Topic: topic, At: end.at, Event: event, Why: end.why}
	if end.outcome == Published {
		receipt.Outcome, receipt.Why = DeadLettered, why
	}
	return receipt
}

// lane returns the lane of a family of the catalogue.
func (i *Ingester) lane(family string) *lane {
	if l, ok := i.lanes.Load(family); ok {
		return l.(*lane)
	}
	l := &lane{ingester: i, family: family}
	l.changed.L, l.door.L = &l.mu, &l.mu
	first, _ := i.lanes.LoadOrStore(family, l)
	return first.(*lane)
}

func (i *Ingester) eachLane(do func(*lane)) {
	i.lanes.Range(func(_, l any) bool { do(l.(*lane)); return true })
}

// Start begins to replay what an earlier process left in the spool, once remembered is closed: then Dedupe knows what that one published.
// It is called once and before Ingest, and not needed without a Spool. The error is one of the disk.
func (i *Ingester) Start(remembered <-chan struct{}) error {
	i.remembered, i.stopping = remembered, make(chan struct{})
	var errs []error
	for _, family := range i.Spool.Lanes() {
		errs = append(errs, i.lane(family).resume())
	}
	return errors.Join(errs...)
}

// Stop ends the replay and waits, until ctx ends, for what is in flight; what Kafka has not acknowledged by then stays in the spool. Ingest
// is not called any more.
func (i *Ingester) Stop(ctx context.Context) {
	close(i.stopping)
	i.eachLane(func(l *lane) { l.end(ctx) })
}

func (i *Ingester) closing() bool {
	select {
	case <-i.stopping:
		return true
	default:
		return false
	}
}

// Held is what the spool holds.
func (i *Ingester) Held() Held {
	var all Held
	i.eachLane(func(l *lane) {
		h := l.held()
		all.Events += h.Events
		if all.Oldest.IsZero() || !h.Oldest.IsZero() && h.Oldest.Before(all.Oldest) {
			all.Oldest = h.Oldest
		}
	})
	return all
}
