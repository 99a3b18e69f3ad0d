package main

// leaderKilled kills the broker that leads a partition, five times: what it had acknowledged must be on the others, and what it had not,
// the bridge must bring there in order.
var leaderKilled = scenario{
	name:  "leader-killed",
	about: "the broker that leads a partition is killed (-9) and restarted, five times",
	duplicates: "records that the dead leader had replicated but not acknowledged, posted again by the sender after a 503, or replayed from the spool " +
		"while their first way to Kafka came to an end as well",
	short: true,
	run: func(s *stage) {
		s.send(s.startBridge().url())
		for range s.times(5, 2) {
			s.published(500)
			leader := s.leader("apps")
			s.kill(leader)
			s.published(500)
			s.restart(leader)
		}
		s.published(500)
	},
}

// times is how often something is done, less often under -short.
func (s *stage) times(all, short int) int {
	if s.opt.short {
		return short
	}
	return all
}
