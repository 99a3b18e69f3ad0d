package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Extent is what a topic held when it was asked for.
type Extent struct {
	Topic  string
	Ranges []Range // one for each partition, in their order
}

// Range is a part of a partition: the offsets from Start on and before End. Not each of them has a record.
type Range struct {
	Partition  int32
	Start, End int64
}

// Len is the number of offsets, which is that of the records at most.
func (e Extent) Len() int64 {
	var n int64
	for _, r := range e.Ranges {
		n += r.End - r.Start
	}
	return n
}

// Holds reports whether there is a range that an offset is in.
func (e Extent) Holds(partition int32, offset int64) bool {
	return slices.ContainsFunc(e.Ranges, func(r Range) bool { return r.Partition == partition && r.Start <= offset && offset < r.End })
}

// Extent asks where a topic begins and ends now. The error is ErrTopicsMissing where it does not exist.
func (c *Client) Extent(ctx context.Context, topic string) (Extent, error) {
	first, err := offsets(c.admin.ListStartOffsets(ctx, topic))
	if err != nil {
		return Extent{}, extentError(topic, err)
	}
	last, err := offsets(c.admin.ListEndOffsets(ctx, topic))
	if err != nil {
		return Extent{}, extentError(topic, err)
	}
	e := Extent{Topic: topic}
	for _, end := range last[topic] {
		start, _ := first.Lookup(topic, end.Partition) // a partition that was added just now begins at 0
		e.Ranges = append(e.Ranges, Range{end.Partition, min(start.Offset, end.Offset), end.Offset})
	}
	slices.SortFunc(e.Ranges, func(a, b Range) int { return int(a.Partition - b.Partition) })
	return e, nil
}

// ExtentSince is the Extent of a topic from the first record of each partition on that is not older than a moment; the zero time: all of it.
func (c *Client) ExtentSince(ctx context.Context, topic string, since time.Time) (Extent, error) {
	e, err := c.Extent(ctx, topic)
	if err != nil || since.IsZero() {
		return e, err
	}
	marks, err := c.Marks(ctx, topic, since)
	if err != nil {
		return Extent{}, err
	}
	for i, r := range e.Ranges {
		if mark, ok := marks[r.Partition]; ok { // else it was added just now
			e.Ranges[i].Start = min(max(r.Start, mark.Offset), r.End) // what came meanwhile is beyond the end
		}
	}
	return e, nil
}

func offsets(listed kadm.ListedOffsets, err error) (kadm.ListedOffsets, error) {
	if err != nil {
		return nil, err
	}
	return listed, listed.Error()
}

func extentError(topic string, err error) error {
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return fmt.Errorf("topic %s: %w", topic, ErrTopicsMissing)
	}
	return fmt.Errorf("asking where topic %s begins and ends: %w", topic, err)
}
