package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ErrNoClock is Clock's where the cluster does not tell its time: before KRaft, or before Kafka 3.3.
var ErrNoClock = errors.New("the cluster does not tell its time")

// Clock is how the clock of a cluster's controller stands to ours.
type Clock struct {
	Controller int32
	Ahead      time.Duration // of ours; below zero: behind
	Within     time.Duration // the error of Ahead, either way: half the time that asking took
}

// metadataLog is the topic in which KRaft keeps its own records.
const metadataLog = "__cluster_metadata"

// Clock reads the time of the cluster without leaving a trace, until ctx ends: asked how the replicas of its own log stand (KIP-836), the
// controller says of itself that it has caught up now. ErrDenied where Describe on the cluster is missing.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	request := kmsg.NewPtrDescribeQuorumRequest()
	partition := kmsg.NewDescribeQuorumRequestTopicPartition()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic, topic.Partitions = metadataLog, append(topic.Partitions, partition)
	request.Topics = append(request.Topics, topic)
	asked := time.Now()
	response, err := request.RequestWith(ctx, c.kgo)
	if err != nil {
		return Clock{}, fmt.Errorf("%w: %w", ErrNoClock, err)
	}
	half := time.Since(asked) / 2
	leader, told, err := leaderTime(response)
	if err != nil {
		return Clock{}, err
	}
	return Clock{leader, told.Sub(asked.Add(half)), half + time.Millisecond}, nil // told in whole milliseconds
}

func leaderTime(response *kmsg.DescribeQuorumResponse) (int32, time.Time, error) {
	if err := kerr.ErrorForCode(response.ErrorCode); err != nil {
		return 0, time.Time{}, denied(err)
	}
	for _, topic := range response.Topics {
		for _, partition := range topic.Partitions {
			if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
				return 0, time.Time{}, denied(err)
			}
			for _, voter := range partition.CurrentVoters {
				if voter.ReplicaID == partition.LeaderID && voter.LastCaughtUpTimestamp > 0 {
					return voter.ReplicaID, time.UnixMilli(voter.LastCaughtUpTimestamp), nil
				}
			}
		}
	}
	return 0, time.Time{}, ErrNoClock
}
