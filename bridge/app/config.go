package app

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strconv"
	"time"

	"qlikbridge/bridge/ingress"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/spool"
	"qlikbridge/bridge/sse"
	"qlikbridge/topics"
)

// DefaultSourceName is the name of the one source where no list of sources is configured.
const DefaultSourceName = "qlik"

// Config is the whole configuration. The tag doc is the one place where a key is described: help texts and docs/configuration.md are
// made from it.
type Config struct {
	Listen       string         `yaml:"listen" doc:"address of the ingress"`
	AdminListen  string         `yaml:"admin_listen" doc:"address of metrics, health and the status page"`
	SecretsFile  string         `yaml:"secrets_file" doc:"signing secrets, one per line, the first active, the others still accepted; read again when it changes"`
	AckTimeout   time.Duration  `yaml:"ack_timeout" doc:"how long a delivery waits for Kafka before it is spooled"`
	DrainDelay   time.Duration  `yaml:"drain_delay" doc:"how long a stop first goes on serving while not ready, so that a load balancer moves on; 0s: not at all"`
	DrainTimeout time.Duration  `yaml:"drain_timeout" doc:"how long a stop may take in all, drain_delay included"`
	RateLimit    float64        `yaml:"rate_limit" doc:"signed deliveries per second that one source may send; 0: no limit"`
	RateBurst    int            `yaml:"rate_burst" doc:"deliveries that may come at once under the rate limit; 0: one second's worth"`
	Pprof        bool           `yaml:"pprof" doc:"serve /debug/pprof/ on the admin address"`
	Log          LogConfig      `yaml:"log"`
	Ingress      ingress.Config `yaml:"ingress"`
	Kafka        kafka.Config   `yaml:"kafka"`
	Topics       topics.Config  `yaml:"topics"`
	Spool        spool.Config   `yaml:"spool"`
	Dedupe       DedupeConfig   `yaml:"dedupe"`
	Events       sse.Config     `yaml:"events"`
	Deliver      DeliverConfig  `yaml:"deliver"`
	Sources      []SourceConfig `yaml:"sources" doc:"several webhooks or tenants, each at /webhooks/{name}: name, secrets_file, rate_limit, rate_burst"`
}

// DedupeConfig bounds what is remembered of events, so that one that comes again is not published again.
type DedupeConfig struct {
	Events int `yaml:"events" doc:"how many of the last events are remembered by source and id, about 100 bytes each; 0: none, and every delivery is published"`
}

// DeliverConfig is for `qlik-bridge deliver` alone.
type DeliverConfig struct {
	SubscriptionsFile string `yaml:"subscriptions_file" doc:"which events deliver posts where, see docs/deliver.md; read again when it changes"`
}

// LogConfig says what is logged, and how.
type LogConfig struct {
	Level  slog.Level `yaml:"level" doc:"debug, info, warn or error"`
	Format string     `yaml:"format" doc:"json or text"`
}

// SourceConfig is one source; where a rate is zero, the one at top level holds.
type SourceConfig struct {
	Name        string  `yaml:"name"`
	SecretsFile string  `yaml:"secrets_file"`
	RateLimit   float64 `yaml:"rate_limit"`
	RateBurst   int     `yaml:"rate_burst"`
}

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config {
	return Config{
		Listen:       ":8080",
		AdminListen:  "127.0.0.1:9090",
		AckTimeout:   2 * time.Second,
		DrainTimeout: 20 * time.Second,
		Log:          LogConfig{Level: slog.LevelInfo, Format: "json"},
		Ingress:      ingress.DefaultConfig(),
		Kafka:        kafka.DefaultConfig(),
		Topics:       topics.DefaultConfig(),
		Spool:        spool.DefaultConfig(),
		Dedupe:       DedupeConfig{Events: 100_000},
		Events:       sse.DefaultConfig(),
	}
}

// Validate names every key that cannot be used, and what would do. Whether the files it names can be read is not looked at.
func (c Config) Validate() error {
	return errors.Join(
		validAddress("listen", c.Listen),
		validAddress("admin_listen", c.AdminListen),
		c.validateTimes(),
		c.validateSources(),
		validFormat(c.Log.Format),
		c.Ingress.Validate(),
		c.Kafka.Validate(),
		c.Topics.Validate(topics.Default()),
		c.Spool.Validate(),
		c.Events.Validate(),
		c.validateSizes(),
	)
}

func validAddress(key, address string) error {
	_, port, err := net.SplitHostPort(address)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return fmt.Errorf("%s: %q is not host:port or :port", key, address)
	}
	return nil
}

func validFormat(format string) error {
	if format != "json" && format != "text" {
		return fmt.Errorf("log.format %q: json or text", format)
	}
	return nil
}

func (c Config) validateTimes() error {
	if c.AckTimeout <= 0 || c.DrainTimeout <= c.AckTimeout {
		return fmt.Errorf("ack_timeout %s, drain_timeout %s: more than 0, and the second the longer", c.AckTimeout, c.DrainTimeout)
	}
	if c.DrainDelay < 0 || c.DrainTimeout <= c.DrainDelay+c.AckTimeout {
		return fmt.Errorf("drain_delay %s: 0s or more, and drain_timeout (%s) longer than it and ack_timeout (%s) together", c.DrainDelay, c.DrainTimeout, c.AckTimeout)
	}
	return nil
}

// validateSizes leaves room for what a record adds to its body: escaping can double it.
func (c Config) validateSizes() error {
	if c.Ingress.MaxBodyBytes > int64(c.Kafka.MaxMessageBytes)/2 {
		return fmt.Errorf("kafka.max_message_bytes %d: at least twice ingress.max_body_bytes (%d), since a record is longer than its body",
			c.Kafka.MaxMessageBytes, c.Ingress.MaxBodyBytes)
	}
	if c.Spool.Enabled && c.Ingress.MaxBodyBytes > spool.LargestBody {
		return fmt.Errorf("ingress.max_body_bytes %d: the spool takes bodies of %d bytes at the most (or set spool.enabled to false)",
			c.Ingress.MaxBodyBytes, spool.LargestBody)
	}
	if c.Dedupe.Events < 0 {
		return fmt.Errorf("dedupe.events %d: 0 or more", c.Dedupe.Events)
	}
	return nil
}

func (c Config) validateSources() error {
	if len(c.Sources) > 0 && c.SecretsFile != "" {
		return errors.New("secrets_file and sources exclude each other; give each source its own secrets_file")
	}
	seen := map[string]bool{}
	for _, s := range c.AllSources() {
		switch {
		case !validName(s.Name):
			return fmt.Errorf("sources: name %q: 1 to 63 lower-case letters, digits and dashes", s.Name)
		case seen[s.Name]:
			return fmt.Errorf("sources: the name %s is there twice", s.Name)
		case !(s.RateLimit >= 0) || math.IsInf(s.RateLimit, 1) || s.RateBurst < 0: // NaN is not >= 0
			return fmt.Errorf("rate_limit and rate_burst of source %s: 0 or more", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

func validName(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return name != "" && len(name) <= 63
}

// AllSources are the configured sources, or the one that stands for none, with the rates that hold for each.
func (c Config) AllSources() []SourceConfig {
	sources := append([]SourceConfig(nil), c.Sources...)
	if len(sources) == 0 {
		sources = []SourceConfig{{Name: DefaultSourceName, SecretsFile: c.SecretsFile}}
	}
	for i := range sources {
		if sources[i].RateLimit == 0 {
			sources[i].RateLimit, sources[i].RateBurst = c.RateLimit, c.RateBurst
		}
	}
	return sources
}
