package bridge_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
)

// TestReplayDeadLetters asserts that an entry that Kafka will never take becomes a dead letter, byte for byte, even where the dead-letter
// topic cannot be written at first.
func TestReplayDeadLetters(t *testing.T) {
	withRig(t, func(r *rig) {
		big := " " + appEvent("big") + "\n"
		tooLarge, away := &bridge.Refusal{Reason: bridge.RecordTooLarge, Err: errors.New("too large")}, &bridge.Refusal{Reason: bridge.NotAuthorized, Err: errors.New("no")}
		r.turn("a")
		checkReceipt(t, <-r.send(big), bridge.Spooled, "qlik.apps", bridge.Spooling)
		r.fill("b", 1)
		answering := func(dead error) {
			r.broker.answering(func(record *bridge.Record) error {
				switch {
				case record.Topic == "qlik.dead-letter":
					return dead
				case nameOf(record) == "big":
					return tooLarge
				}
				return nil
			})
		}
		answering(away)
		r.broker.acknowledge()
		time.Sleep(time.Second)
		answering(nil)
		time.Sleep(10 * time.Second)
		r.checkHeld(0)
		_, accepted, _ := r.broker.names()
		if slices.Sort(accepted); !slices.Equal(accepted, []string{"a", "b000", "dead " + big}) {
			t.Errorf("got %q, want a, b000, and big as a dead letter", accepted)
		}
		i := slices.IndexFunc(r.broker.accepted, func(record *bridge.Record) bool { return record.Topic == "qlik.dead-letter" })
		if got := headersOf(r.broker.accepted[i]); got["reason"] != string(bridge.RecordTooLarge) || got["ce_id"] != "big" {
			t.Errorf("got headers %v, want the reason and the id", got)
		}
	})
}

// TestReplayDeadLettersAreNoDuplicates asserts that an event that was spooled, and became a dead letter by replay, is published when it is sent
// again after what kept it out was mended; and not once more after that.
func TestReplayDeadLettersAreNoDuplicates(t *testing.T) {
	withRig(t, func(r *rig) {
		r.ingester.Dedupe = bridge.NewDedupe(10)
		r.turn("a")
		checkReceipt(t, <-r.send(appEvent("big")), bridge.Spooled, "qlik.apps", bridge.Spooling)
		checkReceipt(t, <-r.send(appEvent("big")), bridge.Duplicate, "", "") // it waits
		r.broker.answering(func(record *bridge.Record) error {
			if nameOf(record) == "big" {
				return &bridge.Refusal{Reason: bridge.RecordTooLarge, Err: errors.New("too large")}
			}
			return nil
		})
		r.broker.acknowledge()
		r.checkHeld(0)
		r.broker.answering(yes)
		checkReceipt(t, <-r.send(appEvent("big")), bridge.Published, "qlik.apps", "")
		checkReceipt(t, <-r.send(appEvent("big")), bridge.Duplicate, "", "")
		r.checkAccepted("a", "dead "+appEvent("big"), "big")
	})
}

// TestReplayOfDeadLetters asserts that what is no event waits in a lane too, and becomes the same dead letter as at the door.
func TestReplayOfDeadLetters(t *testing.T) {
	withRig(t, func(r *rig) {
		got := r.send("{\"x\xff\n")
		r.broker.refuse(bridge.NotAuthorized)
		checkReceipt(t, <-got, bridge.Spooled, "qlik.dead-letter", bridge.NotAuthorized)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		r.broker.acknowledge()
		r.checkAccepted("dead {\"x\xff\n")
		if got := headersOf(r.broker.accepted[0])["reason"]; got != string(bridge.InvalidUTF8) {
			t.Errorf("got the reason %s, want %s", got, bridge.InvalidUTF8)
		}
		r.checkHeld(0)
	})
}

// TestReplayPoison asserts that an entry that not even the dead-letter topic takes is kept on disk byte for byte, is tried again while the disk
// fails, and then holds up nothing.
func TestReplayPoison(t *testing.T) {
	withRig(t, func(r *rig) {
		big := " " + appEvent("big") + "\n"
		r.turn("a")
		checkReceipt(t, <-r.send(big), bridge.Spooled, "qlik.apps", bridge.Spooling)
		r.fill("b", 1)
		log := r.spool.log("apps")
		log.asideErr = errors.New("the disk says no")
		r.broker.answering(func(record *bridge.Record) error {
			if record.Topic == "qlik.dead-letter" || nameOf(record) == "big" {
				return &bridge.Refusal{Reason: bridge.RecordTooLarge, Err: errors.New("too large")}
			}
			return nil
		})
		r.broker.acknowledge()
		synctest.Wait()
		if got := log.setAside(); len(got) > 0 {
			t.Fatalf("got %q set aside by a disk that failed", got)
		}
		time.Sleep(10 * time.Second)
		r.checkHeld(0)
		if got := log.setAside(); !slices.Equal(got, []string{big}) {
			t.Errorf("got set aside %q, want %q", got, big)
		}
		_, accepted, _ := r.broker.names()
		if slices.Sort(accepted); !slices.Equal(accepted, []string{"a", "b000"}) {
			t.Errorf("got accepted %q, want a and b000", accepted)
		}
	})
}

// TestReplayOfManyUnwanted asserts that entries which Kafka refuses for good, among others and at any time, become dead letters, each once, and that
// the others are published, each once and in order.
func TestReplayOfManyUnwanted(t *testing.T) {
	for seed := range uint64(20) {
		withRig(t, func(r *rig) {
			random := rand.New(rand.NewPCG(seed, 0))
			r.turn("a")
			ids := r.fill("b", 100)
			r.broker.acknowledge("a")
			for settled := 0; settled < 1000; settled++ {
				_, _, held := r.broker.names()
				if len(held) == 0 {
					break
				}
				name := held[random.IntN(len(held))]
				if strings.HasSuffix(name, "7") || strings.HasSuffix(name, "3") {
					r.broker.refuse(bridge.RecordTooLarge, name)
				} else {
					r.broker.acknowledge(name)
				}
			}
			r.checkHeld(0)
			_, accepted, _ := r.broker.names()
			var letters []string
			for _, name := range accepted {
				if strings.HasPrefix(name, "dead ") {
					letters = append(letters, name)
				}
			}
			if len(letters) != 20 || len(accepted) != len(ids)+1 {
				t.Errorf("seed %d: got %d records, %d of them dead letters; want %d and 20", seed, len(accepted), len(letters), len(ids)+1)
			}
			slices.Sort(accepted)
			if got := len(slices.Compact(accepted)); got != len(ids)+1 {
				t.Errorf("seed %d: got %d different records, want %d", seed, got, len(ids)+1)
			}
		})
	}
}
