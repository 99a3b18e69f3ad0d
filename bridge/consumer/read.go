package consumer

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// batch is what was read of a partition at once.
type batch struct {
	partition *partition
	records   []*kgo.Record
}

// read reads until ctx ends, or until there is trouble that waiting does not mend.
func (c *Consumer) read(ctx context.Context) error {
	defer context.AfterFunc(ctx, c.dispatcher.wakeAdders)()
	var batches []batch
	for {
		fetches := c.member.PollFetches(ctx)
		batches = c.sort(batches[:0], fetches)
		c.member.AllowRebalance() // whose partitions the records are is known now; nothing below is done for one that is taken away
		if ctx.Err() != nil {
			return nil
		}
		if err := c.trouble(fetches); err != nil {
			return err
		}
		for _, b := range batches {
			c.take(ctx, b)
		}
		clear(batches)
	}
}

// sort finds the partitions that records belong to.
func (c *Consumer) sort(batches []batch, fetches kgo.Fetches) []batch {
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		p := c.dispatcher.find(f.Topic, f.Partition)
		if p == nil || f.Err != nil && len(f.Records) == 0 {
			return
		}
		p.end.Store(max(p.end.Load(), f.HighWatermark))
		if len(f.Records) > 0 {
			batches = append(batches, batch{p, f.Records})
		}
	})
	return batches
}

// take goes through records in order and holds those that are wanted. It blocks while there is no room for one, which keeps more from being read;
// the member stays in its group meanwhile.
func (c *Consumer) take(ctx context.Context, b batch) {
	skipped, next, from := uint64(0), int64(0), b.records[0].Offset
	defer func() { c.counts.skipped.Add(skipped) }()
	resumed, back := c.dispatcher.reach(b.partition, from)
	if back {
		c.log.Warn("a partition has lost its end; it is read from where it goes on", slog.String("group", c.config.Group), slog.String("from", b.partition.at(from).String()))
	}
	for _, r := range b.records {
		wanted := c.choice.wants(r)
		switch {
		case r.Offset < resumed && c.dispatcher.skip(b.partition, r.Offset, wanted):
		case !wanted:
			skipped++
		case !c.dispatcher.add(ctx, b.partition, keep(r)):
			return
		}
		next = r.Offset + 1
		r.Recycle()
	}
	c.dispatcher.pass(b.partition, next)
}
