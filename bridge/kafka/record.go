package kafka

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

// RecordAt reads the record at a position, until ctx ends. ErrDenied where Read on the topic is missing; an error, too, where there is no
// record of this offset.
func (c Config) RecordAt(ctx context.Context, topic string, at bridge.Position) (Stored, error) {
	partitions := map[string]map[int32]kgo.Offset{topic: {at.Partition: kgo.NewOffset().At(at.Offset)}}
	client, err := kgo.NewClient(append(c.options(slog.New(slog.DiscardHandler)), kgo.ConsumePartitions(partitions), kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
	if err != nil {
		return Stored{}, fmt.Errorf("setting up the Kafka reader: %w", err)
	}
	defer client.Close()
	fetches := client.PollRecords(ctx, 1)
	if err := ctx.Err(); err != nil {
		return Stored{}, err
	}
	if err := fetches.Err(); err != nil {
		return Stored{}, denied(err)
	}
	for _, r := range fetches.Records() {
		if record := store(r); record.Offset == at.Offset {
			return record, nil
		}
	}
	return Stored{}, fmt.Errorf("no record at %s/%d@%d: %w", topic, at.Partition, at.Offset, kerr.OffsetOutOfRange)
}
