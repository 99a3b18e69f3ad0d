package main

import (
	"time"

	"qlikbridge/bridge/proof"
)

// clientHangsUp has a sender without patience, and a Kafka that answers late: what was handed over is still on its way when the next
// event of the same thing comes.
var clientHangsUp = scenario{
	name:       "client-hangs-up",
	about:      "the sender breaks off after 50 ms and posts the next event of the same key at once, while a leader is stopped (SIGSTOP) for 10 s",
	duplicates: "none are expected: what was broken off is not posted again",
	exact:      true,
	run: func(s *stage) {
		s.sendAs(&proof.Sender{URL: s.startBridge().url(), HangUp: 50 * time.Millisecond})
		s.published(500)
		s.standStill(s.leader("apps"), 10*time.Second)
		s.published(1000)
	},
}
