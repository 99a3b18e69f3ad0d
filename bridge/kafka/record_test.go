package kafka_test

import (
	"testing"
	"time"

	"qlikbridge/bridge"
)

// TestRecordAt asserts that a record is read from its position, and that where none is, the end of the context is.
func TestRecordAt(t *testing.T) {
	t.Parallel()
	h, _ := fake(t)
	topic := h.topic(t, 3)
	c := h.client(t)
	publish(within(t, patience), c, record(topic, "a", "first")).acked(t)
	at := publish(within(t, patience), c, record(topic, "a", "second")).acked(t)
	got, err := h.config.RecordAt(within(t, patience), topic, at)
	must(t, "read", err)
	if string(got.Value) != "second" || got.Position != at {
		t.Errorf("got %s at %v, want the second at %v", got.Value, got.Position, at)
	}
	if got, err := h.config.RecordAt(within(t, time.Second), topic, bridge.Position{Partition: at.Partition, Offset: at.Offset + 5}); err == nil {
		t.Errorf("beyond the end: got %s, want an error", got.Value)
	}
}
