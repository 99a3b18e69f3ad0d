package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// events are records as the bridge writes them, numbered from 0.
type events struct {
	client *kgo.Client
	sinks  *sinks
	next   int
}

func newEvents(client *kgo.Client, s *sinks) *events { return &events{client: client, sinks: s} }

// send produces events for so long, at a steady rate, and returns the numbers of the first and the one after the last when all of them are acknowledged.
func (e *events) send(ctx context.Context, perSecond float64, length time.Duration) (first, next int, err error) {
	first = e.next
	failed := make(chan error, 1)
	ticker := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer ticker.Stop()
	for began := time.Now(); time.Since(began) < length; e.next++ {
		select {
		case <-ctx.Done():
			return first, e.next, ctx.Err()
		case err := <-failed:
			return first, e.next, err
		case <-ticker.C:
		}
		e.sinks.sent.Store(e.next, time.Now())
		e.client.Produce(ctx, e.record(), func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- fmt.Errorf("producing an event: %w", err):
				default:
				}
			}
		})
	}
	return first, e.next, e.client.Flush(ctx)
}

// record is the next event, of one of a thousand apps.
func (e *events) record() *kgo.Record {
	id, app := strconv.Itoa(e.next), strconv.Itoa(int(uint64(e.next)*0x9E3779B97F4A7C15>>32%apps))
	value := `{"specversion":"1.0","id":"` + id + `","source":"com.qlik/engine","type":"com.qlik.app.created","time":"2026-10-30T07:06:22.401Z","datacontenttype":"application/json",` +
		`"partitionkey":"` + app + `","recordedtime":"` + time.Now().UTC().Format(time.RFC3339Nano) + `","data":{"id":"` + app + `","name":"Sales overview EMEA",` +
		`"size":{"file":1048576,"memory":4194304},"custom":{},"ownerId":"64b0f7d2c1a94e5f8a7b3c21","published":true,"createdDate":"2026-10-30T07:06:22.318Z",` +
		`"description":"Weekly sales by region and product line","resourceType":"app","hasSectionAccess":false}}`
	return &kgo.Record{Topic: appsTopic, Key: []byte(app), Value: []byte(value), Headers: []kgo.RecordHeader{
		{Key: "content-type", Value: []byte("application/cloudevents+json; charset=utf-8")}, {Key: "ce_type", Value: []byte("com.qlik.app.created")}, {Key: "ce_id", Value: []byte(id)},
	}}
}
