package kafka

import (
	"context"
	"time"
)

// Mark is the first record of a partition that is not older than a moment. Where there is none, Offset is the partition's end and At is zero.
type Mark struct {
	Offset int64
	At     time.Time // the record's timestamp
}

// Marks asks where a moment lies in each partition of a topic, by the timestamps of its records, in whole milliseconds. The error is
// ErrTopicsMissing where the topic does not exist.
func (c *Client) Marks(ctx context.Context, topic string, moment time.Time) (map[int32]Mark, error) {
	listed, err := offsets(c.after(ctx, []string{topic}, moment))
	if err != nil {
		return nil, extentError(topic, err)
	}
	marks := make(map[int32]Mark, len(listed[topic])) // :: partition -> mark
	for partition, o := range listed[topic] {
		marks[partition] = Mark{Offset: o.Offset}
		if o.Timestamp >= 0 {
			marks[partition] = Mark{o.Offset, time.UnixMilli(o.Timestamp)}
		}
	}
	return marks, nil
}
