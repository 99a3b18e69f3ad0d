package kafka_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/kafkatest"
)

// TestProbesOnKafka asserts of a real Kafka what the tests beside this one assert of kfake, as far as the two may differ:
//   - how each connection that does not fit ends
//   - which operations ACLs allow, and that trying them leaves nothing behind
//   - that the controller tells its time, to who may ask
func TestProbesOnKafka(t *testing.T) {
	cluster := startReal(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Security: true,
		Properties: map[string]string{"allow.everyone.if.no.acl.found": "false"}})
	h, s := newHarness(t, cluster.Brokers()), cluster.Security()
	secure := h.config
	secure.Brokers, secure.TLS, secure.SASL = []string{s.SASLSSL}, kafka.TLSConfig{Enabled: true, CAFile: s.CAFile}, login(t, "PLAIN", s.PlainPassword)
	t.Run("logins", func(t *testing.T) { logins(t, s, secure, cluster.Brokers()[0]) })
	t.Run("permissions", func(t *testing.T) { permissions(t, h, s.User, secure) })
	t.Run("clock", func(t *testing.T) {
		got, err := connect(t, h.config).Clock(within(t, patience))
		must(t, "ask for the time", err)
		if got.Ahead.Abs() > got.Within+10*time.Millisecond {
			t.Errorf("got %s ± %s on one machine, want nothing", got.Ahead, got.Within)
		}
		t.Logf("%s ± %s", got.Ahead, got.Within)
		if _, err := connect(t, secure).Clock(within(t, patience)); !errors.Is(err, kafka.ErrDenied) {
			t.Errorf("without Describe on the cluster: got %v, want %v", err, kafka.ErrDenied)
		}
	})
}

func logins(t *testing.T, s *kafkatest.Security, right kafka.Config, plain string) {
	for _, tt := range []struct {
		name   string
		broker string
		change func(*kafka.Config)
		want   error
	}{
		{"right", s.SASLSSL, func(*kafka.Config) {}, nil},
		{"wrong password", s.SASLSSL, func(c *kafka.Config) { c.SASL = login(t, "PLAIN", "wrong") }, kafka.ErrCredentials},
		{"wrong SCRAM password", s.SASLSSL, func(c *kafka.Config) { c.SASL = login(t, "SCRAM-SHA-512", "wrong") }, kafka.ErrCredentials},
		{"no login", s.SASLSSL, func(c *kafka.Config) { c.SASL = kafka.SASLConfig{} }, kafka.ErrWantsLogin},
		{"another mechanism", s.SASLSSL, func(c *kafka.Config) { c.SASL = kafka.SASLConfig{Mechanism: "AWS_MSK_IAM"} }, kafka.ErrMechanism},
		{"plain text to TLS", s.SASLSSL, func(c *kafka.Config) { c.TLS = kafka.TLSConfig{} }, kafka.ErrWantsTLS},
		{"a login to none", plain, func(c *kafka.Config) { c.TLS = kafka.TLSConfig{} }, kafka.ErrNoLogin},
		{"no client certificate", s.MTLS, func(c *kafka.Config) { c.SASL = kafka.SASLConfig{} }, kafka.ErrNoWelcome},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := right
			tt.change(&c)
			if err := c.Login(within(t, 10*time.Second), tt.broker); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := right.Handshake(within(t, 5*time.Second), plain); !errors.Is(err, kafka.ErrPlainText) {
		t.Errorf("TLS to plain text: got %v, want %v", err, kafka.ErrPlainText)
	}
}

// permissions grants one operation after another.
func permissions(t *testing.T, h *harness, user string, c kafka.Config) {
	var granted []kadm.ACLOperation
	there := h.topic(t, 3, "max.message.bytes", "1048588")
	for _, step := range []struct {
		grant kadm.ACLOperation
		want  []string // allowed from then on
	}{
		{0, nil},
		{kadm.OpDescribe, []string{"Describe"}},
		{kadm.OpDescribeConfigs, []string{"Describe", "DescribeConfigs"}},
		{kadm.OpWrite, []string{"Describe", "DescribeConfigs", "IdempotentWrite", "Write"}},
		{kadm.OpCreate, []string{"Create", "Describe", "DescribeConfigs", "IdempotentWrite", "Write"}},
		{kadm.OpAlter, []string{"Alter", "Create", "Describe", "DescribeConfigs", "IdempotentWrite", "Write"}},
		{kadm.OpAlterConfigs, slices.Sorted(slices.Values(operations))},
	} {
		t.Run("with "+step.grant.String(), func(t *testing.T) {
			if step.grant != 0 {
				granted = append(granted, step.grant)
				acl := kadm.NewACLs().Topics(h.prefix).ResourcePatternType(kadm.ACLPatternPrefixed).Operations(granted...).Allow("User:" + user).AllowHosts()
				made, err := h.admin.CreateACLs(within(t, patience), acl)
				must(t, "make an ACL", errors.Join(err, made[0].Err))
			}
			eventually(t, func() error { // an ACL takes a moment to be everywhere
				allowed, err := untouched(t, h, c, there)
				if diff := cmp.Diff(step.want, allowed); err == nil && diff != "" {
					return errors.New(diff)
				}
				return err
			})
		})
	}
}
