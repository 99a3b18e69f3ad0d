package main

import (
	"fmt"
	"syscall"
	"time"
)

// allBrokersAway is the long outage. Afterwards the replay is measured beside a bare producer: both alone on the same whole cluster. For
// that the bridge stands still (SIGSTOP) while the brokers start, which takes them all of the processors; that brokers come back while
// the bridge knocks and the sender posts is what two-brokers-away and bridge-killed-replaying show.
var allBrokersAway = scenario{
	name:  "all-brokers-away",
	about: "all brokers are killed (-9) for a long time (-outage), come back, and what was spooled is replayed",
	duplicates: "records that Kafka had taken when its brokers died, without their acknowledgement: posted again by the sender after a 503, or replayed " +
		"from the spool",
	short: true,
	run: func(s *stage) {
		b := s.startBridge()
		s.send(b.url())
		s.published(500)
		s.kill(0, 1, 2)
		s.noticed(500)
		s.say("away for %s", s.opt.outage)
		s.sleep(s.opt.outage)
		s.wantSpooled(int64(s.opt.outage.Seconds()) * int64(s.opt.rate) / 2)
		s.finishSending()
		s.compareReplay(b)
		s.send(b.url())
		s.published(1000)
	},
}

// compareReplay brings the brokers back and measures.
func (s *stage) compareReplay(b *bridge) {
	spooled, err := b.metric(spoolEvents)
	s.must("ask for the depth of the spool", err)
	s.must("stop the bridge", b.process.command.Process.Signal(syscall.SIGSTOP))
	defer func() { _ = b.process.command.Process.Signal(syscall.SIGCONT) }() // also where the brokers do not come back
	s.restart(0, 1, 2)
	s.must("let the bridge go on", b.process.command.Process.Signal(syscall.SIGCONT))
	if spooled < fewest {
		s.note("the replay cannot be measured: %.0f events are in the spool", spooled)
		return
	}
	replay := s.replayRate(b)
	bare, err := bareRate(s.ctx, s.cluster.Brokers(), s.prefix, int(spooled))
	s.must("measure a bare producer", err)
	s.note("%.0f events were in the spool; replayed at %.0f events/s, a bare franz-go producer wrote as many of the same records at %.0f/s: ratio %.2f",
		spooled, replay, bare, replay/bare)
}

// replayRate is in events per second, from the first replayed event to the last, of the bridge's own counters.
func (s *stage) replayRate(b *bridge) float64 {
	var first, last time.Time
	from := -1.0
	var replayed float64
	s.until("the spool is replayed", replayLimit, func() error {
		n, err := b.metric(spoolReplayed)
		if err != nil {
			return err
		}
		if from < 0 {
			from = n
		}
		if n > replayed && n > from {
			if last = time.Now(); first.IsZero() {
				first, from = last, n
			}
		}
		replayed = n
		left, err := b.metric(spoolEvents)
		if err == nil && left > 0 {
			err = fmt.Errorf("%.0f events are in the spool", left)
		}
		return err
	})
	return (replayed - from) / max(last.Sub(first).Seconds(), 0.001)
}
