package kafka_test

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/kafka"
)

// TestClock asserts that a controller's clock is measured where it is told, that a missing right is named, and that a cluster that does
// not tell is none of these.
func TestClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		ahead time.Duration
		code  int16
		want  error
	}{
		{"right", 0, 0, nil},
		{"ahead", time.Hour, 0, nil},
		{"behind", -time.Minute, 0, nil},
		{"not authorised", 0, kerr.ClusterAuthorizationFailed.Code, kafka.ErrDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, k := fake(t)
			tellTime(k, tt.ahead, tt.code)
			got, err := h.client(t).Clock(within(t, patience))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if off := (got.Ahead - tt.ahead).Abs(); tt.want == nil && off > got.Within {
				t.Errorf("got %s ± %s ahead, want %s", got.Ahead, got.Within, tt.ahead)
			}
		})
	}
	h, _ := fake(t)
	if _, err := h.client(t).Clock(within(t, patience)); !errors.Is(err, kafka.ErrNoClock) {
		t.Errorf("a cluster that does not know the request: got %v, want %v", err, kafka.ErrNoClock)
	}
}

// tellTime has kfake answer DescribeQuorum, which it does not know, as KRaft does.
func tellTime(k *kfake.Cluster, ahead time.Duration, code int16) {
	const key = int16(kmsg.DescribeQuorum)
	k.ControlKey(int16(kmsg.ApiVersions), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		response := request.ResponseKind().(*kmsg.ApiVersionsResponse)
		response.ApiKeys = []kmsg.ApiVersionsResponseApiKey{
			{ApiKey: int16(kmsg.ApiVersions), MaxVersion: 4}, {ApiKey: int16(kmsg.Metadata), MaxVersion: 12}, {ApiKey: key, MaxVersion: 2}}
		return response, nil, true
	})
	k.ControlKey(key, func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		response := request.ResponseKind().(*kmsg.DescribeQuorumResponse)
		now := time.Now().Add(ahead).UnixMilli()
		topic := kmsg.DescribeQuorumResponseTopic{Topic: "__cluster_metadata", Partitions: []kmsg.DescribeQuorumResponseTopicPartition{{LeaderID: 1, CurrentVoters: []kmsg.DescribeQuorumResponseTopicPartitionReplicaState{
			{ReplicaID: 0, LastCaughtUpTimestamp: now - 500}, {ReplicaID: 1, LastCaughtUpTimestamp: now},
		}}}}
		response.ErrorCode, response.Topics = code, append(response.Topics, topic)
		return response, nil, true
	})
}
