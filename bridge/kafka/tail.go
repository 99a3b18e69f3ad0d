package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Tails reads the last records of topics: of each topic so many at most, spread evenly over its partitions, up to the ends that they have when
// it begins. each is called with every record, in the order of its partition, until it returns false. Topics that do not exist are left out.
// It blocks until all is read or ctx ends, which is an error.
func (c *Client) Tails(ctx context.Context, names []string, most int64, log *slog.Logger, each func(Stored) bool) error {
	t, err := c.tails(ctx, names, most)
	if err != nil || len(t.ends) == 0 {
		return err
	}
	client, err := kgo.NewClient(append(c.config.options(log), kgo.ConsumePartitions(t.starts))...)
	if err != nil {
		return fmt.Errorf("setting up the Kafka reader: %w", err)
	}
	defer client.Close()
	for len(t.ends) > 0 {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading the tails of %d partitions: %w", len(t.ends), err)
		}
		for _, r := range fetches.Records() {
			if t.take(r) && !each(store(r)) {
				return nil
			}
		}
	}
	return nil
}

// tails says where the reading of each partition begins and ends.
type tails struct {
	starts map[string]map[int32]kgo.Offset
	ends   map[place]int64 // what is not read to the end yet
}

type place struct {
	topic     string
	partition int32
}

func (c *Client) tails(ctx context.Context, names []string, most int64) (tails, error) {
	t := tails{starts: map[string]map[int32]kgo.Offset{}, ends: map[place]int64{}}
	first, err := c.admin.ListStartOffsets(ctx, names...)
	if err != nil {
		return t, fmt.Errorf("asking for the beginnings of topics: %w", err)
	}
	last, err := c.admin.ListEndOffsets(ctx, names...)
	if err != nil {
		return t, fmt.Errorf("asking for the ends of topics: %w", err)
	}
	last.Each(func(end kadm.ListedOffset) {
		share := max(1, most/int64(len(last[end.Topic])))
		begin, _ := first.Lookup(end.Topic, end.Partition)
		switch {
		case errors.Is(end.Err, kerr.UnknownTopicOrPartition):
		case end.Err != nil:
			err = fmt.Errorf("asking for the end of %s/%d: %w", end.Topic, end.Partition, end.Err)
		default:
			t.add(place{end.Topic, end.Partition}, max(begin.Offset, end.Offset-share), end.Offset)
		}
	})
	return t, err
}

func (t tails) add(p place, start, end int64) {
	if start >= end {
		return
	}
	if t.starts[p.topic] == nil {
		t.starts[p.topic] = map[int32]kgo.Offset{}
	}
	t.starts[p.topic][p.partition] = kgo.NewOffset().At(start)
	t.ends[p] = end
}

// take reports whether a record is before its partition's end, and notes when that is reached.
func (t tails) take(r *kgo.Record) bool {
	p := place{r.Topic, r.Partition}
	end, open := t.ends[p]
	if open && r.Offset >= end-1 {
		delete(t.ends, p)
	}
	return open && r.Offset < end
}
