package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// How often Kafka is asked whether it is there, and how often the topics are compared with the catalogue; after a failure sooner.
const (
	pingInterval      = 2 * time.Second
	pingTimeout       = 2 * time.Second
	provisionInterval = 5 * time.Minute
	provisionRetry    = 2 * time.Second
	provisionTimeout  = 2 * time.Minute
)

// Plan compares a cluster with what the configuration wants of it.
func Plan(ctx context.Context, c Config, client *kafka.Client) (topics.Plan, error) {
	catalog := topics.Default()
	state, err := client.State(ctx, topicNames(c))
	if err != nil {
		return topics.Plan{}, err
	}
	return topics.NewPlan(c.Topics.Specs(catalog, state.Brokers, c.Kafka.MaxMessageBytes), state), nil
}

func topicNames(c Config) []string {
	families := topics.Default().Families
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = c.Topics.Topic(f.Name)
	}
	return names
}

// watchKafka keeps the conditions that can change at any moment true to life, until ctx ends.
func (a *App) watchKafka(ctx context.Context) {
	for {
		asked, cancel := context.WithTimeout(ctx, pingTimeout)
		err := a.kafka.Ping(asked)
		var weak error
		if err == nil {
			weak = a.kafka.Writable(asked, topicNames(a.config))
		}
		if errors.Is(weak, kafka.ErrTopicsMissing) {
			weak = nil // watchTopics creates them, or says that they are missing
			a.lookAtTopics()
		}
		cancel()
		if ctx.Err() != nil {
			return
		}
		a.note(spoolTakes, a.spoolRoom())
		a.note(kafkaReachable, err)
		a.note(partitionsWritable, weak)
		a.note(eventsAcknowledged, a.ingester.Troubled(time.Now()))
		pause(ctx, pingInterval)
	}
}

// watchTopics provisions at once and then at intervals, so that a topic deleted or weakened later does not stay so unseen.
func (a *App) watchTopics(ctx context.Context) {
	for ctx.Err() == nil {
		err := a.provision(ctx)
		if ctx.Err() != nil {
			return
		}
		a.note(topicsInOrder, err)
		wait := provisionInterval
		if err != nil {
			wait = provisionRetry
		}
		a.pauseOrNudge(ctx, wait)
	}
}

// lookAtTopics has watchTopics look soon; it does not block.
func (a *App) lookAtTopics() {
	select {
	case a.nudge <- struct{}{}:
	default:
	}
}

func (a *App) pauseOrNudge(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-a.nudge:
	}
}

// provision makes the topics what they are to be, or says what is missing where it may not.
func (a *App) provision(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, provisionTimeout)
	defer cancel()
	plan, err := Plan(ctx, a.config, a.kafka)
	if err != nil {
		return err
	}
	if a.config.Topics.Manage {
		err := a.kafka.Apply(ctx, plan, func(c topics.Change) {
			a.log.Info("topic changed", "action", c.Action, "topic", c.Topic, "key", c.Key, "from", c.From, "to", c.To)
		})
		if err != nil {
			return err
		}
		plan.Changes = nil
	}
	return shortfall(plan)
}

// shortfall is what a plan leaves to be done by a person.
func shortfall(p topics.Plan) error {
	var lacks []string
	for _, r := range p.Refusals {
		lacks = append(lacks, r.Topic+": "+r.Reason)
	}
	for _, c := range p.Changes {
		lacks = append(lacks, fmt.Sprintf("%s: %s %s to %s", c.Topic, c.Action, c.Key, c.To))
	}
	if len(lacks) == 0 {
		return nil
	}
	remedy := ""
	if len(p.Changes) > 0 {
		remedy = " (run `qlik-bridge topics apply`, or set topics.manage to true)"
	}
	const most = 5
	if n := len(lacks); n > most {
		lacks = append(lacks[:most], fmt.Sprintf("and %d more", n-most))
	}
	return fmt.Errorf("%s%s", strings.Join(lacks, "; "), remedy)
}

// note writes a condition down, and logs it when it changes.
func (a *App) note(condition string, err error) {
	reason, level, text := "", slog.LevelInfo, "condition holds"
	if err != nil {
		reason, level, text = err.Error(), slog.LevelError, "condition does not hold"
	}
	if err == errSpoolOff {
		level, text = slog.LevelInfo, "there is no spool: while Kafka is away deliveries are answered 503"
	}
	if a.health.set(condition, reason) {
		a.log.Log(context.Background(), level, text, "condition", condition, "reason", reason)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
