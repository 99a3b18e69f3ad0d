package kafkatest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"qlikbridge/bridge/kafkatest"
)

// TestSecurity asserts that
//   - each mechanism logs in with its own credentials, as the one user to whom a topic is allowed
//   - it is refused with others
//   - the listener for client certificates wants one, and takes the same user from it
//   - another principal logs in by its token, and the topic is not for it
//   - a certificate that has expired is seen, and one that replaces it is taken
func TestSecurity(t *testing.T) {
	c := kafkatest.New(t, kafkatest.Options{Security: true})
	s := c.Security()
	topic := createTopic(t, c, 1)
	allowOnly(t, c, s.User, topic)
	trusting := &tls.Config{RootCAs: pool(t, s.CAFile), MinVersion: tls.VersionTLS12}
	for _, tt := range []struct {
		name    string
		mech    sasl.Mechanism
		wrong   sasl.Mechanism
		refusal error
	}{
		{"PLAIN", plain.Auth{User: s.User, Pass: s.PlainPassword}.AsMechanism(),
			plain.Auth{User: s.User, Pass: s.Scram256Password}.AsMechanism(), kerr.SaslAuthenticationFailed},
		{"SCRAM-SHA-256", scram.Auth{User: s.User, Pass: s.Scram256Password}.AsSha256Mechanism(),
			scram.Auth{User: s.User, Pass: s.Scram512Password}.AsSha256Mechanism(), kerr.SaslAuthenticationFailed},
		{"SCRAM-SHA-512", scram.Auth{User: s.User, Pass: s.Scram512Password}.AsSha512Mechanism(),
			scram.Auth{User: s.User, Pass: s.PlainPassword}.AsSha512Mechanism(), kerr.SaslAuthenticationFailed},
		// The broker answers a refused token with a JSON challenge, at which franz-go stops with an error of no type.
		{"OAUTHBEARER", oauth.Auth{Token: s.OAuthToken(s.User, time.Hour)}.AsMechanism(),
			oauth.Auth{Token: s.OAuthToken(s.User, -time.Hour)}.AsMechanism(), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := login(t, s.SASLSSL, topic, trusting, kgo.SASL(tt.mech)); err != nil {
				t.Errorf("right credentials: %v", err)
			}
			err := login(t, s.SASLSSL, topic, trusting, kgo.SASL(tt.wrong))
			if err == nil || tt.refusal != nil && !errors.Is(err, tt.refusal) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("wrong credentials: got %v, want the refusal %v", err, tt.refusal)
			}
		})
	}
	t.Run("client certificate", func(t *testing.T) {
		cert, err := tls.LoadX509KeyPair(s.ClientCertFile, s.ClientKeyFile)
		must(t, "load the client's certificate", err)
		known := trusting.Clone()
		known.Certificates = []tls.Certificate{cert}
		if err := login(t, s.MTLS, topic, known); err != nil {
			t.Errorf("with the certificate: %v", err)
		}
		if err := login(t, s.MTLS, topic, trusting); err == nil {
			t.Error("without a certificate: got a login, want an error")
		}
	})
	t.Run("another principal", func(t *testing.T) {
		stranger := oauth.Auth{Token: s.OAuthToken("stranger", time.Hour)}.AsMechanism()
		err := login(t, s.SASLSSL, topic, trusting, kgo.SASL(stranger))
		if !errors.Is(err, kerr.TopicAuthorizationFailed) {
			t.Errorf("got %v, want %v", err, kerr.TopicAuthorizationFailed)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		err := login(t, s.SASLSSL, topic, &tls.Config{MinVersion: tls.VersionTLS12})
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) {
			t.Errorf("got %v, want an x509.UnknownAuthorityError", err)
		}
	})
	t.Run("expired and replaced", func(t *testing.T) {
		known := scram.Auth{User: s.User, Pass: s.Scram512Password}.AsSha512Mechanism()
		must(t, "replace by an expired one", s.ReplaceServerCertificate(time.Now().Add(-24*time.Hour)))
		must(t, "restart", c.Restart(within(t, time.Minute), 0))
		var invalid x509.CertificateInvalidError
		if err := login(t, s.SASLSSL, topic, trusting, kgo.SASL(known)); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
			t.Errorf("got %v, want an expired certificate", err)
		}
		must(t, "replace by a valid one", s.ReplaceServerCertificate(time.Now()))
		must(t, "restart", c.Restart(within(t, time.Minute), 0))
		if err := login(t, s.SASLSSL, topic, trusting, kgo.SASL(known)); err != nil {
			t.Errorf("with a valid certificate: %v", err)
		}
	})
}

// login connects and asks for the topic, once.
func login(t *testing.T, addr, topic string, conf *tls.Config, opts ...kgo.Opt) error {
	t.Helper()
	opts = append(opts, kgo.SeedBrokers(addr), kgo.DialTLSConfig(conf), kgo.RequestRetries(0))
	cl, err := kgo.NewClient(opts...)
	must(t, "make a client", err)
	defer cl.Close()
	topics, err := kadm.NewClient(cl).ListTopics(within(t, 20*time.Second), topic)
	if err != nil {
		return err
	}
	return topics.Error()
}

func allowOnly(t *testing.T, c *kafkatest.Cluster, user, topic string) {
	t.Helper()
	acl := kadm.NewACLs().Topics(topic).ResourcePatternType(kadm.ACLPatternLiteral).
		Operations(kadm.OpAll).Allow("User:" + user).AllowHosts()
	made, err := kadm.NewClient(client(t, c)).CreateACLs(within(t, time.Minute), acl)
	must(t, "make an ACL", errors.Join(err, made[0].Err))
}

func pool(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, "read the CA", err)
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(b) {
		t.Fatalf("no certificate in %s", file)
	}
	return p
}
