package bridge_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
)

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// rig is an Ingester between a broker and a spool, on a clock of its own.
type rig struct {
	t        *testing.T
	broker   *broker
	spool    *memorySpool
	ingester *bridge.Ingester
}

// withRig runs a test in a bubble, where time passes when nothing else can happen.
func withRig(t *testing.T, do func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		do(r)
		r.stop()
	})
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, broker: &broker{}, spool: &memorySpool{logs: map[string]*memoryLog{}}}
	r.ingester = newIngester(t, r.broker)
	r.ingester.AckTimeout, r.ingester.Spool, r.ingester.Log = time.Second, r.spool, silent()
	return r
}

func (r *rig) start() {
	remembered := make(chan struct{})
	close(remembered)
	if err := r.ingester.Start(remembered); err != nil {
		r.t.Fatalf("starting: %v", err)
	}
	synctest.Wait()
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.ingester.Stop(ctx)
}

// appEvent is an event of the family apps, of one key.
func appEvent(id string) string {
	return `{"specversion":"1.0","id":"` + id + `","source":"com.qlik/engine","type":"com.qlik.app.created","time":"2026-11-20T10:00:00Z","data":` + appData + `}`
}

// otherEvent is an event of another family.
func otherEvent(id string) string { return identified(`"`+id+`"`, `"s"`, `"x.y"`) }

// send ingests a delivery, and returns when nothing more happens without time or a settlement.
func (r *rig) send(body string) <-chan bridge.Receipt {
	got := make(chan bridge.Receipt, 1)
	go func() { got <- r.ingester.Ingest(context.Background(), deliver(body)) }()
	synctest.Wait()
	return got
}

// turn lets the lane of the apps spool: the event first is refused.
func (r *rig) turn(first string) {
	r.t.Helper()
	got := r.send(appEvent(first))
	r.broker.refuse(bridge.NotEnoughReplicas, first)
	checkReceipt(r.t, <-got, bridge.Spooled, "qlik.apps", bridge.NotEnoughReplicas)
	time.Sleep(100 * time.Millisecond) // replay's first pause
	synctest.Wait()
}

func (r *rig) checkHeld(want int64) {
	r.t.Helper()
	if got := r.ingester.Held().Events; got != want {
		r.t.Errorf("got %d events held, want %d", got, want)
	}
}

func (r *rig) checkProduced(want ...string) {
	r.t.Helper()
	if got, _, _ := r.broker.names(); !slices.Equal(got, want) {
		r.t.Errorf("got produced %q, want %q", got, want)
	}
}

func (r *rig) checkAccepted(want ...string) {
	r.t.Helper()
	if _, got, _ := r.broker.names(); !slices.Equal(got, want) {
		r.t.Errorf("got accepted %q, want %q", got, want)
	}
}

// checkWaits asserts that a delivery is not answered.
func checkWaits(t *testing.T, got <-chan bridge.Receipt) {
	t.Helper()
	select {
	case r := <-got:
		t.Errorf("got %s, %v; want no answer yet", r.Outcome, r.Why)
	default:
	}
}
