package helm_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotes asserts that what an installation prints fits it: which Secret of which files is missing, where to post, and how.
func TestNotes(t *testing.T) {
	chart := filepath.Join(t.TempDir(), "chart")
	must(t, os.CopyFS(chart, os.DirFS(".")))
	must(t, os.WriteFile(filepath.Join(chart, "templates", "notes.yaml"), []byte(`{apiVersion: v1, kind: ConfigMap, metadata: {name: notes},
data: {notes: {{ include "qlik-bridge/templates/NOTES.txt" . | quote }}}}`), 0o600))
	const tenants = `config: {sources: [{name: acme, secrets_file: /etc/qlik-bridge/signing/a}, {name: globex, secrets_file: /etc/qlik-bridge/signing/g}]}`
	secret := map[string]object{"/api/v1/namespaces/events/secrets/qlik-bridge-signing": {"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "qlik-bridge-signing"}}}
	for _, tt := range []struct {
		name, values string
		objects      map[string]object
		want, not    []string
	}{
		{"no Secret yet", "{}", nil, []string{"[ -e secrets ] || (umask 077; openssl rand -hex 24 > secrets)", "create secret generic qlik-bridge-signing --from-file=secrets\n", "2. Ready?",
			"--url http://127.0.0.1:8080/webhooks/qlik --secrets-file secrets ", "is /webhooks/qlik."}, []string{"NAME"}},
		{"the Secret is there", "{}", secret, []string{"1. Ready?", "3. The webhook"}, []string{"openssl", "create secret"}},
		{"another key", "signing: {key: keys}", nil, []string{"--from-file=keys\n", "--secrets-file keys "}, []string{"secrets ]"}},
		{"two tenants", "{" + tenants + ", signing: {key: ''}}", nil, []string{"[ -e a ] ||", "[ -e g ] ||", "--from-file=a --from-file=g\n", "/webhooks/acme --secrets-file a ",
			"is /webhooks/acme, /webhooks/globex.", "the secret of its source"}, []string{"/webhooks/qlik", "secrets ]"}},
		{"two tenants behind an Ingress", "{" + tenants + ", ingress: {enabled: true, host: hooks.example.com}}", nil,
			[]string{"https://hooks.example.com/webhooks/acme\n", "https://hooks.example.com/webhooks/globex"}, []string{"/webhooks/qlik"}},
		{"TLS of the bridge", "config: {ingress: {tls: {cert_file: /etc/tls/tls.crt}}}", nil, []string{"https://NAME:8080/webhooks/qlik", "/etc/hosts"}, []string{"http://127.0.0.1:8080"}},
		{"a Prometheus that is kept out", "{networkPolicy: {enabled: true}, serviceMonitor: {enabled: true}}", nil, []string{"networkPolicy.adminFrom"}, nil},
		{"a Prometheus that is let in", "{networkPolicy: {enabled: true, adminFrom: [{namespaceSelector: {}}]}, serviceMonitor: {enabled: true}}", nil, nil, []string{"networkPolicy.adminFrom"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cluster(t, tt.objects)
			path := filepath.Join(chart, "..", "values.yaml")
			must(t, os.WriteFile(path, []byte(tt.values), 0o600))
			out, err := helm(t, append(live, "template", "qlik-bridge", chart, "--namespace", "events", "--values", path, "--show-only", "templates/notes.yaml")...)
			must(t, err)
			notes := at[string](t, decode(t, out)[0], "data", "notes")
			for _, want := range tt.want {
				if !strings.Contains(notes, want) {
					t.Errorf("got no %q in\n%s", want, notes)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(notes, not) {
					t.Errorf("got %q in\n%s", not, notes)
				}
			}
		})
	}
}
