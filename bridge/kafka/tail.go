package kafka

import (
	"context"
	"errors"
)

// Tails reads the last records of topics: of each topic so many at most, spread evenly over its partitions, up to the ends that they have when
// it comes to the topic. each is called with every record, in the order of its partition; the error that it returns ends the reading and is
// returned as it is. Topics that do not exist are left out. It blocks as Scan does, which reads them.
func (c *Client) Tails(ctx context.Context, names []string, most int64, each func(Stored) error) error {
	for _, name := range names {
		extent, err := c.Extent(ctx, name)
		switch {
		case errors.Is(err, ErrTopicsMissing):
			continue
		case err != nil:
			return err
		}
		share := max(1, most/int64(max(1, len(extent.Ranges))))
		for i := range extent.Ranges {
			extent.Ranges[i].Start = max(extent.Ranges[i].Start, extent.Ranges[i].End-share)
		}
		if err := c.Scan(ctx, extent, each); err != nil {
			return err
		}
	}
	return nil
}
