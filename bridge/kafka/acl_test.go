package kafka_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// operations are all that Permissions tries where the topics are managed.
var operations = []string{"Describe", "DescribeConfigs", "Write", "IdempotentWrite", "Create", "Alter", "AlterConfigs"}

// TestPermissions asserts for each operation that it is allowed exactly where an ACL says so, on a topic that exists as on one that does
// not, and that nothing is left behind.
func TestPermissions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		granted []kmsg.ACLOperation
		want    []string // allowed
	}{
		{"nothing", nil, nil},
		{"all", []kmsg.ACLOperation{kmsg.ACLOperationAll}, operations},
		{"what serve needs", []kmsg.ACLOperation{kmsg.ACLOperationWrite, kmsg.ACLOperationDescribeConfigs}, []string{"Describe", "DescribeConfigs", "IdempotentWrite", "Write"}},
		{"describe", []kmsg.ACLOperation{kmsg.ACLOperationDescribe}, []string{"Describe"}},
		{"create", []kmsg.ACLOperation{kmsg.ACLOperationCreate}, []string{"Create"}},
		{"alter", []kmsg.ACLOperation{kmsg.ACLOperationAlter}, []string{"Alter", "Describe"}},
		{"alter configs", []kmsg.ACLOperation{kmsg.ACLOperationAlterConfigs}, []string{"AlterConfigs", "DescribeConfigs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := fakeWithACLs(t, tt.granted...)
			c := h.config
			c.SASL = login(t, "PLAIN", rightPassword)
			allowed, err := untouched(t, h, c, h.topic(t, 3, "max.message.bytes", "1048588"))
			must(t, "try every operation", err)
			if diff := cmp.Diff(slices.Sorted(slices.Values(tt.want)), allowed); diff != "" {
				t.Errorf("allowed (-want +got):\n%s", diff)
			}
		})
	}
}

// fakeWithACLs starts a Kafka where the user bridge may do these operations on topics.
func fakeWithACLs(t *testing.T, granted ...kmsg.ACLOperation) *harness {
	t.Helper()
	var acls []kfake.ACL
	for _, operation := range granted {
		acls = append(acls, kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "*", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true})
	}
	k := startFake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "test", "test"), kfake.User("PLAIN", "bridge", rightPassword, acls...))
	return newHarness(t, k.Brokers(), kgo.SASL(plain.Auth{User: "test", Pass: "test"}.AsMechanism()))
}

// untouched tries every operation on a topic that exists and on one that does not, and returns those that both allow, sorted. It is an
// error that the two disagree, or that the cluster is not as it was.
func untouched(t *testing.T, h *harness, c kafka.Config, there string) ([]string, error) {
	t.Helper()
	before := h.state(t, there)
	tried, err := connect(t, c).Permissions(within(t, patience), []topics.Spec{spec(there), spec(there + "-missing")}, true)
	must(t, "try", err)
	allowed := map[string]int{} // :: operation -> topics on which it is allowed
	for _, p := range tried {
		if p.Err == nil {
			allowed[p.Operation]++
		} else if !errors.Is(p.Err, kafka.ErrDenied) {
			return nil, fmt.Errorf("%s on %q: got %w, want to be told", p.Operation, p.Topic, p.Err)
		}
	}
	for operation, n := range allowed {
		if n != 2 && operation != "IdempotentWrite" {
			return nil, fmt.Errorf("%s is allowed on %d topics, want both", operation, n)
		}
	}
	if diff := cmp.Diff(before, h.state(t, there)); diff != "" {
		t.Errorf("something was left behind (-before +after):\n%s", diff)
	}
	return slices.Sorted(maps.Keys(allowed)), nil
}

func spec(name string) topics.Spec {
	return topics.Spec{Name: name, Partitions: 6, Replication: 1, Config: map[string]string{"max.message.bytes": "2097152"}}
}

// state is what a trial could have changed: the topics, and the settings and records of one.
type state struct {
	Topics  map[string]int // :: topic -> partitions
	Config  map[string]string
	Records int
}

func (h *harness) state(t *testing.T, topic string) state {
	t.Helper()
	s := state{map[string]int{}, map[string]string{}, h.count(t, topic)}
	listed, err := kmsg.NewPtrMetadataRequest().RequestWith(within(t, patience), h.kgo) // kadm's would be what it has heard shortly before
	must(t, "list topics", err)
	for _, listed := range listed.Topics {
		s.Topics[*listed.Topic] = len(listed.Partitions)
	}
	described, err := h.admin.DescribeTopicConfigs(within(t, patience), topic)
	must(t, "describe "+topic, err)
	for _, setting := range described[0].Configs {
		s.Config[setting.Key] = setting.MaybeValue()
	}
	return s
}
