package kafka_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// largestRecord asserts that a record is taken up to the configured size of a batch, less a batch's own overhead, that one byte more is
// refused at once, and that the topic takes whatever the client does, with values that do not compress.
func largestRecord(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	const overhead = 128
	limit := int(h.config.MaxMessageBytes)
	value := make([]byte, limit)
	_, _ = rand.Read(value)
	try := func(size int) settlement {
		return publish(t.Context(), c, &bridge.Record{Topic: topic, Key: []byte("key"), Value: value[:size], Time: time.Now()}).wait(t, patience)
	}
	refusedAt := limit - overhead + sort.Search(overhead, func(i int) bool { return try(limit-overhead+i).err != nil })
	if refusedAt == limit-overhead {
		t.Fatalf("a record of %d bytes is refused already: %v", refusedAt, try(refusedAt).err)
	}
	if got := try(refusedAt - 1); got.err != nil {
		t.Errorf("a record of %d bytes: got %v, want it taken", refusedAt-1, got.err)
	}
	p := publish(t.Context(), c, &bridge.Record{Topic: topic, Key: []byte("key"), Value: value[:refusedAt], Time: time.Now()})
	p.refused(t, bridge.RecordTooLarge, 2*time.Second)
	settledOnce(t, c, p)
	got := h.read(t, topic, h.count(t, topic))
	if largest := len(slices.MaxFunc(got, func(a, b *kgo.Record) int { return len(a.Value) - len(b.Value) }).Value); largest != refusedAt-1 {
		t.Errorf("the largest record that is stored has %d bytes, want %d", largest, refusedAt-1)
	}
}

// fitTogether asserts, on a topic that takes less than the client may send, that
//   - records that each fit are taken, however many wait at once
//   - one that does not fit is refused, and those beside it are taken
func fitTogether(t *testing.T, h *harness) {
	const limit = 100_000
	c, topic := h.client(t, func(c *kafka.Config) { c.Compression = "none" }), h.topic(t, 1, "max.message.bytes", fmt.Sprint(limit))
	_, err := c.State(within(t, patience), []string{topic})
	must(t, "ask for the topic's settings", err)
	for size, want := range map[int]bool{limit / 3: true, limit - 200: true, limit + 1: false} {
		if got := c.Fits(&bridge.Record{Topic: topic, Value: make([]byte, size)}); got != want {
			t.Errorf("does a record of %d bytes fit: got %t, want %t", size, got, want)
		}
	}
	var fit, tooLarge []*publication
	for i := range 200 {
		fit = append(fit, publish(t.Context(), c, &bridge.Record{Topic: topic, Key: []byte("key"), Value: make([]byte, limit/3), Time: time.Now()}))
		if i%20 == 10 {
			tooLarge = append(tooLarge, publish(t.Context(), c, &bridge.Record{Topic: topic, Key: []byte("key"), Value: make([]byte, limit+1), Time: time.Now()}))
		}
	}
	for _, p := range fit {
		p.acked(t)
	}
	for _, p := range tooLarge {
		p.refused(t, bridge.RecordTooLarge, patience)
	}
}

// limitChanges asserts that a client that has produced to a topic goes by its new limit once State has seen it.
func limitChanges(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1, "max.message.bytes", "100000")
	large := &bridge.Record{Topic: topic, Value: make([]byte, 200_000), Time: time.Now()}
	see := func(limit string) {
		t.Helper()
		altered, err := h.admin.AlterTopicConfigs(within(t, patience), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &limit}}, topic)
		must(t, "alter the topic", errors.Join(err, altered[0].Err))
		has(t, c, topic, map[string]string{"max.message.bytes": limit})
	}
	see("100001")
	publish(t.Context(), c, large).refused(t, bridge.RecordTooLarge, 5*time.Second)
	see("300000")
	eventually(t, func() error { return publish(t.Context(), c, large).wait(t, patience).err })
	see("100000")
	eventually(t, func() error {
		var refusal *bridge.Refusal
		if err := publish(t.Context(), c, large).wait(t, patience).err; !errors.As(err, &refusal) || refusal.Reason != bridge.RecordTooLarge {
			return fmt.Errorf("got %v, want %s", err, bridge.RecordTooLarge)
		}
		return nil
	})
}

// limitApplied asserts that a limit that Apply has raised holds at once, for an event that would not fit before.
func limitApplied(t *testing.T, h *harness) {
	const family = "apps"
	c, config := h.client(t), topics.Config{Prefix: h.prefix + "limit."}
	apps, _ := topics.Default().Family(family)
	topic := config.Topic(family)
	h.create(t, topic, apps.Partitions, "max.message.bytes", "100000")
	apply(t, c, plan(t, c, config, family))
	large := &bridge.Record{Topic: topic, Value: make([]byte, 300_000), Time: time.Now()}
	eventually(t, func() error { return publish(t.Context(), c, large).wait(t, patience).err })
}

// largestBody asserts that bodies of exactly the limit of the ingress end in Kafka: as events, and where every byte of an attribute has to
// be escaped and then more than the limit of a record is needed, as dead letters.
func largestBody(t *testing.T, h *harness) {
	const limit = 1 << 20
	catalog, config := topics.Default(), topics.Config{Prefix: h.prefix + "body."}
	for _, family := range []string{"apps", topics.DeadLetter} {
		h.create(t, config.Topic(family), 1)
	}
	ingester := &bridge.Ingester{Catalog: catalog, Topics: config, Publisher: h.client(t), AckTimeout: patience, Metrics: bridge.NewMetrics(nil)}
	for _, tt := range []struct {
		name, before, odd, fill, after string
		want                           bridge.Outcome
	}{
		{"data", `{"id":"1","type":"com.qlik.app.created","data":"`, `x`, `\"`, `"}`, bridge.Published},
		{"attribute", `{"id":"2","type":"com.qlik.app.created","meta":["`, `x`, `é`, `"]}`, bridge.Published},
		{"escaped attribute", `{"id":"3","type":"com.qlik.app.created","meta":["`, `x`, `\"`, `"]}`, bridge.DeadLettered},
		{"no event", `{"id":"4",`, ` `, ` `, `}`, bridge.DeadLettered},
	} {
		room := limit - len(tt.before) - len(tt.after)
		body := tt.before + strings.Repeat(tt.odd, room%len(tt.fill)) + strings.Repeat(tt.fill, room/len(tt.fill)) + tt.after
		receipt := ingester.Ingest(t.Context(), bridge.Delivery{Origin: bridge.Webhook, Source: "qlik", Body: []byte(body), ReceivedAt: time.Now()})
		if len(body) != limit || receipt.Outcome != tt.want {
			t.Errorf("%s: a body of %d bytes: got %s (%v), want %s", tt.name, len(body), receipt.Outcome, receipt.Why, tt.want)
			continue
		}
		if receipt.Outcome == bridge.DeadLettered && !stored(t, h, receipt, body) {
			t.Errorf("%s: the dead letter is not the body", tt.name)
		}
	}
}

func stored(t *testing.T, h *harness, receipt bridge.Receipt, body string) bool {
	t.Helper()
	records := h.read(t, receipt.Topic, int(receipt.At.Offset)+1)
	return string(records[receipt.At.Offset].Value) == body
}
