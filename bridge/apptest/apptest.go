// Package apptest starts the bridge for the tests of what stands behind it: an embedded Kafka, the bridge before it, and a tenant that
// signs sample events, all in the process of the test. It is a test kit: nothing else imports it.
package apptest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/sandbox"
)

// Bridge is a running bridge with a Kafka and a tenant of its own. It is safe for concurrent use.
type Bridge struct {
	broker  *sandbox.Kafka
	tenant  *sandbox.Tenant
	samples *sandbox.Samples
}

// Start waits until the bridge is ready, and fails the test where that takes more than 30 s. All of it ends with the test.
func Start(t testing.TB) *Bridge {
	t.Helper()
	broker, err := sandbox.StartKafka(sandbox.KafkaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	c := app.DefaultConfig()
	c.Spool.Dir = t.TempDir()
	c.Listen, c.AdminListen, c.Kafka.Brokers = "127.0.0.1:0", "127.0.0.1:0", broker.Brokers()
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
	return &Bridge{broker: broker, tenant: tenant, samples: sandbox.NewSamples(1, time.Now)}
}

func awaitReady(t testing.TB, a *app.App) {
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

// Brokers are the seed brokers of the Kafka.
func (b *Bridge) Brokers() []string { return b.broker.Brokers() }

// Sample posts a sample of a type, today's name or an older one, in an envelope, and returns what was signed and what was answered.
func (b *Bridge) Sample(t testing.TB, typ string, envelope bridge.Envelope) ([]byte, sandbox.Answer) {
	t.Helper()
	body, err := b.samples.Body(typ, string(envelope))
	if err != nil {
		t.Fatal(err)
	}
	return body, b.Post(t, body)
}

// Post signs a body and posts it. The test fails where the bridge does not answer that it is published.
func (b *Bridge) Post(t testing.TB, body []byte) sandbox.Answer {
	t.Helper()
	answer, err := b.tenant.Post(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Outcome != string(bridge.Published) {
		t.Fatalf("got %+v, want it published: %s", answer, body)
	}
	return answer
}

// Records waits until a topic has count records, a minute at most, and returns them in the order of each partition.
func (b *Bridge) Records(t testing.TB, topic string, count int) []kafka.Stored {
	t.Helper()
	c := kafka.DefaultConfig()
	c.Brokers = b.Brokers()
	reader, err := kafka.NewReader(c, []string{topic}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var records []kafka.Stored
	for len(records) < count {
		more, err := reader.Next(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%s has %d records after a minute, want %d: %v", topic, len(records), count, err)
		}
		records = append(records, more...)
	}
	return records
}

// AwaitCaughtUp waits until a group has committed all that a topic has now, a minute at most.
func (b *Bridge) AwaitCaughtUp(t testing.TB, group, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	for !caughtUp(ctx, admin, group, ends) {
		if ctx.Err() != nil {
			t.Fatalf("group %s is not at the end of %s after a minute", group, topic)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func caughtUp(ctx context.Context, admin *kadm.Client, group string, ends kadm.ListedOffsets) bool {
	committed, err := admin.FetchOffsets(ctx, group)
	caught := err == nil
	ends.Each(func(end kadm.ListedOffset) {
		at, _ := committed.Lookup(end.Topic, end.Partition)
		caught = caught && at.At >= end.Offset // a partition without a record has no commit and ends at 0
	})
	return caught
}
