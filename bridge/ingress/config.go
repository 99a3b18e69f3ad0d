package ingress

import (
	"fmt"
	"time"
)

// Config bounds what one request may cost.
type Config struct {
	MaxBodyBytes  int64         `yaml:"max_body_bytes" doc:"largest body in bytes; a larger one is answered 413"`
	HeaderTimeout time.Duration `yaml:"header_timeout" doc:"until the header of a request is read"`
	BodyTimeout   time.Duration `yaml:"body_timeout" doc:"until a request is read whole; then it is answered 408"`
	IdleTimeout   time.Duration `yaml:"idle_timeout" doc:"until a connection without a request is closed"`
	TLS           TLSConfig     `yaml:"tls"`
}

// TLSConfig names the certificate of the ingress; both files are read again when they change.
type TLSConfig struct {
	CertFile string `yaml:"cert_file" doc:"PEM certificate chain; empty: plain HTTP, for use behind a proxy that ends TLS"`
	KeyFile  string `yaml:"key_file" doc:"PEM key of the certificate"`
}

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config {
	return Config{MaxBodyBytes: 1 << 20, HeaderTimeout: 5 * time.Second, BodyTimeout: 20 * time.Second, IdleTimeout: 30 * time.Second}
}

// Validate names the first key that cannot be used, and what would do.
func (c Config) Validate() error {
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"header_timeout", c.HeaderTimeout}, {"body_timeout", c.BodyTimeout}, {"idle_timeout", c.IdleTimeout}} {
		if d.value <= 0 {
			return fmt.Errorf("ingress.%s %s: more than 0, since every wait has an end", d.key, d.value)
		}
	}
	if c.MaxBodyBytes < 1 {
		return fmt.Errorf("ingress.max_body_bytes %d: 1 or more", c.MaxBodyBytes)
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		return fmt.Errorf("ingress.tls.cert_file and ingress.tls.key_file go together")
	}
	return nil
}
