package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// search looks for the record of an event.
type search struct {
	client *kafka.Client
	config app.Config
	id     string
	since  time.Time // looked at from then on; zero: all there is
	status io.Writer
}

// run finds the record in any topic, in those with the names first, and says where each of these is read on: behind the record in its own
// partition, at the record's time in all others.
func (s *search) run(ctx context.Context, names []string) (kafka.Stored, kafka.Offsets, error) {
	extents, err := s.extents(ctx, names)
	if err != nil {
		return kafka.Stored{}, nil, err
	}
	found, err := s.find(ctx, extents)
	if err != nil {
		return found, nil, err
	}
	place := bridge.Place{Topic: found.Topic, Position: found.Position}
	fmt.Fprintf(s.status, "event %s is at %s, recorded %s\n", plain(s.id), place, found.Time.UTC().Format(time.RFC3339))
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	at, err := s.client.OffsetsFrom(ctx, names, found.Time)
	if err != nil {
		return found, nil, err
	}
	if slices.Contains(names, found.Topic) {
		at.Set(found.Topic, found.Partition, found.Offset+1)
	}
	return found, at, nil
}

// extents are what is searched of each topic that exists.
func (s *search) extents(ctx context.Context, names []string) ([]kafka.Extent, error) {
	for _, f := range topics.Default().Families {
		if name := s.config.Topics.Topic(f.Name); !slices.Contains(names, name) {
			names = append(slices.Clip(names), name)
		}
	}
	var extents []kafka.Extent
	for _, name := range names {
		e, err := s.client.ExtentSince(ctx, name, s.since)
		if errors.Is(err, kafka.ErrTopicsMissing) {
			continue
		} else if err != nil {
			return nil, err
		}
		extents = append(extents, e)
	}
	return extents, nil
}

func (s *search) find(ctx context.Context, extents []kafka.Extent) (kafka.Stored, error) {
	var total int64
	for _, e := range extents {
		total += e.Len()
	}
	bar := newBar(s.status, "looking for the event", total)
	defer bar.Done()
	found, ok, err := findEvent(ctx, s.client, extents, s.id, func() { bar.Add(1) })
	if ok || err != nil {
		return found, err
	}
	return kafka.Stored{}, fmt.Errorf("no event %s among %d records of %d topics: retention has taken it, or it was never there", plain(s.id), total, len(extents))
}

// findEvent returns the first record that holds the event of an id; false: none of the extents has one. each is called for every record that
// was looked at.
func findEvent(ctx context.Context, client *kafka.Client, extents []kafka.Extent, id string, each func()) (kafka.Stored, bool, error) {
	wanted := func(r kafka.Stored) bool { return r.Header("ce_id") == id }
	for _, e := range extents {
		if found, ok, err := client.Find(ctx, e, wanted, each); ok || err != nil {
			return found, ok, err
		}
	}
	return kafka.Stored{}, false, nil
}
