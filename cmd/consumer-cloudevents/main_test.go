package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/apptest"
	"qlikbridge/bridge/sandbox"
)

// group is the one that each test reads in, of a Kafka of its own.
const group = "test"

// delivery is one event as it was sent and as the bridge answered for it.
type delivery struct {
	Topic, Type, Envelope string
	Data                  string
}

// Every type in every envelope reaches the consumer once, is a valid event to the SDK, carries the bridge's attributes, and its data is
// byte for byte what was sent.
func TestConsumeEveryTypeInEveryEnvelope(t *testing.T) {
	b := startBridge(t)
	sent := map[string]delivery{} // :: id -> delivery
	for _, envelope := range []bridge.Envelope{bridge.CloudEvents, bridge.Hybrid, bridge.Legacy, bridge.Audit} {
		for _, typ := range sandbox.SampleTypes() {
			id, d := b.deliver(t, typ, string(envelope))
			sent[id] = d
		}
	}
	got := map[string]delivery{}
	b.consume(t, b.topics(sent), len(sent), func(topic string, e *event.Event) error {
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", e.ID(), err)
		}
		if _, twice := got[e.ID()]; twice {
			t.Errorf("%s came twice", e.ID())
		}
		extensions := e.Extensions()
		for _, name := range []string{"partitionkey", "recordedtime", "qlikenvelope"} {
			if text, _ := extensions[name].(string); text == "" {
				t.Errorf("%s %s: extension %s is %v, want a string", e.Type(), e.ID(), name, extensions[name])
			}
		}
		envelope, _ := extensions["qlikenvelope"].(string)
		got[e.ID()] = delivery{Topic: topic, Type: e.Type(), Envelope: envelope, Data: string(e.Data())}
		return nil
	})
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("events (-sent +received):\n%s", diff)
	}
}

// A consumer that fails at an event sees it again when it comes back, and none of those that it handled before.
func TestConsumeResumesAtTheEventThatFailed(t *testing.T) {
	b := startBridge(t)
	var want []string
	topic := ""
	for range 6 {
		id, d := b.deliver(t, "com.qlik.app.created", string(bridge.CloudEvents))
		want, topic = append(want, id), d.Topic
	}
	var got []string
	refused := errors.New("refused")
	err := consume(t.Context(), b.Brokers(), []string{topic}, group, 0, func(_ string, e *event.Event) error {
		if len(got) == 2 {
			return refused
		}
		got = append(got, e.ID())
		return nil
	})
	if !errors.Is(err, refused) {
		t.Fatalf("got error %v, want that of the handler", err)
	}
	b.consume(t, []string{topic}, len(want)-len(got), func(_ string, e *event.Event) error {
		got = append(got, e.ID())
		return nil
	})
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids of both runs (-want +got):\n%s", diff)
	}
}

// An interrupted consumer ends without an error.
func TestConsumeEndsWithItsContext(t *testing.T) {
	b := startBridge(t)
	_, d := b.deliver(t, "com.qlik.app.created", string(bridge.CloudEvents))
	ctx, cancel := context.WithCancel(t.Context())
	err := consume(ctx, b.Brokers(), []string{d.Topic}, "interrupted", 0, func(string, *event.Event) error {
		cancel()
		return nil
	})
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
}

// running is a bridge with a Kafka and a tenant, all in this process.
type running struct{ *apptest.Bridge }

func startBridge(t *testing.T) *running {
	t.Helper()
	return &running{apptest.Start(t)}
}

// deliver posts one sample and returns its id, and what a consumer is to see of it.
func (b *running) deliver(t *testing.T, typ, envelope string) (string, delivery) {
	t.Helper()
	body, answer := b.Sample(t, typ, bridge.Envelope(envelope))
	var members struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	return answer.ID, delivery{Topic: answer.Topic, Type: answer.Type, Envelope: envelope, Data: string(members.Data)}
}

// consume reads count events in the group of all tests, within a minute.
func (b *running) consume(t *testing.T, topics []string, count int, handle func(string, *event.Event) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := consume(ctx, b.Brokers(), topics, group, count, handle); err != nil {
		t.Fatal(err)
	}
}

func (b *running) topics(sent map[string]delivery) []string {
	var names []string
	for _, d := range sent {
		names = append(names, d.Topic)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
