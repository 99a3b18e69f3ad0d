package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"qlikbridge/bridge"
)

// ErrGroupLive is that of a change of offsets that Kafka refused since the group has members.
var ErrGroupLive = errors.New("the group has live members")

// liveness are Kafka's words for it: UNKNOWN_MEMBER_ID is what it says to a commit that names no member of a group that has some.
var liveness = []error{
	kerr.UnknownMemberID, kerr.IllegalGeneration, kerr.RebalanceInProgress, kerr.StaleMemberEpoch, kerr.NonEmptyGroup, kerr.GroupSubscribedToTopic,
}

// Commit sets a group's offsets from outside, in one request, until ctx ends. Kafka decides in one step whether the group has members and
// whether to take them, so that no consumer can come in between: then the error is ErrGroupLive and nothing was set. After any other error
// some may have been set.
func (c *Client) Commit(ctx context.Context, group string, commits []Commit) error {
	const anyEpoch = -1 // of a leader: nobody has read up to here, so there is nothing to compare
	wanted := kadm.Offsets{}
	for _, o := range commits {
		wanted.Add(kadm.Offset{Topic: o.Topic, Partition: o.Partition, At: o.Offset, LeaderEpoch: anyEpoch, Metadata: o.Metadata})
	}
	answers, err := c.admin.CommitOffsets(ctx, group, wanted)
	if err != nil {
		return fmt.Errorf("setting the offsets of group %s: %w", group, refused(err))
	}
	var errs []error
	for _, o := range answers.Sorted() {
		errs = append(errs, refusedAt("setting", group, o.Topic, o.Partition, o.Err))
	}
	return firstFew(errs)
}

// Forget removes a group's offsets from outside, in one request, as if it had never committed them; it is otherwise like Commit. The offsets
// within the places are ignored.
func (c *Client) Forget(ctx context.Context, group string, places []bridge.Place) error {
	unwanted := kadm.TopicsSet{}
	for _, p := range places {
		unwanted.Add(p.Topic, p.Partition)
	}
	answers, err := c.admin.DeleteOffsets(ctx, group, unwanted)
	if err != nil {
		return fmt.Errorf("removing the offsets of group %s: %w", group, refused(err))
	}
	var errs []error
	answers.EachError(func(topic string, partition int32, err error) {
		errs = append(errs, refusedAt("removing", group, topic, partition, err))
	})
	return firstFew(errs)
}

func refusedAt(what, group, topic string, partition int32, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s the offset of group %s in %s/%d: %w", what, group, topic, partition, refused(err))
}

// refused makes one error of those that say that the group has members.
func refused(err error) error {
	for _, live := range liveness {
		if errors.Is(err, live) {
			return fmt.Errorf("%w (%w)", ErrGroupLive, err)
		}
	}
	return denied(err)
}

// firstFew joins errors, of a group in hundreds of partitions as well as of one in three.
func firstFew(errs []error) error {
	const most = 3
	var few []error
	n := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		if n++; n <= most {
			few = append(few, err)
		}
	}
	if n > most {
		few = append(few, fmt.Errorf("and %d more", n-most))
	}
	return errors.Join(few...)
}
