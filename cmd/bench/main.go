// Command bench measures qlik-bridge beside a bare baseline (cmd/bench-baseline): the same real Kafka, the same signed
// deliveries, in alternating rounds, so that what else the machine does falls on both. Kafka, the server under test and the load
// generator share the cores: the figures compare the two servers and do not say what a server alone could do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	bridge, baseline string        // binaries; baseline "" builds it
	serve            []string      // further flags of the bridge
	baselineOnly     bool          // no bridge, no ratios
	footprint        bool          // measure size, idle memory and start time instead of load
	spooling         bool          // measure the bridge with Kafka and without it, no baseline
	filter           bool          // measure the consumer library beside a bare franz-go consumer, no bridge
	records          int           // in the topic that they read
	filterReader     string        // be one of the two
	filterTopic      string        // which it reads
	deliver          bool          // measure deliver beside bad sinks instead
	rate             float64       // events per second for deliver
	brokers          string        // comma-separated; "" starts a Kafka
	nodes            int           // brokers of the Kafka that is started
	connections      []int         // keep-alive connections of the generator, one measurement each
	rounds           int           // pairs of measurements per number of connections
	duration, warmup time.Duration // of one measurement; of one warm-up
	output           string        // table or json
	minRatio         float64       // of throughput, bridge/baseline; 0 asks for nothing
}

func main() {
	opt, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if opt.filterReader == "" { // a reader is what is measured
		runtime.GOMAXPROCS(1) // the generator shares the cores with what it measures; one thread of it is enough and wakes nobody
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, opt.limit())
	defer cancel()
	work := run
	if opt.filterReader != "" {
		work = runReader
	}
	if err := work(ctx, opt); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var opt options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&opt.bridge, "bridge", "bin/qlik-bridge", "bridge binary")
	serve := flags.String("serve", "", "further flags of serve, for example --kafka-compression=lz4")
	flags.StringVar(&opt.baseline, "baseline", "", "baseline binary (default: built from cmd/bench-baseline, in the repository)")
	flags.BoolVar(&opt.baselineOnly, "baseline-only", false, "measure the baseline alone")
	flags.BoolVar(&opt.footprint, "footprint", false, "measure the bridge's size, idle memory and start time instead")
	flags.BoolVar(&opt.spooling, "spooling", false, "measure the bridge with Kafka and while Kafka is away instead (default: 64 connections, 1 round)")
	flags.BoolVar(&opt.filter, "filter", false, "measure the consumer library, which wants one type in fifty, beside a bare franz-go consumer instead (default: 5 rounds)")
	flags.IntVar(&opt.records, "records", 1_000_000, "records in the topic of -filter")
	flags.StringVar(&opt.filterReader, "filter-reader", "", "be one of the readers of -filter, and print what it did: bare or library")
	flags.StringVar(&opt.filterTopic, "filter-topic", filterTopic, "the topic of -filter-reader")
	flags.BoolVar(&opt.deliver, "deliver", false, "measure deliver with 20 subscriptions instead: three sinks bad, and none (default: 4 rounds of 20s, warm-up 10s)")
	flags.Float64Var(&opt.rate, "rate", 50, "events per second with -deliver")
	flags.StringVar(&opt.brokers, "brokers", "", "Kafka brokers, comma-separated (default: start a Kafka)")
	flags.IntVar(&opt.nodes, "nodes", 1, "brokers of the Kafka that is started, 1 or 3")
	connections := flags.String("connections", "16,64", "numbers of connections, comma-separated")
	flags.IntVar(&opt.rounds, "rounds", 10, "measurements of each server per number of connections")
	flags.DurationVar(&opt.duration, "duration", 5*time.Second, "length of one measurement")
	flags.DurationVar(&opt.warmup, "warmup", 5*time.Second, "length of the warm-up of each server per number of connections")
	flags.StringVar(&opt.output, "output", "table", "table or json")
	flags.Float64Var(&opt.minRatio, "min-ratio", 0, "fail when the median ratio of throughput, bridge/baseline, is under this")
	if err := flags.Parse(args); err != nil {
		return opt, err
	}
	opt.serve = strings.Fields(*serve)
	err := errors.Join(opt.spoolingDefaults(flags), opt.filterDefaults(flags), opt.deliverDefaults(flags), opt.setConnections(*connections))
	return opt, errors.Join(err, opt.validate(flags.Args()))
}

func (opt *options) setConnections(list string) error {
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 || n > 4096 {
			return fmt.Errorf("-connections %q: %q is not a number from 1 to 4096", list, field)
		}
		opt.connections = append(opt.connections, n)
	}
	return nil
}

func (opt options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case opt.nodes != 1 && opt.nodes != 3:
		return fmt.Errorf("-nodes %d: 1 or 3", opt.nodes)
	case opt.rounds < 1 || opt.duration <= 0 || opt.warmup <= 0:
		return errors.New("-rounds, -duration and -warmup are more than 0")
	case !slices.Contains([]string{"table", "json"}, opt.output):
		return fmt.Errorf("-output %q: table or json", opt.output)
	case opt.spooling && (opt.footprint || opt.baselineOnly || opt.minRatio > 0 || opt.brokers != ""):
		return errors.New("-spooling takes a Kafka of its own away and has no baseline: drop -footprint, -baseline-only, -min-ratio and -brokers")
	case opt.filter && (opt.footprint || opt.spooling || opt.baselineOnly):
		return errors.New("-filter measures no bridge: drop -footprint, -spooling and -baseline-only")
	case opt.records < filterTypes || opt.records%filterTypes != 0:
		return fmt.Errorf("-records %d: a multiple of %d", opt.records, filterTypes)
	case opt.filter || opt.filterReader != "":
		return nil
	case opt.deliver && (opt.footprint || opt.spooling || opt.baselineOnly || opt.minRatio > 0):
		return errors.New("-deliver measures by itself: drop -footprint, -spooling, -baseline-only and -min-ratio")
	case !(opt.rate > 0 && opt.rate <= 10_000):
		return fmt.Errorf("-rate %v: more than 0, 10000 at the most", opt.rate)
	case opt.baselineOnly && (opt.footprint || opt.minRatio > 0):
		return errors.New("-footprint and -min-ratio need the bridge: drop -baseline-only")
	case opt.baselineOnly:
		return nil
	}
	if _, err := os.Stat(opt.bridge); err != nil {
		return fmt.Errorf("-bridge: %w: run make build, or ask for -baseline-only", err)
	}
	return nil
}

// limit is the longest that the whole run may take: what it measures, twice, and five minutes to start, settle and stop.
func (opt options) limit() time.Duration {
	switch {
	case opt.spooling:
		return opt.spoolingLimit()
	case opt.filter:
		return opt.filterLimit()
	case opt.deliver:
		return opt.deliverLimit()
	case opt.filterReader != "":
		return readLimit
	}
	measured := 2 * time.Duration(len(opt.connections)) * (opt.warmup + time.Duration(opt.rounds)*opt.duration)
	return 2*measured + 5*time.Minute
}

// progress is where lines about the course of the run go: standard output stays clean for JSON.
func (opt options) progress() io.Writer {
	if opt.output == "json" {
		return os.Stderr
	}
	return os.Stdout
}
