package kafka_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

// TestReplacedWhileHandedOver asserts that where a producer is replaced while a record is being handed to it, and it holds no other,
//   - the next record of the key is not taken before that one has settled
//   - it stands behind it
func TestReplacedWhileHandedOver(t *testing.T) {
	t.Parallel()
	h, _ := fake(t)
	d := &door{reached: make(chan struct{}), goOn: make(chan struct{})}
	c, topic := connect(t, h.config, kgo.WithHooks(d)), h.topic(t, 1, "max.message.bytes", "100000")
	publish(t.Context(), c, record(topic, "key", "before")).acked(t)
	first := make(chan *publication, 1)
	go func() { first <- publish(t.Context(), c, record(topic, "key", held)) }()
	<-d.reached
	_, err := c.State(within(t, patience), []string{topic}) // sees a limit that the producer does not go by yet
	must(t, "ask for the topic's settings", err)
	publish(t.Context(), c, record(topic, "key", "second")).refused(t, bridge.KafkaError, patience)
	close(d.goOn)
	before := (<-first).acked(t)
	eventually(t, func() error {
		s := publish(t.Context(), c, record(topic, "key", "second")).wait(t, patience)
		if s.err == nil && s.at.Offset <= before.Offset {
			return errors.New("the second record stands before the first")
		}
		return s.err
	})
}

// held is the value of the record that a door keeps.
const held = "held"

// door keeps one record at the entry of franz-go.
type door struct{ reached, goOn chan struct{} }

func (d *door) OnProduceRecordBuffered(r *kgo.Record) {
	if string(r.Value) == held {
		close(d.reached)
		<-d.goOn
	}
}
