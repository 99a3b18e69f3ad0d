package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/consumer"
	bridgekafka "qlikbridge/bridge/kafka"
)

// lookEvery is how often the progress of a reader is looked at.
const lookEvery = 5 * time.Millisecond

// runReader reads the topic as one of the readers, a new member of a new group, and prints a reading.
func runReader(ctx context.Context, opt options) error {
	group := "bench-" + rand.Text()
	var r reading
	var err error
	switch opt.filterReader {
	case bareReader:
		r, err = readBare(ctx, opt, group)
	case libraryReader:
		r, err = readLibrary(ctx, opt, group)
	default:
		return fmt.Errorf("-filter-reader %q: %s or %s", opt.filterReader, bareReader, libraryReader)
	}
	if err != nil {
		return err
	}
	if r.PeakRSS, err = memory(os.Getpid(), "VmHWM"); err != nil {
		return err
	}
	r.Reader, r.Records, r.PerSecond = opt.filterReader, opt.records, float64(opt.records)/r.Seconds
	return json.NewEncoder(os.Stdout).Encode(r)
}

// readBare counts the records and does nothing else; all settings but the group and where it begins are franz-go's own.
func readBare(ctx context.Context, opt options, group string) (reading, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(opt.brokers, ",")...), kgo.ConsumerGroup(group), kgo.ConsumeTopics(opt.filterTopic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return reading{}, err
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var seen atomic.Int64
	failed := make(chan error, 1)
	go func() {
		for {
			fetches := client.PollFetches(ctx)
			if err := fetches.Err0(); err != nil {
				failed <- err
				return
			}
			n := int64(0)
			fetches.EachRecord(func(*kgo.Record) { n++ })
			seen.Add(n)
		}
	}()
	return watch(ctx, opt.records, func() int { return int(seen.Load()) }, failed)
}

// readLibrary handles the first of the types; the handler counts.
func readLibrary(ctx context.Context, opt options, group string) (reading, error) {
	config := consumer.Config{Kafka: bridgekafka.DefaultConfig(), Group: group, From: []string{opt.filterTopic}, Types: typesOf()[:1]}
	config.Kafka.Brokers = strings.Split(opt.brokers, ",")
	var handled atomic.Int64
	c, err := consumer.New(config, func(context.Context, event.Event) error { handled.Add(1); return nil }, consumer.Options{})
	if err != nil {
		return reading{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() { failed <- c.Run(ctx); close(failed) }()
	r, err := watch(ctx, opt.records, func() int { s := c.Stats(); return int(s.Skipped + s.Handled) }, failed)
	cancel()
	r.Wanted = int(handled.Load())
	return r, errors.Join(err, <-failed)
}

// watch measures from the first record to the last.
func watch(ctx context.Context, records int, seen func() int, failed <-chan error) (reading, error) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var began time.Time
	var cpu time.Duration
	var r reading
	for {
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case err := <-failed:
			return r, fmt.Errorf("the reader ended after %d records: %w", seen(), err)
		case <-look.C:
		}
		n := seen()
		if n > 0 && began.IsZero() {
			began, cpu = time.Now(), used()
		}
		if n > 0 && n*4 >= records*(len(r.Heap)+1) {
			r.Heap = append(r.Heap, heap())
		}
		if n >= records {
			r.Seconds = time.Since(began).Seconds()
			r.CPU = float64((used() - cpu).Microseconds()) / float64(records)
			return r, nil
		}
	}
}

func used() time.Duration {
	t, _ := cpuTime(os.Getpid()) // of this very process
	return t
}

// heap is what the heap's objects take, in MiB.
func heap() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64()) / (1 << 20)
}
