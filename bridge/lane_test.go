package bridge_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
)

func TestLaneDirect(t *testing.T) {
	withRig(t, func(r *rig) {
		got := r.send(appEvent("a1"))
		checkWaits(t, got)
		r.broker.acknowledge()
		checkReceipt(t, <-got, bridge.Published, "qlik.apps", "")
		if len(r.spool.Lanes()) != 0 {
			t.Errorf("got the logs %v, want none", r.spool.Lanes())
		}
		r.checkHeld(0)
	})
}

// TestLaneSpoolsInTime asserts that a record without an answer is on disk by ack_timeout, and that nobody is told so before it is.
func TestLaneSpoolsInTime(t *testing.T) {
	withRig(t, func(r *rig) {
		began := time.Now()
		log := r.spool.log("apps")
		log.delay = 300 * time.Millisecond
		got := <-r.send(appEvent("a1"))
		checkReceipt(t, got, bridge.Spooled, "qlik.apps", bridge.AckTimeout)
		if took := time.Since(began); took != 1300*time.Millisecond || len(log.left()) != 1 {
			t.Errorf("got the answer after %v with %d entries on disk, want 1.3 s and 1", took, len(log.left()))
		}
		r.checkHeld(1)
		if got := r.ingester.Held().Oldest; !got.Equal(receivedAt) {
			t.Errorf("got the oldest received at %v, want %v", got, receivedAt)
		}
	})
}

// TestLaneTellsTheOldest asserts that the age of what waits is known before replay has read it: while Kafka has not been there since the start, so
// that replay waits, and in a second outage while the first produce is under way.
func TestLaneTellsTheOldest(t *testing.T) {
	check := func(t *testing.T, r *rig, want time.Time) {
		t.Helper()
		if got := r.ingester.Held(); got.Events != 2 || !got.Oldest.Equal(want) {
			t.Errorf("got %d events, the oldest received at %v; want 2, and %v", got.Events, got.Oldest, want)
		}
	}
	late := func(r *rig, id string, after time.Duration) time.Time {
		d := deliver(appEvent(id))
		d.ReceivedAt = receivedAt.Add(after)
		go r.ingester.Ingest(context.Background(), d)
		synctest.Wait()
		return d.ReceivedAt
	}
	t.Run("Kafka away since the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			if err := r.ingester.Start(make(chan struct{})); err != nil {
				t.Fatal(err)
			}
			oldest := late(r, "a", time.Hour)
			r.broker.refuse(bridge.KafkaError)
			late(r, "b", 2*time.Hour)
			check(t, r, oldest)
			r.stop()
		})
	})
	t.Run("a second outage", func(t *testing.T) {
		withRig(t, func(r *rig) {
			r.turn("a")
			r.broker.acknowledge()
			r.checkHeld(0)
			oldest := late(r, "b", time.Hour)
			late(r, "c", 2*time.Hour)
			r.broker.refuse(bridge.NotEnoughReplicas, "b") // c may be refused yet
			check(t, r, oldest)
			r.broker.acknowledge()
		})
	})
}

// TestLaneWaitsForTheDisk asserts that a disk that does not answer is no success, whether the record was offered to Kafka or not.
func TestLaneWaitsForTheDisk(t *testing.T) {
	withRig(t, func(r *rig) {
		log := r.spool.log("apps")
		log.gate = make(chan struct{})
		first := r.send(appEvent("a1"))
		r.broker.refuse(bridge.NotAuthorized)
		second := r.send(appEvent("a2"))
		time.Sleep(700 * time.Millisecond)
		checkWaits(t, first)
		checkWaits(t, second)
		got := <-second
		checkReceipt(t, got, bridge.Failed, "qlik.apps", bridge.SpoolSlow)
		checkReceipt(t, <-first, bridge.Failed, "qlik.apps", bridge.SpoolSlow)
		close(log.gate)
		synctest.Wait()
	})
}

// TestLaneAppendFails asserts that an entry that the disk did not take is answered as failed, is not replayed though it can be read, and that
// the lane, which holds nothing, is direct again.
func TestLaneAppendFails(t *testing.T) {
	withRig(t, func(r *rig) {
		log := r.spool.log("apps")
		log.failure = &bridge.Refusal{Reason: bridge.SpoolError, Err: errors.New("no disk")}
		first, second := r.send(appEvent("a1")), r.send(appEvent("a2"))
		r.broker.refuse(bridge.NotAuthorized, "a1")
		checkReceipt(t, <-first, bridge.Failed, "qlik.apps", bridge.SpoolError)
		checkReceipt(t, <-second, bridge.Failed, "qlik.apps", bridge.SpoolError)
		r.broker.acknowledge("a2") // late, and of no entry
		r.checkHeld(0)
		time.Sleep(100 * time.Millisecond) // the pause after a refusal
		synctest.Wait()
		third := r.send(appEvent("a3"))
		r.broker.acknowledge()
		checkReceipt(t, <-third, bridge.Published, "qlik.apps", "")
		r.checkProduced("a1", "a2", "a3")
	})
}

