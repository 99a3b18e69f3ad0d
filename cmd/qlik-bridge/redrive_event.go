package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"qlikbridge/bridge/kafka"
)

// find looks for the event that the target is, and returns what was chosen with its partition, or that alone.
func (r *redriving) find(ctx context.Context, c chosen) (chosen, error) {
	extents, err := r.searched(ctx, c)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, e := range extents {
		total += e.Len()
	}
	progress := newReading(r.status, "looking for "+short(plain(r.event), 40), total)
	defer progress.Done()
	found, ok, err := findEvent(ctx, r.client, extents, r.event, progress.Add)
	switch {
	case err != nil:
		return nil, r.away(err)
	case !ok:
		return nil, r.notFound(c, total)
	}
	r.target.Time, r.target.Event = found.Time, placeOf(found)
	progress.Done()
	fmt.Fprintf(r.status, "%s is at %s, taken in at %s\n", plain(r.event), r.target.Event, stamp(r.target.Time))
	return r.around(c), nil
}

// around is what was chosen with the partition of the event.
func (r *redriving) around(c chosen) chosen {
	at := r.target.Event
	some := c[at.Topic]
	if r.only {
		return chosen{at.Topic: {at.Partition}}
	}
	if some != nil && !slices.Contains(some, at.Partition) {
		c[at.Topic] = append(some, at.Partition)
	}
	return c
}

// searched are the parts of the topics in which the event may be.
func (r *redriving) searched(ctx context.Context, c chosen) ([]kafka.Extent, error) {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	var all []kafka.Extent
	for _, topic := range slices.Sorted(maps.Keys(c)) {
		e, err := r.client.ExtentSince(ctx, topic, r.since)
		if errors.Is(err, kafka.ErrTopicsMissing) && len(r.named) == 0 {
			continue // which is said later
		}
		if err == nil {
			err = has(e, c[topic])
		}
		if err != nil {
			return nil, r.away(err)
		}
		if some := c[topic]; len(r.named) > 0 && some != nil {
			e.Ranges = slices.DeleteFunc(e.Ranges, func(p kafka.Range) bool { return !slices.Contains(some, p.Partition) })
		}
		all = append(all, e)
	}
	return all, nil
}

func (r *redriving) notFound(c chosen, n int64) error {
	where := fmt.Sprintf("%s of %s", count(int(n), "event"), count(len(c), "topic"))
	if !r.since.IsZero() {
		where += " since " + stamp(r.since)
	}
	remedy := "it may be older than what the topics keep"
	if r.group != "" {
		remedy += ", or in a topic that the group has no offsets in (--topic names one)"
	}
	return fmt.Errorf("--to-event %s: none of %s has this id; %s", plain(r.event), where, remedy)
}
