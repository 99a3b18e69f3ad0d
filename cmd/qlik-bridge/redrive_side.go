package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
	"qlikbridge/topics"
)

// sideRetention is how long a side topic that redrive makes keeps the copies: time to consume them, and then they go by themselves.
const sideRetention = topics.Retention(7 * 24 * time.Hour)

// side is the topic that is copied to.
type side struct {
	spec   *topics.Spec // what is to be made; nil: it is there
	copied redrive.Copied
}

// fits refuses topics that are no side topics.
func (c *copying) fits() error {
	for _, f := range topics.Default().Families {
		if c.copyTo == c.config.Topics.Topic(f.Name) {
			return fmt.Errorf("--copy-to %s: that is the topic of family %s, and everybody who reads it would be given the events again; name a topic of its own", c.copyTo, f.Name)
		}
	}
	switch aside := c.config.Topics.Topic(topics.DeadLetter) + "."; {
	case strings.HasPrefix(c.copyTo, aside):
		return fmt.Errorf("--copy-to %s: topics that begin with %s hold the dead letters of groups", plain(c.copyTo), aside)
	case strings.HasPrefix(c.copyTo, "__"):
		return fmt.Errorf("--copy-to %s: that is a topic of Kafka's own", plain(c.copyTo))
	}
	for _, n := range c.named {
		if n.Topic == c.copyTo {
			return fmt.Errorf("--copy-to %s: the events are copied from it", plain(c.copyTo))
		}
	}
	if c.target.ByTime() && c.event == "" && !c.until.IsZero() && !c.target.Time.Before(c.until) {
		return fmt.Errorf("--%s %s, --until %s: nothing lies between them", c.target.Kind, c.asked, stamp(c.until))
	}
	return nil
}

// lookAtSide asks whether the topic is there, and which copies it has.
func (c *copying) lookAtSide(ctx context.Context) (side, error) {
	asked, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	state, err := c.client.State(asked, append(c.sources(), c.copyTo))
	if err != nil {
		return side{}, c.away(err)
	}
	now, exists := state.Topics[c.copyTo]
	if !exists {
		spec := c.sideSpec(state)
		return side{spec: &spec, copied: redrive.Copied{}}, nil
	}
	if policy := now.Config["cleanup.policy"]; policy != "delete" {
		return side{}, fmt.Errorf("refused: topic %s has cleanup.policy=%s: compaction drops every copy of a key but the last", c.copyTo, policy)
	}
	if slices.Contains(c.sources(), c.copyTo) {
		return side{}, fmt.Errorf("refused: %s is one of the topics that the events are copied from; --topic, --type or --family leave it out", c.copyTo)
	}
	copied, err := c.copies(ctx)
	return side{copied: copied}, err
}

// sources are the topics that are copied from.
func (c *copying) sources() []string {
	var names []string
	for _, m := range c.plan.Moves {
		names = append(names, m.Topic)
	}
	return slices.Compact(names)
}

// copies reads which copies the topic has.
func (c *copying) copies(ctx context.Context) (redrive.Copied, error) {
	asked, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	extent, err := c.client.Extent(asked, c.copyTo)
	if err != nil {
		return nil, c.away(err)
	}
	copied := redrive.Copied{}
	progress := newReading(c.status, "reading "+plain(c.copyTo), extent.Len())
	defer progress.Done()
	err = c.client.Scan(ctx, extent, func(s kafka.Stored) error {
		progress.Add()
		if from, ok := redrive.Origin(&s.Record); ok {
			copied.Add(from)
		}
		return nil
	})
	return copied, c.away(err)
}

// sideSpec is laid out like the topics that are copied from: as many partitions as the largest of them, and the settings that every family has.
func (c *copying) sideSpec(state topics.State) topics.Spec {
	most := int32(1)
	for _, name := range c.sources() {
		most = max(most, state.Topics[name].Partitions)
	}
	config := c.config.Topics
	config.Families = nil // what is set for a family is not meant for copies of several
	specs := config.Specs(topics.Default(), state.Brokers, c.config.Kafka.MaxMessageBytes)
	spec := specs[slices.IndexFunc(specs, func(s topics.Spec) bool { return s.Family == topics.Other })] // every catalogue has it
	spec.Name, spec.Family, spec.Partitions = c.copyTo, "", most
	spec.Config["retention.ms"] = fmt.Sprint(sideRetention.Milliseconds())
	return spec
}

// makeSide makes the topic where it is missing, and waits until it takes records.
func (c *copying) makeSide(ctx context.Context) error {
	if c.side.spec == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	change := topics.Change{Action: topics.Create, Topic: c.copyTo, Spec: *c.side.spec}
	if err := c.client.Apply(ctx, topics.Plan{Changes: []topics.Change{change}}, func(topics.Change) {}); err != nil {
		return c.away(err)
	}
	for {
		err := c.client.Writable(ctx, []string{c.copyTo})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return c.away(errors.Join(err, ctx.Err()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}
