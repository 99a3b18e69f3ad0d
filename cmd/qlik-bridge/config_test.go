package main_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const everything = `listen: 127.0.0.1:1
rate_limit: 2.5
log: {level: debug, format: text}
kafka:
  brokers: [a:1, b:2]
  sasl:
    mechanism: OAUTHBEARER
    token_url: https://user:planted@login.example/token
    client_id: x
    client_secret_file: /y
    scopes: [one, two]
topics:
  manage: false
  families:
    apps: {partitions: 12, retention: 14d, config: {retention.ms: "1000", compression.type: zstd}}
sources:
- {name: acme, secrets_file: /a, rate_limit: 1, rate_burst: 2}
- {name: other, secrets_file: /b}
`

// TestConfigShow asserts that the effective configuration is shown with its layers, masked, and as a file that means the same.
func TestConfigShow(t *testing.T) {
	t.Parallel()
	env := []string{"QLIK_BRIDGE_LISTEN=127.0.0.1:2", "QLIK_BRIDGE_ACK_TIMEOUT=3s", "QLIK_BRIDGE_SERVICE_HOST=10.0.0.1"}
	shown := runWith(t, "", env, "config", "show", "--config", file(t, "all.yaml", everything), "--ack-timeout", "4s", "--pprof")
	shown.expect(t, 0, "listen: 127.0.0.1:2\n", "ack_timeout: 4s\n", "pprof: true\n", "- a:1\n", "retention: 14d\n", "retention.ms: \"1000\"\n", "level: DEBUG", "name: other", "xxxxx@login.example")
	if strings.Contains(shown.out, "planted") {
		t.Errorf("got %s, want the password masked", shown.out)
	}
	again := run(t, "config", "show", "--config", file(t, "shown.yaml", shown.out))
	again.expect(t, 0)
	if diff := cmp.Diff(shown.out, again.out); diff != "" {
		t.Errorf("what was shown, shown again (-want +got):\n%s", diff)
	}
	byEnvironment := runWith(t, "", []string{"QLIK_BRIDGE_CONFIG=" + file(t, "shown.yaml", shown.out)}, "config", "show")
	if diff := cmp.Diff(shown.out, byEnvironment.out); diff != "" {
		t.Errorf("by QLIK_BRIDGE_CONFIG (-want +got):\n%s", diff)
	}
}

// TestConfigShowDefaults asserts that the defaults, shown, are a valid file.
func TestConfigShowDefaults(t *testing.T) {
	t.Parallel()
	shown := run(t, "config", "show")
	shown.expect(t, 0, "listen: :8080\n", "prefix: qlik.\n")
	if again := run(t, "config", "show", "--config", file(t, "shown.yaml", shown.out)); again.out != shown.out {
		t.Errorf("got %s, want %s", again.out+again.err, shown.out)
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	good := file(t, "secrets", secret)
	tests := []struct {
		name string
		text string
		code int
		want []string
	}{
		{name: "good", text: "secrets_file: " + good + "\n", code: 0, want: []string{"good", "1 source", "127.0.0.1:9092"}},
		{name: "no secrets", text: "listen: :1\n", code: 2, want: []string{"secrets_file"}},
		{name: "secrets not there", text: "secrets_file: /none\n", code: 2, want: []string{"secrets_file", "/none"}},
		{name: "source without secrets", text: "sources: [{name: acme}]\n", code: 2, want: []string{"secrets_file", "acme"}},
		{name: "certificate not there", text: "secrets_file: " + good + "\ningress: {tls: {cert_file: /none, key_file: /none}}\n", code: 2, want: []string{"ingress.tls.cert_file", "/none"}},
		{name: "password not there", text: "secrets_file: " + good + "\nkafka: {sasl: {mechanism: PLAIN, username: u, password_file: /none}}\n",
			code: 2, want: []string{"kafka.sasl.password_file", "/none"}},
		{name: "invalid", text: "ack_timeout: 0s\n", code: 2, want: []string{"ack_timeout", "file.yaml"}},
		{name: "a tag for a list", text: "sources: !include x\n", code: 2, want: []string{"[1:10]", "a tag of YAML", "file.yaml"}},
		{name: "unknown key", text: "ack_timeout: 1s\nacks: all\n", code: 2, want: []string{"[2:1]", "acks", "file.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run(t, "config", "check", "--config", file(t, "file.yaml", tt.text)).expect(t, tt.code, tt.want...)
		})
	}
}
