package deliver

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/topics"
)

func TestLoad(t *testing.T) {
	secret, token := write(t, "secret", newSecret), write(t, "token", "Bearer x")
	got, err := Load(write(t, "subscriptions.yaml", `
allow_private: true
allow: [169.254.10.0/24]
subscriptions:
  - name: first
    sink: {url: "http://127.0.0.1:9/x"}
  - name: second
    group: my-group
    start: latest
    types: [com.qlik.app.created, com.qlik.space.*]
    families: [apps, spaces]
    filter:
      - exact: {source: com.qlik/engine}
      - sql: "topleveltype = 'app'"
    sink:
      url: https://hooks.example.com/x
      mode: template
      template: '{"text":"{{data.name}}"}'
      headers: {Authorization: `+token+`}
      timeout: 3s
    signing: {secret_file: `+secret+`}
    retries: {attempts: 7, first: 1s, most: 2m}
    pause_after: 9
    unordered: true
    concurrency: 2
    rate: 0.5
`), topics.Config{Prefix: "q."})
	if err != nil {
		t.Fatal(err)
	}
	want := File{
		Network: Network{AllowPrivate: true, Allow: []string{"169.254.10.0/24"}},
		Subscriptions: []Subscription{
			{Name: "first", Group: "q.deliver.first", Start: Oldest, Sink: Sink{URL: "http://127.0.0.1:9/x", Mode: Structured, Timeout: Duration(10 * time.Second)},
				Retries: Retries{5, Duration(500 * time.Millisecond), Duration(time.Minute)}, PauseAfter: 3, Concurrency: 8},
			{Name: "second", Group: "my-group", Start: Latest, Types: []string{"com.qlik.app.created", "com.qlik.space.*"}, Families: []string{"apps", "spaces"},
				Filter: []any{map[string]any{"exact": map[string]any{"source": "com.qlik/engine"}}, map[string]any{"sql": "topleveltype = 'app'"}},
				Sink: Sink{URL: "https://hooks.example.com/x", Mode: Templated, Template: `{"text":"{{data.name}}"}`, ContentType: "application/json",
					Headers: map[string]string{"Authorization": token}, Timeout: Duration(3 * time.Second)},
				Signing: Signing{secret}, Retries: Retries{7, Duration(time.Second), Duration(2 * time.Minute)}, PauseAfter: 9, Unordered: true, Concurrency: 2, Rate: 0.5},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestLoadRefused are files that cannot be used; the error names line and key.
func TestLoadRefused(t *testing.T) {
	one := func(more string) string {
		return "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example'}\n" + more
	}
	two, single := write(t, "two", "one\ntwo\n"), write(t, "single", "one\n")
	tests := []struct {
		name, file string
		want       []string
	}{
		{name: "nothing", file: "", want: []string{"subscriptions", "0 of them"}},
		{name: "no YAML", file: "a: [", want: []string{"[1:"}},
		{name: "brackets without end", file: "subscriptions: " + strings.Repeat("[", 200_000), want: []string{"[1:79]", "nested more than 64 deep"}},
		{name: "lists in lists", file: "subscriptions:\n  " + strings.Repeat("- ", 100_000) + "x", want: []string{"[2:129]", "nested more than 64 deep"}},
		{name: "a tag for subscriptions", file: "subscriptions: !!binary x\n", want: []string{"[1:16]", "a tag of YAML"}},
		{name: "a tag for a list", file: one("    types: !include x\n"), want: []string{"[4:12]", "a tag of YAML"}},
		{name: "two documents", file: one("---\nsubscriptions: []\n"), want: []string{"more than one YAML document"}},
		{name: "an unknown key", file: one("    sinks: {}\n"), want: []string{"[4:5]", "sinks"}},
		{name: "an unknown key further in", file: one("    retries: {attempt: 3}\n"), want: []string{"[4:15]", "attempt"}},
		{name: "no duration", file: one("    retries: {first: soon}\n"), want: []string{"[4:22]", "subscriptions[0].retries.first", "soon"}},
		{name: "a number for a duration", file: one("    retries: {first: 5}\n"), want: []string{"[4:22]", "retries.first", "10s"}},
		{name: "no name", file: "subscriptions:\n  - sink: {url: 'https://a.example'}\n", want: []string{"[2:", "subscriptions[0].name", "lower-case"}},
		{name: "a bad name", file: "subscriptions:\n  - name: A b\n", want: []string{"[2:11]", "subscriptions[0].name", `"A b"`}},
		{name: "a name twice", file: one("  - name: a\n    sink: {url: 'https://a.example'}\n"), want: []string{"[4:11]", "subscriptions[1].name", "twice"}},
		{name: "a group twice", file: one("    group: g\n  - name: b\n    group: g\n    sink: {url: 'https://a.example'}\n"), want: []string{"[6:12]", "subscriptions[1].group"}},
		{name: "a group with a space and a slash", file: one("    group: my group/eu\n"), want: []string{"[4:12]", "subscriptions[0].group", `"my group/eu"`}},
		{name: "a group with NUL", file: one("    group: \"a\\0b\"\n"), want: []string{"[4:12]", "subscriptions[0].group", `"a\x00b"`}},
		{name: "a long group", file: one("    group: " + strings.Repeat("g", 240) + "\n"), want: []string{"[4:12]", "subscriptions[0].group", "240 characters", "qlik.dead-letter.…", "room for 232"}},
		{name: "a header in two cases", file: "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      headers:\n        x-tok: " + single + "\n        X-Tok: " + single + "\n",
			want: []string{"[6:16]", "sink.headers.x-tok", "X-Tok is the same header"}},
		{name: "a port beyond the last", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example:65536/x'}\n", want: []string{"[3:17]", "sink.url", "65535"}},
		{name: "port 0", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example:0'}\n", want: []string{"[3:17]", "sink.url", "65535"}},
		{name: "hardly a rate", file: one("    rate: 1e-300\n"), want: []string{"[4:11]", "rate", "0.001"}},
		{name: "a bad start", file: one("    start: now\n"), want: []string{"[4:12]", "start", "oldest or latest"}},
		{name: "an unknown family", file: one("    families: [app]\n"), want: []string{"[4:15]", "families", `"app"`}},
		{name: "a bad type", file: one("    types: ['*.created']\n"), want: []string{"[4:12]", "types", "*.created"}},
		{name: "a type that cannot be", file: one("    types: [com.qlik.app.created]\n    families: [users]\n"), want: []string{"[4:12]", "types", "com.qlik.app.created"}},
		{name: "a bad filter", file: one("    filter:\n      - sql: 'type ='\n"), want: []string{"[5:", "filter", "sql"}},
		{name: "an unknown dialect", file: one("    filter: {regex: {type: x}}\n"), want: []string{"[4:", "regex"}},
		{name: "no sink", file: "subscriptions:\n  - name: a\n", want: []string{"[2:", "sink.url", "one of url and url_file"}},
		{name: "a sink twice", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example', url_file: x}\n", want: []string{"[3:17]", "sink.url"}},
		{name: "a bad URL", file: "subscriptions:\n  - name: a\n    sink: {url: 'a.example'}\n", want: []string{"[3:17]", "sink.url", "https://host/path"}},
		{name: "a private address", file: "subscriptions:\n  - name: a\n    sink: {url: 'http://10.0.0.1'}\n", want: []string{"[3:17]", "sink.url", "allow_private"}},
		{name: "no URL in a file", file: "subscriptions:\n  - name: a\n    sink: {url_file: " + two + "}\n", want: []string{"[3:22]", "sink.url_file", "one line"}},
		{name: "no such file", file: "subscriptions:\n  - name: a\n    sink: {url_file: /none}\n", want: []string{"[3:22]", "sink.url_file", "/none"}},
		{name: "an unknown mode", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example', mode: batch}\n", want: []string{"[3:44]", "sink.mode", `"batch"`}},
		{name: "a template without its mode", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example', template: x}\n", want: []string{"sink.mode", "template"}},
		{name: "the mode without a template", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example', mode: template}\n", want: []string{"sink.template", "needs one"}},
		{name: "a bad template", file: "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      mode: template\n      template: 'x {{y}}'\n", want: []string{"[6:17]", "sink.template", "no JSON"}},
		{name: "a header of ours", file: "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      headers:\n        ce-id: /none\n", want: []string{"[6:16]", "sink.headers.ce-id"}},
		{name: "a header of two lines", file: "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      headers:\n        X-A: " + two + "\n", want: []string{"[6:14]", "sink.headers.X-A", "one line"}},
		{name: "no name of a header", file: "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      headers: {'a b': x}\n", want: []string{"sink.headers", `"a b"`}},
		{name: "no CA", file: "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      ca_file: " + two + "\n", want: []string{"[5:16]", "sink.ca_file", "PEM"}},
		{name: "a bad secret", file: one("    signing: {secret_file: " + two + "}\n"), want: []string{"[4:28]", "signing.secret_file", "secret 1"}},
		{name: "every file missing", file: "subscriptions:\n  - name: a\n    sink: {url_file: /none/u, ca_file: /none/c, headers: {X-A: /none/a, X-B: /none/b}}\n    signing: {secret_file: /none/s}\n",
			want: []string{"[3:22] subscriptions[0].sink.url_file", "[3:40] subscriptions[0].sink.ca_file", "[3:64] subscriptions[0].sink.headers.X-A", "[3:78] subscriptions[0].sink.headers.X-B", "[4:28] subscriptions[0].signing.secret_file"}},
		{name: "too long", file: "subscriptions:\n  - name: a\n    sink: {url: 'https://a.example', timeout: 1h}\n", want: []string{"[3:47]", "sink.timeout"}},
		{name: "no attempts", file: one("    retries: {attempts: -1}\n"), want: []string{"[4:25]", "retries.attempts"}},
		{name: "most before first", file: one("    retries: {first: 2m}\n"), want: []string{"[4:", "retries.most"}},
		{name: "no concurrency", file: one("    concurrency: 1000\n"), want: []string{"[4:18]", "concurrency"}},
		{name: "a rate below nothing", file: one("    rate: -1\n"), want: []string{"[4:11]", "rate"}},
		{name: "no number", file: one("    rate: .nan\n"), want: []string{"[4:11]", "rate"}},
		{name: "never a pause", file: one("    pause_after: -1\n"), want: []string{"[4:18]", "pause_after"}},
		{name: "no network", file: "allow: [10.0.0.0]\n" + one(""), want: []string{"[1:9]", "allow[0]", "10.0.0.0"}},
		{name: "a network that is none", file: "allow: [10.1.0.0/8]\n" + one(""), want: []string{"allow[0]"}},
		{name: "a bad proxy", file: "proxy: 'ftp://x'\n" + one(""), want: []string{"[1:8]", "proxy"}},
		{name: "two mistakes", file: "subscriptions:\n  - name: a\n  - name: b\n    sink: {url: x}\n", want: []string{"[2:", "subscriptions[0].sink.url", "[4:17]", "subscriptions[1].sink.url"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "subscriptions.yaml", tt.file)
			_, err := Load(path, topics.DefaultConfig())
			if err == nil {
				t.Fatal("got nil, want an error")
			}
			for _, part := range append(tt.want, path) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %q in it", err, part)
				}
			}
			for _, part := range []string{"hooks.example.com", "two\n", "%!"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want no %q in it", err, part)
				}
			}
		})
	}
}

// TestLoadTellsNothing asserts that an error holds no line of the file beside the mistake, where a URL can be a secret.
func TestLoadTellsNothing(t *testing.T) {
	const head = "subscriptions:\n  - name: a\n    sink: {url: 'https://hooks.example.com/planted'}\n"
	tests := []struct {
		name, file string
		want       []string
	}{
		{name: "an unknown key", file: head + "    sinks: {}\n", want: []string{"[4:5]", "subscriptions[0].sinks", "unknown"}},
		{name: "another type", file: head + "    concurrency: many\n", want: []string{"[4:18]", "subscriptions[0].concurrency"}},
		{name: "a key twice", file: head + "    name: b\n", want: []string{"[4:5]", "name"}},
		{name: "no YAML", file: head + "    types: [a\n", want: []string{"[4:12]"}},
		{name: "a bad value", file: head + "    start: now\n", want: []string{"[4:12]", "subscriptions[0].start"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(write(t, "subscriptions.yaml", tt.file), topics.DefaultConfig())
			if err == nil || strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want one line without the URL", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %q in it", err, part)
				}
			}
		})
	}
}

// TestDocumentedFile asserts that the file of docs/deliver.md can be used as it stands there, with files in place of those that it names.
func TestDocumentedFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/deliver.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```yaml\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("docs/deliver.md holds no YAML")
	}
	for name, content := range map[string]string{"slack-url": "https://hooks.slack.example/services/T/B/x", "crm-token": "Bearer x", "crm-secrets": newSecret + "\n" + oldSecret} {
		example = strings.ReplaceAll(example, "/etc/qlik-bridge/"+name, write(t, name, content))
	}
	f, err := Load(write(t, "subscriptions.yaml", example), topics.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	modes := map[Mode]bool{}
	for _, s := range f.Subscriptions {
		modes[s.Sink.Mode] = true
	}
	if len(modes) != 3 {
		t.Errorf("got modes %v, want all of them shown", modes)
	}
}
