package kafka_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

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
			offer := func() error { // a record that comes with the refusal franz-go may leave until the next one comes
				return publish(t.Context(), c, record(topic, "key", "value")).in(time.Second).err
			}
			eventually(t, func() error {
				var refusal *bridge.Refusal
				if err := offer(); !errors.As(err, &refusal) || refusal.Reason != tt.want || fault.Hits() < 2 { // a client keeps the first answer
					return fmt.Errorf("got %w and %d requests for an id, want %s and one by another client", err, fault.Hits(), tt.want)
				}
				return nil
			})
			fault.Remove()
			eventually(t, offer)
		})
	}
}
