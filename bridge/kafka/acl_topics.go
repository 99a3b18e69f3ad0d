package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func (t *trial) describeConfigs(ctx context.Context) {
	request := kmsg.NewPtrDescribeConfigsRequest()
	for _, spec := range t.specs {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, spec.Name
		resource.ConfigNames = []string{settingTried}
		request.Resources = append(request.Resources, resource)
	}
	response, err := request.RequestWith(ctx, t.kgo)
	if err != nil {
		t.failed("DescribeConfigs", err)
		return
	}
	for _, resource := range response.Resources {
		t.note("DescribeConfigs", resource.ResourceName, resource.ErrorCode)
	}
}

// create has the cluster validate that each topic is made.
func (t *trial) create(ctx context.Context) {
	request := kmsg.NewPtrCreateTopicsRequest()
	request.ValidateOnly, request.TimeoutMillis = true, 5000
	for _, spec := range t.specs {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = spec.Name, spec.Partitions, spec.Replication
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, t.kgo)
	if err != nil {
		t.failed("Create", err)
		return
	}
	for _, topic := range response.Topics {
		t.note("Create", topic.Topic, topic.ErrorCode)
	}
}

// alter has the cluster validate that a topic is to have as many partitions as it has.
func (t *trial) alter(ctx context.Context) {
	request := kmsg.NewPtrCreatePartitionsRequest()
	request.ValidateOnly, request.TimeoutMillis = true, 5000
	for _, spec := range t.specs {
		topic := kmsg.NewCreatePartitionsRequestTopic()
		topic.Topic, topic.Count = spec.Name, max(1, t.partitions[spec.Name])
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, t.kgo)
	if err != nil {
		t.failed("Alter", err)
		return
	}
	for _, topic := range response.Topics {
		t.note("Alter", topic.Topic, topic.ErrorCode)
	}
}

// settingTried is the topic setting that alterConfigs has validated.
const settingTried = "max.message.bytes"

// alterConfigs has the cluster validate the setting that apply would make, or has made.
func (t *trial) alterConfigs(ctx context.Context) {
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.ValidateOnly = true
	for _, spec := range t.specs {
		config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		config.Name, config.Op, config.Value = settingTried, kmsg.IncrementalAlterConfigOpSet, kmsg.StringPtr(spec.Config[settingTried])
		resource := kmsg.NewIncrementalAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, spec.Name
		resource.Configs = append(resource.Configs, config)
		request.Resources = append(request.Resources, resource)
	}
	response, err := request.RequestWith(ctx, t.kgo)
	if err != nil {
		t.failed("AlterConfigs", err)
		return
	}
	for _, resource := range response.Resources {
		t.note("AlterConfigs", resource.ResourceName, resource.ErrorCode)
	}
}
