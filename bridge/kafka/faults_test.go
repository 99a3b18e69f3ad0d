package kafka_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

// TestBrokerErrors asserts what Publish answers to each error that a broker keeps giving, and when:
//   - at once where another try would not help
//   - after franz-go's few tries where the topic seems not to be there
//   - when the record's time is up where another try may help; the broker's reason is not known then
func TestBrokerErrors(t *testing.T) {
	const given, atOnce, soon = 2 * time.Second, time.Second, 1900 * time.Millisecond
	for _, tt := range []struct {
		err    *kerr.Error
		want   bridge.Reason
		within time.Duration
	}{
		{kerr.TopicAuthorizationFailed, bridge.NotAuthorized, atOnce},
		{kerr.ClusterAuthorizationFailed, bridge.NotAuthorized, atOnce},
		{kerr.InvalidRecord, bridge.InvalidRecord, atOnce},
		{kerr.MessageTooLarge, bridge.RecordTooLarge, atOnce}, // it was alone, so it is too large, though State has not seen that the topic takes less
		{kerr.RecordListTooLarge, bridge.RecordTooLarge, atOnce},
		{kerr.UnknownServerError, bridge.KafkaError, atOnce},
		{kerr.PolicyViolation, bridge.KafkaError, atOnce},
		{kerr.CorruptMessage, bridge.KafkaError, atOnce},
		{kerr.UnknownTopicOrPartition, bridge.UnknownTopic, soon},
		{kerr.UnknownTopicID, bridge.UnknownTopic, soon},
		{kerr.NotEnoughReplicas, bridge.AckTimeout, given + time.Second},
		{kerr.NotLeaderForPartition, bridge.AckTimeout, given + time.Second},
		{kerr.OutOfOrderSequenceNumber, bridge.AckTimeout, given + time.Second},
	} {
		t.Run(tt.err.Message, func(t *testing.T) {
			t.Parallel()
			h, cluster := fake(t)
			c, topic := h.client(t), h.topic(t, 1)
			publish(t.Context(), c, record(topic, "key", "before")).acked(t)
			fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: tt.err, Count: -1})
			p := publish(within(t, given), c, record(topic, "key", "during"))
			p.refused(t, tt.want, 2*given)
			if took := time.Since(p.began); took > tt.within {
				t.Errorf("refused after %s, want at most %s", took, tt.within)
			}
			settledOnce(t, c, p)
			fault.Remove()
			eventually(t, func() error {
				return publish(within(t, given), c, record(topic, "key", "after")).wait(t, patience).err
			})
		})
	}
}

// TestRefusedBesideOthers asserts of a record that waits for a partition while the broker refuses one before it for good that
//   - it is refused for a reason after which it is offered again, and so is the other: which of the two is to blame is not known
//   - offered alone, it is taken
func TestRefusedBesideOthers(t *testing.T) {
	for _, given := range []*kerr.Error{kerr.InvalidRecord, kerr.MessageTooLarge, kerr.RecordListTooLarge} {
		t.Run(given.Message, func(t *testing.T) {
			t.Parallel()
			h, cluster := fake(t)
			c, topic := h.client(t), h.topic(t, 1)
			publish(t.Context(), c, record(topic, "key", "before")).acked(t)
			cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: given, Count: 1})
			asked, answer := holdProduce(cluster)
			first := publish(t.Context(), c, record(topic, "key", "first"))
			<-asked
			second := publish(t.Context(), c, record(topic, "key", "second"))
			close(answer)
			first.refused(t, bridge.KafkaError, patience)
			second.refused(t, bridge.KafkaError, patience)
			settledOnce(t, c, first, second)
			publish(t.Context(), c, record(topic, "key", "second")).acked(t)
		})
	}
}

// holdProduce has the brokers keep each record until answer is closed; asked is closed when the first is there.
func holdProduce(cluster *kfake.Cluster) (asked, answer chan struct{}) {
	var once sync.Once
	asked, answer = make(chan struct{}), make(chan struct{})
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		once.Do(func() { close(asked) })
		cluster.SleepControl(func() { <-answer })
		return nil, nil, false
	})
	return asked, answer
}

// TestTooLargeForALimitNotSeen asserts that a record is refused as too large each time where the topic takes less than State has seen, as where
// DescribeConfigs is denied: else it would be offered for ever, and all of its family behind it.
func TestTooLargeForALimitNotSeen(t *testing.T) {
	t.Parallel()
	h, _ := fake(t)
	c, topic := h.client(t), h.topic(t, 1, "max.message.bytes", "100000")
	value := make([]byte, 200_000)
	_, _ = rand.Read(value) // so that it does not compress
	for range 3 {
		publish(t.Context(), c, &bridge.Record{Topic: topic, Key: []byte("key"), Value: value, Time: time.Now()}).refused(t, bridge.RecordTooLarge, patience)
	}
	publish(t.Context(), c, record(topic, "key", "after")).acked(t)
}

