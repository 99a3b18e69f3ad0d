package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

// reasons orders the errors that someone can act upon; all others are bridge.KafkaError.
var reasons = []struct {
	err    error
	reason bridge.Reason
}{
	{kgo.ErrMaxBuffered, bridge.BufferFull},
	{kgo.ErrClientClosed, bridge.Closing},
	{kgo.ErrAborting, bridge.Closing},
	{context.DeadlineExceeded, bridge.AckTimeout},
	{context.Canceled, bridge.AckTimeout},
	{kgo.ErrRecordTimeout, bridge.AckTimeout},
	{kerr.MessageTooLarge, bridge.RecordTooLarge},
	{kerr.RecordListTooLarge, bridge.RecordTooLarge},
	{kerr.InvalidRecord, bridge.InvalidRecord},
	{kerr.UnknownTopicOrPartition, bridge.UnknownTopic},
	{kerr.UnknownTopicID, bridge.UnknownTopic},
	{kerr.NotEnoughReplicas, bridge.NotEnoughReplicas},
	{kerr.NotEnoughReplicasAfterAppend, bridge.NotEnoughReplicas},
	{kerr.TopicAuthorizationFailed, bridge.NotAuthorized},
	{kerr.ClusterAuthorizationFailed, bridge.NotAuthorized},
	{kerr.SaslAuthenticationFailed, bridge.NotAuthorized},
}

// reason says why a record was not acknowledged, as a word of the closed set.
func reason(err error) bridge.Reason {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	return bridge.KafkaError
}
