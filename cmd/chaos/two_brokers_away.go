package main

import "time"

// twoBrokersAway leaves one of three: min.insync.replicas is 2, so the one that is left may acknowledge nothing. The load
// goes on while they come back, so that the spool is replayed with new events behind it.
var twoBrokersAway = scenario{
	name:       "two-brokers-away",
	about:      "two of three brokers are killed (-9) for 20 s and restarted, under load all the time",
	duplicates: allBrokersAway.duplicates,
	run: func(s *stage) {
		s.send(s.startBridge().url())
		s.published(500)
		one := s.leader("apps")
		other := (one + 1) % 3
		s.kill(one, other)
		s.noticed(500)
		s.sleep(20 * time.Second)
		s.wantSpooled(1000)
		s.restart(one, other)
		s.published(1000)
	},
}
