package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/time/rate"

	"qlikbridge/bridge"
	"qlikbridge/bridge/admin"
	"qlikbridge/bridge/ingress"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/spool"
	"qlikbridge/bridge/watch"
)

// App is one bridge: made by New, running from Start to Stop. It is used once.
type App struct {
	// Fixed by New.
	config    Config
	log       *slog.Logger
	started   time.Time
	reg       *prometheus.Registry
	health    *health
	kafka     *kafka.Client
	spool     *spool.Spool // nil: switched off
	ingester  *bridge.Ingester
	sources   []*ingress.Source
	secretsOK *prometheus.GaugeVec
	ingress   *ingress.Server
	admin     *admin.Server

	listener, adminListener net.Listener

	ctx     context.Context // ends when the background work is to end
	cancel  context.CancelFunc
	running sync.WaitGroup // the background work
	failed  chan error     // the first error of a server
	serving atomic.Bool    // Start was called
	nudge   chan struct{}  // the topics are to be looked at before their time

	remembered chan struct{} // closed when the ingester knows what the topics' tails hold
	stopping   sync.Once
	stopErr    error
	cleanups   []cleanup // in the order of wiring; Stop goes backwards
}

type cleanup struct {
	name string
	run  func(ctx context.Context) error
}

// New wires a bridge and binds its ports, so that addresses are known before Start. It reads the files that the configuration names, but
// does not wait for Kafka. On an error what was set up is taken down.
func New(c Config, log *slog.Logger) (*App, error) {
	reg := newRegistry()
	a := &App{config: c, log: log, started: time.Now(), reg: reg, health: newHealth(reg), failed: make(chan error, 2), nudge: make(chan struct{}, 1), remembered: make(chan struct{})}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	if err := a.wire(); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// wire is one straight function: each part needs those before it, and its teardown is registered as soon as it stands.
func (a *App) wire() error {
	a.secretsOK = promauto.With(a.reg).NewGaugeVec(prometheus.GaugeOpts{Name: "qlik_bridge_secrets_file_ok",
		Help: "1 where the secrets file is in use as it is, 0 where it changed and cannot be used: a restart would fail."}, []string{"source"})
	a.onStop("background work", a.awaitBackground)

	var err error
	if a.adminListener, err = net.Listen("tcp", a.config.AdminListen); err != nil {
		return fmt.Errorf("admin_listen: %w (another address: QLIK_BRIDGE_ADMIN_LISTEN, --admin-listen)", err)
	}
	a.onStop("admin listener", closer(a.adminListener))
	a.admin = newAdmin(a) // stopped after all that it reports on: livez and readyz answer while the bridge drains
	a.onStop("admin", a.admin.Shutdown)

	if err := a.openSpool(); err != nil {
		return err
	}
	if a.kafka, err = kafka.New(a.config.Kafka, a.reg, a.log.With("part", "kafka")); err != nil {
		return err
	}
	a.onStop("kafka", a.closeKafka)
	a.addEvents()

	if err := a.addSources(); err != nil {
		return err
	}
	if err := a.addIngester(); err != nil {
		return err
	}
	a.ingress, err = ingress.New(a.config.Ingress, ingress.Options{
		Sources: a.sources, Ingest: a.ingester.Ingest, Wait: a.config.AckTimeout, Now: time.Now, Log: a.log, Metrics: ingress.NewMetrics(a.reg),
	})
	if err != nil {
		return err
	}
	if a.listener, err = net.Listen("tcp", a.config.Listen); err != nil {
		return fmt.Errorf("listen: %w (another address: QLIK_BRIDGE_LISTEN, --listen)", err)
	}
	a.onStop("listener", closer(a.listener))
	a.onStop("ingress", a.drain)
	return nil
}

// drain leaves Kafka its part of the time: a sender who drips a body does not use it up. Whoever was let in before the stop may wait for ack_timeout
// and the disk, and has his answer all the same: that comes first where what drain_delay leaves of drain_timeout is not enough for both.
func (a *App) drain(ctx context.Context) error {
	answer := a.config.AckTimeout + time.Second
	reserve := max(0, min(answer, a.config.DrainTimeout-a.config.DrainDelay-answer))
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	return a.ingress.Shutdown(ctx)
}

// addSources loads the keyring of each source and keeps it true to its file.
func (a *App) addSources() error {
	for _, c := range a.config.AllSources() {
		watched := watch.New(c.SecretsFile)
		keyring, err := bridge.LoadKeyring(c.SecretsFile)
		if err != nil {
			return fmt.Errorf("source %s: %w", c.Name, err)
		}
		a.secretsOK.WithLabelValues(c.Name).Set(1)
		a.sources = append(a.sources, &ingress.Source{Name: c.Name, Keyring: keyring, Limiter: limiter(c)})
		a.background(func() {
			watched.Run(a.ctx, func() error { return keyring.Load(c.SecretsFile) }, func(err error) { a.reloaded(c, keyring, err) })
		})
	}
	return nil
}

// reloaded says what became of a changed secrets file.
func (a *App) reloaded(c SourceConfig, keyring *bridge.Keyring, err error) {
	if err != nil {
		a.secretsOK.WithLabelValues(c.Name).Set(0)
		a.log.Error("the secrets file changed but cannot be used; the secrets before stay", "source", c.Name, "error", err)
		return
	}
	a.secretsOK.WithLabelValues(c.Name).Set(1)
	a.log.Info("signing secrets reloaded", "source", c.Name, "accepted", keyring.Len())
}

func (a *App) sourceNames() []string {
	names := make([]string, len(a.sources))
	for i, s := range a.sources {
		names[i] = s.Name
	}
	return names
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
	a.serving.Store(true)
	a.background(func() { a.watchKafka(a.ctx) })
	a.background(func() { a.watchTopics(a.ctx) })
	a.background(func() { a.remember(a.ctx) })
	go func() { a.failed <- a.ingress.Serve(a.listener) }()
	go func() { a.failed <- a.admin.Serve(a.adminListener) }()
	warnOfClearText(a.config.Kafka, a.log)
	if a.config.Events.Enabled && a.config.Events.Remote {
		a.log.Warn("whoever reaches the admin port sees the events, with their data: events.remote", "admin_listen", a.AdminAddr())
	}
	a.log.Info("configuration", "effective", a.config.String())
	a.log.Info("serving", "listen", a.Addr(), "admin_listen", a.AdminAddr(), "kafka", a.config.Kafka.Brokers, "sources", len(a.sources))
}

func warnOfClearText(c kafka.Config, log *slog.Logger) {
	if c.ClearText() {
		log.Warn("the Kafka login crosses the network readable: set kafka.tls.enabled", "mechanism", c.SASL.Mechanism)
	}
}

// Addr is the ingress's address, host:port.
func (a *App) Addr() string { return a.listener.Addr().String() }

// AdminAddr is the admin port's address, host:port.
func (a *App) AdminAddr() string { return a.adminListener.Addr().String() }

// Ready reports whether the bridge can keep its promise now, by Kafka or by the spool, and which conditions do not hold.
func (a *App) Ready() (bool, []string) { return a.health.ready() }

// Stop drains: it serves for drain_delay while not ready, stops accepting, answers what is in flight, waits for Kafka to settle, and ends
// within drain_timeout, whatever hangs.
// It may be called again and then returns the same.
func (a *App) Stop() error {
	a.stopping.Do(func() {
		a.health.set(notDraining, "the bridge is stopping")
		ctx, cancel := context.WithTimeout(context.Background(), a.config.DrainTimeout)
		defer cancel()
		a.retire()
		a.cancel() // what watches Kafka has nothing more to say, and who follows the events is to follow them elsewhere
		for i := len(a.cleanups) - 1; i >= 0; i-- {
			c := a.cleanups[i]
			if err := c.run(ctx); err != nil {
				a.stopErr = errors.Join(a.stopErr, fmt.Errorf("stopping %s: %w", c.name, err))
			}
		}
		a.sayStopped()
	})
	return a.stopErr
}

// awaitBackground waits for the background work until ctx ends.
func (a *App) awaitBackground(ctx context.Context) error {
	a.cancel()
	done := make(chan struct{})
	go func() { a.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *App) sayStopped() {
	switch {
	case !a.serving.Load(): // New failed, and its error says it all
	case a.stopErr != nil:
		a.log.Error("stopped, and not all of it in order", "error", a.stopErr)
	default:
		a.log.Info("stopped")
	}
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
