package consumer

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	lagEvery = 10 * time.Second
	lagLimit = 5 * time.Second // for all topics
)

// measure asks where the partitions end now: what fetches say of it is old while nothing is read, since there is no room. It returns after c.lagLimit
// at the latest. Topics are asked for side by side, so that one without a leader costs the others nothing.
func (c *Consumer) measure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.lagLimit)
	defer cancel()
	lags, _ := c.dispatcher.lags()
	var asked sync.WaitGroup
	for topic := range lags {
		asked.Go(func() { c.measureTopic(ctx, topic) })
	}
	asked.Wait()
}

func (c *Consumer) measureTopic(ctx context.Context, topic string) {
	extent, err := c.dead.Extent(ctx, topic)
	if err != nil {
		c.log.Debug("the lag cannot be measured", slog.String("topic", topic), slog.Any("error", err))
		return
	}
	for _, r := range extent.Ranges {
		if p := c.dispatcher.find(topic, r.Partition); p != nil {
			p.begin.Store(r.Start)
			p.end.Store(r.End)
		}
	}
}
