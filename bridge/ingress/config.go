package ingress

import (
	"fmt"
	"time"
)

// Config says who is let in, and bounds what one request and all of them together may cost.
type Config struct {
	MaxBodyBytes     int64         `yaml:"max_body_bytes" doc:"largest body in bytes; a larger one is answered 413"`
	MaxInflightBytes int64         `yaml:"max_inflight_bytes" doc:"bytes of all bodies that are being read or published, beyond the first 8 KiB of each; where there is no more room, a delivery is answered 503"`
	MaxConnections   int           `yaml:"max_connections" doc:"open connections; beyond, the one that has waited longest without a signed delivery is closed"`
	HeaderTimeout    time.Duration `yaml:"header_timeout" doc:"until the header of a request is read"`
	BodyTimeout      time.Duration `yaml:"body_timeout" doc:"until a request is read whole; then it is answered 408"`
	IdleTimeout      time.Duration `yaml:"idle_timeout" doc:"until a connection without a request is closed"`
	Allow            []string      `yaml:"allow" doc:"addresses and CIDRs that may post, comma-separated; anyone else is answered 403; empty: everybody"`
	TrustedProxies   int           `yaml:"trusted_proxies" doc:"how many proxies of yours stand in front: the client is the entry of X-Forwarded-For that far from the right; 0: whoever connects"`
	TLS              TLSConfig     `yaml:"tls"`
}

// TLSConfig names the certificate of the ingress; both files are read again when they change.
type TLSConfig struct {
	CertFile string `yaml:"cert_file" doc:"PEM certificate chain; empty: plain HTTP, for use behind a proxy that ends TLS"`
	KeyFile  string `yaml:"key_file" doc:"PEM key of the certificate"`
}

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config {
	return Config{
		MaxBodyBytes: 1 << 20, MaxInflightBytes: 64 << 20, MaxConnections: 1024,
		HeaderTimeout: 5 * time.Second, BodyTimeout: 20 * time.Second, IdleTimeout: 30 * time.Second,
	}
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
	if err := c.validateLimits(); err != nil {
		return err
	}
	if _, err := parseAllow(c.Allow); err != nil {
		return err
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		return fmt.Errorf("ingress.tls.cert_file and ingress.tls.key_file go together")
	}
	return nil
}

func (c Config) validateLimits() error {
	switch {
	case c.MaxBodyBytes < 1:
		return fmt.Errorf("ingress.max_body_bytes %d: 1 or more", c.MaxBodyBytes)
	case c.MaxInflightBytes < c.MaxBodyBytes:
		return fmt.Errorf("ingress.max_inflight_bytes %d: at least ingress.max_body_bytes (%d), or the largest body never finds room",
			c.MaxInflightBytes, c.MaxBodyBytes)
	case c.MaxConnections < 1:
		return fmt.Errorf("ingress.max_connections %d: 1 or more", c.MaxConnections)
	case c.TrustedProxies < 0:
		return fmt.Errorf("ingress.trusted_proxies %d: 0 where clients connect directly, else the number of proxies in front", c.TrustedProxies)
	}
	return nil
}
