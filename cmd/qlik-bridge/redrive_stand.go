package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
)

// stand asks where the group and the target are in what was chosen.
func (r *redriving) stand(ctx context.Context, c chosen) ([]redrive.Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	var all []redrive.Standing
	for _, topic := range slices.Sorted(maps.Keys(c)) {
		some, err := r.standIn(ctx, topic, c[topic])
		if errors.Is(err, kafka.ErrTopicsMissing) && len(r.named) == 0 {
			if r.undo == "" { // which looks at its partitions itself
				fmt.Fprintf(r.status, "topic %s, which the group has offsets in, does not exist; it is left out\n", topic)
			}
			continue
		}
		if err != nil {
			return nil, r.away(err)
		}
		all = append(all, some...)
	}
	r.learnRetention(ctx, all)
	return all, nil
}

// standIn asks about one topic.
func (r *redriving) standIn(ctx context.Context, topic string, partitions []int32) ([]redrive.Standing, error) {
	extent, err := r.client.Extent(ctx, topic)
	if err != nil {
		return nil, err
	}
	oldest, err := r.client.Marks(ctx, topic, time.UnixMilli(0))
	if err != nil {
		return nil, err
	}
	marks := map[int32]kafka.Mark{}
	if r.target.ByTime() {
		if marks, err = r.client.Marks(ctx, topic, r.target.Time); err != nil {
			return nil, err
		}
	}
	if err := has(extent, partitions); err != nil {
		return nil, err
	}
	var all []redrive.Standing
	for _, span := range extent.Ranges {
		if partitions != nil && !slices.Contains(partitions, span.Partition) {
			continue
		}
		p := redrive.Partition{Topic: topic, Number: span.Partition}
		committed, beside := r.committed(p)
		all = append(all, redrive.Standing{Partition: p, Committed: committed, Beside: beside, Start: span.Start, End: span.End,
			First: oldest[p.Number].At, Mark: min(max(marks[p.Number].Offset, span.Start), span.End)})
	}
	return all, nil
}

// has says which of some partitions a topic does not have.
func has(e kafka.Extent, partitions []int32) error {
	for _, p := range partitions {
		if int(p) >= len(e.Ranges) {
			return fmt.Errorf("topic %s has no partition %d; it has 0 to %d", e.Topic, p, len(e.Ranges)-1)
		}
	}
	return nil
}

// committed is the group's offset in a partition, and what it has left beside it; a copy begins at its target, wherever a group is.
func (r *redriving) committed(p redrive.Partition) (offset int64, beside string) {
	if r.copyTo != "" {
		return redrive.None, ""
	}
	for _, c := range r.state.Commits {
		if c.Topic == p.Topic && c.Partition == p.Number {
			return c.Offset, c.Metadata
		}
	}
	return redrive.None, ""
}

// learnRetention asks what the topics keep where that decides whether the target is to be had. Who may not be told has less to go by.
func (r *redriving) learnRetention(ctx context.Context, all []redrive.Standing) {
	cut := map[string]bool{} // :: topic -> some of it was deleted
	for _, s := range all {
		if s.Start > 0 && r.target.ByTime() {
			cut[s.Topic] = true
		}
	}
	if len(cut) == 0 {
		return
	}
	state, err := r.client.State(ctx, slices.Collect(maps.Keys(cut)))
	if err != nil {
		return
	}
	for i, s := range all {
		if cut[s.Topic] {
			all[i].Keeps = redrive.Keeps(state.Topics[s.Topic].Config, r.now)
		}
	}
}
