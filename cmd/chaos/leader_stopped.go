package main

import "time"

// A leader that stands still keeps its connections open and answers nothing: the worst kind of absence, since nobody is told.
var (
	leaderStopped5s  = leaderStopped("leader-stopped-5s", 5*time.Second, true)
	leaderStopped30s = leaderStopped("leader-stopped-30s", 30*time.Second, false)
)

func leaderStopped(name string, d time.Duration, short bool) scenario {
	return scenario{
		name:  name,
		about: "the broker that leads a partition is stopped (SIGSTOP) for " + d.String() + " with its connections open",
		duplicates: "records that had reached the stopped leader and were posted again by the sender after a 503; the first ones arrived when it " +
			"went on",
		short: short,
		exact: true,
		run: func(s *stage) {
			s.send(s.startBridge().url())
			s.published(500)
			s.standStill(s.leader("apps"), d)
			s.published(1000)
		},
	}
}
