package main

import (
	"math/rand/v2"
	"time"
)

// bridgeKilled kills the bridge again and again at moments that nothing of it has a say in.
var bridgeKilled = scenario{
	name:  "bridge-killed",
	about: "the bridge is killed (-9) at random moments under load and started again on the same port and spool, twenty times",
	duplicates: "records that Kafka had, or that were in the dead bridge's spool, when the answer could not be given any more: the sender posts the event " +
		"again, and a bridge that has just been started may not know yet what the one before it published",
	short: true,
	run: func(s *stage) {
		b := s.startBridge()
		s.send(b.url())
		for range s.times(20, 8) {
			s.acknowledged(100)
			s.sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
			s.crash(b)
		}
		s.published(500)
	},
}

// crash kills a bridge and starts it again at once.
func (s *stage) crash(b *bridge) {
	b.kill()
	s.kills++
	s.say("kill -9 of %s, start", b.name)
	s.must("start the bridge again", b.start())
}
