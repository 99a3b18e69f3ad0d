package kafka

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// How long a producer that was replaced may go on settling what it holds, in which time nothing else is produced. One without an id has sent nothing
// that could be acknowledged, and franz-go may leave a record of it for good.
const (
	retireWait  = time.Minute
	refusedWait = 3 * time.Second
)

// generation is one of the clients that produce, one after another.
type generation struct {
	*kgo.Client
	entering atomic.Int32 // calls of Publish that may still hand it a record
}

var errReplaced = errors.New("the producer is being replaced; the records before are to settle first")

// enter returns the client to produce by; nil: what an earlier one holds has to settle first, or a new one would overtake it. The caller counts
// entering down when the client has the record. It takes no lock: franz-go makes a call wait for promises to run, and these may replace the client.
func (p *producer) enter() *generation {
	for {
		client := p.current.Load()
		client.entering.Add(1)
		isCurrent := p.current.Load() == client // then replace waits for this call
		if isCurrent && p.retiring.Load() == 0 {
			return client
		}
		client.entering.Add(-1)
		if isCurrent {
			return nil
		}
	}
}

// replace puts a new client in the place of old, unless that was done before. It does not block, and talks to no broker. Until the old one has
// settled what it holds, and what is being handed to it, or wait is over, nothing is produced.
func (p *producer) replace(old *generation, why string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.current.Load() != old {
		return
	}
	fresh, err := kgo.NewClient(p.opts...)
	if err != nil { // the options were good before
		p.log.Error("the producer cannot be replaced", "error", err)
		return
	}
	p.log.Info("the producer is replaced", "reason", why)
	p.retiring.Add(1) // before anybody can enter the new one
	p.current.Store(&generation{Client: fresh})
	holds := old.holds()
	if !holds {
		p.retiring.Add(-1)
	}
	p.retired.Go(func() {
		p.retire(old, wait)
		if holds {
			p.retiring.Add(-1)
		}
	})
}

// holds reports whether a client that was replaced has a record that is not settled, or may be handed one.
func (g *generation) holds() bool {
	return g.entering.Load() > 0 || g.BufferedProduceRecords() > 0 // in this order: a record is buffered before its call ends
}

// retire closes a client when what it holds has settled, or wait is over.
func (p *producer) retire(old *generation, wait time.Duration) {
	ctx, cancel := p.bounded(wait)
	defer cancel()
	old.entered(ctx)
	_ = old.Flush(ctx)
	old.Close()
}

// entered waits until the last call has handed over its record, which takes no longer than promises take to run, or ctx ends.
func (g *generation) entered(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for g.entering.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// bounded returns a context that ends after a time, and with close.
func (p *producer) bounded(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	go func() {
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
