package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
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
	err := consume(t.Context(), b.brokers, []string{topic}, group, 0, func(_ string, e *event.Event) error {
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
	err := consume(ctx, b.brokers, []string{d.Topic}, "interrupted", 0, func(string, *event.Event) error {
		cancel()
		return nil
	})
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
}

// running is a bridge with a Kafka and a tenant, all in this process.
type running struct {
	brokers []string
	tenant  *sandbox.Tenant
	samples *sandbox.Samples
}

func startBridge(t *testing.T) *running {
	t.Helper()
	kafka, err := sandbox.StartKafka(sandbox.KafkaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	c := app.DefaultConfig()
	c.Spool.Dir = t.TempDir()
	c.Listen, c.AdminListen, c.Kafka.Brokers = "127.0.0.1:0", "127.0.0.1:0", kafka.Brokers()
	c.SecretsFile = filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(c.SecretsFile, []byte("a signing secret for this test alone\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.Start()
	t.Cleanup(func() { _ = a.Stop() }) // whether it stops well is for the tests of bridge/app
	awaitReady(t, a)
	keyring, err := bridge.LoadKeyring(c.SecretsFile)
	if err != nil {
		t.Fatal(err)
	}
	tenant := sandbox.NewTenant("http://"+a.Addr()+"/webhooks/"+app.DefaultSourceName, keyring.Sign)
	return &running{brokers: kafka.Brokers(), tenant: tenant, samples: sandbox.NewSamples(1, time.Now)}
}

func awaitReady(t *testing.T, a *app.App) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ready, why := a.Ready()
		if ready {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the bridge is not ready after 30 s: %v", why)
		}
	}
}

// deliver posts one sample and returns its id, and what a consumer is to see of it.
func (b *running) deliver(t *testing.T, typ, envelope string) (string, delivery) {
	t.Helper()
	body, err := b.samples.Body(typ, envelope)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.tenant.Post(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Outcome != string(bridge.Published) {
		t.Fatalf("%s as %s: got %+v, want it published", typ, envelope, answer)
	}
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
	if err := consume(ctx, b.brokers, topics, group, count, handle); err != nil {
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
