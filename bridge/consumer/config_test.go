package consumer_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge/consumer"
)

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*consumer.Config)
		want   string
	}{
		{"no group", func(c *consumer.Config) { c.Group = "" }, "Group"},
		{"a group that no topic can be named after", func(c *consumer.Config) { c.Group = "my group" }, "DeadLetter"},
		{"an unknown family", func(c *consumer.Config) { c.Families = []string{"app"} }, `family "app"`},
		{"dead letters as events", func(c *consumer.Config) { c.Families = []string{"dead-letter"} }, "dead-letter"},
		{"a star in the middle", func(c *consumer.Config) { c.Types = []string{"com.*.created"} }, "Types"},
		{"a type of another family", func(c *consumer.Config) { c.Types, c.Families = []string{"com.qlik.app.created"}, []string{"users"} }, "no event"},
		{"less room than slots", func(c *consumer.Config) { c.Concurrency, c.InFlight = 10, 5 }, "InFlight"},
		{"negative slots", func(c *consumer.Config) { c.Concurrency = -1 }, "Concurrency"},
		{"negative attempts", func(c *consumer.Config) { c.Retry.Attempts = -1 }, "Retry.Attempts"},
		{"waits upside down", func(c *consumer.Config) { c.Retry.First, c.Retry.Most = time.Minute, time.Second }, "Retry.First"},
		{"a negative stop", func(c *consumer.Config) { c.Stop = -1 }, "Stop"},
		{"its own dead letters", func(c *consumer.Config) { c.From = []string{"qlik.dead-letter.g"} }, "From"},
		{"topics and families", func(c *consumer.Config) { c.From, c.Families = []string{"side"}, []string{"apps"} }, "From and Families"},
		{"a topic's name", func(c *consumer.Config) { c.From = []string{"a b"} }, "From"},
		{"no broker's address", func(c *consumer.Config) { c.Kafka.Brokers = []string{"kafka"} }, "host:port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := consumer.Config{Group: "g"}
			tt.change(&c)
			if len(c.Kafka.Brokers) > 0 {
				c.Kafka.ClientID = "test"
			}
			if _, err := consumer.New(c, (&book{}).note, consumer.Options{}); !contains(err, tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
	if _, err := consumer.New(consumer.Config{Group: "g"}, nil, consumer.Options{}); err == nil {
		t.Error("got no error without a handler")
	}
	if c, err := consumer.New(consumer.Config{Group: "g"}, (&book{}).note, consumer.Options{}); err != nil || c.Stats() != (consumer.Stats{}) {
		t.Errorf("got %v for a group alone, want a consumer", err)
	}
}

// TestMetrics asserts the metrics of a consumer, that they are there while it runs, that two groups share a registry, and that a third of the same
// group is refused one.
func TestMetrics(t *testing.T) {
	h, reg := fake(t), prometheus.NewRegistry()
	h.send(t, h.topic(t, "apps", 1), sent{id: "0"}, sent{id: "0"}, sent{id: "1"}, sent{id: "no", typ: "com.qlik.app.deleted"}, sent{id: "bad", value: []byte("x")})
	var handled book
	one := func(c *consumer.Config) { c.Types = []string{"com.qlik.app.created"} }
	c := startWith(t, h.config(one), handled.note, consumer.Options{Registerer: reg})
	startWith(t, h.config(one, func(c *consumer.Config) { c.Group += "-2" }), func(context.Context, event.Event) error { return nil }, consumer.Options{Registerer: reg})
	group := h.prefix + "group"
	want := map[string]float64{
		"qlik_bridge_consumer_events_total outcome=handled": 2, "qlik_bridge_consumer_events_total outcome=duplicate": 1, "qlik_bridge_consumer_events_total outcome=dead-letter": 1,
		"qlik_bridge_consumer_events_total outcome=skipped": 1, "qlik_bridge_consumer_retries_total": 0, "qlik_bridge_consumer_handler_seconds": 2, "qlik_bridge_consumer_in_flight": 0,
		"qlik_bridge_consumer_lag topic=" + h.prefix + "apps": 0, "qlik_bridge_consumer_partitions topic=" + h.prefix + "apps": 1,
		"qlik_bridge_consumer_dead_letter_failures_total": 0, "qlik_bridge_consumer_commit_failures_total": 0,
	}
	eventually(t, "the metrics are right", func() bool { return same(gather(t, reg, group), want) || t.Failed() })
	same2, err := consumer.New(h.config(one), handled.note, consumer.Options{Registerer: reg})
	must(t, "make another", err)
	if err := same2.Run(within(t)); !contains(err, "registerer") {
		t.Errorf("a second of the group: got %v", err)
	}
	c.stop(t)
	if got := gather(t, reg, group); len(got) > 0 {
		t.Errorf("after the stop: got %v", got)
	}
	if err := c.Run(within(t)); err == nil {
		t.Error("a second Run: got no error")
	}
}

// gather returns the values of a group's metrics; of a histogram, how many it has seen.
func gather(t *testing.T, reg *prometheus.Registry, group string) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	must(t, "gather", err)
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name, ours := f.GetName(), false
			for _, l := range m.GetLabel() {
				if ours = ours || l.GetName() == "group" && l.GetValue() == group; l.GetName() != "group" {
					name += " " + l.GetName() + "=" + l.GetValue()
				}
			}
			if ours {
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return got
}

func same(a, b map[string]float64) bool {
	for k, v := range b {
		if got, ok := a[k]; !ok || got != v {
			return false
		}
	}
	return len(a) == len(b)
}

func contains(err error, part string) bool { return err != nil && strings.Contains(err.Error(), part) }

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, "write a file", os.WriteFile(path, []byte(content), 0o600))
	return path
}
