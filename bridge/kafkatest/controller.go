package kafkatest

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metadataTopic is the log that the controllers agree on.
const metadataTopic = "__cluster_metadata"

// Controller returns the node that leads the quorum of controllers now. What brokers call the controller in their metadata is any of
// them: they pass requests on. It asks once and does not wait for an election.
func (c *Cluster) Controller(ctx context.Context) (node int, err error) {
	err = ask(ctx, c.brokers, func(ctx context.Context, cl *kgo.Client) error {
		node, err = quorumLeader(ctx, cl)
		return err
	})
	return node, err
}

func quorumLeader(ctx context.Context, cl *kgo.Client) (int, error) {
	req := kmsg.NewPtrDescribeQuorumRequest()
	topic, partition := kmsg.NewDescribeQuorumRequestTopic(), kmsg.NewDescribeQuorumRequestTopicPartition()
	topic.Topic, topic.Partitions = metadataTopic, append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return 0, err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return 0, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("asking for the quorum: got %d topics", len(resp.Topics))
	}
	of := resp.Topics[0].Partitions[0]
	return int(of.LeaderID), kerr.ErrorForCode(of.ErrorCode)
}
