package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// fill sends so many events of one key into a lane that spools.
func (r *rig) fill(prefix string, n int) (ids []string) {
	r.t.Helper()
	for k := range n {
		id := fmt.Sprintf("%s%03d", prefix, k)
		if got := <-r.send(appEvent(id)); got.Outcome != bridge.Spooled {
			r.t.Fatalf("got %s, %v of %s, want it spooled", got.Outcome, got.Why, id)
		}
		ids = append(ids, id)
	}
	return ids
}

// TestReplayOpensItsWindow asserts that one record tries Kafka, that more follow as it acknowledges, in order, and that a refusal closes the
// window again.
func TestReplayOpensItsWindow(t *testing.T) {
	withRig(t, func(r *rig) {
		r.turn("a")
		ids := append([]string{"a"}, r.fill("b", 40)...)
		for _, want := range []int{1, 2, 4, 8} {
			_, _, held := r.broker.names()
			if len(held) != want {
				t.Errorf("got %d in flight, want %d", len(held), want)
			}
			r.broker.acknowledge()
		}
		_, accepted, held := r.broker.names()
		if !slices.Equal(accepted, ids[:15]) || !slices.Equal(held, ids[15:31]) {
			t.Errorf("got %q, and %q in flight; want the order in which they came", accepted, held)
		}
		r.broker.refuse(bridge.NotEnoughReplicas)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if _, _, held = r.broker.names(); !slices.Equal(held, ids[15:16]) {
			t.Errorf("got %q in flight after a refusal, want the oldest alone", held)
		}
		r.broker.answering(yes)
		r.broker.acknowledge()
		r.checkAccepted(ids...)
		r.checkHeld(0)
	})
}

// TestReplayBeginsAnew asserts that a lane that turns again tries Kafka with one record, however many that took before, and with that only
// when its first produces have settled.
func TestReplayBeginsAnew(t *testing.T) {
	withRig(t, func(r *rig) {
		r.turn("a")
		r.fill("b", 20)
		r.broker.answering(yes)
		r.broker.acknowledge()
		r.broker.answering(nil)
		if got := <-r.send(appEvent("c")); got.Outcome != bridge.Spooled || got.Why.Reason != bridge.AckTimeout {
			t.Errorf("got %s, %v; want it spooled after ack_timeout", got.Outcome, got.Why)
		}
		r.fill("d", 5)
		if _, _, held := r.broker.names(); !slices.Equal(held, []string{"c"}) {
			t.Errorf("got %q in flight, want the first produce alone: it may be refused yet, and is not to be overtaken", held)
		}
		r.broker.acknowledge()
		if _, _, held := r.broker.names(); !slices.Equal(held, []string{"d000", "d001"}) {
			t.Errorf("got %q in flight, want as many as one acknowledgement opens the window for", held)
		}
		r.broker.answering(yes)
		r.broker.acknowledge()
		r.checkHeld(0)
	})
}

// TestReplayPauses asserts that the pause between two tries doubles up to a bound, and is short again after a success.
func TestReplayPauses(t *testing.T) {
	withRig(t, func(r *rig) {
		r.turn("a")
		r.fill("b", 1)
		for _, want := range []time.Duration{200, 400, 800, 1600, 3200, 5000, 5000} /* the first was 100 ms, in turn */ {
			want *= time.Millisecond
			r.broker.refuse(bridge.NotEnoughReplicas)
			time.Sleep(want - 1)
			synctest.Wait()
			if _, _, held := r.broker.names(); len(held) != 0 {
				t.Errorf("got a try before %v", want)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if _, _, held := r.broker.names(); len(held) != 1 {
				t.Errorf("got no try after %v", want)
			}
		}
		r.broker.acknowledge()
		r.broker.refuse(bridge.NotEnoughReplicas)
		time.Sleep(100 * time.Millisecond)
		r.broker.answering(yes)
		r.broker.acknowledge()
		r.checkHeld(0)
	})
}

// TestReplayRefusedAfterTheTurn asserts that a lane that is direct again while its last entries are in flight turns when Kafka refuses one of
// them, and that what was sent behind it stays behind it.
func TestReplayRefusedAfterTheTurn(t *testing.T) {
	withRig(t, func(r *rig) {
		r.turn("a1")
		r.fill("b", 2)
		r.broker.acknowledge("a1") // b000 and b001 are in flight, and nothing else waits
		got := r.send(appEvent("c1"))
		checkWaits(t, got)
		r.broker.refuse(bridge.NotEnoughReplicas)
		checkReceipt(t, <-got, bridge.Spooled, "qlik.apps", bridge.NotEnoughReplicas)
		r.checkHeld(3)
		r.broker.answering(yes)
		time.Sleep(time.Second)
		r.checkAccepted("a1", "b000", "b001", "c1")
		r.checkHeld(0)
	})
}

// TestReplayUnderLoad asserts that a lane is direct again soon after Kafka is, though deliveries come without a break and each waits for the
// disk.
func TestReplayUnderLoad(t *testing.T) {
	for _, every := range []time.Duration{100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond} {
		t.Run(every.String(), func(t *testing.T) {
			withRig(t, func(r *rig) {
				r.spool.log("apps").delay = 2 * time.Millisecond
				r.turn("a")
				outcomes := make(chan bridge.Outcome, 1000)
				for n := range 1000 {
					go func() {
						outcomes <- r.ingester.Ingest(context.Background(), deliver(appEvent(fmt.Sprint("c", n)))).Outcome
					}()
					time.Sleep(every)
					if n == 200 {
						r.broker.answering(yes)
						r.broker.acknowledge()
					}
				}
				time.Sleep(time.Second)
				counts := map[bridge.Outcome]int{}
				for range 1000 {
					counts[<-outcomes]++
				}
				if counts[bridge.Published] < 500 {
					t.Errorf("got %v, want most published", counts)
				}
				r.checkHeld(0)
			})
		})
	}
}

// TestReplayPassesOverDamage asserts that damaged entries, between others and at the end, do not hold up those behind them.
func TestReplayPassesOverDamage(t *testing.T) {
	withRig(t, func(r *rig) {
		log := r.spool.log("apps")
		r.turn("a")
		r.fill("b", 5)
		log.mu.Lock()
		log.lost = map[uint64]bool{2: true, 3: true, 6: true}
		log.readErr = &bridge.Refusal{Reason: bridge.SpoolError, Err: errors.New("a bad day")}
		log.mu.Unlock()
		r.broker.answering(yes)
		r.broker.acknowledge()
		time.Sleep(6 * time.Second) // after the error it is tried again
		r.checkAccepted("a", "b002", "b003")
		r.checkHeld(0)
		if got := <-r.send(appEvent("c")); got.Outcome != bridge.Published {
			t.Errorf("got %s, %v; want the lane direct", got.Outcome, got.Why)
		}
	})
}

// TestReplayAtStart asserts that what an earlier process left is replayed when it is known what that one published, without what is known,
// and in front of what comes in the meantime.
func TestReplayAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.broker.answer = yes
		r.ingester.Dedupe = bridge.NewDedupe(10)
		r.spool.log("apps").keep(appEvent("a1"), appEvent("a2"), appEvent("a3"))
		r.spool.log("other").keep(otherEvent("o1"))
		remembered := make(chan struct{})
		if err := r.ingester.Start(remembered); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.checkHeld(4)
		if got := r.ingester.Held().Oldest; !got.Equal(receivedAt) { // also while Kafka is away
			t.Errorf("got the oldest received at %v, want %v", got, receivedAt)
		}
		checkReceipt(t, <-r.send(appEvent("a4")), bridge.Spooled, "qlik.apps", bridge.Spooling)
		r.checkProduced()
		r.ingester.Dedupe.Remember("com.qlik/engine", "a2")
		close(remembered)
		synctest.Wait()
		r.checkHeld(0)
		_, accepted, _ := r.broker.names()
		accepted = slices.DeleteFunc(accepted, func(id string) bool { return strings.HasPrefix(id, "o") })
		if !slices.Equal(accepted, []string{"a1", "a3", "a4"}) {
			t.Errorf("got %q, want a1, a3 and a4", accepted)
		}
		checkReceipt(t, <-r.send(appEvent("a1")), bridge.Duplicate, "", "")
		r.stop()
	})
}

