package doctor_test

import (
	"crypto/tls"
	"encoding/pem"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/doctor"
	"qlikbridge/bridge/kafka"
)

const rightPassword = "the-right-password"

// TestBroker asserts of each way in which a broker cannot be used that the step where it ends is named, with the remedy, and that what
// comes later is skipped for it.
func TestBroker(t *testing.T) {
	t.Parallel()
	ca := issue(t, nil, -time.Hour, time.Hour)
	trust := file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})))
	shows := func(from, until time.Duration) string {
		return startFake(t, kfake.TLS(&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{issue(t, ca, from, until).pair}})).Brokers()[0]
	}
	open, secured := startFake(t).Brokers()[0], shows(-time.Hour, time.Hour)
	expired, early := shows(-2*time.Hour, -time.Hour), shows(time.Hour, 2*time.Hour)
	asking := startFake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "bridge", rightPassword)).Brokers()[0]
	withTLS := func(c *app.Config) { c.Kafka.TLS = kafka.TLSConfig{Enabled: true, CAFile: trust} }
	for _, tt := range []struct {
		name, broker string
		change       func(c *app.Config)
		want         []want
	}{
		{"no such host", "nowhere.invalid:9092", func(*app.Config) {}, []want{
			{"dns", "nowhere.invalid:9092", doctor.Failed, "", "DNS"}, {"connect", "nowhere", doctor.Skipped, "needs dns", ""},
			{"login", "nowhere", doctor.Skipped, "needs dns", ""}, {"cluster", "", doctor.Skipped, "needs login", ""},
			{"acl", "", doctor.Skipped, "needs cluster", ""}, {"topics", "", doctor.Skipped, "needs cluster", ""}, {"clock", "", doctor.Skipped, "needs cluster", ""}}},
		{"nobody", "127.0.0.1:1", func(*app.Config) {}, []want{
			{"connect", "127.0.0.1:1", doctor.Failed, "nothing listens there", "correct kafka.brokers"}, {"login", "", doctor.Skipped, "needs connect", ""}}},
		{"a certificate that ends soon", secured, withTLS, []want{
			{"tls", secured, doctor.Warning, "0 days left", "renew"}, {"login", "", doctor.OK, "none needed", ""}}},
		{"an expired certificate", expired, withTLS, []want{{"tls", expired, doctor.Failed, "expired at", "renew it"}, {"login", "", doctor.Skipped, "needs tls", ""}}},
		{"a certificate that does not hold yet", early, withTLS, []want{{"tls", early, doctor.Failed, "not valid before", "clock"}}},
		{"another CA", secured, func(c *app.Config) { c.Kafka.TLS.Enabled = true }, []want{{"tls", "", doctor.Failed, "unknown authority", "kafka.tls.ca_file"}}},
		{"another name", secured, func(c *app.Config) { withTLS(c); c.Kafka.TLS.ServerName = "other.example" }, []want{
			{"tls", "", doctor.Failed, "not other.example", "kafka.tls.server_name to one of its names ([localhost]"}}},
		{"TLS to plain text", open, func(c *app.Config) { c.Kafka.TLS.Enabled = true }, []want{{"tls", "", doctor.Failed, "plain text", "kafka.tls.enabled to false"}}},
		{"plain text to TLS", secured, func(*app.Config) {}, []want{{"login", "", doctor.Failed, "speaks TLS", "kafka.tls.enabled to true"}}},
		{"a wrong password", asking, func(c *app.Config) { c.Kafka.SASL = plainLogin(t, "wrong") }, []want{
			{"login", asking, doctor.Failed, "hung up at the login", "kafka.sasl.password_file"}, {"login", "", doctor.Warning, "without TLS", "kafka.tls.enabled"}}},
		{"no login", asking, func(*app.Config) {}, []want{{"login", "", doctor.Failed, "who does not log in", "set kafka.sasl.mechanism"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := configure(t, startFake(t))
			c.Kafka.Brokers = []string{tt.broker}
			tt.change(&c)
			expect(t, examine(t, c), tt.want...)
		})
	}
}

func plainLogin(t *testing.T, password string) kafka.SASLConfig {
	t.Helper()
	return kafka.SASLConfig{Mechanism: "PLAIN", Username: "bridge", PasswordFile: file(t, "password", password+"\n")}
}

// TestSeeds asserts that with one broker of several that lets the bridge in, what depends on Kafka is looked at.
func TestSeeds(t *testing.T) {
	t.Parallel()
	c := configure(t, startFake(t))
	c.Kafka.Brokers = append([]string{"127.0.0.1:1"}, c.Kafka.Brokers...)
	expect(t, examine(t, c), want{"connect", "127.0.0.1:1", doctor.Failed, "", "start the broker"},
		want{check: "cluster", status: doctor.OK}, want{"topics", "", doctor.Warning, "31 changes", "serve does them"})
}

// TestAdvertised asserts that a broker which advertises an address that does not work from here is a failure, though the seed works.
func TestAdvertised(t *testing.T) {
	t.Parallel()
	k := startFake(t)
	k.Cluster().ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		response := request.ResponseKind().(*kmsg.MetadataResponse)
		response.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 7, Host: "127.0.0.1", Port: 1}}
		return response, nil, true
	})
	c := configure(t, k)
	expect(t, examine(t, c),
		want{"login", c.Kafka.Brokers[0], doctor.OK, "", ""},
		want{"connect", "broker 7, advertised as " + net.JoinHostPort("127.0.0.1", strconv.Itoa(1)), doctor.Failed, "nothing listens", "advertised.listeners"},
		want{"topics", "", doctor.Skipped, "needs cluster", ""})
}

// TestClientCertificate asserts that one which has expired is named, with the key.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ca := issue(t, nil, -time.Hour, time.Hour)
	c := configure(t, startFake(t))
	c.Kafka.TLS.Enabled = true
	c.Kafka.TLS.CertFile, c.Kafka.TLS.KeyFile = issue(t, ca, -2*time.Hour, -time.Hour).files(t)
	expect(t, examine(t, c), want{"configuration", "kafka.tls.cert_file", doctor.Failed, "expired at", "renew it"})
}
