package kafka_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/kafka"
)

// TestShareGroup asserts that a group of another kind is said to be that, and not to be missing.
func TestShareGroup(t *testing.T) {
	t.Parallel()
	h, _ := fake(t)
	c, topic := h.client(t), h.topic(t, 1)
	member, err := kgo.NewClient(kgo.SeedBrokers(h.config.Brokers...), kgo.ShareGroup("shared"), kgo.ConsumeTopics(topic))
	must(t, "make a member", err)
	t.Cleanup(member.Close)
	eventually(t, func() error {
		if _, err := c.GroupState(within(t, patience), "shared"); !errors.Is(err, kafka.ErrGroupForeign) {
			return errors.Join(errors.New("want it to be foreign"), err)
		}
		return nil
	})
}

// TestGroupDenied asserts that a right that is missing is said to be that.
func TestGroupDenied(t *testing.T) {
	t.Parallel()
	read := kfake.ACL{Resource: kmsg.ACLResourceTypeGroup, Name: "mine", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationRead, Allow: true}
	k := startFake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "test", "test"), kfake.User("PLAIN", "bridge", rightPassword, read))
	config := kafka.DefaultConfig()
	config.Brokers, config.SASL = k.Brokers(), login(t, "PLAIN", rightPassword)
	c := connect(t, config)
	if _, err := c.GroupState(within(t, patience), "mine"); !errors.Is(err, kafka.ErrGroupMissing) {
		t.Errorf("got %v of a group that may be described, want %v", err, kafka.ErrGroupMissing)
	}
	if _, err := c.GroupState(within(t, patience), "yours"); !errors.Is(err, kafka.ErrDenied) {
		t.Errorf("got %v, want %v", err, kafka.ErrDenied)
	}
	if err := c.Commit(within(t, patience), "yours", []kafka.Commit{commitAt("any", 0, 0, "")}); err == nil {
		t.Error("got no error of offsets that may not be set, want one")
	}
}
