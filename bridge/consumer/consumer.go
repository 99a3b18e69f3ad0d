package consumer

import (
	"context"
	"errors"

	"github.com/cloudevents/sdk-go/v2/event"
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
// the event's place.
type Handler func(ctx context.Context, e event.Event) error

// Consumer is one member of a consumer group. Make it with New; Run it once.
type Consumer struct{}

// New validates the configuration and fills in what it leaves out. It talks to no broker and starts nothing. The error names the field and what
// would do.
func New(c Config, handle Handler, o Options) (*Consumer, error) {
	return nil, errors.New("not yet")
}

// Run joins the group and handles events until ctx ends. It is to be called once.
//
// It returns nil after a clean stop: no handler begins any more, those that run have ended or Config.Stop is over, what is done is committed, and
// the group is left, so that others take over at once. That takes Config.Stop and 10 s at most.
//
// While brokers are away, or a topic does not exist yet, it waits, says so once in the log, and goes on when they are there. The error says what
// waiting does not mend, and what to do: no rights on a topic or the group, a refused login, a dead-letter topic that is missing and cannot be made.
// What was done until then is committed.
func (c *Consumer) Run(ctx context.Context) error { return errors.New("not yet") }