// TestUnsureErrors asserts that a record that the broker may have, by what it answers, settles only when it is sure, once, and is there
// once.
func TestUnsureErrors(t *testing.T) {
	for _, refused := range []*kerr.Error{kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut} {
		t.Run(refused.Message, func(t *testing.T) {
			t.Parallel()
			h, cluster := fake(t)
			c, topic := h.client(t), h.topic(t, 1)
			publish(t.Context(), c, record(topic, "key", "before")).acked(t)
			fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: refused, Count: -1})
			ctx := within(t, 500*time.Millisecond)
			p := publish(ctx, c, record(topic, "key", "during"))
			must(t, "wait until the broker has it", fault.Wait(within(t, patience), 1))
			<-ctx.Done()
			must(t, "wait until the broker was asked again after its time", fault.Wait(within(t, patience), fault.Hits()+2))
			if n := p.times.Load(); n != 0 {
				t.Errorf("settled %d times while the record may be in the topic, want it to wait", n)
			}
			fault.Remove()
			p.acked(t)
			settledOnce(t, c, p)
			if n := h.count(t, topic); n != 2 {
				t.Errorf("got %d records, want 2", n)
			}
		})
	}
}

// TestStall asserts, of a broker that answers a record only after 6 s, that
//   - the bridge's wait for it ends with its own deadline
//   - the record settles once, when the answer comes, and is there once
//   - other topics are served by the other brokers meanwhile
func TestStall(t *testing.T) {
	t.Parallel()
	const stall = 6 * time.Second
	h, cluster := fake(t)
	c, topic := h.client(t), h.topic(t, 1)
	other := topic + "-other"
	h.create(t, other, 1)
	must(t, "move the leader", cluster.MoveTopicPartition(topic, 0, 0))
	must(t, "move the other leader", cluster.MoveTopicPartition(other, 0, 1))
	for _, name := range []string{topic, other} {
		publish(t.Context(), c, record(name, "key", "before")).acked(t)
	}
	began := time.Now()
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		if cluster.CurrentNode() == 0 {
			cluster.DropControl()
			cluster.SleepControl(func() { <-time.After(time.Until(began.Add(stall))) })
		}
		return nil, nil, false
	})
	ctx := within(t, 2*time.Second)
	p := publish(ctx, c, record(topic, "key", "during"))
	publish(t.Context(), c, record(other, "key", "during")).acked(t)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("another broker's topic was served after %s", took)
	}
	s := p.wait(t, 2*stall)
	if s.err != nil || s.took < stall-time.Second {
		t.Errorf("got %v after %s, want an acknowledgement after %s", s.err, s.took, stall)
	}
	settledOnce(t, c, p)
	if n := h.count(t, topic); n != 2 {
		t.Errorf("got %d records, want 2", n)
	}
}

// TestBrokersThatHangUp asserts that a record whose connection a broker closes is sent again.
func TestBrokersThatHangUp(t *testing.T) {
	h, cluster := fake(t)
	c, topic := h.client(t), h.topic(t, 1)
	publish(t.Context(), c, record(topic, "key", "before")).acked(t)
	hangUps := 0
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if hangUps++; hangUps > 3 {
			return nil, nil, false
		}
		return nil, errors.New("hang up"), true
	})
	p := publish(t.Context(), c, record(topic, "key", "during"))
	p.acked(t)
	settledOnce(t, c, p)
	if n := h.count(t, topic); n != 2 || hangUps < 4 {
		t.Errorf("got %d records after %d requests, want 2 after 4", n, hangUps)
	}
}

// TestBufferFullWhileKafkaStalls asserts that records beyond what may wait are refused at once, and that all others settle when Kafka goes on.
func TestBufferFullWhileKafkaStalls(t *testing.T) {
	const most = 100
	h, cluster := fake(t)
	c, topic := h.client(t, func(c *kafka.Config) { c.MaxBufferedRecords = most }), h.topic(t, 1)
	publish(t.Context(), c, record(topic, "key", "before")).acked(t)
	goOn := make(chan struct{})
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { <-goOn })
		cluster.DropControl()
		return nil, nil, false
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var waiting []*publication
	for range most {
		waiting = append(waiting, publish(ctx, c, record(topic, "key", "value")))
	}
	for range most {
		p := publish(ctx, c, record(topic, "key", "beyond"))
		p.refused(t, bridge.BufferFull, 2*time.Second)
		if p.took > time.Second {
			t.Errorf("the call blocked for %s", p.took)
		}
	}
	close(goOn)
	for _, p := range waiting {
		p.acked(t)
	}
	settledOnce(t, c, waiting...)
}
