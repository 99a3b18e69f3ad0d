package kafka_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestOffsetsMeanwhile asserts that a record is not passed over that comes while somebody asks where a moment lies before it: between the question for
// the time and that for the end.
func TestOffsetsMeanwhile(t *testing.T) {
	h, cluster := fake(t)
	c, other, topic := h.client(t), h.client(t), h.topic(t, 1)
	asked, came := false, false // asked: by time
	cluster.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		switch byTime := r.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Timestamp >= 0; {
		case byTime:
			asked = true
		case asked && !came:
			came = true
			cluster.SleepControl(func() { publish(t.Context(), other, record(topic, "key", "value")).acked(t) })
		}
		return nil, nil, false
	})
	before := time.Now().Add(-time.Minute)
	got, err := c.OffsetsFrom(within(t, patience), []string{topic}, before)
	if must(t, "ask for offsets", err); !came || got[topic][0] != 0 {
		t.Errorf("got %v, want what came meanwhile to be read", got)
	}
}
