package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// The readers that -filter compares, as samples and reports name them.
const (
	bareReader    = "bare"    // franz-go with its defaults, which counts
	libraryReader = "library" // bridge/consumer, which handles one type in fifty
)

// readLimit is how long one reader may take.
const readLimit = 5 * time.Minute

// filterDefaults sets what -filter measures unless the flags say otherwise.
func (opt *options) filterDefaults(flags *flag.FlagSet) error {
	if !opt.filter {
		return nil
	}
	set := false
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == "rounds" })
	if set {
		return nil
	}
	return flags.Set("rounds", "5")
}

// filterLimit is limit for -filter.
func (opt options) filterLimit() time.Duration {
	return time.Duration(opt.rounds+1)*2*readLimit + 10*time.Minute
}

// reading is what one reader did with the whole topic.
type reading struct {
	Reader    string    `json:"reader"`
	Round     int       `json:"round"` // from 1; 0 in a warm-up
	Records   int       `json:"records"`
	Wanted    int       `json:"wanted"` // handed to a handler; of the bare reader 0
	Seconds   float64   `json:"seconds"`
	PerSecond float64   `json:"records_per_second"`
	CPU       float64   `json:"cpu_us_per_record"`
	PeakRSS   float64   `json:"peak_rss_mib"`
	Heap      []float64 `json:"heap_mib"` // live and not yet collected, at each quarter
}

// filterReport is everything that -filter measured.
type filterReport struct {
	Records  int       `json:"records"`
	Readings []reading `json:"readings"`
	Ratio    float64   `json:"ratio"` // of records per second, library/bare, the median of the rounds
}

// measureFilter fills a topic and lets both readers read it in turn, each time as a process and a group of its own.
func (b *bench) measureFilter(ctx context.Context) error {
	out := b.opt.progress()
	topic, err := b.kafka.fill(ctx, b.opt.records, out)
	if err != nil {
		return err
	}
	report := filterReport{Records: b.opt.records}
	fmt.Fprintf(out, "%-8s %7s %10s %8s %10s %9s  %s\n", "reader", "round", "records/s", "seconds", "CPU µs/rec", "peak MiB", "heap MiB at each quarter; handled")
	for round := range b.opt.rounds + 1 { // the first warms up
		readers := []string{bareReader, libraryReader}
		if round%2 == 0 { // so that going first is no advantage
			slices.Reverse(readers)
		}
		for _, reader := range readers {
			r, err := b.read(ctx, reader, topic)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", round, reader, err)
			}
			if r.Round = round; round > 0 {
				report.Readings = append(report.Readings, r)
			}
			r.print(out)
		}
	}
	report.Ratio = report.ratio()
	return errors.Join(report.print(b.opt), report.judge(b.opt.minRatio))
}

// read runs a reader, which is this program again.
func (b *bench) read(ctx context.Context, reader, topic string) (reading, error) {
	self, err := os.Executable()
	if err != nil {
		return reading{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	command := exec.CommandContext(ctx, self, "-filter-reader", reader, "-filter-topic", topic, "-records", fmt.Sprint(b.opt.records), "-brokers", strings.Join(b.kafka.brokers, ","))
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		return reading{}, fmt.Errorf("%w: %s", err, errs.String())
	}
	var r reading
	err = json.Unmarshal(out.Bytes(), &r)
	return r, err
}

// ratio takes the readings of round i of both.
func (f filterReport) ratio() float64 {
	rates := map[string]map[int]float64{bareReader: {}, libraryReader: {}}
	var rounds []int
	for _, r := range f.Readings {
		rates[r.Reader][r.Round] = r.PerSecond
		if r.Reader == bareReader {
			rounds = append(rounds, r.Round)
		}
	}
	return median(rounds, func(round int) float64 { return rates[libraryReader][round] / rates[bareReader][round] })
}

// judge is an error where the library was given another number of events than it wanted, or is slower than least.
func (f filterReport) judge(least float64) error {
	for _, r := range f.Readings {
		if want := f.Records / filterTypes; r.Reader == libraryReader && r.Wanted != want {
			return fmt.Errorf("round %d: %d events were handled, wanted %d", r.Round, r.Wanted, want)
		}
	}
	if f.Ratio < least {
		return fmt.Errorf("the library reads at %.2f of the bare reader's rate, wanted %.2f", f.Ratio, least)
	}
	return nil
}

func (r reading) print(w io.Writer) {
	round := "warm-up"
	if r.Round > 0 {
		round = fmt.Sprint(r.Round)
	}
	fmt.Fprintf(w, "%-8s %7s %10.0f %8.2f %10.2f %9.0f  %.0f; %d\n", r.Reader, round, r.PerSecond, r.Seconds, r.CPU, r.PeakRSS, r.Heap, r.Wanted)
}

func (f filterReport) print(opt options) error {
	if opt.output == "json" {
		return printJSON(f)
	}
	for _, reader := range []string{bareReader, libraryReader} {
		of := slices.DeleteFunc(slices.Clone(f.Readings), func(r reading) bool { return r.Reader != reader })
		fmt.Printf("%-8s %7s %10.0f %8.2f %10.2f %9.0f\n", reader, "median", median(of, func(r reading) float64 { return r.PerSecond }), median(of, func(r reading) float64 { return r.Seconds }),
			median(of, func(r reading) float64 { return r.CPU }), median(of, func(r reading) float64 { return r.PeakRSS }))
	}
	fmt.Printf("ratio    median %10.2f   (records per second, library/bare, the median of the rounds)\n", f.Ratio)
	return nil
}
