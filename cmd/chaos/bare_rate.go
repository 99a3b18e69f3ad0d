package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/proof"
)

// sampleRecords bounds what is held in memory of the records that a bare producer repeats.
const sampleRecords = 20_000

// bareRate has a franz-go producer with the bridge's guarantees (its defaults: acks=all, idempotent; snappy, no linger) write n records,
// copies of those in the topics with a prefix, to as many partitions, and returns its records per second.
func bareRate(ctx context.Context, brokers []string, prefix string, n int) (float64, error) {
	records, err := sample(ctx, brokers, prefix)
	if err != nil {
		return 0, err
	}
	scratch := "bare-" + prefix // not among those that the checker reads
	defer func() { _ = proof.DeleteTopics(context.WithoutCancel(ctx), brokers, scratch) }()
	err = proof.WithAdmin(ctx, brokers, func(ctx context.Context, admin *kadm.Client) error {
		_, err := admin.CreateTopic(ctx, int32(proof.Partitions()), 3, nil, scratch)
		return err
	})
	if err != nil {
		return 0, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(10_000), kgo.DefaultProduceTopic(scratch))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	return produceAll(ctx, client, records, n)
}

func produceAll(ctx context.Context, client *kgo.Client, records []*kgo.Record, n int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, replayLimit)
	defer cancel()
	var failed kgo.FirstErrPromise
	began := time.Now()
	for i := range n {
		r := records[i%len(records)]
		client.Produce(ctx, &kgo.Record{Key: r.Key, Value: r.Value, Headers: r.Headers}, failed.Promise())
	}
	err := failed.Err() // waits for all
	return float64(n) / time.Since(began).Seconds(), err
}

// sample reads up to sampleRecords.
func sample(ctx context.Context, brokers []string, prefix string) (records []*kgo.Record, err error) {
	err = proof.ReadAll(ctx, brokers, prefix, func(r *kgo.Record) {
		if len(records) < sampleRecords {
			records = append(records, r)
		}
	})
	if err == nil && len(records) == 0 {
		err = errors.New("there is no record to repeat")
	}
	return records, err
}