// TestLaneTurns asserts that the first that is not acknowledged takes all others that are on their way along, in the order in which they came;
// that only replay produces from then on; and that none is replayed whose first produce is not settled.
func TestLaneTurns(t *testing.T) {
	withRig(t, func(r *rig) {
		a1, a2, a3 := r.send(appEvent("a1")), r.send(appEvent("a2")), r.send(appEvent("a3"))
		r.broker.refuse(bridge.NotEnoughReplicas, "a2")
		for _, got := range []<-chan bridge.Receipt{a1, a2, a3} {
			checkReceipt(t, <-got, bridge.Spooled, "qlik.apps", bridge.NotEnoughReplicas)
		}
		checkReceipt(t, <-r.send(appEvent("a4")), bridge.Spooled, "qlik.apps", bridge.Spooling)
		if diff := r.spool.log("apps").left(); len(diff) != 4 || diff[0] != appEvent("a1") || diff[1] != appEvent("a2") || diff[2] != appEvent("a3") {
			t.Errorf("got the entries %q, want them in the order in which they came", diff)
		}
		r.checkHeld(4)
		time.Sleep(time.Minute)
		r.checkProduced("a1", "a2", "a3") // a3 may be refused too
		r.broker.acknowledge("a1", "a3")  // late
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		r.checkProduced("a1", "a2", "a3", "a2", "a4") // the late ones have opened the window
		r.broker.acknowledge()
		r.checkHeld(0)
	})
}

// TestLaneLateRefusal asserts that an entry is replayed when its first produce is refused late, and with it nothing that came before is
// forgotten: all records that Kafka's client holds fail at once.
func TestLaneLateRefusal(t *testing.T) {
	withRig(t, func(r *rig) {
		a1, a2, a3 := r.send(appEvent("a1")), r.send(appEvent("a2")), r.send(appEvent("a3"))
		r.spool.log("apps").delay = 10 * time.Millisecond
		r.broker.refuse(bridge.KafkaError) // a1, then a2 and a3, which have entries by then
		for _, got := range []<-chan bridge.Receipt{a1, a2, a3} {
			checkReceipt(t, <-got, bridge.Spooled, "qlik.apps", bridge.KafkaError)
		}
		time.Sleep(time.Second)
		r.broker.answering(yes)
		r.broker.acknowledge()
		time.Sleep(time.Second)
		r.checkAccepted("a1", "a2", "a3")
		r.checkHeld(0)
	})
}

// TestLanesAreIndependent asserts that a family that is stuck holds up no other.
func TestLanesAreIndependent(t *testing.T) {
	withRig(t, func(r *rig) {
		r.turn("a1")
		got := r.send(otherEvent("o1"))
		r.broker.acknowledge("o1")
		checkReceipt(t, <-got, bridge.Published, "qlik.other", "")
		dead := r.send("<no event>")
		r.broker.acknowledge("dead <no event>")
		checkReceipt(t, <-dead, bridge.DeadLettered, "qlik.dead-letter", bridge.InvalidJSON)
		r.checkHeld(1)
	})
}

// TestLaneWithoutRoom asserts that a delivery that neither Kafka nor the spool takes has failed with a reason, and that the lane takes events
// again as soon as Kafka does.
func TestLaneWithoutRoom(t *testing.T) {
	full := &bridge.Refusal{Reason: bridge.SpoolFull, Err: errors.New("no room")}
	tests := []struct {
		name   string
		change func(*rig)
	}{
		{"full", func(r *rig) { r.spool.setFull(full) }},
		{"broken", func(r *rig) { r.spool.broken = &bridge.Refusal{Reason: bridge.SpoolError, Err: errors.New("no disk")} }},
		{"absent", func(r *rig) { r.ingester.Spool = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withRig(t, func(r *rig) {
				tt.change(r)
				got := r.send(appEvent("a1"))
				r.broker.refuse(bridge.NotAuthorized)
				checkReceipt(t, <-got, bridge.Failed, "qlik.apps", bridge.NotAuthorized)
				checkReceipt(t, <-r.send(appEvent("a2")), bridge.Failed, "qlik.apps", bridge.AckTimeout)
				r.broker.acknowledge()
				again := r.send(appEvent("a2"))
				r.broker.acknowledge()
				checkReceipt(t, <-again, bridge.Published, "qlik.apps", "")
				r.checkHeld(0)
			})
		})
	}
}

// TestLaneFillsUp asserts what happens when there is no room left in a lane that spools.
func TestLaneFillsUp(t *testing.T) {
	withRig(t, func(r *rig) {
		r.turn("a1")
		r.spool.setFull(&bridge.Refusal{Reason: bridge.SpoolFull, Err: errors.New("no room")})
		checkReceipt(t, <-r.send(appEvent("a2")), bridge.Failed, "qlik.apps", bridge.SpoolFull)
		r.checkHeld(1)
		r.broker.acknowledge()
		r.checkHeld(0)
		got := r.send(appEvent("a2"))
		r.broker.acknowledge()
		checkReceipt(t, <-got, bridge.Published, "qlik.apps", "")
	})
}

// TestStop asserts that the end comes in time though records never settle, that nothing is spooled or replayed any more, and that what Kafka
// has not acknowledged is kept.
func TestStop(t *testing.T) {
	withRig(t, func(r *rig) {
		a1, a2 := r.send(appEvent("a1")), r.send(appEvent("a2"))
		<-a1
		<-a2
		r.broker.refuse(bridge.KafkaError, "a1")
		checkReceipt(t, <-r.send(appEvent("a3")), bridge.Spooled, "qlik.apps", bridge.Spooling)
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		r.ingester.Stop(ctx)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("got the end after %v, want 2 s", took)
		}
		r.checkProduced("a1", "a2")
		if left := r.spool.log("apps").left(); len(left) != 3 {
			t.Errorf("got %q left, want all 3", left)
		}
		checkReceipt(t, <-r.send(appEvent("a4")), bridge.Failed, "qlik.apps", bridge.Closing)
		r.ingester = newRig(t).ingester // withRig stops this one
		r.start()
	})
}
