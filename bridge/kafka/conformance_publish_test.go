package kafka_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

// acknowledged asserts that an acknowledgement names the place where the record is, and that places are counted without a gap.
func acknowledged(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 3)
	var all []*publication
	for i := range 300 {
		all = append(all, publish(t.Context(), c, record(topic, fmt.Sprint("key ", i%50), fmt.Sprint("value ", i))))
	}
	want := map[bridge.Position]string{}
	for i, p := range all {
		want[p.acked(t)] = fmt.Sprint("value ", i)
	}
	got := map[bridge.Position]string{}
	for _, r := range h.read(t, topic, len(all)) {
		got[bridge.Position{Partition: r.Partition, Offset: r.Offset}] = string(r.Value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records by position (-acknowledged +read):\n%s", diff)
	}
	settledOnce(t, c, all...)
}

// orderPerKey asserts that what one publisher hands over for a key, without waiting for acknowledgements, stands in that order.
func orderPerKey(t *testing.T, h *harness) {
	const publishers, each = 64, 100
	c, topic := h.client(t), h.topic(t, 6)
	var all sync.WaitGroup
	var refused atomic.Int32
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				c.Publish(t.Context(), record(topic, fmt.Sprint("key ", p), fmt.Sprint(i)), func(_ bridge.Position, err error) {
					if err != nil {
						refused.Add(1)
					}
				})
			}
		})
	}
	all.Wait()
	must(t, "flush", c.Flush(within(t, patience)))
	if n := refused.Load(); n != 0 {
		t.Fatalf("%d records were refused", n)
	}
	inOrder(t, h.read(t, topic, publishers*each), publishers, each)
}

// inOrder asserts that each key has the values 0, 1, 2, … once each.
func inOrder(t *testing.T, records []*kgo.Record, keys, each int) {
	t.Helper()
	got := map[string][]string{}
	for _, r := range records {
		got[string(r.Key)] = append(got[string(r.Key)], string(r.Value))
	}
	var want []string
	for i := range each {
		want = append(want, fmt.Sprint(i))
	}
	if len(got) != keys {
		t.Errorf("got %d keys, want %d", len(got), keys)
	}
	for key, values := range got {
		if diff := cmp.Diff(want, values); diff != "" {
			t.Fatalf("values of %s (-want +got):\n%s", key, diff)
		}
	}
}

// roundTrip asserts that key, value, headers and time come back as they were, down to what is empty, doubled or not text.
func roundTrip(t *testing.T, h *harness) {
	c, topic := h.client(t), h.topic(t, 1)
	at := time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	sent := []bridge.Record{
		{Topic: topic, Key: everyByte, Value: everyByte, Time: at, Headers: []bridge.Header{{Key: "a", Value: everyByte}, {Key: "b", Value: []byte{}}, {Key: "a", Value: []byte("again")}}},
		{Topic: topic, Value: []byte("without a key"), Time: at.Add(time.Hour), Headers: []bridge.Header{}},
		{Topic: topic, Key: []byte("without a value"), Value: []byte{}, Time: at.Add(-time.Hour), Headers: []bridge.Header{{Key: "ключ", Value: []byte("значение")}}},
	}
	for i := range sent {
		publish(t.Context(), c, &sent[i]).acked(t)
	}
	got := readAll(t, h, topic, at.Add(-24*time.Hour), len(sent))
	for i, s := range got {
		sent[i].Time = sent[i].Time.Truncate(time.Millisecond).Local()
		if diff := cmp.Diff(sent[i], s.Record); diff != "" {
			t.Errorf("record %d (-sent +read):\n%s", i, diff)
		}
		if want := (bridge.Position{Offset: int64(i)}); s.Position != want {
			t.Errorf("record %d is at %v, want %v", i, s.Position, want)
		}
	}
}

// compression asserts for each codec that batches are stored with it and records come back as they were.
func compression(t *testing.T, h *harness) {
	for i, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} { // in the order of Kafka's numbers
		t.Run(codec, func(t *testing.T) {
			if codec == "zstd" && strings.Contains(h.provider, "stand-in") {
				t.Skip("this image is a stand-in, and lacks what the brokers' zstd needs; the processes have it")
			}
			c, topic := h.client(t, func(c *kafka.Config) { c.Compression = codec }), h.topic(t, 1)
			value := strings.Repeat(codec+" ", 1000)
			publish(t.Context(), c, record(topic, "key", value)).acked(t)
			got := h.read(t, topic, 1)[0]
			if string(got.Value) != value || int(got.Attrs.CompressionType()) != i {
				t.Errorf("got %d bytes in codec %d, want %d in codec %d", len(got.Value), got.Attrs.CompressionType(), len(value), i)
			}
		})
	}
}
