package consumer

import (
	"log/slog"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// Config says which events are handled, as which group, and what happens to those that fail. The zero value of a field means what its comment
// says, so that Group is all that has to be set.
type Config struct {
	// Kafka says how the cluster is reached; zero: kafka.DefaultConfig().
	Kafka kafka.Config
	// Topics names the topics; zero: topics.DefaultConfig(). Of it the prefix counts, and the replication for a dead-letter topic that is made.
	Topics topics.Config

	// Group is the consumer group. Required. Members of one group share the events; groups do not know of one another.
	Group string
	// Types are those that are handled: exact, or all that begin with what stands before a * at the end. Today's name of a type finds events
	// under its older names too. Empty: all types. See topics.Catalog.Select.
	Types []string
	// Families narrow the choice to events of these families. Empty: all but dead letters.
	Families []string
	// From are topics to read in place of the families', such as a side topic of a redrive, or the dead letters of a group. Types count here too.
	From []string
	// Choose narrows the choice further, by what the event says; nil: all. It is called by several goroutines, and once or more for an event. An event
	// that it does not want is done.
	Choose func(event.Event) bool

	// Concurrency is how many handlers run at once; 0: 8.
	Concurrency int
	// InFlight is how many events may be read and not yet done, those that wait for their next try among them; 0: 1000. No more is read until one is done.
	InFlight int
	// Unordered lets events of one key be handled side by side and out of order, as those without a key always are.
	Unordered bool
	// FromLatest lets a group that has no offsets yet begin with the next event to come instead of the oldest. Partitions and topics that are made
	// later are always read from their beginning.
	FromLatest bool

	// Retry says how often and when a handler is called again that returned an error.
	Retry Retry
	// DeadLetter is the topic for events that failed for good; "": the prefix, dead-letter, a dot and the group (qlik.dead-letter.GROUP). It is
	// made at the start where it is missing.
	DeadLetter string
	// Dedupe is how many handled events are remembered, by source and id, to skip those that come again; 0: 10,000; negative: none. The memory is
	// this process's and starts empty.
	Dedupe int
	// Stop is how long a stop or a rebalance waits for handlers that run; 0: 20 s. After that their context is cancelled and their events are
	// left to whoever has the partition next.
	Stop time.Duration
}

// Retry says how often and when a handler is called again. The wait before the next call is a random time of at most First, which doubles with each
// call up to Most (exponential backoff with full jitter).
type Retry struct {
	Attempts    int           // calls in all, after which an event is a dead letter; 0: 5
	First, Most time.Duration // 0: 500 ms, 1 m
}

// Options are what a consumer reports to. Nil fields: it is silent, and unregistered.
type Options struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // given the metrics qlik_bridge_consumer_* while Run runs, with the label group
}
