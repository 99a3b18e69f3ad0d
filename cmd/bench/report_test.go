package main

import (
	"errors"
	"testing"
)

// A ratio compares the two measurements of one round: a machine that slows down for a whole round changes nothing.
func TestRatioPairsTheRounds(t *testing.T) {
	var samples []sample
	for round, speed := range []float64{1000, 100, 500} {
		samples = append(samples,
			sample{Server: "bridge", Connections: 16, Round: round + 1, PerSecond: speed * 0.8},
			sample{Server: "baseline", Connections: 16, Round: round + 1, PerSecond: speed})
	}
	r := newReport(options{connections: []int{16}}, servers, samples)
	if len(r.Ratios) != 1 || r.Ratios[0].PerSecond != 0.8 {
		t.Errorf("got ratios %+v, want one of 0.8", r.Ratios)
	}
	if err := r.judge(0.75); err != nil {
		t.Errorf("judge(0.75): got %v, want nil", err)
	}
	if err := r.judge(0.85); err == nil {
		t.Error("judge(0.85): got nil, want an error")
	}
}

func TestProblem(t *testing.T) {
	tests := []struct {
		name string
		load load
		grew int64
		want bool
	}{
		{name: "all stored", load: load{published: 10}, grew: 10},
		{name: "spooled and replayed", load: load{published: 7, spooled: 3}, grew: 10},
		{name: "lost", load: load{published: 10}, grew: 9, want: true},
		{name: "stored twice", load: load{published: 10}, grew: 11, want: true},
		{name: "failed", load: load{published: 10, failed: 1, failure: errors.New("503")}, grew: 10, want: true},
		{name: "nothing", want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := problem(tt.load, counts{appsTopic: tt.grew}); (got != "") != tt.want {
				t.Errorf("got %q, want a problem: %t", got, tt.want)
			}
		})
	}
}
