package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// bench is one run: Kafka, the servers, and what was measured.
type bench struct {
	opt     options
	kafka   *kafka
	site    site
	servers []*server // the baseline last
	samples []sample
}

// run starts everything, measures, prints, and ends what it started. Its folder of logs is kept when it fails.
func run(ctx context.Context, opt options) error {
	dir, err := os.MkdirTemp("", "qlik-bench-")
	if err != nil {
		return err
	}
	if err := runIn(ctx, opt, dir); err != nil {
		return fmt.Errorf("%w\nlogs are kept in %s", err, dir)
	}
	return os.RemoveAll(dir)
}

func runIn(ctx context.Context, opt options, dir string) error {
	k, err := openKafka(ctx, opt)
	if err != nil {
		return err
	}
	defer k.close()
	b := &bench{opt: opt, kafka: k, site: site{dir, k.brokers, []byte(newSecret()), opt.serve}}
	if err := os.WriteFile(b.site.secretFile(), append(b.site.secret, '\n'), 0o600); err != nil {
		return err
	}
	if opt.footprint {
		return b.measureFootprint(ctx)
	}
	if opt.filter {
		return b.measureFilter(ctx)
	}
	defer func() { b.stopServers() }()
	if opt.spooling {
		return b.measureSpooling(ctx)
	}
	if b.opt.deliver {
		return b.measureDeliver(ctx)
	}
	if err := b.startServers(ctx); err != nil {
		return err
	}
	return b.compare(ctx)
}

// startServers starts the bridge first, which makes its topics, so that both servers find the same.
func (b *bench) startServers(ctx context.Context) error {
	if !b.opt.baselineOnly {
		srv, err := b.site.startBridge(b.opt.bridge, "bridge")
		if err := b.keep(ctx, srv, err); err != nil {
			return err
		}
	}
	if err := b.kafka.ensureTopic(ctx); err != nil {
		return err
	}
	binary, err := b.baselineBinary(ctx)
	if err != nil {
		return err
	}
	srv, err := b.site.startBaseline(binary)
	return b.keep(ctx, srv, err)
}

func (b *bench) keep(ctx context.Context, srv *server, err error) error {
	if err != nil {
		return err
	}
	b.servers = append(b.servers, srv)
	_, err = srv.waitReady(ctx)
	return err
}

func (b *bench) stopServers() {
	for _, srv := range b.servers {
		srv.stop()
	}
}

// baselineBinary builds the baseline as the bridge is built, unless the flags name one.
func (b *bench) baselineBinary(ctx context.Context) (string, error) {
	if b.opt.baseline != "" {
		return b.opt.baseline, nil
	}
	path := filepath.Join(b.site.dir, "bench-baseline")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "qlikbridge/cmd/bench-baseline")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the baseline: %w: %s", err, out)
	}
	return path, nil
}

// compare warms up, measures every server with every number of connections in each round, and prints.
func (b *bench) compare(ctx context.Context) error {
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	for round := 1; round <= b.opt.rounds; round++ {
		for _, connections := range b.opt.connections {
			for _, srv := range b.order(round) {
				s, err := b.measure(ctx, srv, connections, b.opt.duration)
				if err != nil {
					return err
				}
				s.Round = round
				s.print(b.opt.progress(), strconv.Itoa(round))
				b.samples = append(b.samples, s)
			}
		}
	}
	r := newReport(b.opt, servers, b.samples)
	return errors.Join(r.print(b.opt), r.judge(b.opt.minRatio))
}

// order turns with every round, so that going first is no advantage.
func (b *bench) order(round int) []*server {
	servers := slices.Clone(b.servers)
	if round%2 == 0 {
		slices.Reverse(servers)
	}
	return servers
}

// warmUp drives every server with every number of connections: a first start after cold brokers is three times slower.
func (b *bench) warmUp(ctx context.Context) error {
	printHeader(b.opt.progress(), servers)
	for _, connections := range b.opt.connections {
		for _, srv := range b.servers {
			s, err := b.measure(ctx, srv, connections, b.opt.warmup)
			if err != nil {
				return err
			}
			s.print(b.opt.progress(), "warm-up")
			if s.Problem != "" {
				return fmt.Errorf("warm-up of %s: %s", srv.name, s.Problem)
			}
		}
	}
	return nil
}

// newSecret is a signing secret of 48 characters.
func newSecret() string {
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}
