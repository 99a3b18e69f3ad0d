package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
)

// chosen are the partitions that a run is about, by topic; nil: every one that the topic has.
type chosen map[string][]int32

// look asks for the group, and says which groups there are where that is not one.
func (r *redriving) look(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	r.state, err = r.client.GroupState(ctx, r.group)
	switch {
	case errors.Is(err, kafka.ErrGroupMissing):
		return r.unknown(ctx)
	case errors.Is(err, kafka.ErrGroupForeign):
		return fmt.Errorf("group %s is a share or a streams group, whose offsets Kafka's kafka-share-groups and kafka-streams-groups reset", plain(r.group))
	case errors.Is(err, kafka.ErrDenied):
		return r.away(fmt.Errorf("%w; redrive needs Describe and Read on the group", err))
	}
	return r.away(err)
}

// unknown names the groups that may have been meant.
func (r *redriving) unknown(ctx context.Context) error {
	names, err := r.client.Groups(ctx)
	if err != nil {
		return r.away(err)
	}
	text := fmt.Sprintf("group %s is not there, or may not be described", plain(r.group))
	near := redrive.Near(r.group, names, 5)
	switch {
	case len(near) > 0:
		text += "; there is " + plain(strings.Join(near, ", "))
	case len(names) > 0:
		text += fmt.Sprintf("; none of the %s is named like it", count(len(names), "group"))
	}
	return errors.New(text)
}

// choose returns what the flags are about.
func (r *redriving) choose(ctx context.Context) (chosen, error) {
	switch {
	case len(r.named) > 0:
		return r.chooseNamed()
	case r.group != "":
		return r.chooseCommitted()
	}
	return r.chooseFamilies(ctx)
}

// chooseNamed takes topics by their names, whatever the group has in them: so does Kafka's tool.
func (r *redriving) chooseNamed() (chosen, error) {
	c, selected := chosen{}, r.selected()
	for _, n := range r.named {
		if r.selection != nil && !selected[n.Topic] {
			return nil, badConfig(fmt.Errorf("--topic %s holds nothing that --type and --family choose", n.Topic))
		}
		before, seen := c[n.Topic]
		if n.Partitions == nil || seen && before == nil {
			c[n.Topic] = nil
			continue
		}
		c[n.Topic] = append(before, n.Partitions...)
	}
	return c, nil
}

// chooseCommitted takes the partitions that the group has offsets in: what it has not begun, it begins as its consumers say. A copy takes
// the whole topics.
func (r *redriving) chooseCommitted() (chosen, error) {
	c, selected, all := chosen{}, r.selected(), map[string]bool{}
	for _, commit := range r.state.Commits {
		all[commit.Topic] = true
		switch {
		case r.selection != nil && !selected[commit.Topic]:
		case r.copyTo != "":
			c[commit.Topic] = nil
		default:
			c[commit.Topic] = append(c[commit.Topic], commit.Partition)
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("group %s has no offsets; --topic names topics to give it some", plain(r.group))
	case len(c) == 0:
		return nil, fmt.Errorf("group %s has offsets in %s, and --type and --family choose none of them", plain(r.group), strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	return c, nil
}

// chooseFamilies takes the topics of the catalogue, as far as they are there.
func (r *redriving) chooseFamilies(ctx context.Context) (chosen, error) {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	var names []string
	for _, f := range r.choice.Types.Families() {
		names = append(names, r.config.Topics.Topic(f.Name))
	}
	state, err := r.client.State(ctx, names)
	if err != nil {
		return nil, r.away(err)
	}
	c := chosen{}
	for name := range state.Topics {
		c[name] = nil
	}
	if len(c) == 0 {
		return nil, fmt.Errorf("none of the topics %s is there", strings.Join(names, ", "))
	}
	return c, nil
}

// selected are the topics that --type and --family choose.
func (r *redriving) selected() map[string]bool {
	all := map[string]bool{}
	if r.selection != nil {
		for _, f := range r.selection.Families() {
			all[r.config.Topics.Topic(f.Name)] = true
		}
	}
	return all
}
