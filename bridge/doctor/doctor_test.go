package doctor_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/doctor"
)

// TestHealthy asserts that of a bridge in order nothing is said but what the embedded Kafka cannot tell, that every check is there, and
// that one record is left behind, the round trip's own.
func TestHealthy(t *testing.T) {
	t.Parallel()
	k := startFake(t)
	c := serve(t, configure(t, k))
	found := examine(t, c)
	var checks []string
	for _, f := range found {
		if f.Status != doctor.OK && f.Check != "clock" {
			t.Errorf("got %+v, want ok", f)
		}
		checks = append(checks, f.Check)
	}
	want := []string{"configuration", "dns", "connect", "tls", "login", "cluster", "acl", "topics", "partitions", "clock", "spool", "bridge", "readiness", "round trip", "record"}
	if got := slices.Compact(checks); !slices.Equal(got, want) {
		t.Errorf("got the checks %v, want %v", got, want)
	}
	if n := records(t, k.Brokers()); n != 1 {
		t.Errorf("got %d records, want the one of the round trip", n)
	}
	without := examine(t, c, func(d *doctor.Doctor) { d.RoundTrip = false })
	for _, f := range without {
		if f.Check == "round trip" || f.Check == "record" {
			t.Errorf("got %+v without a round trip", f)
		}
	}
	if n := records(t, k.Brokers()); n != 1 {
		t.Errorf("got %d records after another examination without a round trip, want 1", n)
	}
}

// records counts those of all topics.
func records(t *testing.T, brokers []string) int {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	must(t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ends, err := kadm.NewClient(c).ListEndOffsets(ctx)
	must(t, err)
	n := 0
	ends.Each(func(o kadm.ListedOffset) { n += int(o.Offset) })
	return n
}

// TestFiles asserts what is said of the configuration's files, and that Kafka is looked at all the same.
func TestFiles(t *testing.T) {
	t.Parallel()
	k := startFake(t)
	ended := issue(t, nil, -2*time.Hour, -time.Hour)
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, c *app.Config)
		want   want
		kafka  doctor.Status // of the login
	}{
		{"no secrets file", func(_ *testing.T, c *app.Config) { c.SecretsFile = "" },
			want{"configuration", "", doctor.Failed, "secrets_file is missing", "config check"}, doctor.OK},
		{"a short secret", func(t *testing.T, c *app.Config) { c.SecretsFile = file(t, "secrets", "short\n") },
			want{"configuration", "", doctor.Failed, "5 characters", "correct the file"}, doctor.OK},
		{"two secrets", func(t *testing.T, c *app.Config) { c.SecretsFile = file(t, "secrets", secret+"\n"+secret+"2\n") },
			want{"configuration", "source qlik", doctor.OK, "1 active, 1 retiring", ""}, doctor.OK},
		{"a secret for everybody", func(t *testing.T, c *app.Config) { must(t, os.Chmod(c.SecretsFile, 0o644)) },
			want{"configuration", "secrets", doctor.Warning, "mode 0644", "chmod 600"}, doctor.OK},
		{"no CA file", func(_ *testing.T, c *app.Config) { c.Kafka.TLS.Enabled, c.Kafka.TLS.CAFile = true, "/none" },
			want{"configuration", "", doctor.Failed, "kafka.tls.ca_file", "correct the file"}, doctor.Skipped},
		{"no password file", func(_ *testing.T, c *app.Config) {
			c.Kafka.SASL.Mechanism, c.Kafka.SASL.Username, c.Kafka.SASL.PasswordFile = "PLAIN", "bridge", "/none"
		}, want{"configuration", "", doctor.Failed, "kafka.sasl.password_file", "correct the file"}, doctor.Skipped},
		{"an expired certificate of the ingress", func(t *testing.T, c *app.Config) { c.Ingress.TLS.CertFile, c.Ingress.TLS.KeyFile = ended.files(t) },
			want{"configuration", "ingress.tls.cert_file", doctor.Failed, "expired", "renew"}, doctor.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := configure(t, k)
			tt.change(t, &c)
			expect(t, examine(t, c), tt.want, want{check: "login", status: tt.kafka})
		})
	}
	misspelt := examine(t, configure(t, k), func(d *doctor.Doctor) { d.Environ = []string{"QLIK_BRIDGE_KAFKA_BROKER=x"} })
	expect(t, misspelt, want{"configuration", "QLIK_BRIDGE_KAFKA_BROKER", doctor.Warning, "no setting", "correct its name"})
}
