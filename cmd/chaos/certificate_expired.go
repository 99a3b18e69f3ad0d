package main

import "time"

// certificateExpired restarts the broker with a certificate of yesterday: the bridge must refuse it, keep what it promised, and go on by
// itself once the certificate is a good one.
var certificateExpired = scenario{
	name:       "certificate-expired",
	about:      "the broker is restarted with a certificate that has expired, and 10 s later with one that is valid",
	duplicates: "records that were in flight when the broker ended",
	kafka:      securedBroker,
	run: func(s *stage) {
		b, _ := s.startSecuredBridge()
		s.send(b.url())
		s.published(500)
		s.say("the certificate expires")
		s.must("replace the certificate by an expired one", s.cluster.Security().ReplaceServerCertificate(time.Now().Add(-24*time.Hour)))
		s.restart(0)
		s.noticed(500)
		s.sleep(10 * time.Second)
		s.wantSpooled(1000)
		s.say("the certificate is replaced")
		s.must("replace the certificate by a valid one", s.cluster.Security().ReplaceServerCertificate(time.Now()))
		s.restart(0)
		s.published(1000)
	},
}
