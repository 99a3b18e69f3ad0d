package main

import (
	"net/http"
	"time"

	"qlikbridge/bridge/proof"
)

// rollingRestart does what a Deployment does: one instance after the other is asked to end and replaced, behind something that sends
// requests only where /readyz says 200. Not one request may fail.
var rollingRestart = scenario{
	name:       "rolling-restart",
	about:      "two bridges behind a balancer that follows /readyz; each is ended by SIGTERM and replaced, twice, and no request may fail",
	duplicates: "none are expected: nothing is sent twice",
	short:      true,
	run: func(s *stage) {
		// A bridge without drain_delay does not mind the variable.
		const drain = "QLIK_BRIDGE_DRAIN_DELAY=2s"
		s.startBridge(drain)
		s.startBridge(drain)
		s.send(s.startBalancer())
		s.published(500)
		for range 2 {
			for _, b := range s.bridges {
				s.replace(b)
			}
		}
		s.published(500)
		s.finishSending()
		s.expect(s.notOK() == 0, "%d requests failed", s.notOK())
	},
}

// replace ends one instance in order and starts its successor.
func (s *stage) replace(b *bridge) {
	took, code := b.stop()
	s.say("%s ended %.1f s after SIGTERM with code %d", b.name, took.Seconds(), code)
	s.expect(code == 0, "%s ended with code %d after SIGTERM", b.name, code)
	s.must("start its successor", b.start())
	s.until("the successor is ready", patience, b.ready)
	s.sleep(time.Second) // for the balancer to see it
	s.published(200)
}

// notOK counts the attempts that were not answered 200.
func (s *stage) notOK() (n int) {
	attempts, err := proof.ReadLedger(s.ledgerFile())
	s.must("read the ledger", err)
	for _, a := range attempts {
		if !a.GivenUp && a.Status != http.StatusOK {
			n++
		}
	}
	return n
}
