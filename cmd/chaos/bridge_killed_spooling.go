package main

import (
	"math/rand/v2"
	"time"
)

// bridgeKilledSpooling kills the bridge while its spool is all that there is: a 200 that was answered before the entry was written is a
// loss. What only a lost machine loses, a write without fsync, a kill does not show.
var bridgeKilledSpooling = scenario{
	name:       "bridge-killed-spooling",
	about:      "all brokers are away, and the bridge is killed (-9) at random moments and started again on the same spool, eight times",
	duplicates: "events that the dead bridge had spooled without having answered: the sender posts them again, and both entries are replayed",
	short:      true,
	run: func(s *stage) {
		b := s.startBridge()
		s.send(b.url())
		s.published(500)
		s.kill(0, 1, 2)
		s.noticed(500)
		for range 8 {
			s.acknowledged(100)
			s.sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
			s.crash(b)
		}
		s.wantSpooled(1000)
		s.restart(0, 1, 2)
		s.published(500)
	},
}
