package app_test

import (
	"strings"
	"testing"

	"qlikbridge/bridge/app"
)

// TestCheckFiles asserts that each file that the configuration names is looked into, and that what is wrong is said with key and file.
func TestCheckFiles(t *testing.T) {
	secret := strings.Repeat("s", 32)
	tests := []struct {
		name   string
		change func(t *testing.T, c *app.Config)
		want   []string
	}{
		{name: "good", change: func(*testing.T, *app.Config) {}},
		{name: "no secrets_file", change: func(_ *testing.T, c *app.Config) { c.SecretsFile = "" }, want: []string{"secrets_file is missing", "source qlik", "QLIK_BRIDGE_SECRETS_FILE"}},
		{name: "secrets_file not there", change: func(_ *testing.T, c *app.Config) { c.SecretsFile += ".none" }, want: []string{"secrets_file", "file.none"}},
		{name: "a directory", change: func(t *testing.T, c *app.Config) { c.SecretsFile = t.TempDir() }, want: []string{"secrets_file"}},
		{name: "secret of 31 characters", change: func(t *testing.T, c *app.Config) { c.SecretsFile = write(t, secret[:31]+"\n") },
			want: []string{"secrets_file", "31 characters", "32 or more"}},
		{name: "second secret too short", change: func(t *testing.T, c *app.Config) { c.SecretsFile = write(t, secret+"\n"+secret[:31]) }, want: []string{"signing secret 2", "31 characters"}},
		{name: "no secret in it", change: func(t *testing.T, c *app.Config) { c.SecretsFile = write(t, "# none yet\n\n") }, want: []string{"secrets_file", "0 signing secrets"}},
		{name: "nine secrets", change: func(t *testing.T, c *app.Config) { c.SecretsFile = write(t, strings.Repeat(secret+"\n", 9)) }, want: []string{"9 signing secrets"}},
		{name: "second source", change: func(t *testing.T, c *app.Config) {
			c.Sources, c.SecretsFile = []app.SourceConfig{{Name: "a", SecretsFile: c.SecretsFile}, {Name: "b", SecretsFile: "/none"}}, ""
		}, want: []string{"source b", "/none"}},
		{name: "ingress certificate", change: func(t *testing.T, c *app.Config) {
			c.Ingress.TLS.CertFile, c.Ingress.TLS.KeyFile = write(t, "x"), "/none"
		},
			want: []string{"ingress.tls.cert_file and key_file"}},
		{name: "kafka CA", change: func(t *testing.T, c *app.Config) { c.Kafka.TLS.Enabled, c.Kafka.TLS.CAFile = true, write(t, "x") }, want: []string{"kafka.tls.ca_file", "no PEM certificate"}},
		{name: "kafka password", change: func(_ *testing.T, c *app.Config) {
			c.Kafka.SASL.Mechanism, c.Kafka.SASL.Username, c.Kafka.SASL.PasswordFile = "PLAIN", "u", "/none"
		}, want: []string{"kafka.sasl.password_file", "/none"}},
		{name: "all at once", change: func(_ *testing.T, c *app.Config) {
			c.SecretsFile, c.Kafka.TLS.Enabled, c.Kafka.TLS.CAFile = "", true, "/none"
		}, want: []string{"secrets_file", "kafka.tls.ca_file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := app.DefaultConfig()
			c.SecretsFile = write(t, "# the webhook's\n"+secret+"\n")
			tt.change(t, &c)
			err := c.CheckFiles()
			if len(tt.want) == 0 {
				must(t, err)
				return
			}
			expectError(t, err, tt.want...)
			if strings.Contains(err.Error(), secret[:31]) {
				t.Errorf("got %v, want no secret in it", err)
			}
		})
	}
}

func TestMasked(t *testing.T) {
	tests := []struct{ name, url, want string }{
		{"none", "", ""},
		{"with a query", "https://login.example/token?x=planted", "https://login.example/token?xxxxx"},
		{"with password", "https://u:planted@login.example/token", "https://u:xxxxx@login.example/token"},
		{"no URL", "https://u:plan%ted@login.example/token", "xxxxx"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := app.DefaultConfig()
			c.Kafka.SASL.TokenURL = tt.url
			if got := c.Masked().Kafka.SASL.TokenURL; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if c.Kafka.SASL.TokenURL != tt.url {
				t.Errorf("the configuration itself was changed: %q", c.Kafka.SASL.TokenURL)
			}
		})
	}
}
