package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/admin"
	"qlikbridge/bridge/deliver"
	"qlikbridge/bridge/kafka"
)

// Deliver posts events to the sinks of the subscriptions file until ctx ends or the admin port fails. It starts without Kafka too, and says on
// /readyz what it waits for.
func Deliver(ctx context.Context, c Config, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reg := newRegistry()
	deliverer, err := deliver.New(deliver.Options{Path: c.Deliver.SubscriptionsFile, Kafka: c.Kafka, Topics: c.Topics, Log: log, Registerer: reg})
	if err != nil {
		return err
	}
	client, err := kafka.New(c.Kafka, nil, log.With("part", "kafka"))
	if err != nil {
		return err
	}
	defer client.Close()
	o := &office{deliverer: deliverer, client: client, started: time.Now()}
	port := admin.New(reg, o.ready)
	port.Handle("GET /{$}", o.status)
	if c.Pprof {
		port.HandlePprof()
	}
	listener, err := net.Listen("tcp", c.AdminListen)
	if err != nil {
		return fmt.Errorf("admin_listen: %w (another address: QLIK_BRIDGE_ADMIN_LISTEN, --admin-listen)", err)
	}
	served := make(chan error, 1)
	go func() { served <- port.Serve(listener); cancel() }()
	go o.watchKafka(ctx)
	warnOfClearText(c.Kafka, log)
	log.Info("delivering", "subscriptions_file", c.Deliver.SubscriptionsFile, "admin_listen", listener.Addr().String(), "kafka", c.Kafka.Brokers)
	err = deliverer.Run(ctx)
	log.Info("stopped")
	return errors.Join(err, port.Shutdown(ctx), <-served)
}

// office is what the admin port of Deliver shows.
type office struct {
	deliverer *deliver.Deliverer
	client    *kafka.Client
	started   time.Time
	away      atomic.Pointer[string] // why Kafka cannot be reached; nil: not known yet
}

// watchKafka asks Kafka for an answer at intervals until ctx ends.
func (o *office) watchKafka(ctx context.Context) {
	for ctx.Err() == nil {
		asked, cancel := context.WithTimeout(ctx, pingTimeout)
		why := ""
		if err := o.client.Ping(asked); err != nil {
			why = err.Error()
		}
		cancel()
		o.away.Store(&why)
		pause(ctx, pingInterval)
	}
}

// ready reports whether events can be read; a sink that is down does not count, since its events are safe where they are.
func (o *office) ready() (bool, []string) {
	ready, why := o.deliverer.Ready()
	away := o.away.Load()
	switch {
	case away == nil:
		return false, append(why, kafkaReachable+": "+unknownAtStartUp)
	case *away != "":
		return false, append(why, kafkaReachable+": "+*away)
	}
	return ready, why
}

func (o *office) status(w http.ResponseWriter, _ *http.Request) {
	ready, why := o.ready()
	admin.WriteJSON(w, http.StatusOK, struct {
		Version string   `json:"version"`
		Up      string   `json:"up"`
		Ready   bool     `json:"ready"`
		Reasons []string `json:"reasons"`
		deliver.Status
	}{bridge.Version(), time.Since(o.started).Round(time.Second).String(), ready, why, o.deliverer.Status()})
}
