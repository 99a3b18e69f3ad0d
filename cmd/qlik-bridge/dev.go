package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	shuffle "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

// mostPerSecond bounds the rates of sample events.
const mostPerSecond = 1_000_000

// otherPorts says what to do where a port is taken.
const otherPorts = "choose other ports with --listen, --admin-listen and --kafka-port; with make: make run DEV='--listen 127.0.0.1:18080 --admin-listen 127.0.0.1:19090 --kafka-port 19092'"

// development is what the flags of dev say.
type development struct {
	dataDir       string
	listen, admin string
	kafkaPort     int
	rate          float64
	count         int
}

func devCommand() *cobra.Command {
	var d development
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything in one process: an embedded Kafka, a sandbox tenant, the bridge, and events that flow",
		Long: `dev needs nothing installed. It starts a Kafka inside the process (the real protocol over TCP, for trying things), the bridge before it, and
a sandbox tenant that signs sample events and posts them; each event is printed as it comes out of Kafka. NOT SAFE FOR PRODUCTION USE.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&d.dataDir, "data-dir", "", "keep secret, topics and records here, so that they survive a restart; empty: nothing is kept")
	flags.StringVar(&d.listen, "listen", "127.0.0.1:8080", "address of the ingress")
	flags.StringVar(&d.admin, "admin-listen", "127.0.0.1:9090", "address of the admin port")
	flags.IntVar(&d.kafkaPort, "kafka-port", 9092, "port of the embedded Kafka on 127.0.0.1; 0: any free one")
	flags.Float64Var(&d.rate, "rate", 1, "sample events per second; 0: none")
	flags.IntVar(&d.count, "count", 0, "stop after so many events were printed; 0: go on until interrupted")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		if !(d.rate >= 0 && d.rate <= mostPerSecond) || d.count < 0 || d.kafkaPort < 0 || d.kafkaPort > 65535 {
			return badConfig(fmt.Errorf("--rate %v, --count %d, --kafka-port %d: a rate from 0 to %d, a count of 0 or more, a port", d.rate, d.count, d.kafkaPort, mostPerSecond))
		}
		return d.run(cmd.Context(), cmd.OutOrStdout())
	})
	return cmd
}

func (d *development) run(ctx context.Context, out io.Writer) error {
	secretsFile, cleanup, err := d.prepare()
	if err != nil {
		return err
	}
	defer cleanup()
	kafka, err := d.startKafka()
	if err != nil {
		return err
	}
	defer kafka.Close()
	c := app.DefaultConfig()
	c.Listen, c.AdminListen, c.SecretsFile, c.Kafka.Brokers = d.listen, d.admin, secretsFile, kafka.Brokers()
	c.Spool.Dir = filepath.Join(filepath.Dir(secretsFile), "spool")
	c.Log = app.LogConfig{Level: slog.LevelWarn, Format: "text"}
	a, err := app.New(c, newLogger(c.Log))
	if taken := (*net.OpError)(nil); errors.As(err, &taken) && taken.Op == "listen" {
		return fmt.Errorf("%w; %s", taken, otherPorts) // without the remedies of serve: dev reads no environment
	}
	if err != nil {
		return err
	}
	a.Start()
	err = d.play(ctx, a, c, out)
	return errors.Join(err, a.Stop())
}

// prepare makes the data directory and the signing secret in it, or finds those of the run before.
func (d *development) prepare() (secretsFile string, cleanup func(), err error) {
	cleanup = func() {}
	if d.dataDir == "" {
		dir, err := os.MkdirTemp("", "qlik-bridge-dev-")
		if err != nil {
			return "", nil, err
		}
		secretsFile, cleanup = filepath.Join(dir, "secrets"), func() { _ = os.RemoveAll(dir) }
	} else if err := os.MkdirAll(d.dataDir, 0o700); err != nil {
		return "", nil, err
	} else {
		secretsFile = filepath.Join(d.dataDir, "secrets")
	}
	if _, err := os.Stat(secretsFile); err == nil {
		return secretsFile, cleanup, nil
	}
	return secretsFile, cleanup, os.WriteFile(secretsFile, []byte(rand.Text()+rand.Text()+"\n"), 0o600)
}

func (d *development) startKafka() (*sandbox.Kafka, error) {
	options := sandbox.KafkaOptions{}
	if d.kafkaPort != 0 {
		options.Ports = []int{d.kafkaPort}
	}
	if d.dataDir != "" {
		options.DataDir = filepath.Join(d.dataDir, "kafka")
	}
	kafka, err := sandbox.StartKafka(options)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, otherPorts)
	}
	return kafka, nil
}

// play shows the screen, lets events flow and prints them until ctx ends or enough were printed.
func (d *development) play(ctx context.Context, a *app.App, c app.Config, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := awaitReady(ctx, a); err != nil {
		return err
	}
	keyring, err := bridge.LoadKeyring(c.SecretsFile)
	if err != nil {
		return err
	}
	url := "http://" + reachable(a.Addr()) + "/webhooks/" + app.DefaultSourceName
	fmt.Fprint(out, screen(c, url, "http://"+reachable(a.AdminAddr()), keyring.Sign))
	began := time.Now()
	go d.flow(ctx, sandbox.NewTenant(url, keyring.Sign))
	everything, err := selectEvents(nil, nil)
	if err != nil {
		return err
	}
	t := tailing{choice: eventChoice{types: everything}, since: began, count: d.count, output: outputLine}
	return t.run(ctx, c, out, os.Stderr)
}

// flow posts one sample event after another, of each type in turn, in an envelope that changes.
func (d *development) flow(ctx context.Context, tenant *sandbox.Tenant) {
	if d.rate <= 0 {
		return
	}
	envelopes := []bridge.Envelope{bridge.CloudEvents, bridge.CloudEvents, bridge.Hybrid, bridge.Legacy}
	samples, types := sandbox.NewSamples(uint64(time.Now().UnixNano()), time.Now), slices.Clone(sandbox.SampleTypes())
	shuffle.Shuffle(len(types), func(i, j int) { types[i], types[j] = types[j], types[i] }) // families take turns, and every type has one
	ticker := time.NewTicker(time.Duration(float64(time.Second) / d.rate))
	defer ticker.Stop()
	for n := 0; ; n++ {
		body, err := samples.Body(types[n%len(types)], string(envelopes[n%len(envelopes)]))
		if err == nil {
			_, err = tenant.Post(ctx, body)
		}
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "the sandbox tenant:", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func awaitReady(ctx context.Context, a *app.App) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		ready, why := a.Ready()
		switch {
		case ready:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("not ready after 30 s: %s", strings.Join(why, "; "))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// reachable turns an address that listens everywhere into one that can be asked.
func reachable(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func screen(c app.Config, url, admin string, sign func([]byte) string) string {
	body := `{"specversion":"1.0","id":"try-` + strconv.FormatInt(time.Now().Unix(), 36) + `","source":"com.qlik/engine","type":"com.qlik.app.created","data":{"id":"app-1"}}`
	brokers := strings.Join(c.Kafka.Brokers, ",")
	return fmt.Sprintf(`qlik-bridge dev: everything in this process. NOT SAFE FOR PRODUCTION USE.

  webhooks   %s
  status     %s/
  metrics    %s/metrics
  events     %s/events   as server-sent events
  kafka      %s   topics %s<family>
  secret     %s

  read      kcat -b %s -C -t %sapps -o beginning
  send      %s send --url %s --secrets-file %s --family users
  follow    curl -N '%s/events?type=com.qlik.app.*'
  by hand   curl -sS %s -H 'Qlik-Signature: %s' -d '%s'

Events as they come out of Kafka (Ctrl-C ends):
`, url, admin, admin, admin, brokers, c.Topics.Prefix, c.SecretsFile, brokers, c.Topics.Prefix, os.Args[0], url, c.SecretsFile, admin, url, sign([]byte(body)), body)
}
