package consumer

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// Config says which events are handled, as which group, and what happens to those that fail. The zero value of a field means what its comment
// says, so that Group is all that has to be set.
type Config struct {
	// Kafka says how the cluster is reached; zero: kafka.DefaultConfig(), with the group as the client's name.
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
	// InFlight is how many events may be read and not yet done, those that wait for their next attempt among them; 0: 1000, or Concurrency where that is more. No more is read until one is done.
	InFlight int
	// Unordered lets events of one key be handled side by side and out of order, as those without a key always are.
	Unordered bool
	// FromLatest lets a group that has no offset yet, in no topic, begin with the next event to come instead of the oldest. Once it has one, partitions
	// and topics that it has none of are read from their beginning, whether they were made while members ran or not.
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

// deadLetterInfix stands between the prefix of the topics and the group in the name of the topic for its dead letters.
const deadLetterInfix = topics.DeadLetter + "."

// DeadLetterTopic is the topic for a group's dead letters, where Config.DeadLetter names no other.
func DeadLetterTopic(prefix, group string) string { return prefix + deadLetterInfix + group }

// complete fills in what is left out.
func (c Config) complete() Config {
	reach := kafka.DefaultConfig()
	reach.ClientID = c.Group
	c.Kafka, c.Topics = or(c.Kafka, reach), or(c.Topics, topics.DefaultConfig())
	c.Concurrency = or(c.Concurrency, 8)
	c.InFlight, c.Dedupe = or(c.InFlight, max(1000, c.Concurrency)), or(c.Dedupe, 10_000)
	c.Retry.Attempts, c.Retry.First, c.Retry.Most = or(c.Retry.Attempts, 5), or(c.Retry.First, 500*time.Millisecond), or(c.Retry.Most, time.Minute)
	c.DeadLetter, c.Stop = or(c.DeadLetter, DeadLetterTopic(c.Topics.Prefix, c.Group)), or(c.Stop, 20*time.Second)
	c.Types, c.Families, c.From = slices.Clone(c.Types), slices.Clone(c.Families), slices.Clone(c.From)
	return c
}

// or returns a unless it is the zero value.
func or[T any](a, b T) T {
	if reflect.ValueOf(a).IsZero() {
		return b
	}
	return a
}

// validate names the first field of a completed configuration that cannot be used, and what would do.
func (c Config) validate() error {
	if err := c.Kafka.Validate(); err != nil {
		return err
	}
	if err := c.Topics.Validate(topics.Default()); err != nil {
		return err
	}
	switch {
	case c.Group == "":
		return fmt.Errorf("config.Group is empty; name the consumer group, one for each service")
	case c.Concurrency < 1 || c.InFlight < c.Concurrency:
		return fmt.Errorf("config.Concurrency %d and InFlight %d: 1 or more, and InFlight no less than Concurrency", c.Concurrency, c.InFlight)
	case c.Retry.Attempts < 1:
		return fmt.Errorf("config.Retry.Attempts %d: 1 or more", c.Retry.Attempts)
	case c.Retry.First < 1 || c.Retry.Most < c.Retry.First:
		return fmt.Errorf("config.Retry.First %s and Retry.Most %s: more than 0, and Most no less than First", c.Retry.First, c.Retry.Most)
	case c.Stop < 0:
		return fmt.Errorf("config.Stop %s: more than 0", c.Stop)
	}
	if err := topics.CheckName(c.DeadLetter); err != nil {
		return fmt.Errorf("config.DeadLetter %w", err)
	}
	return c.validateChoice()
}

func (c Config) validateChoice() error {
	for _, topic := range c.From {
		if err := topics.CheckName(topic); err != nil {
			return fmt.Errorf("config.From: %w", err)
		}
		if topic == c.DeadLetter {
			return fmt.Errorf("config.From: %s is also where dead letters are written, which would come round for ever; take another Group or DeadLetter", topic)
		}
	}
	switch {
	case len(c.From) > 0 && len(c.Families) > 0:
		return fmt.Errorf("config.From and Families: topics to read in place of the families' leave nothing to choose by family; drop one of them")
	case slices.Contains(c.Families, topics.DeadLetter):
		return fmt.Errorf("config.Families: %s holds no events; `qlik-bridge dead-letter` reads it", topics.DeadLetter)
	}
	return nil
}

// read returns the topics that are read, and the choice among what is in them.
func (c Config) read() ([]string, choice, error) {
	selection, err := topics.Default().Select(c.Types, c.Families)
	if err != nil {
		return nil, choice{}, fmt.Errorf("config.Types and Families: %w", err)
	}
	names := c.From
	if len(names) == 0 {
		for _, f := range selection.Families() {
			names = append(names, c.Topics.Topic(f.Name))
		}
	}
	return names, choice{types: selection, all: len(c.Types) == 0}, nil
}
