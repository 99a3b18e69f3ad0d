package bridge_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
)

func dedupeRig(t *testing.T, size int) *rig {
	r := newRig(t)
	r.ingester.Dedupe = bridge.NewDedupe(size)
	r.start()
	return r
}

// TestDedupe asserts that of many deliveries of an event at once one is produced, and that the others wait for what becomes of it.
func TestDedupe(t *testing.T) {
	for name, spools := range map[string]bool{"published": false, "spooled": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := dedupeRig(t, 10)
				const deliveries = 1000
				outcomes := make(chan bridge.Outcome, deliveries)
				for range deliveries {
					go func() { outcomes <- r.ingester.Ingest(context.Background(), deliver(appEvent("a"))).Outcome }()
				}
				synctest.Wait()
				r.checkProduced("a")
				if len(outcomes) != 0 {
					t.Errorf("got %d answers before Kafka's, want none", len(outcomes))
				}
				want := map[bridge.Outcome]int{bridge.Published: 1, bridge.Duplicate: deliveries - 1}
				if spools {
					want = map[bridge.Outcome]int{bridge.Spooled: 1, bridge.Duplicate: deliveries - 1}
				} else {
					r.broker.acknowledge()
				}
				got := map[bridge.Outcome]int{}
				for range deliveries {
					got[<-outcomes]++
				}
				for outcome, n := range want {
					if got[outcome] != n {
						t.Errorf("got %v, want %v", got, want)
					}
				}
				r.broker.acknowledge()
				r.checkProduced("a")
				r.checkHeld(0)
				r.stop()
			})
		})
	}
}

// TestDedupeAfterAFailure asserts that a delivery that waits for one that fails has its turn then.
func TestDedupeAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dedupeRig(t, 10)
		r.ingester.Spool = nil
		first, second := r.send(appEvent("a")), r.send(appEvent("a"))
		r.checkProduced("a")
		r.broker.refuse(bridge.NotAuthorized)
		failed, other := first, second
		if len(second) == 1 {
			failed, other = second, first
		}
		checkReceipt(t, <-failed, bridge.Failed, "qlik.apps", bridge.NotAuthorized)
		checkWaits(t, other)
		r.broker.acknowledge()
		checkReceipt(t, <-other, bridge.Published, "qlik.apps", "")
		r.checkProduced("a", "a")
	})
}

// TestDedupeLosesPatience asserts that a delivery does not wait for another of its event without end.
func TestDedupeLosesPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dedupeRig(t, 10)
		log := r.spool.log("apps")
		log.gate = make(chan struct{})
		began := time.Now()
		receipts := make(chan bridge.Receipt, 3)
		for range cap(receipts) {
			go func() { receipts <- r.ingester.Ingest(context.Background(), deliver(appEvent("a"))) }()
		}
		for range cap(receipts) {
			if got := <-receipts; got.Outcome != bridge.Failed {
				t.Errorf("got %s, want %s", got.Outcome, bridge.Failed)
			}
		}
		if took := time.Since(began); took > 2500*time.Millisecond {
			t.Errorf("got the last answer after %v, want no more than ack_timeout and twice the wait for the disk", took)
		}
		close(log.gate)
		r.stop()
	})
}

// TestDedupeAfterAPanic asserts that a panic holds up no later delivery of the event.
func TestDedupeAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dedupeRig(t, 10)
		func() {
			defer func() { _ = recover() }()
			r.ingester.Publisher = panicking{}
			r.ingester.Ingest(context.Background(), deliver(appEvent("a")))
		}()
		r.ingester.Publisher = r.broker
		r.broker.answering(yes)
		checkReceipt(t, <-r.send(appEvent("a")), bridge.Published, "qlik.apps", "")
	})
}

type panicking struct{}

func (panicking) Publish(context.Context, *bridge.Record, func(bridge.Position, error)) {
	panic("a bug")
}

// TestDedupeForgets asserts that the window is bounded, and that the oldest is forgotten first, which the tails of topics do not displace.
func TestDedupeForgets(t *testing.T) {
	d := bridge.NewDedupe(3)
	i := newIngester(t, acknowledging{})
	i.Dedupe = d
	ingest := func(id string, want bridge.Outcome) {
		t.Helper()
		if got := i.Ingest(t.Context(), deliver(appEvent(id))); got.Outcome != want {
			t.Errorf("%s: got %s, want %s", id, got.Outcome, want)
		}
	}
	if !d.Remember("com.qlik/engine", "old") {
		t.Error("got no room, want some")
	}
	ingest("old", bridge.Duplicate)
	for _, id := range []string{"1", "2", "3"} { // 3 displaces old
		ingest(id, bridge.Published)
	}
	if d.Remember("com.qlik/engine", "older") {
		t.Error("got room, want the window full")
	}
	for _, id := range []string{"1", "2", "3"} {
		ingest(id, bridge.Duplicate)
	}
	ingest("old", bridge.Published) // displaces 1
	ingest("1", bridge.Published)   // displaces 2
	ingest("3", bridge.Duplicate)
	for n := range 100 {
		ingest("n"+strconv.Itoa(n), bridge.Published)
	}
	ingest("n97", bridge.Duplicate)
	ingest("n96", bridge.Published)
}

// TestDedupeTellsEventsApart asserts that source and id together make an event.
func TestDedupeTellsEventsApart(t *testing.T) {
	i := newIngester(t, acknowledging{})
	i.Dedupe = bridge.NewDedupe(10)
	for _, identity := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"a", "b"}} {
		body := identified(`"`+identity[1]+`"`, `"`+identity[0]+`"`, `"x.y"`)
		checkReceipt(t, i.Ingest(t.Context(), deliver(body)), bridge.Published, "qlik.other", "")
		checkReceipt(t, i.Ingest(t.Context(), deliver(body)), bridge.Duplicate, "", "")
	}
}

// TestDedupeNil asserts that nil remembers nothing.
func TestDedupeNil(t *testing.T) {
	i := newIngester(t, acknowledging{})
	i.Dedupe = bridge.NewDedupe(0)
	if i.Dedupe != nil || i.Dedupe.Remember("s", "e") || i.Dedupe.Published(&bridge.Event{}) {
		t.Error("got a window, want nil that remembers nothing")
	}
	for range 2 {
		checkReceipt(t, i.Ingest(t.Context(), deliver(appEvent("a"))), bridge.Published, "qlik.apps", "")
	}
}

// BenchmarkDedupe is the memory of a full window through which as many events as it holds have gone again.
func BenchmarkDedupe(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				i := newIngester(b, acknowledging{})
				i.Dedupe = bridge.NewDedupe(size)
				for n := range size {
					i.Dedupe.Remember("com.qlik/engine", strconv.Itoa(n))
				}
				full := heap()
				for n := range size {
					i.Ingest(b.Context(), deliver(appEvent("e"+strconv.Itoa(n))))
				}
				b.ReportMetric(float64(full-before)/float64(size), "B/id")
				b.ReportMetric(float64(heap()-before)/float64(size), "B/id-later")
				runtime.KeepAlive(i)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
