package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Group is a consumer group as one of its members joins it, and who is told of the member's partitions. All fields are required.
type Group struct {
	Name   string
	Topics []string      // those that do not exist yet are read when they do
	Settle time.Duration // how long Revoked may take

	// The calls come one at a time, and not between a poll that gave records and AllowRebalance.
	Assigned func(partitions map[string][]int32)
	Revoked  func(partitions map[string][]int32) // may commit; may be empty, at the end of a session
	Lost     func(partitions map[string][]int32) // another member may have them already

	// Committed is told what stands committed for the partitions that were assigned, before they are read; Begin may change where each is begun to
	// be read. Both come after Assigned; an error makes the member join again.
	Committed func(*kmsg.OffsetFetchResponse)
	Begin     func(ctx context.Context, at map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error)
}

// Rebalance is how long a rebalance of the group takes at most: who has not given up its partitions by then is missed.
func (g Group) Rebalance() time.Duration { return g.Settle + rejoinTime }

const (
	sessionTimeout = 45 * time.Second // a member that dies is missed after this time
	rejoinTime     = 30 * time.Second // for what a rebalance takes beside Settle
	topicsEvery    = 10 * time.Second // a topic or partition that is made is found by then
	fetchBytes     = 4 << 20          // what one answer of a broker holds at most, compressed as it is, or one batch that is larger
)

// NewMember makes a member of a group. It reads the certificate files once, to refuse broken ones, and joins from then on in the background.
//
//   - Partitions move only where they must (cooperative-sticky), so that a rebalance does not stop the others.
//   - Rebalances wait for AllowRebalance: what was polled is known to be the member's until then. That is to follow a poll at once.
//   - Nothing is committed but by the caller, who knows what is done.
//   - A partition without a committed offset is read from its beginning, and one that lost its end where the records of the last minute begin.
//   - Fetches are smaller than franz-go's 50 MiB, since one of them may be held decompressed per broker.
//   - What records are read into is used again for others once the caller has given back every record of a batch: it is to Recycle each when it is
//     done with it, and to keep nothing of it. One that it does not give back is the garbage collector's.
func NewMember(c Config, g Group, log *slog.Logger) (*kgo.Client, error) {
	if _, err := c.TLS.load(); err != nil {
		return nil, err
	}
	told := func(tell func(map[string][]int32)) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) { tell(partitions) }
	}
	client, err := kgo.NewClient(append(c.options(log),
		kgo.ConsumerGroup(g.Name),
		kgo.ConsumeTopics(g.Topics...),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.BlockRebalanceOnPoll(),
		kgo.DisableAutoCommit(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(sessionTimeout),
		kgo.RebalanceTimeout(g.Rebalance()),
		kgo.MetadataMaxAge(topicsEvery),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(fetchBytes/8),
		kgo.WithPools(new(recycler)),
		kgo.OnPartitionsAssigned(told(g.Assigned)),
		kgo.OnPartitionsRevoked(told(g.Revoked)),
		kgo.OnPartitionsLost(told(g.Lost)),
		kgo.OnOffsetsFetched(func(_ context.Context, _ *kgo.Client, r *kmsg.OffsetFetchResponse) error { g.Committed(r); return nil }),
		kgo.AdjustFetchOffsetsFn(g.Begin))...)
	if err != nil {
		return nil, fmt.Errorf("setting up the member of group %s: %w", g.Name, err)
	}
	return client, nil
}
