package kafka

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

var _ bridge.Publisher = (*Client)(nil)

// producer produces records, by a franz-go client that can be replaced by a new one.
//
// What franz-go learns of a topic at its first record it keeps: the topic's id and the size of its batches. Where a topic is deleted and
// made anew, it refuses every further record. It could be told to forget the topic, but then begins its sequence numbers anew under the
// same producer id, and a broker that still has that id's last batches takes the next records for repetitions of them: acknowledged, and
// not stored. A new client has a new producer id.
type producer struct {
	// Fixed.
	config Config
	log    *slog.Logger
	opts   []kgo.Opt

	topics  sync.Map // :: topic -> *traffic
	limits  sync.Map // :: topic -> int32, the largest batch that it takes, where State has seen it
	current atomic.Pointer[generation]

	mu       sync.Mutex // guards replacing, and what is begun in the background
	closed   bool
	retired  sync.WaitGroup
	retiring atomic.Int32  // generations that were replaced and still hold records
	ended    chan struct{} // closed by close: the retired need not wait longer
	looks    sync.WaitGroup
	looking  atomic.Bool // lookAtID looks, or did so just now
}

// newProducer adds what the guarantee rests on:
//   - acknowledgement by every in-sync replica, and idempotence, are franz-go's defaults and stay on: no loss with a leader, no
//     duplicate and no reordering by a retry;
//   - no linger: while a request is in flight, franz-go gathers the next batch by itself, so waiting only adds latency;
//   - batches may be as large as a record of the largest body, less where a topic takes less; what waits is bounded in records and bytes;
//   - topics are never created by producing to them: they would get the broker's defaults instead of the catalogue's settings.
func newProducer(c Config, log *slog.Logger, opts []kgo.Opt) (*producer, error) {
	p := &producer{config: c, log: log, ended: make(chan struct{})}
	p.opts = append(opts[:len(opts):len(opts)],
		kgo.ProduceRequestTimeout(brokerWait),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(codecs[c.Compression], kgo.NoCompression()),
		kgo.ProducerBatchMaxBytesFn(p.limit),
		kgo.MaxBufferedRecords(c.MaxBufferedRecords),
		kgo.MaxBufferedBytes(c.MaxBufferedBytes))
	client, err := kgo.NewClient(p.opts...)
	p.current.Store(&generation{Client: client})
	return p, err
}

// Publish implements bridge.Publisher. Where as many records wait as may, settle is called at once with bridge.BufferFull.
func (c *Client) Publish(ctx context.Context, r *bridge.Record, settle func(bridge.Position, error)) {
	client := c.producer.enter()
	if client == nil {
		settle(bridge.Position{}, &bridge.Refusal{Reason: bridge.KafkaError, Err: errReplaced})
		return
	}
	defer client.entering.Add(-1)
	traffic := c.producer.traffic(r.Topic)
	ticket := traffic.enter()
	client.TryProduce(ctx, toProduce(r), func(r *kgo.Record, err error) {
		alone := traffic.leave(ticket)
		if err != nil {
			settle(bridge.Position{}, c.producer.refusal(client, r, alone, err))
			return
		}
		settle(bridge.Position{Partition: r.Partition, Offset: r.Offset}, nil)
	})
}

func toProduce(r *bridge.Record) *kgo.Record {
	record := &kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value, Timestamp: r.Time, Headers: make([]kgo.RecordHeader, len(r.Headers))}
	for i, h := range r.Headers {
		record.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
	}
	return record
}

// refusal says why a record was not acknowledged, and replaces the client by which it was produced where that will not take the topic's
// records any more, or any. An error that is for good is the record's own only where it was alone, or is too large for what State has seen: else it may
// be that of one beside it, and the record is to be offered again.
func (p *producer) refusal(client *generation, r *kgo.Record, alone bool, err error) *bridge.Refusal {
	why := reason(err)
	if isFinal(err) && (why == bridge.KafkaError || why == bridge.NotAuthorized) {
		p.lookAtID(client)
	}
	switch {
	case errors.Is(err, kerr.UnknownTopicID):
		p.replace(client, "a topic was deleted and made anew", retireWait)
	case alone:
	case why == bridge.InvalidRecord, why == bridge.RecordTooLarge && atMost(r) <= int(p.limit(r.Topic)):
		why = bridge.KafkaError
	}
	return &bridge.Refusal{Reason: why, Err: err}
}

// flush waits until every record has settled, also those of clients that were replaced, or ctx ends.
func (p *producer) flush(ctx context.Context) error {
	err := p.current.Load().Flush(ctx)
	done := make(chan struct{})
	go func() { p.retired.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// close may be called again.
func (p *producer) close() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if first {
		close(p.ended)
	}
	p.current.Load().Close()
	p.looks.Wait()
	p.retired.Wait()
}
