package app_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/app"
	"qlikbridge/topics"
)

// values gives each key a value for the file, one for the environment and one for a flag, none of them the default. A key that is not here
// fails the test, so that a new one is not forgotten.
var values = map[string][3]string{
	"listen":                        {":1", ":2", ":3"},
	"admin_listen":                  {"127.0.0.1:1", "127.0.0.1:2", ":3"},
	"secrets_file":                  {"/a", "/b", "/c"},
	"ack_timeout":                   {"1s", "3s", "1500ms"},
	"drain_delay":                   {"1s", "2s", "3s"},
	"drain_timeout":                 {"11s", "12s", "1m"},
	"rate_limit":                    {"1", "2.5", "3"},
	"rate_burst":                    {"1", "2", "3"},
	"pprof":                         {"true", "true", "true"},
	"log.level":                     {"debug", "WARN", "error"},
	"log.format":                    {"text", "text", "text"},
	"ingress.max_body_bytes":        {"1", "2", "3"},
	"spool.enabled":                 {"false", "true", "false"},
	"spool.dir":                     {"/a", "/b", "/c"},
	"spool.max_bytes":               {"5000000", "6000000", "7000000"},
	"spool.lock_timeout":            {"1s", "2s", "3s"},
	"dedupe.events":                 {"1", "2", "3"},
	"events.enabled":                {"false", "true", "false"},
	"events.remote":                 {"true", "true", "true"},
	"events.max_clients":            {"1", "2", "3"},
	"ingress.max_inflight_bytes":    {"1048576", "1048577", "1048578"},
	"ingress.max_connections":       {"1", "2", "3"},
	"ingress.allow":                 {`["203.0.113.7", "10.0.0.0/8"]`, "10.0.0.0/8,203.0.113.7", "2001:db8::/32, 203.0.113.7"},
	"ingress.trusted_proxies":       {"1", "2", "3"},
	"ingress.header_timeout":        {"1s", "2s", "3s"},
	"ingress.body_timeout":          {"1s", "2s", "3s"},
	"ingress.idle_timeout":          {"1s", "2s", "3s"},
	"ingress.tls.cert_file":         {"/a", "/b", "/c"},
	"ingress.tls.key_file":          {"/a", "/b", "/c"},
	"kafka.brokers":                 {`["a:1", "b:2"]`, "c:1,d:2", "e:1, f:2"},
	"kafka.client_id":               {"a", "b", "c"},
	"kafka.compression":             {"none", "lz4", "zstd"},
	"kafka.max_buffered_records":    {"1", "2", "3"},
	"kafka.max_buffered_bytes":      {"33554433", "33554434", "33554435"},
	"kafka.max_message_bytes":       {"2097153", "2097154", "2097155"},
	"kafka.dial_timeout":            {"1s", "2s", "3s"},
	"kafka.tls.enabled":             {"true", "true", "true"},
	"kafka.tls.ca_file":             {"/a", "/b", "/c"},
	"kafka.tls.cert_file":           {"/a", "/b", "/c"},
	"kafka.tls.key_file":            {"/a", "/b", "/c"},
	"kafka.tls.server_name":         {"a", "b", "c"},
	"kafka.sasl.mechanism":          {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"},
	"kafka.sasl.username":           {"a", "b", "c"},
	"kafka.sasl.password_file":      {"/a", "/b", "/c"},
	"kafka.sasl.token_url":          {"http://a", "http://b", "http://c"},
	"kafka.sasl.client_id":          {"a", "b", "c"},
	"kafka.sasl.client_secret_file": {"/a", "/b", "/c"},
	"kafka.sasl.scopes":             {"[a, b]", "c,d", "e, f"},
	"deliver.subscriptions_file":    {"/a", "/b", "/c"},
	"topics.prefix":                 {"a.", "b.", "c."},
	"topics.replication":            {"1", "2", "4"},
	"topics.manage":                 {"false", "false", "false"},
}

// companions are what else a key needs for the configuration to be valid.
var companions = map[string]map[string]string{
	"ingress.tls.cert_file": {"ingress.tls.key_file": "/k"},
	"ingress.tls.key_file":  {"ingress.tls.cert_file": "/c"},
	"kafka.tls.ca_file":     {"kafka.tls.enabled": "true"},
	"kafka.tls.cert_file":   {"kafka.tls.enabled": "true", "kafka.tls.key_file": "/k"},
	"kafka.tls.key_file":    {"kafka.tls.enabled": "true", "kafka.tls.cert_file": "/c"},
	"kafka.tls.server_name": {"kafka.tls.enabled": "true"},
	"kafka.sasl.mechanism":  {"kafka.sasl.username": "u", "kafka.sasl.password_file": "/p"},
}

// TestEveryKey asserts that the file, the environment and flags each give every key, and that the later wins.
func TestEveryKey(t *testing.T) {
	for _, key := range app.Keys() {
		t.Run(key.Path, func(t *testing.T) {
			v, ok := values[key.Path]
			if !ok {
				t.Fatalf("the key %s has no values in this test", key.Path)
			}
			defaults := app.DefaultConfig()
			if got := held(t, defaults, key.Path); got != key.Default {
				t.Errorf("got the default %q, want %q", got, key.Default)
			}
			file := app.Overrides{key.Path: v[0]}
			env := []string{key.Env + "=" + v[1]}
			flags := app.Overrides{key.Path: v[2]}
			for path, value := range companions[key.Path] {
				file[path] = value
			}
			nothing := key.Env + "=" // empty is unset
			expect(t, key.Path, load(t, file, []string{nothing}, nil), v[0])
			expect(t, key.Path, load(t, file, env, nil), v[1])
			expect(t, key.Path, load(t, file, env, flags), v[2])
			expect(t, key.Path, load(t, without(file, key.Path), env, nil), v[1])
			expect(t, key.Path, load(t, without(file, key.Path), nil, flags), v[2])
		})
	}
	if len(values) != len(app.Keys()) {
		t.Errorf("got values for %d keys, want %d", len(values), len(app.Keys()))
	}
}

func TestKeyNames(t *testing.T) {
	tests := []struct{ path, env, flag, text string }{
		{"listen", "QLIK_BRIDGE_LISTEN", "listen", ":8080"},
		{"admin_listen", "QLIK_BRIDGE_ADMIN_LISTEN", "admin-listen", "127.0.0.1:9090"},
		{"kafka.brokers", "QLIK_BRIDGE_KAFKA_BROKERS", "kafka-brokers", "127.0.0.1:9092"},
		{"secrets_file", "QLIK_BRIDGE_SECRETS_FILE", "secrets-file", ""},
		{"topics.prefix", "QLIK_BRIDGE_TOPICS_PREFIX", "topics-prefix", "qlik."},
		{"topics.replication", "QLIK_BRIDGE_TOPICS_REPLICATION", "topics-replication", "0"},
		{"ack_timeout", "QLIK_BRIDGE_ACK_TIMEOUT", "ack-timeout", "2s"},
		{"kafka.sasl.client_secret_file", "QLIK_BRIDGE_KAFKA_SASL_CLIENT_SECRET_FILE", "kafka-sasl-client-secret-file", ""},
	}
	keys, seen := map[string]app.Key{}, map[string]bool{}
	for _, k := range app.Keys() {
		if seen[k.Env] || seen[k.Flag] || k.Doc == "" {
			t.Errorf("%s: its variable or its flag is another key's too, or it has no description", k.Path)
		}
		keys[k.Path], seen[k.Env], seen[k.Flag] = k, true, true
	}
	for _, tt := range tests {
		if got, want := keys[tt.path], (app.Key{Path: tt.path, Env: tt.env, Flag: tt.flag, Default: tt.text, Doc: keys[tt.path].Doc}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// TestLoadFile are whole files, good ones.
func TestLoadFile(t *testing.T) {
	tests := []struct {
		name string
		text string
		want func(*app.Config) // what differs from the defaults
	}{
		{name: "empty", want: func(*app.Config) {}},
		{name: "comments alone", text: "# nothing\n", want: func(*app.Config) {}},
		{name: "keys without values", text: "listen:\nkafka:\nlog:\n  level:\nsources:\ntopics:\n  families:\n", want: func(*app.Config) {}},
		{name: "sources", text: "rate_limit: 5\nsources:\n- {name: acme, secrets_file: /a, rate_limit: 2.5, rate_burst: 7}\n- name: other-1\n  secrets_file: /b\n",
			want: func(c *app.Config) {
				c.RateLimit = 5
				c.Sources = []app.SourceConfig{{Name: "acme", SecretsFile: "/a", RateLimit: 2.5, RateBurst: 7}, {Name: "other-1", SecretsFile: "/b"}}
			}},
		{name: "families", text: "topics:\n  families:\n    apps:\n      partitions: 12\n      retention: 14d\n" +
			"      config: {retention.ms: \"1000\", compression.type: zstd, segment.ms: 5}\n    dead-letter: {retention: 36h}\n",
			want: func(c *app.Config) {
				c.Topics.Families = map[string]topics.Override{
					"apps": {Partitions: 12, Retention: topics.Retention(14 * 24 * time.Hour),
						Config: map[string]string{"retention.ms": "1000", "compression.type": "zstd", "segment.ms": "5"}},
					"dead-letter": {Retention: topics.Retention(36 * time.Hour)},
				}
			}},
		{name: "as JSON", text: `{"listen": ":1", "kafka": {"brokers": ["[::1]:9092"]}, "log": {"level": "debug"}}`, want: func(c *app.Config) {
			c.Listen, c.Kafka.Brokers, c.Log.Level = ":1", []string{"[::1]:9092"}, slog.LevelDebug
		}},
		{name: "one broker", text: "kafka:\n  brokers: [a:1]\n", want: func(c *app.Config) { c.Kafka.Brokers = []string{"a:1"} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := app.Load(write(t, tt.text), nil, nil)
			must(t, err)
			want := app.DefaultConfig()
			tt.want(&want)
			if diff := cmp.Diff(want, got, cmp.Transformer("empty", func(m map[string]topics.Override) any { return fmt.Sprint(m) }),
				cmp.Transformer("list", func(s []app.SourceConfig) any { return fmt.Sprint(s) }), cmp.Transformer("scopes", func(s []string) any { return fmt.Sprint(s) })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLoadFileErrors asserts that what is wrong with a file is said with the file, and with the key or its line.
func TestLoadFileErrors(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{name: "unknown key", text: "listen: \":1\"\nkafkaa: 1\n", want: []string{"[2:1]", "kafkaa"}},
		{name: "unknown key inside", text: "kafka:\n  brokers: [a:1]\n  broker: x\n", want: []string{"[3:3]", "broker"}},
		{name: "unknown key of a source", text: "sources:\n- name: a\n  secret_file: /x\n", want: []string{"[3:3]", "secret_file"}},
		{name: "unknown key of a family", text: "topics:\n  families:\n    apps:\n      partition: 3\n", want: []string{"[4:7]", "partition"}},
		{name: "environment name as key", text: "QLIK_BRIDGE_LISTEN: x\n", want: []string{"[1:1]", "QLIK_BRIDGE_LISTEN"}},
		{name: "key twice", text: "listen: \":1\"\nlisten: \":2\"\n", want: []string{"[2:1]", "listen"}},
		{name: "no YAML", text: "listen: [\n", want: []string{"[1:9]"}},
		{name: "brackets without end", text: "listen: " + strings.Repeat("[", 200_000), want: []string{"[1:72]", "nested more than 64 deep"}},
		{name: "lists in lists", text: strings.Repeat("- ", 100_000), want: []string{"[1:129]", "nested more than 64 deep"}},
		{name: "a tag for a list", text: "listen: \":1\"\nsources: !include x\n", want: []string{"[2:10]", "a tag of YAML"}},
		{name: "a tab", text: "kafka:\n\tbrokers: x\n", want: []string{"[2:1]"}},
		{name: "text", text: "just text\n", want: []string{"[1:1]"}},
		{name: "duration without unit", text: "ack_timeout: 5\n", want: []string{"[1:14]", "ack_timeout"}},
		{name: "duration of words", text: "\nack_timeout: soon\n", want: []string{"ack_timeout"}},
		{name: "number of words", text: "rate_burst: many\n", want: []string{"[1:13]", "rate_burst"}},
		{name: "brokers by comma", text: "kafka:\n  brokers: a:1,b:2\n", want: []string{"[2:12]", "brokers"}},
		{name: "unknown log level", text: "listen: \":1\"\nlog:\n  level: loud\n", want: []string{"log.level", "loud"}},
		{name: "log level as number", text: "log: {level: 4}\n", want: []string{"log.level"}},
		{name: "retention without unit", text: "topics: {families: {apps: {retention: 30}}}\n", want: []string{"topics.families", "apps", "retention", "30d"}},
		{name: "retention of words", text: "topics: {families: {apps: {retention: long}}}\n", want: []string{"topics.families", "apps", "retention", "30d"}},
		{name: "list for a text", text: "listen: [a]\n", want: []string{"[1:9]", "listen"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			_, err := app.Load(path, nil, nil)
			expectError(t, err, append(tt.want, path)...)
		})
	}
}

// TestLoadTellsNothing asserts that an error holds no line of the file beside the mistake, where a URL can have a password.
func TestLoadTellsNothing(t *testing.T) {
	const head = "kafka:\n  sasl:\n    token_url: https://user:planted@login.example/token\n"
	for _, mistake := range []string{"    scope: x\n", "    scopes: x\n", "    username: [\n", "\tusername: x\n", "    token_url: x\n", "ack_timeout: 5\n", "text\n"} {
		_, err := app.Load(write(t, head+mistake), nil, nil)
		if err == nil || strings.Contains(err.Error(), "planted") || !strings.Contains(err.Error(), "[") {
			t.Errorf("%q: got %v, want an error with its place and without the password", mistake, err)
		}
	}
}

// TestLoadErrors asserts that a bad value from the environment or a flag is named by its key and by where it came from.
func TestLoadErrors(t *testing.T) {
	tests := []struct {
		name  string
		env   []string
		flags app.Overrides
		want  []string
	}{
		{name: "duration without unit", env: []string{"QLIK_BRIDGE_ACK_TIMEOUT=5"}, want: []string{"ack_timeout", "QLIK_BRIDGE_ACK_TIMEOUT"}},
		{name: "unknown level", flags: app.Overrides{"log.level": "loud"}, want: []string{"log.level", "--log-level"}},
		{name: "no boolean", env: []string{"QLIK_BRIDGE_PPROF=maybe"}, want: []string{"pprof", "QLIK_BRIDGE_PPROF"}},
		{name: "no whole number", env: []string{"QLIK_BRIDGE_RATE_BURST=1.5"}, want: []string{"rate_burst", "QLIK_BRIDGE_RATE_BURST"}},
		{name: "number out of range", flags: app.Overrides{"topics.replication": "70000"}, want: []string{"topics.replication", "--topics-replication"}},
		{name: "invalid", env: []string{"QLIK_BRIDGE_KAFKA_BROKERS=a,b"}, flags: app.Overrides{"listen": ":1"}, want: []string{"kafka.brokers", "QLIK_BRIDGE_KAFKA_BROKERS", "--listen"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := app.Load("", tt.env, tt.flags)
			expectError(t, err, tt.want...)
		})
	}
	t.Run("no such file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "none.yaml")
		_, err := app.Load(path, nil, nil)
		expectError(t, err, path)
	})
}

// TestForeignEnvironment asserts that variables of others change nothing: Kubernetes sets some under the name of a Service, and an empty one
// is unset.
func TestForeignEnvironment(t *testing.T) {
	got, err := app.Load("", []string{
		"QLIK_BRIDGE_SERVICE_HOST=10.0.0.1", "QLIK_BRIDGE_SERVICE_PORT=8080", "QLIK_BRIDGE_PORT=tcp://10.0.0.1:8080", "QLIK_BRIDGE_PORT_8080_TCP=x",
		"QLIK_BRIDGE_KAFKA_SERVICE_HOST=10.0.0.2", "QLIK_BRIDGE_LISTEN=", "QLIK_BRIDGE_KAFKA_BROKERS=", "QLIK_BRIDGE_ACK_TIMEOUT=", "LISTEN=:1", "listen=:2", "QLIK_BRIDGE_", "=",
	}, nil)
	must(t, err)
	want, err := app.Load("", nil, nil)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// load reads a file that holds the given keys.
func load(t *testing.T, file app.Overrides, env []string, flags app.Overrides) app.Config {
	t.Helper()
	c, err := app.Load(write(t, nested(file)), env, flags)
	must(t, err)
	return c
}

// nested writes paths as flow YAML: {"kafka": {"tls": {"enabled": true}}} is merged from several of them by YAML's own nesting.
func nested(paths app.Overrides) string {
	type node map[string]any
	root := node{}
	for path, value := range paths {
		at, parts := root, strings.Split(path, ".")
		for _, part := range parts[:len(parts)-1] {
			if _, ok := at[part]; !ok {
				at[part] = node{}
			}
			at = at[part].(node)
		}
		at[parts[len(parts)-1]] = value
	}
	var text func(node) string
	text = func(n node) string {
		var members []string
		for name, value := range n {
			if inner, ok := value.(node); ok {
				value = text(inner)
			} else if s := value.(string); strings.HasPrefix(s, ":") || strings.Contains(s, "://") {
				value = fmt.Sprintf("%q", s)
			}
			members = append(members, fmt.Sprintf("%s: %s", name, value))
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	return text(root)
}

func without(o app.Overrides, path string) app.Overrides {
	rest := app.Overrides{}
	for p, value := range o {
		if p != path {
			rest[p] = value
		}
	}
	return rest
}

// held is what a configuration holds under a path, as a flag would say it.
func held(t *testing.T, c app.Config, path string) string {
	t.Helper()
	v := reflect.ValueOf(c)
	for part := range strings.SplitSeq(path, ".") {
		i := 0
		for i < v.NumField() && v.Type().Field(i).Tag.Get("yaml") != part {
			i++
		}
		v = v.Field(i)
	}
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v.Interface())
}

func expect(t *testing.T, path string, c app.Config, text string) {
	t.Helper()
	want := strings.NewReplacer("[", "", "]", "", `"`, "", ", ", ",").Replace(text)
	switch path {
	case "log.level":
		want = strings.ToUpper(want)
	case "ack_timeout", "drain_timeout":
		d, err := time.ParseDuration(want)
		must(t, err)
		want = d.String()
	}
	if got := held(t, c, path); got != want {
		t.Errorf("got %s %q, want %q", path, got, want)
	}
}

func expectError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q in it", err, part)
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestUnknownVariables asserts that a misspelt variable is found, and that those that Kubernetes sets for a Service are not taken for one.
func TestUnknownVariables(t *testing.T) {
	got := app.UnknownVariables([]string{"QLIK_BRIDGE_ACK_TIMOUT=1s", "QLIK_BRIDGE_LISTEN=:1", "QLIK_BRIDGE_CONFIG=x", "PATH=/", "QLIK_BRIDGE_PORT=tcp://10.0.0.1:80",
		"QLIK_BRIDGE_SERVICE_HOST=10.0.0.1", "QLIK_BRIDGE_PORT_8080_TCP_ADDR=10.0.0.1", "QLIK_BRIDGE_ADMIN_SERVICE_PORT_HTTP=9090"})
	if len(got) != 1 || got[0] != "QLIK_BRIDGE_ACK_TIMOUT" {
		t.Errorf("got %v, want the misspelt one", got)
	}
}

// TestOneDocument asserts that nothing of a file is left out silently, and that an empty one is the defaults.
func TestOneDocument(t *testing.T) {
	if _, err := app.Load(write(t, "listen: \":1\"\n---\nlisten: \":2\"\n"), nil, nil); err == nil {
		t.Error("got no error for a second document, want one")
	}
	for _, content := range []string{"", "# nothing\n", "---\nlisten: \":8080\"\n"} {
		if _, err := app.Load(write(t, content), nil, nil); err != nil {
			t.Errorf("%q: got %v, want the defaults", content, err)
		}
	}
}

// TestPorts asserts that a port that is none is refused with its key.
func TestPorts(t *testing.T) {
	for key, address := range map[string]string{"listen": ":99999", "admin_listen": "127.0.0.1:http", "kafka.brokers": "kafka:port"} {
		_, err := app.Load("", nil, app.Overrides{key: address})
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s %s: got %v, want an error that names the key", key, address, err)
		}
	}
}
