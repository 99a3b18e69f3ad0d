package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/time/rate"

	"qlikbridge/bridge"
	"qlikbridge/bridge/ingress"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/watch"
	"qlikbridge/topics"
)

// App is one bridge: made by New, running from Start to Stop. It is used once.
type App struct {
	// Fixed by New.
	config  Config
	log     *slog.Logger
	started time.Time
	reg     *prometheus.Registry
	health  *health
	kafka   *kafka.Client
	sources []*ingress.Source
	ingress *ingress.Server
	admin   *admin

	listener, adminListener net.Listener

	ctx      context.Context // ends when the background work is to end
	cancel   context.CancelFunc
	running  sync.WaitGroup // the background work
	failed   chan error     // the first error of a server
	stopping sync.Once
	stopErr  error
	cleanups []cleanup // in the order of wiring; Stop goes backwards
}

type cleanup struct {
	name string
	run  func(ctx context.Context) error
}

// New wires a bridge and binds its ports, so that addresses are known before Start. It reads the files that the configuration names, but
// does not wait for Kafka. On an error what was set up is taken down.
func New(c Config, log *slog.Logger) (*App, error) {
	reg := prometheus.NewRegistry()
	a := &App{config: c, log: log, started: time.Now(), reg: reg, health: newHealth(reg), failed: make(chan error, 2)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	if err := a.wire(); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// wire is one straight function: each part needs those before it, and its teardown is registered as soon as it stands.
func (a *App) wire() error {
	a.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.onStop("background work", func(context.Context) error {
		a.cancel()
		a.running.Wait()
		return nil
	})

	var err error
	if a.adminListener, err = net.Listen("tcp", a.config.AdminListen); err != nil {
		return fmt.Errorf("admin_listen: %w", err)
	}
	a.onStop("admin listener", closer(a.adminListener))
	a.admin = newAdmin(a) // stopped after all that it reports on: livez and readyz answer while the bridge drains
	a.onStop("admin", a.admin.shutdown)

	if a.kafka, err = kafka.New(a.config.Kafka, a.reg, a.log.With("part", "kafka")); err != nil {
		return err
	}
	a.onStop("kafka", func(ctx context.Context) error {
		defer a.kafka.Close()
		return a.kafka.Flush(ctx)
	})

	ingester := &bridge.Ingester{
		Catalog: topics.Default(), Topics: a.config.Topics, Publisher: a.kafka, AckTimeout: a.config.AckTimeout, Metrics: bridge.NewMetrics(a.reg),
	}
	if err := a.addSources(); err != nil {
		return err
	}
	a.ingress, err = ingress.New(a.config.Ingress, ingress.Options{
		Sources: a.sources, Ingest: ingester.Ingest, Wait: a.config.AckTimeout, Now: time.Now, Log: a.log, Metrics: ingress.NewMetrics(a.reg),
	})
	if err != nil {
		return err
	}
	if a.listener, err = net.Listen("tcp", a.config.Listen); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.onStop("listener", closer(a.listener))
	a.onStop("ingress", a.ingress.Shutdown)
	return nil
}

// addSources loads the keyring of each source and keeps it true to its file.
func (a *App) addSources() error {
	for _, c := range a.config.AllSources() {
		watched := watch.New(c.SecretsFile)
		keyring, err := bridge.LoadKeyring(c.SecretsFile)
		if err != nil {
			return fmt.Errorf("source %s: %w", c.Name, err)
		}
		a.sources = append(a.sources, &ingress.Source{Name: c.Name, Keyring: keyring, Limiter: limiter(c)})
		a.background(func() {
			watched.Run(a.ctx, func() { a.reload(c, keyring) })
		})
	}
	return nil
}

func (a *App) reload(c SourceConfig, keyring *bridge.Keyring) {
	if err := keyring.Load(c.SecretsFile); err != nil {
		a.log.Error("the secrets file changed but cannot be used; the secrets before stay", "source", c.Name, "error", err)
		return
	}
	a.log.Info("signing secrets reloaded", "source", c.Name, "accepted", keyring.Len())
}

func limiter(c SourceConfig) *rate.Limiter {
	if c.RateLimit == 0 {
		return nil
	}
	burst := c.RateBurst
	if burst == 0 {
		burst = int(math.Ceil(c.RateLimit))
	}
	return rate.NewLimiter(rate.Limit(c.RateLimit), burst)
}

// Start begins to serve and to watch Kafka; it does not block. Ready comes when Kafka answers.
func (a *App) Start() {
	a.background(func() { a.watchKafka(a.ctx) })
	a.background(func() { a.watchTopics(a.ctx) })
	go func() { a.failed <- a.ingress.Serve(a.listener) }()
	go func() { a.failed <- a.admin.serve(a.adminListener) }()
	a.log.Info("serving", "listen", a.Addr(), "admin_listen", a.AdminAddr(), "kafka", a.config.Kafka.Brokers, "sources", len(a.sources))
}

// Addr is the ingress's address, host:port.
func (a *App) Addr() string { return a.listener.Addr().String() }

// AdminAddr is the admin port's address, host:port.
func (a *App) AdminAddr() string { return a.adminListener.Addr().String() }

// Ready reports whether the bridge can keep its promise now, and if not, why.
func (a *App) Ready() (bool, []string) {
	why := a.health.why()
	return len(why) == 0, why
}

// Stop drains: it stops accepting, answers what is in flight, waits for Kafka to settle, and ends within drain_timeout, whatever hangs.
// It may be called again and then returns the same.
func (a *App) Stop() error {
	a.stopping.Do(func() {
		a.health.set(notDraining, "the bridge is stopping")
		ctx, cancel := context.WithTimeout(context.Background(), a.config.DrainTimeout)
		defer cancel()
		for i := len(a.cleanups) - 1; i >= 0; i-- {
			c := a.cleanups[i]
			if err := c.run(ctx); err != nil {
				a.stopErr = errors.Join(a.stopErr, fmt.Errorf("stopping %s: %w", c.name, err))
			}
		}
		a.log.Info("stopped", "error", a.stopErr)
	})
	return a.stopErr
}

// Run serves until ctx ends or a server fails, and drains.
func Run(ctx context.Context, c Config, log *slog.Logger) error {
	a, err := New(c, log)
	if err != nil {
		return err
	}
	a.Start()
	select {
	case <-ctx.Done():
		a.log.Info("stopping: draining what is in flight", "drain_timeout", c.DrainTimeout.String())
	case err = <-a.failed:
	}
	return errors.Join(err, a.Stop())
}

func (a *App) onStop(name string, run func(context.Context) error) {
	a.cleanups = append(a.cleanups, cleanup{name, run})
}

func (a *App) background(work func()) { a.running.Go(work) }

// closer closes a listener that its server may have closed before.
func closer(l net.Listener) func(context.Context) error {
	return func(context.Context) error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
