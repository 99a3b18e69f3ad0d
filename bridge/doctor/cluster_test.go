package doctor_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/doctor"
	"qlikbridge/bridge/sandbox"
)

// TestPermissions asserts that each right that is missing is named with the command that grants it, and that it is a failure only where
// the bridge cannot do its work.
func TestPermissions(t *testing.T) {
	t.Parallel()
	const describe, configs, write, create = kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate
	for _, tt := range []struct {
		name    string
		granted []kmsg.ACLOperation
		manage  bool
		want    []want
	}{
		{"all", []kmsg.ACLOperation{kmsg.ACLOperationAll}, true, []want{{"acl", "Write", doctor.OK, "31 topics", ""}, {"topics", "", doctor.Warning, "31 changes", "serve does them"}}},
		{"no Write", []kmsg.ACLOperation{describe, configs, create}, true, []want{
			{"acl", "Write", doctor.Failed, "not authorised on 31 of 31 topics (qlik.", "kafka-acls --add --allow-principal 'User:bridge' --operation Write --topic 'qlik.' --resource-pattern-type prefixed"},
			{"acl", "IdempotentWrite", doctor.Failed, "the cluster", "--operation IdempotentWrite --cluster"}, {"acl", "Create", doctor.OK, "", ""}}},
		{"no DescribeConfigs", []kmsg.ACLOperation{write}, false, []want{
			{"acl", "DescribeConfigs", doctor.Failed, "not authorised", "--operation DescribeConfigs"}, {"topics", "", doctor.Skipped, "needs acl", ""}}},
		{"managing without Create", []kmsg.ACLOperation{write, configs}, true, []want{
			{"acl", "Create", doctor.Warning, "not authorised", "topics.manage to false"}, {"topics", "", doctor.Failed, "serve may not do them", "grant Create"}}},
		{"not managing", []kmsg.ACLOperation{write, configs}, false, []want{{"topics", "", doctor.Failed, "topics.manage is false", "topics apply"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var acls []kfake.ACL
			for _, operation := range tt.granted {
				acls = append(acls, kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "qlik.", Pattern: kmsg.ACLResourcePatternTypePrefixed, Operation: operation, Allow: true})
			}
			c := configure(t, startFake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.User("PLAIN", "bridge", rightPassword, acls...)))
			c.Kafka.SASL, c.Topics.Manage = plainLogin(t, rightPassword), tt.manage
			found := examine(t, c)
			expect(t, found, tt.want...)
			for _, f := range found {
				if managing := f.Subject == "Create" || f.Subject == "Alter"; managing && !tt.manage {
					t.Errorf("got %+v, want nothing said of it where topics are not managed", f)
				}
			}
		})
	}
}

// TestTopicRefused asserts that a topic on which the guarantee would not hold is a failure.
func TestTopicRefused(t *testing.T) {
	t.Parallel()
	c := configure(t, startFake(t, kfake.NumBrokers(3)))
	c.Topics.Replication = 1
	expect(t, examine(t, c), want{"topics", "qlik.apps", doctor.Failed, "replication 1 on a cluster of 3", "topics plan"})
}

// TestClock asserts from when on a clock that differs is a warning, and a failure.
func TestClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ahead time.Duration
		want  want
	}{
		{0, want{"clock", "", doctor.OK, "of controller 1 agrees with ours", ""}},
		{5 * time.Second, want{"clock", "", doctor.Warning, "ahead of ours", "chrony"}},
		{-5 * time.Second, want{"clock", "", doctor.Warning, "behind ours", "chrony"}},
		{2 * time.Minute, want{"clock", "", doctor.Failed, "ahead of ours", "brokers refuse"}},
	} {
		t.Run(tt.ahead.String(), func(t *testing.T) {
			t.Parallel()
			k := startFake(t)
			tellTime(t, k, tt.ahead)
			expect(t, examine(t, configure(t, k)), tt.want)
		})
	}
}

// tellTime has kfake answer DescribeQuorum, which it does not know, beside all that it does.
func tellTime(t *testing.T, k *sandbox.Kafka, ahead time.Duration) {
	t.Helper()
	const key = int16(kmsg.DescribeQuorum)
	c, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...))
	must(t, err)
	defer c.Close()
	known, err := kmsg.NewPtrApiVersionsRequest().RequestWith(context.Background(), c)
	must(t, err)
	k.Cluster().ControlKey(int16(kmsg.ApiVersions), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		response := request.ResponseKind().(*kmsg.ApiVersionsResponse)
		response.ApiKeys = append(append(response.ApiKeys, known.ApiKeys...), kmsg.ApiVersionsResponseApiKey{ApiKey: key, MaxVersion: 2})
		return response, nil, true
	})
	k.Cluster().ControlKey(key, func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		response := request.ResponseKind().(*kmsg.DescribeQuorumResponse)
		voters := []kmsg.DescribeQuorumResponseTopicPartitionReplicaState{{ReplicaID: 1, LastCaughtUpTimestamp: time.Now().Add(ahead).UnixMilli()}}
		response.Topics = []kmsg.DescribeQuorumResponseTopic{{Partitions: []kmsg.DescribeQuorumResponseTopicPartition{{LeaderID: 1, CurrentVoters: voters}}}}
		return response, nil, true
	})
}
