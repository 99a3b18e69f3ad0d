package kafka_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"qlikbridge/bridge/kafka"
)

// TestProbeLogin asserts that each way in which a broker and a configuration do not fit is told apart, on brokers with and without a login
// and with and without TLS. To a wrong password kfake hangs up.
func TestProbeLogin(t *testing.T) {
	t.Parallel()
	ca := issue(t, "CA", nil)
	server := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{issue(t, "localhost", ca).pair()}}
	demanding := server.Clone()
	demanding.ClientAuth = tls.RequireAnyClientCert
	open, secured := startFake(t).Brokers()[0], startFake(t, kfake.TLS(server)).Brokers()[0]
	asking := startFake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "bridge", rightPassword)).Brokers()[0]
	closed := startFake(t, kfake.TLS(demanding)).Brokers()[0]
	trusting := kafka.TLSConfig{Enabled: true, CAFile: file(t, "ca.pem", ca.pem())}
	for _, tt := range []struct {
		name   string
		broker string
		tls    kafka.TLSConfig
		sasl   kafka.SASLConfig
		want   error
	}{
		{"nothing wanted", open, kafka.TLSConfig{}, kafka.SASLConfig{}, nil},
		{"TLS", secured, trusting, kafka.SASLConfig{}, nil},
		{"a login", asking, kafka.TLSConfig{}, login(t, "PLAIN", rightPassword), nil},
		{"a wrong password", asking, kafka.TLSConfig{}, login(t, "PLAIN", "wrong"), kafka.ErrHungUp},
		{"no login where one is wanted", asking, kafka.TLSConfig{}, kafka.SASLConfig{}, kafka.ErrWantsLogin},
		{"a mechanism that is not offered", asking, kafka.TLSConfig{}, kafka.SASLConfig{Mechanism: "OAUTHBEARER"}, kafka.ErrMechanism},
		{"a login where none is wanted", open, kafka.TLSConfig{}, login(t, "PLAIN", rightPassword), kafka.ErrNoLogin},
		{"plain text where TLS is wanted", secured, kafka.TLSConfig{}, kafka.SASLConfig{}, kafka.ErrWantsTLS},
		{"no client certificate where one is wanted", closed, trusting, kafka.SASLConfig{}, kafka.ErrNoWelcome},
		{"a CA that is not known", secured, kafka.TLSConfig{Enabled: true}, kafka.SASLConfig{}, x509.UnknownAuthorityError{}},
		{"nobody", "127.0.0.1:1", kafka.TLSConfig{}, kafka.SASLConfig{}, &net.OpError{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := kafka.DefaultConfig()
			c.TLS, c.SASL = tt.tls, tt.sasl
			err := c.Login(within(t, 10*time.Second), tt.broker)
			if got, want := kind(err), kind(tt.want); !errors.Is(err, tt.want) && got != want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// kind makes two errors of one type comparable.
func kind(err error) string {
	var authority x509.UnknownAuthorityError
	var op *net.OpError
	switch {
	case errors.As(err, &authority):
		return "authority"
	case errors.As(err, &op):
		return "network"
	case err == nil:
		return ""
	}
	return err.Error()
}

// TestHandshake asserts that the broker's certificate is shown whether it is to be trusted or not, with why not; and that a broker that
// speaks plain text is told from one that is away.
func TestHandshake(t *testing.T) {
	t.Parallel()
	ca := issue(t, "CA", nil)
	server := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{issue(t, "localhost", ca).pair()}}
	secured, open := startFake(t, kfake.TLS(server)).Brokers()[0], startFake(t).Brokers()[0]
	trusting := kafka.TLSConfig{Enabled: true, CAFile: file(t, "ca.pem", ca.pem())}
	other := trusting
	other.ServerName = "other.example"
	for _, tt := range []struct {
		name     string
		tls      kafka.TLSConfig
		distrust error
	}{
		{"trusted", trusting, nil},
		{"unknown authority", kafka.TLSConfig{Enabled: true}, x509.UnknownAuthorityError{}},
		{"another name", other, x509.HostnameError{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := kafka.DefaultConfig()
			c.TLS = tt.tls
			got, err := c.Handshake(within(t, patience), secured)
			must(t, "shake hands", err)
			if got.Broker.Subject.CommonName != "localhost" || got.Version != "TLS 1.3" {
				t.Errorf("got %v by %s, want localhost by TLS 1.3", got.Broker.Subject, got.Version)
			}
			switch tt.distrust.(type) {
			case nil:
				must(t, "trust it", got.Distrust)
			case x509.UnknownAuthorityError:
				if want := (x509.UnknownAuthorityError{}); !errors.As(got.Distrust, &want) {
					t.Errorf("got %v, want an unknown authority", got.Distrust)
				}
			case x509.HostnameError:
				if want := (x509.HostnameError{}); !errors.As(got.Distrust, &want) || got.ServerName != "other.example" {
					t.Errorf("got %v for %s, want another name", got.Distrust, got.ServerName)
				}
			}
		})
	}
	c := kafka.DefaultConfig()
	c.TLS = trusting
	if _, err := c.Handshake(within(t, 4*time.Second), open); !errors.Is(err, kafka.ErrPlainText) {
		t.Errorf("plain text: got %v, want %v", err, kafka.ErrPlainText)
	}
	if _, err := c.Handshake(within(t, 4*time.Second), "127.0.0.1:1"); err == nil || errors.Is(err, kafka.ErrPlainText) {
		t.Errorf("nobody: got %v, want an error of the network", err)
	}
}
