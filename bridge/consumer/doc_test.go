package consumer_test

import (
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge/consumer"
)

// TestMetricsAreDocumented asserts that the page of the library names every metric and every reason, and no metric that is none.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/consumer-library.md")
	must(t, "read the page", err)
	h, reg := fake(t), prometheus.NewRegistry()
	h.send(t, h.topic(t, "apps", 1), sent{id: "0"})
	var handled book
	startWith(t, h.config(), handled.note, consumer.Options{Registerer: reg})
	handled.wait(t, 1)
	families, err := reg.Gather()
	must(t, "gather", err)
	for _, f := range families {
		if !strings.Contains(string(page), "| `"+f.GetName()+"` |") {
			t.Errorf("%s is not on the page", f.GetName())
		}
	}
	if got := strings.Count(string(page), "| `qlik_bridge_consumer_"); got != len(families) {
		t.Errorf("got %d metrics on the page, want %d", got, len(families))
	}
	for _, reason := range consumer.DeadLetterReasons() {
		if !strings.Contains(string(page), "`"+string(reason)+"`") {
			t.Errorf("%s is not on the page", reason)
		}
	}
}
