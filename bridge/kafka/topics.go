package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"qlikbridge/topics"
)

// State asks the cluster how large it is and what the named topics look like. Topics that do not exist are left out.
func (c *Client) State(ctx context.Context, names []string) (topics.State, error) {
	metadata, err := c.admin.Metadata(ctx, names...)
	if err != nil {
		return topics.State{}, fmt.Errorf("asking the cluster for its topics: %w", err)
	}
	state := topics.State{Brokers: len(metadata.Brokers), Topics: map[string]topics.TopicState{}}
	var exist []string
	for name, t := range metadata.Topics {
		switch {
		case errors.Is(t.Err, kerr.UnknownTopicOrPartition):
		case t.Err != nil:
			return topics.State{}, fmt.Errorf("asking the cluster for topic %s: %w", name, t.Err)
		default:
			exist = append(exist, name)
			state.Topics[name] = topics.TopicState{Partitions: int32(len(t.Partitions)), Replication: fewestCopies(t.Partitions), Config: map[string]string{}}
		}
	}
	return state, c.configs(ctx, exist, state)
}

func fewestCopies(partitions kadm.PartitionDetails) int16 {
	fewest := math.MaxInt16
	for _, p := range partitions {
		fewest = min(fewest, len(p.Replicas))
	}
	return int16(fewest)
}

func (c *Client) configs(ctx context.Context, names []string, state topics.State) error {
	if len(names) == 0 {
		return nil
	}
	described, err := c.admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return fmt.Errorf("asking the cluster for the settings of its topics: %w", err)
	}
	for _, topic := range described {
		if topic.Err != nil {
			return fmt.Errorf("asking the cluster for the settings of topic %s: %w", topic.Name, topic.Err)
		}
		for _, setting := range topic.Configs {
			state.Topics[topic.Name].Config[setting.Key] = setting.MaybeValue()
		}
		c.producer.learn(topic.Name, state.Topics[topic.Name].Config["max.message.bytes"])
	}
	return nil
}

// Apply carries out the changes of a plan, in order, and tells progress after each. It stops at the first error; what was done stays,
// and the next plan is the smaller for it.
func (c *Client) Apply(ctx context.Context, plan topics.Plan, progress func(topics.Change)) error {
	for _, change := range plan.Changes {
		if err := c.change(ctx, change); err != nil {
			return fmt.Errorf("topic %s, %s %s: %w", change.Topic, change.Action, change.Key, err)
		}
		progress(change)
	}
	return nil
}

func (c *Client) change(ctx context.Context, change topics.Change) error {
	switch change.Action {
	case topics.Create:
		return c.create(ctx, change.Spec)
	case topics.AddPartitions:
		responses, err := c.admin.UpdatePartitions(ctx, int(change.Spec.Partitions), change.Topic)
		return errors.Join(err, responses.Error())
	case topics.Alter:
		to := change.To
		responses, err := c.admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: change.Key, Value: &to}}, change.Topic)
		if err != nil {
			return err
		}
		_, err = responses.On(change.Topic, func(r *kadm.AlterConfigsResponse) error { return r.Err })
		return err
	}
	return fmt.Errorf("no such action")
}

// create makes a topic; that another instance was faster is no error, since both want the same.
func (c *Client) create(ctx context.Context, spec topics.Spec) error {
	settings := make(map[string]*string, len(spec.Config))
	for key, value := range spec.Config {
		settings[key] = &value
	}
	_, err := c.admin.CreateTopic(ctx, spec.Partitions, spec.Replication, settings, spec.Name)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return nil
	}
	return err
}
