package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"qlikbridge/bridge/proof"
)

// passwordChanged changes the password in Kafka first and in the bridge's file 10 s later. Kafka has clients log in anew every few seconds
// (connections.max.reauth.ms), so that the old one does not simply go on.
var passwordChanged = scenario{
	name:       "password-changed",
	about:      "the SCRAM password of the bridge is changed in Kafka, and 15 s later in the bridge's file",
	duplicates: "records that were in flight when the broker ended the connection",
	kafka:      securedBroker,
	run: func(s *stage) {
		b, file := s.startSecuredBridge()
		s.send(b.url())
		s.published(500)
		old := s.cluster.Security().Scram512Password
		defer s.setPassword(old) // for the scenario that follows
		s.setPassword("another-" + old)
		s.noticed(500)
		s.sleep(15 * time.Second)
		s.wantSpooled(500)
		s.say("the file has the new password")
		s.must("write the new password", os.WriteFile(file, []byte("another-"+old+"\n"), 0o600))
		s.published(2000)
		s.finishSending()
		s.drained()
	},
}

func (s *stage) setPassword(password string) {
	s.say("the password is changed in Kafka")
	s.must("change the password", proof.WithAdmin(s.ctx, s.cluster.Brokers(), func(ctx context.Context, admin *kadm.Client) error {
		done, err := admin.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{
			{User: s.cluster.Security().User, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: password}})
		return errors.Join(err, done.Error())
	}))
}