// TestReplayAfterAClockThatWasAhead asserts that what was received while the clock was a day ahead, an event or not, holds its family up no longer
// than until the clock is right: Kafka refuses a timestamp that is ahead. When it was received is what it was.
func TestReplayAfterAClockThatWasAhead(t *testing.T) {
	for name, body := range map[string]string{"an event": appEvent("1"), "a dead letter": "{"} {
		t.Run(name, func(t *testing.T) {
			withRig(t, func(r *rig) {
				r.broker.answering(func(record *bridge.Record) error {
					if record.Time.After(time.Now().Add(time.Hour)) {
						return &bridge.Refusal{Reason: bridge.KafkaError, Err: errors.New("INVALID_TIMESTAMP")}
					}
					return nil
				})
				d := deliver(body)
				d.ReceivedAt = time.Now().Add(24 * time.Hour)
				if got := r.ingester.Ingest(context.Background(), d); got.Outcome != bridge.Spooled {
					t.Fatalf("got %s, %v; want it spooled", got.Outcome, got.Why)
				}
				time.Sleep(time.Minute)
				r.checkHeld(0)
				received := d.ReceivedAt.Format(time.RFC3339Nano)
				for _, record := range r.broker.accepted {
					if got := headersOf(record)["received"]; got != received && !strings.Contains(string(record.Value), `"recordedtime":"`+received+`"`) {
						t.Errorf("got %s of %v, want %s in it, when it was received", record.Value, record.Headers, received)
					}
				}
			})
		})
	}
}

// TestReplayIsBounded asserts that what all families together have in flight is bounded, also when each of them could have more, that each has
// one in flight all the same, and that all of it comes through.
func TestReplayIsBounded(t *testing.T) {
	families := []string{"app.created", "core.user.created", "space.created", "v1.reload.finished", "core.tenant.created", "core.group.created"}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i, name := range families {
			family, _ := topics.Default().Lookup("com.qlik." + name)
			for n := range 60 {
				id := fmt.Sprintf("%d-%02d", i, n)
				r.spool.log(family.Family.Name).keep(`{"specversion":"1.0","id":"` + id + `","source":"s","type":"com.qlik.` + name + `","data":"` + strings.Repeat("x", 100_000) + `"}`)
			}
		}
		acked := map[string]int{}
		r.broker.answering(func(record *bridge.Record) error {
			if acked[record.Topic]++; acked[record.Topic] <= 30 { // the windows open
				return nil
			}
			return errHeld
		})
		r.start()
		used, flying := map[string]bool{}, 0
		for _, h := range r.broker.held {
			used[h.record.Topic] = true
			flying += len(h.record.Value)
		}
		if most := 4<<20 + len(families)*101_000; flying > most || flying < 4<<20 {
			t.Errorf("got %d bytes in flight, want from 4 MiB to %d", flying, most)
		}
		if len(used) != len(families) {
			t.Errorf("got %d topics with records in flight, want %d", len(used), len(families))
		}
		r.broker.answering(yes)
		r.broker.acknowledge()
		r.checkHeld(0)
		r.stop()
	})
}
