package kafka_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge"
)

// TestProducerIDRefused asserts that a producer whose first request for an id is refused for good, as before its rights are granted,
//   - refuses its records for the broker's reason
//   - has them taken soon after the broker gives ids, also where that was tried in vain before
func TestProducerIDRefused(t *testing.T) {
	for _, tt := range []struct {
		err  *kerr.Error
		want bridge.Reason
	}{
		{kerr.ClusterAuthorizationFailed, bridge.NotAuthorized},
		{kerr.PolicyViolation, bridge.KafkaError},
		{kerr.UnknownServerError, bridge.KafkaError},
	} {
		t.Run(tt.err.Message, func(t *testing.T) {
			t.Parallel()
			h, cluster := fake(t)
			c, topic := h.client(t), h.topic(t, 1)
			fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: tt.err, Count: -1})
			publish(t.Context(), c, record(topic, "key", "first")).refused(t, tt.want, patience)
			eventually(t, func() error {
				err := publish(t.Context(), c, record(topic, "key", "during")).wait(t, patience).err
				if fault.Hits() < 2 { // a client keeps the first answer
					return fmt.Errorf("no other client has asked for an id; the record: %w", err)
				}
				return nil
			})
			fault.Remove()
			eventually(t, func() error { return publish(t.Context(), c, record(topic, "key", "after")).wait(t, patience).err })
		})
	}
}
