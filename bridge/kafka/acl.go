package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"qlikbridge/topics"
)

// ErrDenied is that of an operation that the login may not do.
var ErrDenied = errors.New("not authorised")

// Permission is an operation that was tried.
type Permission struct {
	Operation string // as kafka-acls names it
	Topic     string // empty: the cluster
	Err       error  // nil: allowed; ErrDenied: not; any other: it could not be told
}

// Permissions tries what the bridge does on the topics, until ctx ends, and leaves nothing behind: each request is one that a broker
// refuses, or only validates, after it has looked at the ACLs. With manage it tries what `topics apply` does, too.
func (c *Client) Permissions(ctx context.Context, specs []topics.Spec, manage bool) ([]Permission, error) {
	// By name, also topics that do not exist: from version 13 on, Produce has ids, and who asks for a wrong one learns nothing of ACLs.
	byName := kversion.Stable()
	byName.SetMaxKeyVersion(int16(kmsg.Produce), 12)
	client, err := kgo.NewClient(append(c.config.options(slog.New(slog.DiscardHandler)), kgo.MaxVersions(byName))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	try := &trial{kgo: client, specs: specs, partitions: map[string]int32{}}
	try.describe(ctx)
	try.describeConfigs(ctx)
	try.write(ctx)
	try.idempotentWrite(ctx)
	if manage {
		try.create(ctx)
		try.alter(ctx)
		try.alterConfigs(ctx)
	}
	return try.found, ctx.Err()
}

// trial is one round of operations tried.
type trial struct {
	kgo        *kgo.Client
	specs      []topics.Spec
	partitions map[string]int32 // :: topic -> their number; of topics that exist
	found      []Permission
}

// note writes down what the answer to an operation on a topic means.
func (t *trial) note(operation, topic string, code int16) {
	t.found = append(t.found, Permission{operation, topic, verdict(kerr.ErrorForCode(code))})
}

// failed writes down that a request for all topics was not answered.
func (t *trial) failed(operation string, err error) {
	for _, spec := range t.specs {
		t.found = append(t.found, Permission{operation, spec.Name, denied(err)})
	}
}

// pastACLs are the errors that a broker gives only to who is authorised.
var pastACLs = []error{
	kerr.UnknownTopicOrPartition, kerr.CorruptMessage, kerr.InvalidRecord, kerr.NotLeaderForPartition, kerr.TopicAlreadyExists,
	kerr.InvalidPartitions, kerr.InvalidReplicationFactor, kerr.InvalidConfig,
}

func verdict(err error) error {
	for _, past := range pastACLs {
		if errors.Is(err, past) {
			return nil
		}
	}
	return denied(err)
}

// denied makes one error of those that say that a right is missing, and leaves any other.
func denied(err error) error {
	if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.GroupAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed) {
		return fmt.Errorf("%w (%w)", ErrDenied, err)
	}
	return err
}

func (t *trial) describe(ctx context.Context) {
	request := kmsg.NewPtrMetadataRequest()
	for _, spec := range t.specs {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr(spec.Name)
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, t.kgo)
	if err != nil {
		t.failed("Describe", err)
		return
	}
	for _, topic := range response.Topics {
		t.note("Describe", *topic.Topic, topic.ErrorCode)
		if topic.ErrorCode == 0 {
			t.partitions[*topic.Topic] = int32(len(topic.Partitions))
		}
	}
}

// write offers each topic a batch that no broker can take, twice over: its checksum is wrong, and there is no such partition.
func (t *trial) write(ctx context.Context) {
	request := kmsg.NewPtrProduceRequest()
	request.Acks, request.TimeoutMillis = -1, 1000
	for _, spec := range t.specs {
		partition := kmsg.NewProduceRequestTopicPartition()
		partition.Partition, partition.Records = math.MaxInt32, corruptBatch()
		topic := kmsg.NewProduceRequestTopic()
		topic.Topic, topic.Partitions = spec.Name, append(topic.Partitions, partition)
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, t.kgo)
	if err != nil {
		t.failed("Write", err)
		return
	}
	for _, topic := range response.Topics {
		for _, partition := range topic.Partitions {
			t.note("Write", topic.Topic, partition.ErrorCode)
		}
	}
}

// corruptBatch is an empty batch whose checksum, 0, is wrong.
func corruptBatch() []byte {
	batch := kmsg.NewRecordBatch()
	batch.Magic, batch.ProducerID, batch.ProducerEpoch, batch.FirstSequence = 2, -1, -1, -1
	const beforeLength = 12 // bytes: the offset and the length itself
	batch.Length = int32(len(batch.AppendTo(nil)) - beforeLength)
	return batch.AppendTo(nil)
}

// idempotentWrite asks for a producer's id, of which there are 2^63; since Kafka 2.8, who may write to any topic may.
func (t *trial) idempotentWrite(ctx context.Context) {
	request := kmsg.NewPtrInitProducerIDRequest()
	request.ProducerID, request.ProducerEpoch = -1, -1
	response, err := request.RequestWith(ctx, t.kgo)
	if err == nil {
		err = kerr.ErrorForCode(response.ErrorCode)
	}
	t.found = append(t.found, Permission{Operation: "IdempotentWrite", Err: denied(err)})
}
