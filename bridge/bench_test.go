package bridge_test

import (
	"os"
	"testing"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// realBody is of the size and shape of a reload's end, about 1 KB.
func realBody(b *testing.B) []byte {
	b.Helper()
	body, err := os.ReadFile("testdata/reload.json")
	if err != nil {
		b.Fatal(err)
	}
	return body
}

func BenchmarkNormalise(b *testing.B) {
	body := realBody(b)
	d := bridge.Delivery{Origin: bridge.Webhook, Source: "qlik", Body: body, ReceivedAt: receivedAt}
	catalog := topics.Default()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bridge.Normalise(d, catalog); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	body := realBody(b)
	k := newKeyring(b, activeSecret)
	signature := []string{k.Sign(body)}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Verify(signature, body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIngest is the whole path of an event but for Kafka.
func BenchmarkIngest(b *testing.B) {
	body := realBody(b)
	d := bridge.Delivery{Origin: bridge.Webhook, Source: "qlik", Body: body, ReceivedAt: receivedAt}
	i := newIngester(b, acknowledging{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if got := i.Ingest(b.Context(), d); got.Outcome != bridge.Published {
			b.Fatal(got.Why)
		}
	}
}
