package kafka_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestAcksOfAll asserts what the guarantee rests on, as a broker sees it: every produce request asks for the acknowledgement of all in-sync
// replicas, and its batches carry a producer id, which is what lets a broker drop repetitions and keep the order.
func TestAcksOfAll(t *testing.T) {
	h, cluster := fake(t)
	c, topic := h.client(t), h.topic(t, 1)
	type seen struct {
		acks     int16
		producer int64
	}
	requests := make(chan seen, 10)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		produce := r.(*kmsg.ProduceRequest)
		batch := kmsg.RecordBatch{}
		if err := batch.ReadFrom(produce.Topics[0].Partitions[0].Records); err != nil {
			t.Error(err)
		}
		requests <- seen{produce.Acks, batch.ProducerID}
		return nil, nil, false
	})
	publish(t.Context(), c, record(topic, "key", "value")).acked(t)
	got := <-requests
	if got.acks != -1 {
		t.Errorf("got acks=%d, want -1, all in-sync replicas", got.acks)
	}
	if got.producer < 0 {
		t.Errorf("got producer id %d, want one: idempotent", got.producer)
	}
}
