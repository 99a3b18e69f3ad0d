package consumer

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/kafka"
)

// group is the group as this member joins it, and what happens when partitions come and go.
func (c *Consumer) group() kafka.Group {
	return kafka.Group{
		Name:      c.config.Group,
		Topics:    c.topics,
		Settle:    c.config.Stop,
		Assigned:  c.assigned,
		Revoked:   c.revoked,
		Lost:      c.lost,
		Committed: c.resume,
		Begin:     c.begin,
	}
}

func (c *Consumer) assigned(partitions map[string][]int32) {
	for _, at := range places(partitions) {
		c.dispatcher.assign(newPartition(at.topic, at.number))
	}
}

// revoked lets what was begun end, and commits, so that the next owner goes on exactly there. A commit that fails is not made again: the next owner may
// have committed meanwhile.
func (c *Consumer) revoked(partitions map[string][]int32) {
	c.log.Debug("partitions are taken away", "group", c.config.Group, "partitions", partitions)
	if ended := c.dispatcher.drain(places(partitions), c.config.Stop); len(ended) > 0 {
		c.commit(ended)
		c.dispatcher.forget(ended)
	}
}

// lost lets go of partitions that may be others' already: to commit could take back what those have committed.
func (c *Consumer) lost(partitions map[string][]int32) {
	if len(partitions) > 0 {
		c.log.Warn("partitions are lost, since the group went on without this member; what it had handled and not committed is handled again",
			"group", c.config.Group, "partitions", partitions)
	}
	c.dispatcher.drop(places(partitions))
}

func places(partitions map[string][]int32) (all []place) {
	for topic, numbers := range partitions {
		for _, number := range numbers {
			all = append(all, place{topic, number})
		}
	}
	return all
}

// resume goes on where an earlier owner of partitions has stopped.
func (c *Consumer) resume(r *kmsg.OffsetFetchResponse) {
	for _, group := range r.Groups {
		for _, topic := range group.Topics {
			for _, p := range topic.Partitions {
				if p.Offset >= 0 && p.ErrorCode == 0 {
					c.dispatcher.resume(place{topic.Topic, p.Partition}, p.Offset, text(p.Metadata))
				}
			}
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (d *dispatcher) resume(at place, offset int64, metadata string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.partitions[at]; p != nil {
		p.resume(parseMark(offset, metadata), metadata)
	}
}

// begin lets the partitions that a group without offsets finds begin at their ends where that is wanted. Where that is is committed soon, so that a
// restart goes on there and not at a later end. Partitions that are made later are read from their beginning: all that is in them came after.
func (c *Consumer) begin(ctx context.Context, at map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	if !c.config.FromLatest {
		return at, nil
	}
	for topic, partitions := range at {
		fresh := c.dispatcher.fresh(topic, partitions, c.partitionsBefore[topic])
		if len(fresh) == 0 {
			continue
		}
		extent, err := c.dead.Extent(ctx, topic)
		if err != nil {
			return nil, err
		}
		for _, r := range extent.Ranges {
			if p := fresh[r.Partition]; p != nil {
				from := c.from(place{topic, r.Partition}, r)
				c.dispatcher.pass(p, from)
				partitions[r.Partition] = kgo.NewOffset().At(from)
			}
		}
	}
	return at, nil
}

// from is where a partition begins of which nothing is committed: at the end that it had when it was begun. It may come back before that could be
// committed, and what came meanwhile is not to be passed over.
func (c *Consumer) from(at place, r kafka.Range) int64 {
	if _, ok := c.begun[at]; !ok {
		c.begun[at] = r.End
	}
	return min(max(c.begun[at], r.Start), r.End)
}

// fresh are those of a topic's first n partitions of which nothing is committed.
func (d *dispatcher) fresh(topic string, among map[int32]kgo.Offset, n int32) map[int32]*partition {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := map[int32]*partition{}
	for number := range among {
		if p := d.partitions[place{topic, number}]; p != nil && p.committed.offset < 0 && number < n {
			fresh[number] = p
		}
	}
	return fresh
}
