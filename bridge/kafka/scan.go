package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge"
)

const (
	scanPatience = 15 * time.Second       // how long a scan waits for the next records before it fails
	scanPause    = 100 * time.Millisecond // between two tries
	scanWait     = 500 * time.Millisecond // how long a broker may wait for records that are not there
	scanBytes    = 8 << 20                // what one answer holds at most, or one batch that is larger
)

// Scan reads the records of an extent, one partition after the other, each in order. It is exact: it ends when every record of the extent
// was handed to each, and none beyond; offsets without a record, wherever they are, and records that retention takes away meanwhile do not
// make it wait. It blocks until then, until each returns an error, which it returns as it is, until ctx ends, or until nothing has come for
// 15 s. The extent need not be one that Extent gave: parts of it can be read.
//
// A consumer of franz-go does not say how far it has come where the last offsets have no record (the end of a transaction, what compaction
// took away), and would wait for ever; so each partition is fetched here.
func (c *Client) Scan(ctx context.Context, e Extent, each func(Stored) error) error {
	for _, part := range e.Ranges {
		s := scan{client: c, topic: e.Topic, partition: part.Partition, next: part.Start, end: part.End}
		for s.next < s.end {
			records, err := s.advance(ctx)
			if err != nil {
				return fmt.Errorf("reading %s: %w", bridge.Place{Topic: s.topic, Position: bridge.Position{Partition: s.partition, Offset: s.next}}, err)
			}
			for _, r := range records {
				if err := each(store(r)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// scan reads one partition.
type scan struct {
	client    *Client
	topic     string
	id        [16]byte
	partition int32
	leader    *kgo.Broker // nil: to be asked for
	next, end int64
}

// advance gets further, or returns why not. Where records are not to be had just now, it tries again while its patience lasts.
func (s *scan) advance(ctx context.Context) ([]*kgo.Record, error) {
	patience, cancel := context.WithTimeout(ctx, scanPatience)
	defer cancel()
	for {
		before := s.next
		records, err := s.fetch(patience)
		if s.next > before {
			return records, nil
		}
		if final := (*kerr.Error)(nil); errors.As(err, &final) && !final.Retriable || errors.Is(err, errBroken) {
			return nil, err
		}
		s.leader = nil
		select {
		case <-patience.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("nothing came for %s: %w", scanPatience, err)
		case <-time.After(scanPause):
		}
	}
}

var (
	errBroken  = errors.New("the records cannot be read") // and will not be on a second try
	errNothing = errors.New("the broker has no records yet")
)

// fetch asks the leader once, and moves on by what it answers.
func (s *scan) fetch(ctx context.Context) ([]*kgo.Record, error) {
	if err := s.find(ctx); err != nil {
		return nil, err
	}
	response, err := s.leader.RetriableRequest(ctx, s.request())
	if err != nil {
		return nil, err
	}
	answer := response.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(answer.ErrorCode); err != nil || len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		return nil, errors.Join(errNothing, err)
	}
	part := &answer.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(part.ErrorCode); errors.Is(err, kerr.OffsetOutOfRange) {
		return nil, s.skip(ctx)
	} else if err != nil {
		return nil, err
	}
	return s.read(part, answer.ThrottleMillis > 0)
}

// read takes the records out of an answer. One without any says that there are none up to the end of the log, unless the broker holds
// back, or has not heard yet how far the log goes.
func (s *scan) read(part *kmsg.FetchResponseTopicPartition, throttled bool) ([]*kgo.Record, error) {
	if len(part.RecordBatches) == 0 {
		if !throttled && part.HighWatermark >= s.end {
			s.next = s.end
		}
		return nil, errNothing
	}
	options := kgo.ProcessFetchPartitionOpts{Offset: s.next, Topic: s.topic, Partition: s.partition}
	fetched, next := kgo.ProcessFetchPartition(options, part, kgo.DefaultDecompressor(), nil)
	if fetched.Err != nil && next == s.next {
		return nil, errors.Join(errBroken, fetched.Err)
	}
	s.next = next
	records := fetched.Records
	for len(records) > 0 && records[len(records)-1].Offset >= s.end {
		records = records[:len(records)-1]
	}
	return records, nil
}

// find asks who leads the partition, unless that is known.
func (s *scan) find(ctx context.Context) error {
	if s.leader != nil {
		return nil
	}
	metadata, err := s.client.admin.Metadata(ctx, s.topic)
	if err != nil {
		return err
	}
	topic := metadata.Topics[s.topic]
	part, ok := topic.Partitions[s.partition]
	switch {
	case topic.Err != nil:
		return topic.Err
	case !ok:
		return kerr.UnknownTopicOrPartition
	case part.Leader < 0:
		return kerr.LeaderNotAvailable
	}
	s.id, s.leader = topic.ID, s.client.kgo.Broker(int(part.Leader))
	return nil
}

// skip goes on where retention has let the partition begin.
func (s *scan) skip(ctx context.Context) error {
	first, err := offsets(s.client.admin.ListStartOffsets(ctx, s.topic))
	if err != nil {
		return err
	}
	if start, ok := first.Lookup(s.topic, s.partition); ok && start.Offset > s.next {
		s.next = min(start.Offset, s.end)
		return nil
	}
	return kerr.OffsetOutOfRange // the log is shorter than it was
}

func (s *scan) request() *kmsg.FetchRequest {
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = s.partition, s.next, scanBytes
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID, topic.Partitions = s.topic, s.id, append(topic.Partitions, part)
	r := kmsg.NewPtrFetchRequest()
	r.MaxWaitMillis, r.MinBytes, r.MaxBytes, r.Topics = int32(scanWait.Milliseconds()), 1, scanBytes, append(r.Topics, topic)
	return r
}
