// Command chaos proves the bridge's promise by trying to break it: real brokers, the real binary, a sender that keeps a ledger, faults, and
// a checker that compares the ledger with everything that is in Kafka. One table row per scenario; it fails when a row does.
//
// Each scenario has a file of its own, named after it. The rest is one file per concept: event and sender and ledger (what is sent,
// and what was promised), stage and acts (what scenarios do), check and order (what is compared), row and table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	run    string // names of scenarios; "" all
	short  bool   // the subset for CI
	list   bool
	keep   bool   // ledgers and logs of what passed as well
	strict bool   // a skipped scenario is a failed one
	bridge string // binary
	out    string // file for the page; "" none
	rate   int    // events per second
	outage time.Duration
	inside string // internal: write the row of the one scenario of -run there, as JSON
}

func main() {
	opt, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, opt); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		stop()
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var opt options
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&opt.run, "run", "", "scenarios, comma-separated (default: all)")
	flags.BoolVar(&opt.short, "short", false, "only the scenarios for CI, and shorter outages")
	flags.BoolVar(&opt.list, "list", false, "list the scenarios and end")
	flags.BoolVar(&opt.keep, "keep", false, "keep ledgers and logs also of what passed")
	flags.BoolVar(&opt.strict, "strict", false, "fail when a scenario had to be skipped")
	flags.StringVar(&opt.bridge, "bridge", "bin/qlik-bridge", "bridge binary")
	flags.StringVar(&opt.out, "out", "", "write the table with its explanations to this file, as Markdown")
	flags.IntVar(&opt.rate, "rate", 500, "events per second")
	flags.DurationVar(&opt.outage, "outage", 0, "how long all brokers are away (default 3m, with -short 20s)")
	flags.StringVar(&opt.inside, "inside", "", "used by the program itself")
	if err := flags.Parse(args); err != nil {
		return opt, err
	}
	if opt.outage == 0 {
		opt.outage = 3 * time.Minute
		if opt.short {
			opt.outage = 20 * time.Second
		}
	}
	return opt, opt.validate(flags.Args())
}

func (opt options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case opt.rate < 50 || opt.rate > 5000:
		return fmt.Errorf("-rate %d: from 50 to 5000", opt.rate)
	case opt.list:
		return nil
	}
	if _, err := os.Stat(opt.bridge); err != nil {
		return fmt.Errorf("-bridge: %w: run make build", err)
	}
	_, err := choose(opt.run, opt.short)
	return err
}

// command is how this run is repeated: what was asked for beside the defaults.
func (opt options) command() string {
	var flags []string
	if opt.short {
		flags = append(flags, "-short")
	}
	if opt.run != "" {
		flags = append(flags, "-run "+opt.run)
	}
	flags = append(flags, fmt.Sprintf("-rate %d -outage %s", opt.rate, opt.outage))
	return "make chaos CHAOS='" + strings.Join(flags, " ") + "'"
}
