package bridge_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRecords asserts the exact record of one body per envelope (testdata/records): topic, key, headers and value.
func TestRecords(t *testing.T) {
	files, err := filepath.Glob("testdata/records/*.json")
	if err != nil || len(files) < 6 {
		t.Fatalf("got %d fixtures, %v; want one per envelope", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := bridge.Delivery{Origin: bridge.Webhook, Source: "qlik", Body: body, ReceivedAt: receivedAt}
			if name == "audit" || name == "archive" {
				d.Origin = bridge.Audits
			}
			checkGolden(t, strings.TrimSuffix(file, ".json")+".golden", recordText(t, d))
		})
	}
}

// recordText takes a delivery the whole way and writes down the one record that is produced.
func recordText(t *testing.T, d bridge.Delivery) string {
	t.Helper()
	p := &publisher{}
	newIngester(t, p).Ingest(t.Context(), d)
	if len(p.records) != 1 {
		t.Fatalf("got %d records, want 1", len(p.records))
	}
	r := p.records[0]
	var b strings.Builder
	fmt.Fprintf(&b, "topic: %s\nkey: %s\ntime: %s\n", r.Topic, r.Key, r.Time.UTC().Format(time.RFC3339Nano))
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "header %s: %s\n", h.Key, h.Value)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSuffix(string(r.Value), "\n"))
	return b.String()
}

func checkGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("record (-%s +got):\n%s", file, diff)
	}
}
