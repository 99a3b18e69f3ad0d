package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// lag is what one measurement of deliver gave: how long events took from just before they were produced to sinks that are well.
type lag struct {
	Form       string   `json:"form"`
	Round      int      `json:"round"` // 0 in a median
	Events     int      `json:"events"`
	PerSecond  float64  `json:"events_per_second"`
	Deliveries int      `json:"deliveries"` // to the sinks that are well
	P50        float64  `json:"p50_ms"`
	P99        float64  `json:"p99_ms"`
	Most       float64  `json:"max_ms"`
	CPU        float64  `json:"cpu_us_per_delivery"` // of deliver
	PeakRSS    float64  `json:"peak_rss_mib"`        // of deliver
	Others     float64  `json:"others_cores"`        // cores that Kafka and whatever else used
	Missing    int      `json:"missing"`             // deliveries that did not come
	Bad        attempts `json:"bad_attempts"`
}

func newLag(form string, lags []time.Duration, missing int) lag {
	l := lag{Form: form, Deliveries: len(lags), Missing: missing}
	if len(lags) > 0 {
		all := load{latencies: lags}
		l.P50, l.P99, l.Most = all.quantile(0.5), all.quantile(0.99), all.quantile(1)
	}
	return l
}

const lagTitles = "%-9s %7s %9s %11s %8s %8s %9s %10s %9s %8s %8s  %s\n"

func printLagHeader(w io.Writer) {
	fmt.Fprintf(w, lagTitles, "", "", "", "", "p50", "p99", "max", "CPU µs", "peak RSS", "others", "", "requests to")
	fmt.Fprintf(w, lagTitles, "form", "round", "events/s", "deliveries", "ms", "ms", "ms", "per deliv.", "MiB", "cores", "missing", "slow, limited")
}

func (l lag) print(w io.Writer) {
	round := "median"
	if l.Round > 0 {
		round = fmt.Sprint(l.Round)
	}
	fmt.Fprintf(w, "%-9s %7s %9.0f %11d %8.1f %8.1f %9.1f %10.0f %9.1f %8.2f %8d  %d, %d\n", l.Form, round, l.PerSecond, l.Deliveries, l.P50, l.P99, l.Most, l.CPU, l.PeakRSS,
		l.Others, l.Missing, l.Bad.Slow, l.Bad.Limited)
}

// lagReport is everything that -deliver measured.
type lagReport struct {
	Go       string  `json:"go"`
	Cores    int     `json:"cores"`
	Lags     []lag   `json:"lags"`
	Medians  []lag   `json:"medians"`
	RatioP50 float64 `json:"ratio_p50"` // with bad ones to without, the median of the rounds' own ratios
	RatioP99 float64 `json:"ratio_p99"`
}

func newLagReport(opt options, lags []lag) lagReport {
	r := lagReport{Go: runtime.Version(), Cores: runtime.NumCPU(), Lags: lags}
	without, with := ofForm(lags, withoutBad), ofForm(lags, withBad)
	r.Medians = []lag{medianLag(without), medianLag(with)}
	rounds := make([]int, opt.rounds)
	for i := range rounds {
		rounds[i] = i
	}
	r.RatioP50 = median(rounds, func(i int) float64 { return with[i].P50 / without[i].P50 })
	r.RatioP99 = median(rounds, func(i int) float64 { return with[i].P99 / without[i].P99 })
	return r
}

// ofForm is in the order of the rounds.
func ofForm(lags []lag, form string) (picked []lag) {
	for _, l := range lags {
		if l.Form == form {
			picked = append(picked, l)
		}
	}
	return picked
}

func medianLag(of []lag) lag {
	m := lag{Form: of[0].Form}
	for _, figure := range []struct {
		to   *float64
		from func(lag) float64
	}{
		{&m.PerSecond, func(l lag) float64 { return l.PerSecond }}, {&m.P50, func(l lag) float64 { return l.P50 }}, {&m.P99, func(l lag) float64 { return l.P99 }},
		{&m.Most, func(l lag) float64 { return l.Most }}, {&m.CPU, func(l lag) float64 { return l.CPU }}, {&m.PeakRSS, func(l lag) float64 { return l.PeakRSS }},
		{&m.Others, func(l lag) float64 { return l.Others }},
	} {
		*figure.to = median(of, figure.from)
	}
	for _, l := range of {
		m.Events, m.Deliveries, m.Missing = m.Events+l.Events, m.Deliveries+l.Deliveries, m.Missing+l.Missing
		m.Bad = attempts{m.Bad.Slow + l.Bad.Slow, m.Bad.Limited + l.Bad.Limited, m.Bad.Spare + l.Bad.Spare}
	}
	return m
}

func (r lagReport) print(opt options) error {
	if opt.output == "json" {
		return printJSON(r)
	}
	fmt.Println()
	printLagHeader(os.Stdout)
	for _, m := range r.Medians {
		m.print(os.Stdout)
	}
	fmt.Printf("\nratio, 3 bad / all well, median of the rounds: p50 %.2f, p99 %.2f\n", r.RatioP50, r.RatioP99)
	fmt.Printf("%d subscriptions to one topic. all well: every sink answers at once. 3 bad: in place of three, one sink refuses\n", subscriptions)
	fmt.Println("connections, one answers after 2 s, one answers 429. Lags are those of the other seventeen, from just before the produce.")
	return nil
}

// judge is an error when a delivery did not come.
func (r lagReport) judge() error {
	var errs []error
	for _, l := range r.Lags {
		if l.Missing > 0 {
			errs = append(errs, fmt.Errorf("round %d, %s: %d deliveries missing", l.Round, l.Form, l.Missing))
		}
	}
	return errors.Join(errs...)
}
