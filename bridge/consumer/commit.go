package consumer

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	commitEvery = time.Second     // what a process that dies had handled since is handled again
	commitLimit = 5 * time.Second // for one commit
	lastEvery   = commitEvery / 4 // between attempts of the last
)

// progress is a mark that is to be committed.
type progress struct {
	partition *partition
	mark      mark
	metadata  string
}

// unsaved returns the marks of partitions that have changed since they were committed; nil partitions are all that this member has. plain: no text
// is to stand beside an offset.
func (d *dispatcher) unsaved(partitions []*partition, plain bool) (changed []progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if partitions == nil {
		for _, p := range d.partitions {
			partitions = append(partitions, p)
		}
	}
	for _, p := range partitions {
		m, text := p.tracker.mark(), ""
		if !plain {
			text = m.metadata()
		}
		if m.offset >= 0 && (m.offset != p.committed.offset || text != p.committed.metadata) {
			changed = append(changed, progress{p, m, text})
		}
	}
	return changed
}

// saved notes that a mark is committed.
func (d *dispatcher) saved(s progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.partition.committed.offset, s.partition.committed.metadata = s.mark.offset, s.metadata
}

// every calls do at each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, do func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		do()
	}
}

// commit commits how far partitions are done, where that has changed; nil: all that this member has. One that fails is made again with the next:
// until then, and where the member has lost the partition meanwhile, more is handled again than need be. It returns the number of partitions whose
// commit failed and may not the next time, after commitLimit at the latest.
func (c *Consumer) commit(partitions []*partition) (failed int) {
	c.committing.Lock()
	defer c.committing.Unlock()
	marks := c.dispatcher.unsaved(partitions, c.plain)
	if len(marks) == 0 {
		return 0
	}
	offsets, by := map[string]map[int32]kgo.EpochOffset{}, map[place]progress{}
	for _, s := range marks {
		at := place{s.partition.topic, s.partition.number}
		if by[at] = s; offsets[at.topic] == nil {
			offsets[at.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[at.topic][at.number] = kgo.EpochOffset{Epoch: -1, Offset: s.mark.offset}
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitLimit)
	defer cancel()
	ctx = kgo.PreCommitFnContext(ctx, func(r *kmsg.OffsetCommitRequest) error { annotate(r, by); return nil })
	c.member.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, r *kmsg.OffsetCommitResponse, err error) {
		failed = len(marks) - c.committed(by, r, err)
	})
	return failed
}

// commitLast commits what is done in the end, once and again until it is or a rebalance must be over: as long as the group is being balanced there is
// no commit. What the group gives to another member meanwhile is revoked or lost, and is not tried any more.
func (c *Consumer) commitLast() {
	late := time.After(c.group().Rebalance())
	for c.commit(nil) > 0 {
		select {
		case <-late:
			c.log.Warn("the last commit is given up; what was handled since the one before is handled again", slog.String("group", c.config.Group))
			return
		case <-time.After(lastEvery):
		}
	}
}

// annotate gives every offset of a commit the text that belongs to it.
func annotate(r *kmsg.OffsetCommitRequest, by map[place]progress) {
	for i := range r.Topics {
		for j := range r.Topics[i].Partitions {
			p := &r.Topics[i].Partitions[j]
			p.Metadata = kmsg.StringPtr(by[place{r.Topics[i].Topic, p.Partition}].metadata)
		}
	}
}

// committed goes through what came of a commit, and returns for how many partitions it need not be made again: it stands, or cannot.
func (c *Consumer) committed(by map[place]progress, r *kmsg.OffsetCommitResponse, err error) (settled int) {
	if err != nil {
		c.notCommitted(err)
		return 0
	}
	for _, topic := range r.Topics {
		for _, p := range topic.Partitions {
			err, s := kerr.ErrorForCode(p.ErrorCode), by[place{topic.Topic, p.Partition}]
			switch {
			case err == nil && s.partition != nil:
				c.dispatcher.saved(s)
				settled++
			case err != nil:
				if errors.Is(err, kerr.UnknownTopicID) {
					c.rejoin(&madeAnew{topic.Topic})
				}
				if c.notCommitted(err); slices.ContainsFunc(final, func(e error) bool { return errors.Is(err, e) }) {
					settled++
				}
			}
		}
	}
	return settled
}

// final are errors of a partition's commit that the next one would have too: its topic is gone, with all that was committed of it, or is another by
// now, or the right to it is gone.
var final = []error{kerr.UnknownTopicOrPartition, kerr.UnknownTopicID, kerr.TopicAuthorizationFailed}

func (c *Consumer) notCommitted(err error) {
	c.counts.unsaved.Add(1)
	switch {
	case errors.Is(err, kerr.OffsetMetadataTooLarge) && !c.plain:
		c.plain = true // guarded by committing, which commit holds
		c.log.Warn("the broker takes no long texts beside offsets (offset.metadata.max.bytes): after a stop or a rebalance, events may be handled again",
			slog.String("group", c.config.Group))
	case errors.Is(err, kerr.RebalanceInProgress), errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.UnknownMemberID):
		c.log.Debug("offsets are not committed, since the group is being balanced", slog.String("group", c.config.Group), slog.Any("error", err))
	default:
		c.log.Warn("offsets are not committed; it is tried again", slog.String("group", c.config.Group), slog.Any("error", err))
	}
}
