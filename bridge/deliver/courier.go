package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"golang.org/x/time/rate"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/watch"
)

// courier carries the events of one subscription to its sink.
type courier struct {
	// Fixed.
	subscription Subscription
	network      Network
	gate         *gate
	limiter      *rate.Limiter
	log          *slog.Logger
	all          *Metrics     // of all subscriptions
	files        *watch.Watch // of those that the subscription names
	newConsumer  func(consumer.Config, consumer.Handler) (reader, error)
	attempt      func(context.Context) int             // consumer.Attempt
	draining     func(context.Context) <-chan struct{} // consumer.Draining

	// Changing.
	sink     atomic.Pointer[sink]
	reading  atomic.Pointer[reading] // nil: no consumer runs
	failure  atomic.Pointer[error]   // why the last one ended
	metrics  *metrics                // set by begin
	stopping context.Context         // ends waits; set by begin
}

// newCourier reads the files of a subscription. It touches nothing that a courier of the same name uses which still runs.
func newCourier(n Network, s Subscription, o Options, m *Metrics) (*courier, error) {
	files := watch.New(s.files()...) // before they are read: run can be long after, and is to notice what changed meanwhile
	k, err := newSink(n, &s)
	if err != nil {
		return nil, fmt.Errorf("subscription %s: %w", s.Name, err)
	}
	c := &courier{subscription: s, network: n, limiter: limiter(s.Rate), log: o.Log.With("subscription", s.Name), all: m,
		files: files, attempt: consumer.Attempt, draining: consumer.Draining}
	c.gate = newGate(s.PauseAfter, c.gateTurned)
	c.newConsumer = func(config consumer.Config, handle consumer.Handler) (reader, error) {
		config.Kafka, config.Topics = o.Kafka, o.Topics
		return consumer.New(config, handle, consumer.Options{Log: c.log, Registerer: o.Registerer})
	}
	c.sink.Store(k)
	if k.clearText() {
		c.log.Warn("the values of sink.headers cross the network readable: use https", "sink", k.site())
	}
	return c, nil
}

// limiter lets one second's worth through at once.
func limiter(perSecond float64) *rate.Limiter {
	if perSecond == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), int(math.Ceil(perSecond)))
}

// run delivers until ctx ends, and returns when what was under way has ended. What Kafka refuses is tried again, at growing intervals. It is to be
// called once, when no courier of the same name or group runs any more.
func (c *courier) run(ctx context.Context) {
	c.begin(ctx)
	defer func() { c.sink.Load().close() }()
	var watching sync.WaitGroup
	defer watching.Wait()
	if len(c.subscription.files()) > 0 {
		watching.Go(func() { c.files.Run(ctx, c.reread, c.rereadDone) })
	}
	for wait := firstPause; ; wait = min(2*wait, mostPause) {
		proven, err := c.consume(ctx)
		if ctx.Err() != nil {
			return
		}
		if proven {
			wait = firstPause
		}
		c.log.Error("the subscription cannot read from Kafka and tries again", "error", err, "wait", wait.String())
		if pause(ctx, wait) != nil {
			return
		}
	}
}

// begin takes over from the courier before, whatever its metrics say.
func (c *courier) begin(ctx context.Context) {
	c.stopping, c.metrics = ctx, c.all.of(c.subscription.Name)
}

// reread makes the sink anew of its files. Requests to the one before go on, and are no more held against the subscription. It is to be called by one
// goroutine at a time.
func (c *courier) reread() error {
	k, err := newSink(c.network, &c.subscription)
	if err == nil {
		k.version = c.sink.Load().version + 1
		c.sink.Swap(k).close()
		c.gate.again(k.version)
	}
	return err
}

func (c *courier) rereadDone(err error) {
	c.metrics.filesOK(err == nil)
	if err != nil {
		c.log.Error("a file of the subscription changed but cannot be used; what it held before stays", "error", err)
		return
	}
	c.log.Info("files of the subscription read again")
}

// handle delivers one event; it is a consumer.Handler. An attempt that failed is made again by package consumer, which gives its place to another event
// meanwhile. An event for which the gate is closed stays here: there is no other to give its place to.
func (c *courier) handle(ctx context.Context, e event.Event) error {
	failed, held := c.attempt(ctx)-1, false // failed: attempts that count
	for {
		a, uncounted, err := c.try(ctx, &e, failed+1)
		switch {
		case err != nil:
			return consumer.Hold(err)
		case a.err == nil:
			return nil
		case c.refused(a):
			return consumer.Refuse(a.letter())
		case uncounted || a.outcome == Unwelcome:
			continue
		}
		switch failed++; {
		case failed >= c.subscription.Retries.Attempts:
			if !c.gate.exhausted(a) {
				return a.letter() // its last attempt: a dead letter
			}
			failed, held = 0, true // when the sink is back, it has all its attempts again
		case !held:
			return consumer.After(a.err, a.retryAfter)
		default:
			if err := c.wait(ctx, max(a.retryAfter, c.subscription.Retries.retry().Wait(failed))); err != nil {
				return consumer.Hold(err)
			}
		}
	}
}

// refused reports whether an event is to be given up after one attempt. Where the sink takes none of ours, so many in a row are and then none.
func (c *courier) refused(a answer) bool {
	return a.outcome == Refused || a.outcome == Unsendable || a.outcome == Unwelcome && !c.gate.exhausted(a)
}

// try waits until the sink may be tried, and tries. An uncounted attempt says nothing of the event: it is to be tried again. The error says that no attempt
// was made, or that ctx ended meanwhile.
func (c *courier) try(ctx context.Context, e *event.Event, attempt int) (a answer, uncounted bool, err error) {
	waiting, cancel := c.waiting(ctx)
	defer cancel()
	trial, err := c.gate.enter(waiting)
	if err != nil {
		return a, false, err
	}
	a = answer{outcome: Cancelled, err: context.Canceled}
	defer func() { uncounted = c.gate.leave(trial, a) }()
	if err := c.limiter.Wait(waiting); err != nil {
		return a, false, err
	}
	a = c.sink.Load().post(ctx, e)
	c.metrics.observe(e, a)
	c.report(ctx, e, a, attempt)
	if a.outcome == Cancelled {
		err = a.err
	}
	return a, false, err
}

// waiting is ctx that ends when the courier stops as well, or another member of the group is to have the event: waits end then, and attempts do not. A
// rebalance waits for every handler, so that one which waits at a closed gate would hold up the whole group.
func (c *courier) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	waiting, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.stopping, cancel)
	go func() {
		select {
		case <-c.draining(ctx):
			cancel()
		case <-waiting.Done():
		}
	}()
	return waiting, func() { stop(); cancel() }
}

func (c *courier) wait(ctx context.Context, d time.Duration) error {
	waiting, cancel := c.waiting(ctx)
	defer cancel()
	return pause(waiting, d)
}

// pause returns after d, or before with the error of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
