package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Offsets are where partitions are read on.
type Offsets map[string]map[int32]int64 // :: topic -> partition -> offset

// Set notes where a partition is read on.
func (o Offsets) Set(topic string, partition int32, offset int64) {
	if o[topic] == nil {
		o[topic] = map[int32]int64{}
	}
	o[topic][partition] = offset
}

// OffsetsFrom asks where the first records at or after a moment are, or, for the zero time, the next to come. It has every partition of the
// topics that exist; one that got nothing since then is read on at its end.
func (c *Client) OffsetsFrom(ctx context.Context, topics []string, from time.Time) (Offsets, error) {
	listed, err := c.list(ctx, topics, from)
	if err != nil {
		return nil, fmt.Errorf("asking where the topics are at %s: %w", momentName(from), err)
	}
	found := Offsets{}
	for _, partitions := range listed {
		for _, at := range partitions {
			switch {
			case errors.Is(at.Err, kerr.UnknownTopicOrPartition) && at.Partition < 0: // the topic does not exist
			case at.Err != nil:
				return nil, fmt.Errorf("asking where partition %d of topic %s is at %s: %w", at.Partition, at.Topic, momentName(from), at.Err)
			default:
				found.Set(at.Topic, at.Partition, at.Offset)
			}
		}
	}
	return found, nil
}

func (c *Client) list(ctx context.Context, topics []string, from time.Time) (kadm.ListedOffsets, error) {
	if from.IsZero() {
		return c.admin.ListEndOffsets(ctx, topics...)
	}
	return c.after(ctx, topics, from)
}

// after asks where the first records at or after a moment are. A partition that has none says its end, as it was before that was asked: a record that
// comes meanwhile is one of them, and is not to be passed over.
func (c *Client) after(ctx context.Context, topics []string, moment time.Time) (kadm.ListedOffsets, error) {
	ends, err := c.admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	listed, err := c.admin.ListOffsetsAfterMilli(ctx, max(0, moment.UnixMilli()), topics...)
	for topic, partitions := range listed {
		for partition, at := range partitions {
			if at.Err == nil && at.Timestamp < 0 {
				end, _ := ends.Lookup(topic, partition) // a partition that was added just now began at 0
				at.Offset = min(at.Offset, end.Offset)
				partitions[partition] = at
			}
		}
	}
	return listed, err
}

func momentName(from time.Time) string {
	if from.IsZero() {
		return "their ends"
	}
	return from.UTC().Format(time.RFC3339)
}

// NewReader makes a reader of whole topics that begins at the offsets, and with the first record of each partition that has none there: such
// a topic may come into being later. Partitions that a topic with offsets gains later are not read. An offset that retention has passed is
// read on at the first record that is left.
func NewReader(c Config, topics []string, at Offsets, log *slog.Logger) (*Reader, error) {
	exact := map[string]map[int32]kgo.Offset{}
	for topic, partitions := range at {
		exact[topic] = map[int32]kgo.Offset{}
		for partition, offset := range partitions {
			exact[topic][partition] = kgo.NewOffset().At(offset)
		}
	}
	whole := slices.DeleteFunc(slices.Clone(topics), func(topic string) bool { return len(exact[topic]) > 0 })
	return newReader(c, log, kgo.ConsumeTopics(whole...), kgo.ConsumePartitions(exact), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
}
