package kafka_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge"
)

// TestLimitBesideRefusedTopics asserts that State says that it may not see the settings of one topic, and that the client goes by the limit of
// those that it could see all the same.
func TestLimitBesideRefusedTopics(t *testing.T) {
	for _, refused := range []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.UnknownServerError} {
		t.Run(refused.Message, func(t *testing.T) {
			t.Parallel()
			h, cluster := fake(t)
			c, seen := h.client(t), h.topic(t, 1, "max.message.bytes", "100000")
			h.create(t, seen+"-refused", 1)
			cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Resource: seen + "-refused", Err: refused, Count: -1})
			if _, err := c.State(within(t, patience), []string{seen, seen + "-refused"}); !errors.Is(err, refused) {
				t.Errorf("got %v, want %v", err, refused)
			}
			if c.Fits(&bridge.Record{Topic: seen, Value: make([]byte, 200_000)}) {
				t.Error("got that 200000 bytes fit a topic that takes 100000, want that they do not")
			}
		})
	}
}
