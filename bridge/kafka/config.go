package kafka

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"
)

// Config says how the cluster is reached and what may wait for it. Secrets stand in files, which are read again at every login and every
// connection, so that a rotated password or certificate needs no restart.
type Config struct {
	Brokers            []string      `yaml:"brokers" doc:"seed brokers, host:port, comma-separated"`
	ClientID           string        `yaml:"client_id" doc:"the client's name in the brokers' logs, quotas and metrics"`
	Compression        string        `yaml:"compression" doc:"of record batches: none, snappy, lz4, zstd or gzip"`
	MaxBufferedRecords int           `yaml:"max_buffered_records" doc:"records that may wait for Kafka; beyond, deliveries are answered 503"`
	MaxBufferedBytes   int           `yaml:"max_buffered_bytes" doc:"bytes that may wait for Kafka"`
	MaxMessageBytes    int32         `yaml:"max_message_bytes" doc:"largest record batch, in bytes; the topics are given the same limit"`
	DialTimeout        time.Duration `yaml:"dial_timeout" doc:"for a connection to a broker, with its TLS handshake"`
	TLS                TLSConfig     `yaml:"tls"`
	SASL               SASLConfig    `yaml:"sasl"`
}

// TLSConfig is the client's side of TLS to the brokers.
type TLSConfig struct {
	Enabled    bool   `yaml:"enabled" doc:"speak TLS to the brokers"`
	CAFile     string `yaml:"ca_file" doc:"PEM certificates that may sign the brokers'; empty: those of the system"`
	CertFile   string `yaml:"cert_file" doc:"PEM client certificate, for mutual TLS"`
	KeyFile    string `yaml:"key_file" doc:"PEM key of the client certificate"`
	ServerName string `yaml:"server_name" doc:"name to expect in the brokers' certificates, where it is not the host's"`
}

// SASLConfig is the login to the brokers.
type SASLConfig struct {
	Mechanism        string   `yaml:"mechanism" doc:"PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM; empty: no login"`
	Username         string   `yaml:"username" doc:"for PLAIN and SCRAM"`
	PasswordFile     string   `yaml:"password_file" doc:"file that holds the password, for PLAIN and SCRAM"`
	TokenURL         string   `yaml:"token_url" doc:"where OAUTHBEARER fetches its token (OAuth 2.0 client credentials)"`
	ClientID         string   `yaml:"client_id" doc:"for OAUTHBEARER"`
	ClientSecretFile string   `yaml:"client_secret_file" doc:"file that holds the client secret, for OAUTHBEARER"`
	Scopes           []string `yaml:"scopes" doc:"for OAUTHBEARER, comma-separated"`
}

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config {
	return Config{
		Brokers:            []string{"127.0.0.1:9092"},
		ClientID:           "qlik-bridge",
		Compression:        "snappy",
		MaxBufferedRecords: 10_000,
		MaxBufferedBytes:   32 << 20,
		MaxMessageBytes:    2 << 20,
		DialTimeout:        5 * time.Second,
	}
}

// Validate names the first key that cannot be used, and what would do.
func (c Config) Validate() error {
	if len(c.Brokers) == 0 {
		return fmt.Errorf("kafka.brokers is empty; name at least one host:port")
	}
	for _, broker := range c.Brokers {
		_, port, err := net.SplitHostPort(broker)
		if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
			return fmt.Errorf("kafka.brokers: %q is not host:port", broker)
		}
	}
	if _, ok := codecs[c.Compression]; !ok {
		return fmt.Errorf("kafka.compression %q: one of none, snappy, lz4, zstd, gzip", c.Compression)
	}
	if c.MaxBufferedRecords < 1 || c.MaxMessageBytes < 1<<10 || c.MaxBufferedBytes < int(c.MaxMessageBytes) {
		return fmt.Errorf("kafka.max_buffered_bytes (%d) must hold at least one batch of kafka.max_message_bytes (%d, 1024 or more), and kafka.max_buffered_records (%d) at least one record",
			c.MaxBufferedBytes, c.MaxMessageBytes, c.MaxBufferedRecords)
	}
	if c.DialTimeout <= 0 {
		return fmt.Errorf("kafka.dial_timeout %s: more than 0", c.DialTimeout)
	}
	if err := c.TLS.validate(); err != nil {
		return err
	}
	return c.SASL.validate()
}

// ClearText reports whether a password or a token would cross the network readable.
func (c Config) ClearText() bool {
	return !c.TLS.Enabled && (c.SASL.Mechanism == plainText || c.SASL.Mechanism == oauthBearer)
}

func (c TLSConfig) validate() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return fmt.Errorf("kafka.tls.cert_file and kafka.tls.key_file go together")
	}
	if !c.Enabled && (c.CAFile != "" || c.CertFile != "" || c.ServerName != "") {
		return fmt.Errorf("kafka.tls has settings but kafka.tls.enabled is false; set it to true")
	}
	return nil
}

func (c SASLConfig) validate() error {
	type key struct{ name, value string }
	var needs []key
	switch c.Mechanism {
	case "", mskIAM:
	case plainText, scram256, scram512:
		needs = []key{{"username", c.Username}, {"password_file", c.PasswordFile}}
	case oauthBearer:
		needs = []key{{"token_url", c.TokenURL}, {"client_id", c.ClientID}, {"client_secret_file", c.ClientSecretFile}}
	default:
		return fmt.Errorf("kafka.sasl.mechanism %q: one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM", c.Mechanism)
	}
	if i := slices.IndexFunc(needs, func(k key) bool { return k.value == "" }); i >= 0 {
		return fmt.Errorf("kafka.sasl.%s is empty; %s needs it", needs[i].name, c.Mechanism)
	}
	return nil
}
