package app_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge/app"
	"qlikbridge/topics"
)

// TestValidate is every rule of the configuration: the error names the key.
func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*app.Config)
		want   string // in the error; "": none
	}{
		{name: "defaults", change: func(*app.Config) {}},
		{name: "listen without port", change: func(c *app.Config) { c.Listen = "localhost" }, want: `listen: "localhost"`},
		{name: "listen empty", change: func(c *app.Config) { c.Listen = "" }, want: "listen"},
		{name: "admin_listen", change: func(c *app.Config) { c.AdminListen = "9090" }, want: "admin_listen"},
		{name: "ack_timeout zero", change: func(c *app.Config) { c.AckTimeout = 0 }, want: "ack_timeout"},
		{name: "drain_timeout not longer", change: func(c *app.Config) { c.DrainTimeout = c.AckTimeout }, want: "drain_timeout"},
		{name: "drain_delay negative", change: func(c *app.Config) { c.DrainDelay = -1 }, want: "drain_delay"},
		{name: "drain_delay leaves no time", change: func(c *app.Config) { c.DrainDelay = c.DrainTimeout - c.AckTimeout }, want: "drain_delay 18s: 0s or more, and drain_timeout (20s) longer"},
		{name: "drain_delay", change: func(c *app.Config) { c.DrainDelay = c.DrainTimeout - c.AckTimeout - 1 }},
		{name: "rate_limit negative", change: func(c *app.Config) { c.RateLimit = -1 }, want: "rate_limit"},
		{name: "rate_limit no number", change: func(c *app.Config) { c.RateLimit = math.NaN() }, want: "rate_limit"},
		{name: "rate_limit endless", change: func(c *app.Config) { c.RateLimit = math.Inf(1) }, want: "rate_limit"},
		{name: "rate_burst negative", change: func(c *app.Config) { c.RateLimit, c.RateBurst = 1, -1 }, want: "rate_burst"},
		{name: "log.format", change: func(c *app.Config) { c.Log.Format = "xml" }, want: "log.format"},
		{name: "sources and secrets_file", change: func(c *app.Config) { c.Sources, c.SecretsFile = sources("a"), "/x" }, want: "secrets_file and sources"},
		{name: "sources: no name", change: func(c *app.Config) { c.Sources = sources("") }, want: "sources: name"},
		{name: "sources: a slash", change: func(c *app.Config) { c.Sources = sources("a/b") }, want: `sources: name "a/b"`},
		{name: "sources: upper case", change: func(c *app.Config) { c.Sources = sources("Acme") }, want: "sources: name"},
		{name: "sources: too long", change: func(c *app.Config) { c.Sources = sources(strings.Repeat("a", 64)) }, want: "sources: name"},
		{name: "sources: the longest", change: func(c *app.Config) { c.Sources = sources(strings.Repeat("a", 63)) }},
		{name: "sources: twice", change: func(c *app.Config) { c.Sources = sources("a", "b", "a") }, want: "sources: the name a"},
		{name: "sources: rate", change: func(c *app.Config) { c.Sources = sources("a"); c.Sources[0].RateLimit = -1 }, want: "rate_limit and rate_burst of source a"},
		{name: "ingress", change: func(c *app.Config) { c.Ingress.BodyTimeout = 0 }, want: "ingress.body_timeout"},
		{name: "a wait for the spool", change: func(c *app.Config) { c.Spool.LockTimeout = -1 }, want: "spool.lock_timeout"},
		{name: "room in the spool", change: func(c *app.Config) { c.Kafka.MaxMessageBytes, c.Ingress.MaxBodyBytes = 16<<20, 5<<20 }, want: "ingress.max_body_bytes"},
		{name: "room for the record", change: func(c *app.Config) { c.Ingress.MaxBodyBytes++ }, want: "kafka.max_message_bytes"},
		{name: "kafka.brokers empty", change: func(c *app.Config) { c.Kafka.Brokers = nil }, want: "kafka.brokers"},
		{name: "kafka.brokers without port", change: func(c *app.Config) { c.Kafka.Brokers = []string{"a:1", "b"} }, want: `kafka.brokers: "b"`},
		{name: "kafka.compression", change: func(c *app.Config) { c.Kafka.Compression = "brotli" }, want: "kafka.compression"},
		{name: "kafka.max_buffered_records", change: func(c *app.Config) { c.Kafka.MaxBufferedRecords = 0 }, want: "kafka.max_buffered_records"},
		{name: "kafka.max_buffered_bytes", change: func(c *app.Config) { c.Kafka.MaxBufferedBytes = 1 }, want: "kafka.max_buffered_bytes"},
		{name: "kafka.dial_timeout", change: func(c *app.Config) { c.Kafka.DialTimeout = 0 }, want: "kafka.dial_timeout"},
		{name: "kafka.tls half a pair", change: func(c *app.Config) { c.Kafka.TLS.Enabled, c.Kafka.TLS.CertFile = true, "/x" }, want: "kafka.tls.key_file"},
		{name: "kafka.tls not enabled", change: func(c *app.Config) { c.Kafka.TLS.CAFile = "/x" }, want: "kafka.tls.enabled"},
		{name: "kafka.sasl.mechanism", change: func(c *app.Config) { c.Kafka.SASL.Mechanism = "plain" }, want: "kafka.sasl.mechanism"},
		{name: "kafka.sasl.username", change: func(c *app.Config) { c.Kafka.SASL.Mechanism = "PLAIN" }, want: "kafka.sasl.username"},
		{name: "kafka.sasl.password_file", change: func(c *app.Config) { c.Kafka.SASL.Mechanism, c.Kafka.SASL.Username = "SCRAM-SHA-512", "u" }, want: "kafka.sasl.password_file"},
		{name: "kafka.sasl.token_url", change: func(c *app.Config) { c.Kafka.SASL.Mechanism = "OAUTHBEARER" }, want: "kafka.sasl.token_url"},
		{name: "topics.prefix", change: func(c *app.Config) { c.Topics.Prefix = "qlik/" }, want: "topics.prefix"},
		{name: "topics.replication", change: func(c *app.Config) { c.Topics.Replication = -1 }, want: "topics.replication"},
		{name: "topics.families unknown", change: func(c *app.Config) { c.Topics.Families = families("app", 1) }, want: "topics.families.app"},
		{name: "topics.families partitions", change: func(c *app.Config) { c.Topics.Families = families("apps", -1) }, want: "topics.families.apps"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := app.DefaultConfig()
			tt.change(&c)
			err := c.Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestValidateNamesAll asserts that one run of a check shows everything that is wrong.
func TestValidateNamesAll(t *testing.T) {
	c := app.DefaultConfig()
	c.Listen, c.AckTimeout, c.Log.Format, c.Ingress.IdleTimeout, c.Kafka.Brokers, c.Topics.Prefix = "x", -time.Second, "x", 0, nil, "/"
	expectError(t, c.Validate(), "listen", "ack_timeout", "log.format", "ingress.idle_timeout", "kafka.brokers", "topics.prefix")
}

func TestAllSources(t *testing.T) {
	c := app.DefaultConfig()
	c.SecretsFile, c.RateLimit, c.RateBurst = "/s", 5, 9
	if got, want := c.AllSources(), (app.SourceConfig{Name: "qlik", SecretsFile: "/s", RateLimit: 5, RateBurst: 9}); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	c.Sources = []app.SourceConfig{{Name: "a", SecretsFile: "/a", RateLimit: 1}, {Name: "b", SecretsFile: "/b"}}
	got := c.AllSources()
	if len(got) != 2 || got[0] != c.Sources[0] || got[1] != (app.SourceConfig{Name: "b", SecretsFile: "/b", RateLimit: 5, RateBurst: 9}) {
		t.Errorf("got %+v, want a with its own rate and b with that of the top level", got)
	}
	if c.Sources[1].RateLimit != 0 {
		t.Errorf("the configuration itself was changed: %+v", c.Sources)
	}
}

func sources(names ...string) []app.SourceConfig {
	var all []app.SourceConfig
	for _, name := range names {
		all = append(all, app.SourceConfig{Name: name, SecretsFile: "/x"})
	}
	return all
}

func families(name string, partitions int32) map[string]topics.Override {
	return map[string]topics.Override{name: {Partitions: partitions}}
}
