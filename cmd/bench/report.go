package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// report is everything that a run measured, as -output json prints it.
type report struct {
	Go       string   `json:"go"`
	Cores    int      `json:"cores"`
	Nodes    int      `json:"kafka_nodes,omitempty"` // absent when -brokers named them
	Seconds  float64  `json:"seconds_per_measurement"`
	Samples  []sample `json:"samples"`
	Medians  []sample `json:"medians"` // per server and number of connections, each figure for itself
	Ratios   []ratio  `json:"ratios"`
	Problems []string `json:"problems"`

	compared pair
}

// pair is what a report compares: ratios are left/right.
type pair struct{ what, left, right string }

var (
	servers = pair{"server", "bridge", "baseline"}
	paths   = pair{"path", spooledPath, directPath}
)

// ratio compares the left with the right: the median of what each round gave, not the quotient of the medians, since the two
// measurements of a round are neighbours in time and share the machine's mood.
type ratio struct {
	Connections int     `json:"connections"`
	PerSecond   float64 `json:"events_per_second"`
	P50         float64 `json:"p50"`
	P99         float64 `json:"p99"`
	CPU         float64 `json:"cpu_per_event"`
	PeakRSS     float64 `json:"peak_rss"`
}

func newReport(opt options, compared pair, samples []sample) report {
	r := report{Go: runtime.Version(), Cores: runtime.NumCPU(), Seconds: opt.duration.Seconds(), Samples: samples, compared: compared}
	if opt.brokers == "" {
		r.Nodes = opt.nodes
	}
	for _, connections := range opt.connections {
		left, right := pick(samples, compared.left, connections), pick(samples, compared.right, connections)
		for _, of := range [][]sample{left, right} {
			if len(of) > 0 {
				r.Medians = append(r.Medians, medians(of))
			}
		}
		if len(left) > 0 {
			r.Ratios = append(r.Ratios, ratios(left, right))
		}
	}
	r.addProblems()
	return r
}

func (r *report) addProblems() {
	for _, s := range r.Samples {
		if s.Problem != "" {
			r.Problems = append(r.Problems, fmt.Sprintf("round %d, %s, %d connections: %s", s.Round, s.Server, s.Connections, s.Problem))
		}
	}
}

// judge is an error when anything failed or was lost, or a median ratio of throughput is under least.
func (r report) judge(least float64) error {
	var errs []error
	for _, p := range r.Problems {
		errs = append(errs, errors.New(p))
	}
	for _, x := range r.Ratios {
		if x.PerSecond < least {
			errs = append(errs, fmt.Errorf("throughput at %d connections is %.2f of the baseline's, wanted %.2f", x.Connections, x.PerSecond, least))
		}
	}
	return errors.Join(errs...)
}

// pick is in the order of the rounds.
func pick(samples []sample, server string, connections int) (picked []sample) {
	for _, s := range samples {
		if s.Server == server && s.Connections == connections {
			picked = append(picked, s)
		}
	}
	return picked
}

func medians(of []sample) sample {
	m := sample{Server: of[0].Server, Connections: of[0].Connections}
	m.PerSecond = median(of, func(s sample) float64 { return s.PerSecond })
	m.P50 = median(of, func(s sample) float64 { return s.P50 })
	m.P99 = median(of, func(s sample) float64 { return s.P99 })
	m.CPU = median(of, func(s sample) float64 { return s.CPU })
	m.PeakRSS = median(of, func(s sample) float64 { return s.PeakRSS })
	m.Generator = median(of, func(s sample) float64 { return s.Generator })
	m.Others = median(of, func(s sample) float64 { return s.Others })
	m.Stolen = median(of, func(s sample) float64 { return s.Stolen })
	for _, s := range of {
		m.Answered, m.Failed, m.Spooled, m.Stored = m.Answered+s.Answered, m.Failed+s.Failed, m.Spooled+s.Spooled, m.Stored+s.Stored
	}
	return m
}

// ratios takes the samples of round i from both.
func ratios(left, right []sample) ratio {
	rounds := make([]int, len(left))
	for i := range rounds {
		rounds[i] = i
	}
	of := func(figure func(sample) float64) float64 {
		return median(rounds, func(i int) float64 { return figure(left[i]) / figure(right[i]) })
	}
	return ratio{
		Connections: left[0].Connections,
		PerSecond:   of(func(s sample) float64 { return s.PerSecond }),
		P50:         of(func(s sample) float64 { return s.P50 }),
		P99:         of(func(s sample) float64 { return s.P99 }),
		CPU:         of(func(s sample) float64 { return s.CPU }),
		PeakRSS:     of(func(s sample) float64 { return s.PeakRSS }),
	}
}

// median of an even number is the mean of the middle two.
func median[T any](of []T, figure func(T) float64) float64 {
	var figures []float64
	for _, x := range of {
		figures = append(figures, figure(x))
	}
	slices.Sort(figures)
	n := len(figures)
	return (figures[(n-1)/2] + figures[n/2]) / 2
}
