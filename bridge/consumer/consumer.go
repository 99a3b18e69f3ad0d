package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafka"
)

// Handler handles one event. It is called by several goroutines, for events of different keys at once, and for an event again while it returns
// an error.
//
//   - nil: the event is done. It is not handed over again, but after the death of a process before its next commit, or a redrive.
//   - any other error, and a panic: it is called again after a wait, Config.Retry.Attempts times in all; then the event is a dead letter.
//   - Refuse, After and Hold say otherwise for one error.
//
// Its context lives on when Run's ends, so that what was begun can be finished; it ends when Config.Stop is over, or when Kafka has given the
// partition to another member already. What a handler returns after that counts for nothing: the event is handed over again, elsewhere. At gives
// the event's place, Attempt says which attempt it is, and Draining when a handler that waits is to give that up.
type Handler func(ctx context.Context, e event.Event) error

// Consumer is one member of a consumer group. Make it with New; Run it once.
type Consumer struct {
	// Fixed.
	config     Config // complete
	topics     []string
	choice     choice
	handle     Handler
	log        *slog.Logger
	registerer prometheus.Registerer
	lagEvery   time.Duration // how often the lag is asked for
	lagLimit   time.Duration // how long that may take

	dispatcher *dispatcher
	seen       *seen
	counts     counts
	holds      holds
	metrics    *metrics

	// Run's own.
	ran              atomic.Bool
	dead             *kafka.Client           // for dead letters, and to ask the cluster
	member           *kgo.Client             // of the group
	partitionsBefore map[string]int32        // :: topic -> how many of them may be begun at their ends
	begun            map[place]int64         // where they were
	rejoin           context.CancelCauseFunc // ends the member, for another
	lastTrouble      string

	committing sync.Mutex // one commit at a time, so that none takes back another
	plain      bool       // guarded by committing: commits have no metadata
}

// leaveLimit bounds leaving the group, after the last commit.
const leaveLimit = 5 * time.Second

// New validates the configuration and fills in what it leaves out. It talks to no broker and starts nothing. The error names the field and what
// would do.
func New(c Config, handle Handler, o Options) (*Consumer, error) {
	c = c.complete()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	topics, choice, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	if handle == nil {
		return nil, errors.New("consumer: no handler is given")
	}
	consumer := &Consumer{config: c, topics: topics, choice: choice, handle: handle, log: o.Log, registerer: o.Registerer, lagEvery: lagEvery, lagLimit: lagLimit,
		seen: newSeen(c.Dedupe), begun: map[place]int64{}}
	if consumer.log == nil {
		consumer.log = slog.New(slog.DiscardHandler)
	}
	consumer.dispatcher = newDispatcher(c.Concurrency, c.InFlight, c.Unordered, consumer.attempt)
	consumer.metrics = newMetrics(consumer)
	return consumer, nil
}

// Run joins the group and handles events until ctx ends. It is to be called once.
//
// It returns nil after a clean stop: no handler begins any more, those that run have ended or Config.Stop is over, what is done is committed, and
// the group is left, so that others take over at once. That takes Config.Stop and 15 s at most where Kafka answers and the group is at rest. The last
// commit waits while the group is being balanced or brokers are away, so that it may take twice Config.Stop and 50 s; then it is given up, which the
// log says, and what it would have committed is handled again.
//
// While brokers are away, or a topic does not exist yet, it waits, says so once in the log, and goes on when they are there. Where a topic was deleted and
// made anew it leaves the group as above, and joins it again. The error says what
// waiting does not mend, and what to do: no rights on a topic or the group, a refused login, a dead-letter topic that is missing and cannot be made.
// What was done until then is committed.
func (c *Consumer) Run(ctx context.Context) error {
	if c.ran.Swap(true) {
		return errors.New("consumer: Run was called before; make another consumer")
	}
	unregister, err := c.metrics.register(c.registerer)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	defer unregister()
	c.doubt()
	if err := c.run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("consumer: %w", err)
	}
	return nil
}

// doubt warns of types that may be misspelt: the group would wait for them in silence.
func (c *Consumer) doubt() {
	if len(c.config.From) > 0 { // topics of which the catalogue says nothing
		return
	}
	for _, line := range c.choice.types.Warnings(c.config.Topics) {
		c.log.Warn(line, slog.String("group", c.config.Group))
	}
}

func (c *Consumer) run(ctx context.Context) (err error) {
	config := c.config.Kafka
	config.MaxMessageBytes += deadLetterRoom
	config.MaxBufferedBytes = max(config.MaxBufferedBytes, int(config.MaxMessageBytes))
	if c.dead, err = kafka.New(config, nil, c.log); err != nil {
		return err
	}
	defer c.dead.Close()
	if err := c.prepare(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		err := c.join(ctx)
		var anew *madeAnew
		if !errors.As(err, &anew) {
			return err
		}
		c.log.Warn("the group is joined again, to read the topic as it is now", slog.String("group", c.config.Group), slog.Any("error", err))
		c.dispatcher.drop(c.dispatcher.all())
		delete(c.partitionsBefore, anew.topic) // all that is in it came after the group began
		pause(ctx)
	}
	return nil
}

// join is a member of the group until ctx ends, or there is trouble that waiting does not mend.
func (c *Consumer) join(ctx context.Context) (err error) {
	ctx, c.rejoin = context.WithCancelCause(ctx)
	defer c.rejoin(nil)
	if c.member, err = kafka.NewMember(c.config.Kafka, c.group(), c.log); err != nil {
		return err
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	var kept sync.WaitGroup
	kept.Go(func() { every(keeping, commitEvery, func() { c.commit(nil) }) })
	kept.Go(func() { every(keeping, c.lagEvery, func() { c.measure(keeping) }) }) // beside the commits, which it must not hold up
	defer kept.Wait()
	defer stop()
	defer c.leave() // what ends meanwhile is still committed every second
	if err := c.read(ctx); err != nil {
		return err
	}
	if anew := (*madeAnew)(nil); errors.As(context.Cause(ctx), &anew) {
		return anew
	}
	return nil
}

// leave ends what was begun, commits, and leaves the group. The member is in its group until then, so that the wait for handlers costs it nothing.
func (c *Consumer) leave() {
	c.dispatcher.drain(c.dispatcher.all(), c.config.Stop)
	c.commitLast()
	ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
	defer cancel()
	if err := c.member.LeaveGroupContext(ctx); err != nil {
		c.log.Debug("the group is not left; it misses this member soon", slog.String("group", c.config.Group), slog.Any("error", err))
	}
	c.member.CloseAllowingRebalance()
}
