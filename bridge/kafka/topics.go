package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/topics"
)

// State asks the cluster how large it is and what the named topics look like. Topics that do not exist are left out.
func (c *Client) State(ctx context.Context, names []string) (topics.State, error) {
	metadata, err := c.admin.Metadata(ctx, names...)
	if err != nil {
		return topics.State{}, fmt.Errorf("asking the cluster for its topics: %w", err)
	}
	state := topics.State{Brokers: max(len(metadata.Brokers), c.registered(ctx)), Topics: map[string]topics.TopicState{}}
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

// registered is the number of brokers that the cluster knows, also those that are away just now: topics that are made while a cluster
// comes up are to have the copies that they need when it is up. 0: the cluster does not say (Kafka before 4.0).
func (c *Client) registered(ctx context.Context) int {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.EndpointType, request.IncludeFencedBrokers = 1, true
	response, err := request.RequestWith(ctx, c.kgo)
	if err != nil {
		return 0
	}
	return len(response.Brokers)
}

func fewestCopies(partitions kadm.PartitionDetails) int16 {
	fewest := math.MaxInt16
	for _, p := range partitions {
		fewest = min(fewest, len(p.Replicas))
	}
	return int16(fewest)
}

// configs adds the settings of the named topics to state, and learns from those that it could see also where others are refused. The error is of
// the first that was.
func (c *Client) configs(ctx context.Context, names []string, state topics.State) error {
	if len(names) == 0 {
		return nil
	}
	described, err := c.topicConfigs(ctx, names)
	if err != nil {
		return fmt.Errorf("asking the cluster for the settings of its topics: %w", err)
	}
	var refused error
	limits := map[string]string{} // :: topic -> max.message.bytes
	for _, topic := range described.Resources {
		if err := kerr.ErrorForCode(topic.ErrorCode); err != nil {
			refused = cmp.Or(refused, fmt.Errorf("asking the cluster for the settings of topic %s: %w", topic.ResourceName, err))
			continue
		}
		settings := state.Topics[topic.ResourceName].Config
		for _, setting := range topic.Configs {
			settings[setting.Name] = orEmpty(setting.Value)
		}
		limits[topic.ResourceName] = settings["max.message.bytes"]
		c.learnInsync(topic.ResourceName, settings["min.insync.replicas"])
	}
	c.producer.learn(limits)
	return refused
}

// topicConfigs asks for the settings of topics. kadm would answer nothing of the topics behind one that is denied.
func (c *Client) topicConfigs(ctx context.Context, names []string) (*kmsg.DescribeConfigsResponse, error) {
	request := kmsg.NewPtrDescribeConfigsRequest()
	for _, name := range names {
		topic := kmsg.NewDescribeConfigsRequestResource()
		topic.ResourceType, topic.ResourceName = kmsg.ConfigResourceTypeTopic, name
		request.Resources = append(request.Resources, topic)
	}
	return request.RequestWith(ctx, c.kgo)
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// learnInsync notes what Writable compares with; a text that is no number asks for nothing.
func (c *Client) learnInsync(topic, text string) {
	n, _ := strconv.Atoi(text)
	c.insync.Store(topic, n)
}

// ErrTopicsMissing is Writable's where topics do not exist.
var ErrTopicsMissing = errors.New("topics do not exist")

// Writable says which of the named topics would not take an acknowledged write now: a partition has no leader, or fewer in-sync replicas
// than its topic's min.insync.replicas as State has seen or Apply has set it; else ErrTopicsMissing where some do not exist.
func (c *Client) Writable(ctx context.Context, names []string) error {
	metadata, err := c.admin.Metadata(ctx, names...)
	if err != nil {
		return fmt.Errorf("asking the cluster for its topics: %w", err)
	}
	all, stuck, example, missing := 0, 0, "", false
	for name, t := range metadata.Topics {
		missing = missing || errors.Is(t.Err, kerr.UnknownTopicOrPartition)
		wanted, _ := c.insync.Load(name)
		least, _ := wanted.(int) // 0: nothing is known of the topic yet
		for _, p := range t.Partitions {
			all++
			if p.Leader < 0 || len(p.ISR) < least {
				stuck++
				example = fmt.Sprintf("%s/%d: leader %d, %d in-sync replicas, min.insync.replicas %d", name, p.Partition, p.Leader, len(p.ISR), least)
			}
		}
	}
	if stuck > 0 {
		return fmt.Errorf("%d of %d partitions take no acknowledged write, since brokers are away (%s)", stuck, all, example)
	}
	if missing {
		return ErrTopicsMissing
	}
	return nil
}

// Apply carries out the changes of a plan and tells progress after each. A change that fails does not keep the others back; all errors
// come together. What was done stays, and the next plan is the smaller for it.
func (c *Client) Apply(ctx context.Context, plan topics.Plan, progress func(topics.Change)) error {
	var errs []error
	limits := map[string]string{} // :: topic -> max.message.bytes
	for _, change := range plan.Changes {
		if err := c.change(ctx, change); err != nil {
			errs = append(errs, fmt.Errorf("topic %s, %s %s: %w", change.Topic, change.Action, change.Key, err))
			continue
		}
		switch {
		case change.Action == topics.Create:
			c.learnInsync(change.Topic, change.Spec.Config["min.insync.replicas"])
		case change.Key == "min.insync.replicas":
			c.learnInsync(change.Topic, change.To)
		case change.Key == "max.message.bytes":
			limits[change.Topic] = change.To
		}
		progress(change)
	}
	c.producer.learn(limits)
	return errors.Join(errs...)
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

// Partitions asks how many partitions each of the named topics has; those that do not exist are left out. The error is ErrDenied where
// Describe on one of them is missing.
func (c *Client) Partitions(ctx context.Context, names ...string) (map[string]int32, error) {
	metadata, err := c.admin.Metadata(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("asking the cluster for its topics: %w", err)
	}
	partitions := map[string]int32{}
	for name, t := range metadata.Topics {
		switch {
		case errors.Is(t.Err, kerr.UnknownTopicOrPartition):
		case t.Err != nil:
			return nil, fmt.Errorf("asking the cluster for topic %s: %w", name, denied(t.Err))
		default:
			partitions[name] = int32(len(t.Partitions))
		}
	}
	return partitions, nil
}
