package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafkatest"
)

// TestDoctorOnKafka runs the doctor against a real Kafka that allows nothing but what ACLs say. It asserts that
//   - of a bridge in order nothing is said but that the clock may not be asked, and with that right nothing at all
//   - a wrong password, TLS where there is none and the reverse, and a right that is missing are named, with what to do
//   - one record is left in the topics by each round trip, and nothing else
func TestDoctorOnKafka(t *testing.T) {
	if os.Getenv("REAL_KAFKA") != "1" && os.Getenv("REQUIRE_KAFKA") != "1" {
		t.Skip("needs a real Kafka: REAL_KAFKA=1 go test ./cmd/qlik-bridge -run DoctorOnKafka, without -short")
	}
	r := &realKafka{binary: filepath.Join(t.TempDir(), "qlik-bridge"), secrets: realFile(t, "secrets", strings.Repeat("s3cret-", 6)+"\n"),
		cluster: kafkatest.New(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Security: true,
			Properties: map[string]string{"allow.everyone.if.no.acl.found": "false"}})}
	out, err := exec.Command("go", "build", "-o", r.binary, ".").CombinedOutput()
	realMust(t, "build: "+string(out), err)
	r.keyring, err = bridge.LoadKeyring(r.secrets)
	realMust(t, "read the secrets", err)
	topics := kadm.NewACLs().Topics(realPrefix).ResourcePatternType(kadm.ACLPatternPrefixed)
	r.allow(t, topics.Operations(kadm.OpRead, kadm.OpWrite, kadm.OpCreate, kadm.OpAlter, kadm.OpDescribeConfigs, kadm.OpAlterConfigs))
	s := r.serve(t, r.secured(t)...)

	t.Run("in order", func(t *testing.T) { r.inOrder(t, s) })
	t.Run("a wrong password", func(t *testing.T) {
		r.examine(t, s, 1, "QLIK_BRIDGE_KAFKA_SASL_PASSWORD_FILE="+realFile(t, "password", "wrong\n")).
			says(t, "login", "FAILED", "refused the login", "kafka.sasl.password_file")
	})
	t.Run("plain text to TLS", func(t *testing.T) {
		r.examine(t, s, 1, "QLIK_BRIDGE_KAFKA_TLS_ENABLED=false", "QLIK_BRIDGE_KAFKA_TLS_CA_FILE=").says(t, "login", "FAILED", "speaks TLS", "kafka.tls.enabled to true")
	})
	t.Run("TLS to plain text", func(t *testing.T) {
		r.examine(t, s, 1, "QLIK_BRIDGE_KAFKA_BROKERS="+r.cluster.Brokers()[0]).says(t, "tls", "FAILED", "plain text", "kafka.tls.enabled to false")
	})
	t.Run("a right that is missing", func(t *testing.T) { r.missing(t, s) })
}

// secured is the login of the user bridge by SCRAM over TLS.
func (r *realKafka) secured(t *testing.T) []string {
	t.Helper()
	s := r.cluster.Security()
	return []string{
		"QLIK_BRIDGE_KAFKA_BROKERS=" + s.SASLSSL, "QLIK_BRIDGE_KAFKA_TLS_ENABLED=true", "QLIK_BRIDGE_KAFKA_TLS_CA_FILE=" + s.CAFile,
		"QLIK_BRIDGE_KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "QLIK_BRIDGE_KAFKA_SASL_USERNAME=" + s.User,
		"QLIK_BRIDGE_KAFKA_SASL_PASSWORD_FILE=" + realFile(t, "password", s.Scram512Password+"\n"),
	}
}

// examine runs the doctor beside a bridge, with the bridge's settings and others.
func (r *realKafka) examine(t *testing.T, s *running, code int, others ...string) doctorReport {
	t.Helper()
	u, err := url.Parse(s.url)
	realMust(t, "read the URL", err)
	env := append([]string{"QLIK_BRIDGE_SECRETS_FILE=" + r.secrets, "QLIK_BRIDGE_TOPICS_PREFIX=" + realPrefix,
		"QLIK_BRIDGE_LISTEN=" + u.Host, "QLIK_BRIDGE_ADMIN_LISTEN=" + strings.TrimPrefix(s.admin, "http://")}, r.secured(t)...)
	got := runWith(t, "", append(env, others...), "doctor", "-o", "json")
	t.Logf("%s", runWith(t, "", append(env, others...), "doctor", "--no-round-trip").out)
	return reportOf(t, got, code)
}

// says asserts that there is a finding with these parts.
func (r doctorReport) says(t *testing.T, check, status, found, remedy string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Check == check && f.Status == status && strings.Contains(f.Found, found) && strings.Contains(f.Remedy, remedy) {
			return
		}
	}
	text, _ := json.MarshalIndent(r.Findings, "", " ")
	t.Errorf("no finding %s %s with %q and %q in %s", status, check, found, remedy, text)
}

func (r *realKafka) inOrder(t *testing.T, s *running) {
	before := r.records(t)
	report := r.examine(t, s, 0)
	if report.Skipped != 1 {
		t.Errorf("got %d skipped, want the clock alone", report.Skipped)
	}
	report.says(t, "clock", "skipped", "Describe on the cluster", "")
	report.says(t, "record", "ok", "id and data as sent", "")
	r.allow(t, kadm.NewACLs().Clusters().Operations(kadm.OpDescribe))
	report = r.examine(t, s, 0)
	for _, f := range report.Findings {
		if ends := f.Check == "tls" && f.Status == "warning"; f.Status != "ok" && !ends { // kafkatest's certificates are for hours
			t.Errorf("got %+v, want ok", f)
		}
	}
	report.says(t, "clock", "ok", "of controller 0 agrees with ours", "")
	if after := r.records(t); after != before+2 {
		t.Errorf("got %d records more after two round trips, want 2", after-before)
	}
}

// records counts those in the topics of the bridge.
func (r *realKafka) records(t *testing.T) int { return len(r.stored(t)) }

// missing takes the right to write to one topic away.
func (r *realKafka) missing(t *testing.T, s *running) {
	before := r.records(t)
	deny := kadm.NewACLs().Topics(realPrefix + "users").ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpWrite).Deny("User:" + r.cluster.Security().User).DenyHosts()
	r.acl(t, deny)
	report := r.examine(t, s, 1)
	report.says(t, "acl", "FAILED", "not authorised on 1 of 31 topics ("+realPrefix+"users)", "--operation Write")
	report.says(t, "round trip", "ok", "published", "")
	if after := r.records(t); after != before+1 {
		t.Errorf("got %d records more after one round trip, want 1", after-before)
	}
}

func (r *realKafka) allow(t *testing.T, b *kadm.ACLBuilder) {
	t.Helper()
	r.acl(t, b.Allow("User:"+r.cluster.Security().User).AllowHosts())
}

// acl makes ACLs, and waits until the broker has them.
func (r *realKafka) acl(t *testing.T, b *kadm.ACLBuilder) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(r.cluster.Brokers()...))
	realMust(t, "make a client", err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), realPatience)
	defer cancel()
	admin := kadm.NewClient(c)
	made, err := admin.CreateACLs(ctx, b)
	realMust(t, "make an ACL", errors.Join(err, made[0].Err))
	realEventually(t, "have the ACLs", func() error {
		found, err := admin.DescribeACLs(ctx, b)
		for _, f := range found {
			if len(f.Described) == 0 {
				return errors.New("not yet")
			}
		}
		return err
	})
}
