package ingress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/ingress"
)

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*ingress.Config)
		want   string // in the error; "": none
	}{
		{name: "defaults", change: func(*ingress.Config) {}},
		{name: "no time for the header", change: func(c *ingress.Config) { c.HeaderTimeout = 0 }, want: "ingress.header_timeout"},
		{name: "no time for the body", change: func(c *ingress.Config) { c.BodyTimeout = -time.Second }, want: "ingress.body_timeout"},
		{name: "no idle time", change: func(c *ingress.Config) { c.IdleTimeout = 0 }, want: "ingress.idle_timeout"},
		{name: "no body", change: func(c *ingress.Config) { c.MaxBodyBytes = 0 }, want: "ingress.max_body_bytes"},
		{name: "less room than one body takes", change: func(c *ingress.Config) { c.MaxInflightBytes = c.MaxBodyBytes - 1 }, want: "ingress.max_inflight_bytes 1048575: at least ingress.max_body_bytes (1048576)"},
		{name: "room for one body", change: func(c *ingress.Config) { c.MaxInflightBytes = c.MaxBodyBytes }},
		{name: "no connection", change: func(c *ingress.Config) { c.MaxConnections = 0 }, want: "ingress.max_connections"},
		{name: "fewer proxies than none", change: func(c *ingress.Config) { c.TrustedProxies = -1 }, want: "ingress.trusted_proxies"},
		{name: "a name in allow", change: func(c *ingress.Config) { c.Allow = []string{"203.0.113.7", "qlik.com"} }, want: `ingress.allow: "qlik.com": write an address`},
		{name: "a zone in allow", change: func(c *ingress.Config) { c.Allow = []string{"fe80::1%eth0"} }, want: "without a zone"},
		{name: "bits behind the prefix", change: func(c *ingress.Config) { c.Allow = []string{"203.0.113.7/24"} }, want: "write 203.0.113.0/24"},
		{name: "more than IPv4 in a mapped CIDR", change: func(c *ingress.Config) { c.Allow = []string{"::ffff:0:0/90"} }, want: "ingress.allow"},
		{name: "addresses and CIDRs", change: func(c *ingress.Config) {
			c.Allow = []string{"203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "::ffff:203.0.113.0/120", "0.0.0.0/0", "::/0"}
		}},
		{name: "certificate without key", change: func(c *ingress.Config) { c.TLS.CertFile = "x" }, want: "ingress.tls.key_file"},
		{name: "key without certificate", change: func(c *ingress.Config) { c.TLS.KeyFile = "x" }, want: "ingress.tls.cert_file"},
		{name: "certificate and key", change: func(c *ingress.Config) { c.TLS = ingress.TLSConfig{CertFile: "x", KeyFile: "y"} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := ingress.DefaultConfig()
			tt.change(&c)
			err := c.Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestDefaultConfig holds the defaults to what is promised to users.
func TestDefaultConfig(t *testing.T) {
	want := ingress.Config{MaxBodyBytes: 1 << 20, MaxInflightBytes: 64 << 20, MaxConnections: 1024, HeaderTimeout: 5 * time.Second, BodyTimeout: 20 * time.Second, IdleTimeout: 30 * time.Second}
	if diff := cmp.Diff(want, ingress.DefaultConfig()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
