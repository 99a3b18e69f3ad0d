package main

import (
	"fmt"
	"time"
)

// bridgeKilledReplaying kills the bridge in the middle of its replay, three times in one replay, while the sender goes on.
var bridgeKilledReplaying = scenario{
	name:  "bridge-killed-replaying",
	about: "all brokers are away for 25 s; when they are back, the bridge is killed (-9) three times while it replays, and started again",
	duplicates: "records that Kafka had acknowledged to the dead bridge, which had not yet taken them out of its spool: the next one replays them once " +
		"more, with the same id",
	short: true,
	run: func(s *stage) {
		b := s.startBridge()
		s.send(b.url())
		s.published(500)
		s.kill(0, 1, 2)
		s.noticed(500)
		s.sleep(25 * time.Second)
		s.wantSpooled(2000)
		depth, err := b.metric(spoolEvents)
		s.must("ask for the depth of the spool", err)
		back := make(chan error, 1)
		go func() { back <- heal(s.ctx, s.cluster) }()
		for _, share := range []float64{0.9, 0.6, 0.3} {
			s.crashBelow(b, depth*share)
		}
		s.must("bring the brokers back", <-back)
		s.published(500)
	},
}

// crashBelow kills the bridge as soon as fewer events than that are in its spool, which must not be empty then: nothing would be shown.
func (s *stage) crashBelow(b *bridge, depth float64) {
	left := depth
	s.until(fmt.Sprintf("fewer than %.0f events are in the spool", depth), replayLimit, func() (err error) {
		if left, err = b.metric(spoolEvents); err == nil && left > 0 && left >= depth {
			err = fmt.Errorf("%.0f are", left)
		}
		return err
	})
	s.expect(left > 0, "the spool was empty before the bridge could be killed while replaying")
	s.say("%.0f events are left in the spool", left)
	s.crash(b)
}
