package kafkatest

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// pollEvery is the pause between two questions, askFor the longest that one may take.
const (
	pollEvery = 100 * time.Millisecond
	askFor    = 3 * time.Second
)

// waitReady blocks until each broker answers that it sees at least nodes brokers, and the cluster that it would create a
// topic on that many. It gives up when ctx ends or died returns an error, and says what was missing last.
func waitReady(ctx context.Context, brokers []string, nodes int, died func() error) error {
	return poll(ctx, died, func() error { return ready(ctx, brokers, nodes) })
}

// poll asks again and again until the answer is nil.
func poll(ctx context.Context, died, question func() error) error {
	for {
		last := question()
		if last == nil {
			return nil
		}
		if err := died(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("kafka is not ready: %w (%w)", last, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

func ready(ctx context.Context, brokers []string, nodes int) error {
	for _, b := range brokers {
		if err := sees(ctx, b, nodes); err != nil {
			return fmt.Errorf("broker %s: %w", b, err)
		}
	}
	return wouldCreate(ctx, brokers, nodes)
}

// sees asks this very broker, not whichever the client would choose.
func sees(ctx context.Context, broker string, nodes int) error {
	return ask(ctx, []string{broker}, func(ctx context.Context, cl *kgo.Client) error {
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = []kmsg.MetadataRequestTopic{}
		resp, err := cl.SeedBrokers()[0].Request(ctx, req)
		if err != nil {
			return err
		}
		if n := len(resp.(*kmsg.MetadataResponse).Brokers); n < nodes {
			return fmt.Errorf("sees %d of %d brokers", n, nodes)
		}
		return nil
	})
}

// wouldCreate asks the controller without creating anything: a test may want to list the topics of a fresh cluster.
func wouldCreate(ctx context.Context, brokers []string, replicas int) error {
	return ask(ctx, brokers, func(ctx context.Context, cl *kgo.Client) error {
		resp, err := kadm.NewClient(cl).ValidateCreateTopics(ctx, 1, int16(replicas), nil, "kafkatest-ready")
		if err != nil {
			return err
		}
		return resp.Error()
	})
}

// inSync asks whether any partition, of internal topics as well, has fewer replicas in sync than it should have.
func inSync(ctx context.Context, brokers []string) error {
	return ask(ctx, brokers, func(ctx context.Context, cl *kgo.Client) error {
		topics, err := kadm.NewClient(cl).ListTopicsWithInternal(ctx)
		if err != nil {
			return err
		}
		for _, t := range topics.Sorted() {
			for _, p := range t.Partitions.Sorted() {
				if len(p.ISR) < len(p.Replicas) {
					return fmt.Errorf("%s/%d has %v in sync of %v", t.Topic, p.Partition, p.ISR, p.Replicas)
				}
			}
		}
		return nil
	})
}

// ask gives fn a client of its own, since one that once failed to connect waits longer and longer.
func ask(ctx context.Context, brokers []string, fn func(context.Context, *kgo.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(pollEvery))
	if err != nil {
		return err
	}
	defer cl.Close()
	return fn(ctx, cl)
}
