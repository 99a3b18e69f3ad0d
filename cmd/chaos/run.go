package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"qlikbridge/bridge/kafkatest"
)

// run plays the chosen scenarios one after another and prints what came of them. The folder of ledgers and logs stays when one fails.
func run(ctx context.Context, opt options) error {
	chosen, err := choose(opt.run, opt.short)
	if err != nil {
		return err
	}
	if opt.list {
		list()
		return nil
	}
	sweepMounts()
	dir, err := os.MkdirTemp("", "qlik-chaos-")
	if err != nil {
		return err
	}
	rows, err := playAll(ctx, opt, chosen, dir)
	if opt.inside != "" {
		return errors.Join(err, handOver(opt.inside, rows))
	}
	return errors.Join(err, report(opt, rows, dir))
}

func list() {
	for _, sc := range scenarios {
		short := ""
		if sc.short {
			short = " (short)"
		}
		fmt.Printf("%-24s %s%s\n", sc.name, sc.about, short)
	}
}

func playAll(ctx context.Context, opt options, chosen []scenario, dir string) (rows []row, err error) {
	if err := kafkatest.Fetch(ctx); err != nil {
		return nil, err
	}
	k := &kafkas{running: map[kafkaKind]*kafkatest.Cluster{}}
	defer k.keep(nil)
	for i, sc := range chosen {
		k.keep(chosen[i:])
		r := play(ctx, opt, k, sc, dir)
		rows = append(rows, r)
		fmt.Fprintf(os.Stderr, "%s %-24s %s after %.0f s\n", time.Now().Format(time.TimeOnly), r.Name, r.verdict(), r.Seconds)
		if ctx.Err() != nil {
			return rows, ctx.Err()
		}
	}
	return rows, nil
}

// handOver gives the one row to the process that asked for it.
func handOver(path string, rows []row) error {
	if len(rows) != 1 {
		return fmt.Errorf("got %d rows, want 1", len(rows))
	}
	text, err := json.Marshal(rows[0])
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// report prints the table, writes the page, and is an error when a row failed.
func report(opt options, rows []row, dir string) error {
	printTable(os.Stdout, rows)
	failed, skipped := 0, 0
	for _, r := range rows {
		switch r.verdict() {
		case "FAIL":
			failed++
		case "SKIP":
			skipped++
		}
	}
	fmt.Printf("%d scenarios: %d passed, %d FAILED, %d SKIPPED\n", len(rows), len(rows)-failed-skipped, failed, skipped)
	var err error
	if opt.out != "" {
		err = os.WriteFile(opt.out, []byte(page(opt, rows)), 0o644)
	}
	switch {
	case failed > 0 || opt.strict && skipped > 0:
		return errors.Join(err, fmt.Errorf("%d of %d scenarios failed, %d were skipped; ledgers and logs are in %s", failed, len(rows), skipped, dir))
	case opt.keep:
		fmt.Println("ledgers and logs:", dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(dir))
}
