package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

// Reader reads topics from given offsets on, without a consumer group: it leaves no trace on the cluster. It is for one goroutine.
type Reader struct {
	kgo  *kgo.Client
	late error // came together with records, and is for the next call
}

// Stored is a record with its place.
type Stored struct {
	bridge.Record
	bridge.Position
}

// What a reader holds at most of one broker's records that were not asked for yet, and of one partition's, compressed; or one batch that is larger. They
// are small because ten may read for people at once, and what compresses well is many times as large.
const (
	readerBytes          = 128 << 10
	readerPartitionBytes = 64 << 10
)

func newReader(c Config, log *slog.Logger, opts ...kgo.Opt) (*Reader, error) {
	if _, err := c.TLS.load(); err != nil {
		return nil, err
	}
	opts = append(opts, kgo.FetchMaxWait(500*time.Millisecond), kgo.MetadataMaxAge(5*time.Second),
		kgo.FetchMaxBytes(readerBytes), kgo.FetchMaxPartitionBytes(readerPartitionBytes))
	client, err := kgo.NewClient(append(c.options(log), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("setting up the Kafka reader: %w", err)
	}
	return &Reader{kgo: client}, nil
}

// Next blocks until there are records, and returns them in the order of each partition. The error is that of ctx, or the first that
// Kafka gave. It takes none from the reader when ctx has ended, and never lets go of any: a deadline may be used to wait for a while.
func (r *Reader) Next(ctx context.Context) ([]Stored, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.late; err != nil {
		r.late = nil
		return nil, err
	}
	fetches := r.kgo.PollFetches(ctx)
	stored := make([]Stored, 0, fetches.NumRecords())
	fetches.EachRecord(func(record *kgo.Record) { stored = append(stored, store(record)) })
	if err := ctx.Err(); err != nil && len(stored) == 0 {
		return nil, err
	}
	if errs := fetches.Errors(); len(errs) > 0 && ctx.Err() == nil {
		r.late = errs[0].Err
	}
	if len(stored) == 0 && r.late != nil {
		return r.Next(ctx)
	}
	return stored, nil
}

func store(r *kgo.Record) Stored {
	headers := make([]bridge.Header, len(r.Headers))
	for i, h := range r.Headers {
		headers[i] = bridge.Header{Key: h.Key, Value: h.Value}
	}
	return Stored{
		bridge.Record{Topic: r.Topic, Key: r.Key, Value: r.Value, Headers: headers, Time: r.Timestamp},
		bridge.Position{Partition: r.Partition, Offset: r.Offset},
	}
}

// Close ends the connections.
func (r *Reader) Close() { r.kgo.Close() }
