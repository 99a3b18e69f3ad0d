package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/spool"
	"qlikbridge/topics"
)

// openSpool opens the spool, which is closed after all that writes to it.
func (a *App) openSpool() (err error) {
	if !a.config.Spool.Enabled {
		return nil
	}
	if a.spool, err = spool.Open(a.config.Spool, a.reg, a.log.With("part", "spool")); err != nil {
		return err
	}
	a.onStop("spool", a.spool.Close)
	return nil
}

// addIngester wires the path of an event. Its replay begins when it is known what the topics hold.
func (a *App) addIngester() error {
	a.ingester = &bridge.Ingester{
		Catalog: topics.Default(), Topics: a.config.Topics, Publisher: a.kafka, AckTimeout: a.config.AckTimeout,
		Metrics: bridge.NewMetrics(a.reg, a.sourceNames()...), Dedupe: bridge.NewDedupe(a.config.Dedupe.Events), Log: a.log,
	}
	if a.spool == nil {
		return nil
	}
	a.ingester.Spool = a.spool
	a.gauges()
	if err := a.ingester.Start(a.remembered); err != nil {
		return fmt.Errorf("spool.dir %s: %w", a.config.Spool.Dir, err)
	}
	a.onStop("replay", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, a.config.AckTimeout)
		defer cancel()
		a.ingester.Stop(ctx) // what Kafka has not acknowledged by then is on disk
		return nil
	})
	return nil
}

func (a *App) gauges() {
	with := promauto.With(a.reg)
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "qlik_bridge_spool_events", Help: "Events in the spool that Kafka has not acknowledged."},
		func() float64 { return float64(a.ingester.Held().Events) })
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "qlik_bridge_spool_oldest_seconds", Help: "Age of the oldest event in the spool; 0 where there is none."},
		func() float64 {
			if oldest := a.ingester.Held().Oldest; !oldest.IsZero() {
				return time.Since(oldest).Seconds()
			}
			return 0
		})
}

// closeKafka ends the client. Where there is a spool, all that has not settled is in it, and there is nothing to wait for.
func (a *App) closeKafka(ctx context.Context) error {
	defer a.kafka.Close()
	if a.spool != nil {
		return nil
	}
	return a.kafka.Flush(ctx)
}

// How long the tails of the topics may take to be read, and how often that is tried while Kafka is there.
const (
	tailsTimeout = 30 * time.Second
	tailsTries   = 3
)

// remember reads which events the topics' tails hold, so that one that comes again, or was left in the spool although Kafka has it, is not
// published again. The bridge serves meanwhile; what it does not find is not taken for a duplicate.
func (a *App) remember(ctx context.Context) {
	defer func() {
		if ctx.Err() == nil { // else the bridge stops, and what is in the spool is the next run's
			close(a.remembered)
		}
	}()
	if a.config.Dedupe.Events == 0 {
		return
	}
	for tries := 0; tries < tailsTries && ctx.Err() == nil; {
		err := a.readTails(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case a.kafka.Ping(ctx) == nil:
			tries++
		}
		a.log.Warn("the tails of the topics cannot be read yet; events that come again may be published again", "error", err)
		pause(ctx, pingInterval)
	}
}

func (a *App) readTails(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tailsTimeout)
	defer cancel()
	names, found := topicNames(a.config), 0
	most := int64(max(1, a.config.Dedupe.Events/len(names)))
	err := a.kafka.Tails(ctx, names, most, func(r kafka.Stored) error {
		found++
		if r.Header("reason") == "" && !a.ingester.Dedupe.Remember(r.Header("ce_source"), r.Header("ce_id")) {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	if err == nil {
		a.log.Info("the tails of the topics are read", "events", found)
	}
	return err
}

// errFull ends the reading of tails: the window of dedupe holds no more.
var errFull = errors.New("the window is full")

var errSpoolOff = errors.New("switched off (spool.enabled)")

// spoolRoom says why the spool would not take a delivery.
func (a *App) spoolRoom() error {
	if a.spool == nil {
		return errSpoolOff
	}
	return a.spool.Room()
}
