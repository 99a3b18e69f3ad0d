package main

import (
	"path/filepath"
	"time"
)

// spoolDiskFull gives the spool a disk of 8 MB and no Kafka: when it is full, there is nothing left but a 503. And it must come back
// from there: to take entries out of a spool, too, something has to be written.
var spoolDiskFull = scenario{
	name:       "spool-disk-full",
	about:      "the spool is on a disk of 8 MB while all brokers are away: 503 once it is full, and all of it is replayed when they are back",
	duplicates: "as all-brokers-away; and entries that were replayed but could not be taken out of the full spool",
	run: func(s *stage) {
		disk := s.smallDisk("small-disk", 8)
		b := s.startBridge("QLIK_BRIDGE_SPOOL_DIR=" + filepath.Join(disk, "spool"))
		s.send(b.url())
		s.published(500)
		s.kill(0, 1, 2)
		s.sleep(3 * ackTimeout) // what was in flight is answered
		s.wantSpooled(100)
		s.refused(300)
		s.sleep(5 * time.Second)
		s.expect(b.ready() != nil, "/readyz says 200 with a full spool and without Kafka")
		s.restart(0, 1, 2)
		s.published(1000)
	},
}

// refused waits for n more answers 503.
func (s *stage) refused(n int64) {
	from := s.tally()
	s.until("deliveries are answered 503", patience, func() error { return atLeast(s.tally().refused-from.refused, n) })
}
