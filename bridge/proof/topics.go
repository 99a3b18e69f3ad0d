package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/topics"
)

// partitions of the topics that events are sent to; all others have one, since a restarted broker has to open each.
const partitions = 3

// Partitions is how many partitions events are sent to, of all topics together.
func Partitions() int { return partitions * len(kinds) }

// TopicsConfig is the part of the bridge's configuration that lays the topics out.
func TopicsConfig() []byte {
	used := map[string]int{}
	for _, k := range kinds {
		used[k.family] = partitions
	}
	var text strings.Builder
	text.WriteString("topics:\n  families:\n")
	for _, f := range topics.Default().Families {
		fmt.Fprintf(&text, "    %s: {partitions: %d}\n", f.Name, max(used[f.Name], 1))
	}
	return []byte(text.String())
}

// WithAdmin gives fn a client of its own and some seconds: one that once failed to connect waits longer and longer.
func WithAdmin(ctx context.Context, brokers []string, fn func(context.Context, *kadm.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	return fn(ctx, kadm.NewClient(client))
}

// topicsOf lists the topics with a prefix.
func topicsOf(ctx context.Context, admin *kadm.Client, prefix string) (names []string, err error) {
	listed, err := admin.ListTopics(ctx)
	for _, name := range listed.Names() {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, err
}

// ReadAll shows every record of the topics with a prefix, from offset 0 to the end, each partition in its order.
func ReadAll(ctx context.Context, brokers []string, prefix string, see func(*kgo.Record)) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	names, left, err := endsOf(ctx, brokers, prefix)
	if err != nil || left == 0 {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(names...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	for left > 0 {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { see(r); left-- })
		if ctx.Err() != nil {
			return fmt.Errorf("reading the topics: %d records are left: %w", left, ctx.Err())
		}
	}
	return nil
}

// endsOf counts records by offsets: no transactions and no compaction, so each offset is a record.
func endsOf(ctx context.Context, brokers []string, prefix string) (names []string, records int64, err error) {
	err = WithAdmin(ctx, brokers, func(ctx context.Context, admin *kadm.Client) error {
		if names, err = topicsOf(ctx, admin, prefix); err != nil {
			return err
		}
		if len(names) == 0 {
			return fmt.Errorf("no topic begins with %s", prefix)
		}
		ends, err := admin.ListEndOffsets(ctx, names...)
		ends.Each(func(o kadm.ListedOffset) { records += o.Offset })
		return errors.Join(err, ends.Error())
	})
	return names, records, err
}

// DeleteTopics deletes every topic with a prefix.
func DeleteTopics(ctx context.Context, brokers []string, prefix string) error {
	return WithAdmin(ctx, brokers, func(ctx context.Context, admin *kadm.Client) error {
		names, err := topicsOf(ctx, admin, prefix)
		if err != nil || len(names) == 0 {
			return err
		}
		done, err := admin.DeleteTopics(ctx, names...)
		return errors.Join(err, done.Error())
	})
}
