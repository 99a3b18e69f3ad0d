package main

import (
	"slices"
	"testing"
	"time"
)

func TestSpoolingDefaults(t *testing.T) {
	tests := []struct {
		args        []string
		connections []int
		rounds      int
	}{
		{[]string{"-spooling"}, []int{64}, 1},
		{[]string{"-spooling", "-connections", "4,8", "-rounds", "3"}, []int{4, 8}, 3},
		{nil, []int{16, 64}, 10},
	}
	for _, tt := range tests {
		opt, err := parse(append(tt.args, "-bridge", "."))
		if err != nil || !slices.Equal(opt.connections, tt.connections) || opt.rounds != tt.rounds {
			t.Errorf("%v: got %v connections, %d rounds and error %v, want %v, %d and none", tt.args, opt.connections, opt.rounds, err, tt.connections, tt.rounds)
		}
	}
	for _, flag := range []string{"-footprint", "-baseline-only", "-min-ratio=1", "-brokers=localhost:9092"} {
		if _, err := parse([]string{"-spooling", flag, "-bridge", "."}); err == nil {
			t.Errorf("-spooling %s: got nil, want an error", flag)
		}
	}
}

// Answers that wait for Kafka, other answers, and no answers are not what is to be measured.
func TestSteady(t *testing.T) {
	quick, slow := []time.Duration{1e6, 2e6}, []time.Duration{1e6, 2e9}
	tests := []struct {
		name string
		load load
		want bool
	}{
		{"spooled", load{spooled: 2, latencies: quick}, true},
		{"one waited", load{spooled: 2, latencies: slow}, false},
		{"one published", load{spooled: 1, published: 1, latencies: quick}, false},
		{"one refused", load{spooled: 1, failed: 1, latencies: quick}, false},
		{"a connection broke", load{spooled: 2, failed: 1, latencies: quick}, false},
		{"nothing", load{}, false},
	}
	for _, tt := range tests {
		if got := tt.load.steady(); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestAstray(t *testing.T) {
	tests := []struct {
		sample sample
		want   bool
	}{
		{sample{Server: directPath, Answered: 5}, false},
		{sample{Server: directPath, Answered: 5, Spooled: 1}, true},
		{sample{Server: spooledPath, Answered: 5, Spooled: 5}, false},
		{sample{Server: spooledPath, Answered: 5, Spooled: 4}, true},
	}
	for _, tt := range tests {
		if got := tt.sample.astray(); (got != "") != tt.want {
			t.Errorf("%+v: got %q, want a problem: %t", tt.sample, got, tt.want)
		}
	}
}

func TestGauge(t *testing.T) {
	text := "# HELP held Events.\n# TYPE held gauge\nheld 1.5e+06\nheld_bytes 7\n"
	if got, err := gauge(text, "held"); got != 1.5e6 || err != nil {
		t.Errorf("got %v and %v, want 1.5e6 and none", got, err)
	}
	if _, err := gauge(text, "hel"); err == nil {
		t.Error("got nil for a metric that is not there, want an error")
	}
}
