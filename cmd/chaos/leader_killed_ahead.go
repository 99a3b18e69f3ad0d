package main

import "time"

// leaderKilledAhead kills a leader that is alone with what it has: its followers stand still, so that it takes records that nobody else
// has, and dies with them. A bridge that takes the leader's word for an acknowledgement (acks=1) loses them.
var leaderKilledAhead = scenario{
	name:  "leader-killed-ahead",
	about: "the followers are stopped (SIGSTOP) for 2 s, the leader is killed (-9), and the followers go on without what only it had; twice",
	duplicates: "records that came with the dead leader to one of the followers and were posted again by the sender after a 503, or replayed from the " +
		"spool",
	short: true,
	run: func(s *stage) {
		s.send(s.startBridge().url())
		for range 2 {
			s.published(500)
			leader := s.leader("apps")
			followers := []int{(leader + 1) % 3, (leader + 2) % 3}
			s.say("SIGSTOP of broker %v", followers)
			s.must("stop the followers", each(2, func(i int) error { return s.cluster.Pause(followers[i]) }))
			s.sleep(2 * time.Second) // less than it takes to be left out of the in-sync replicas
			s.kill(leader)
			s.must("let the followers go on", each(2, func(i int) error { return s.cluster.Resume(followers[i]) }))
			s.published(500)
			s.restart(leader)
		}
		s.published(500)
	},
}
