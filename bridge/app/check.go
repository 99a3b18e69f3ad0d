package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/goccy/go-yaml"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

// CheckFiles reads every file that the configuration names and says what is wrong with them: what serve needs beyond Validate. It talks
// to nobody.
func (c Config) CheckFiles() error {
	var errs []error
	for _, s := range c.AllSources() {
		if s.SecretsFile == "" {
			errs = append(errs, fmt.Errorf("secrets_file is missing for source %s: name a file with the webhook's signing secret (%sSECRETS_FILE)", s.Name, EnvPrefix))
			continue
		}
		if _, err := bridge.LoadKeyring(s.SecretsFile); err != nil {
			errs = append(errs, fmt.Errorf("secrets_file of source %s: %w", s.Name, err))
		}
	}
	if files := c.Ingress.TLS; files.CertFile != "" {
		if _, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile); err != nil {
			errs = append(errs, fmt.Errorf("ingress.tls.cert_file and key_file: %w", err))
		}
	}
	return errors.Join(append(errs, c.CheckKafka())...)
}

// CheckKafka is CheckFiles for Kafka alone.
func (c Config) CheckKafka() error {
	if err := c.Kafka.SASL.Check(); err != nil {
		return fmt.Errorf("kafka.sasl.password_file or kafka.sasl.client_secret_file: %w", err)
	}
	client, err := kafka.New(c.Kafka, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	client.Close()
	return nil
}

// Masked is the configuration without what could be a secret. Secrets stand in files, so that is only what hides in a URL.
func (c Config) Masked() Config {
	u, err := url.Parse(c.Kafka.SASL.TokenURL)
	if err != nil {
		c.Kafka.SASL.TokenURL = "xxxxx" // no telling where in it a password is
		return c
	}
	if u.RawQuery != "" {
		u.RawQuery = "xxxxx"
	}
	c.Kafka.SASL.TokenURL = u.Redacted()
	return c
}

// String is the configuration as JSON on one line, for the log; what is in a URL is masked.
func (c Config) String() string {
	text, err := yaml.MarshalWithOptions(c.Masked(), yaml.JSON())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}
