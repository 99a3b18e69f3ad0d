package app_test

import (
	"net/http"
	"strings"
	"testing"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

func TestAdmin(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, nil)
	r.post(t, event)
	r.post(t, "<script>")
	tests := []struct {
		name, method, path string
		status             int
		want               []string // in the body
	}{
		{name: "livez", path: "/livez", status: 200, want: []string{`{"live":true}`}},
		{name: "readyz", path: "/readyz", status: 200, want: []string{`{"ready":true,"reasons":[]}`}},
		{name: "metrics", path: "/metrics", status: 200, want: []string{
			`qlik_bridge_ingested_total{family="apps",outcome="published",source="qlik"} 1`, `qlik_bridge_dead_letters_total{reason="invalid_json",source="qlik"} 1`,
			`qlik_bridge_requests_total{source="qlik",status="200"} 2`, "go_goroutines"}},
		{name: "status page", path: "/", status: 200, want: []string{
			"<title>qlik-bridge: ready</title>", bridge.Version(), "topics qlik.*", "/webhooks/qlik", r.config.Kafka.Brokers[0], "<td>apps</td><td>published</td>", "<td>dead-letter</td>", "</html>"}},
		{name: "another path", path: "/x", status: 404},
		{name: "no profiles unless switched on", path: "/debug/pprof/", status: 404},
		{name: "no profile unless switched on", path: "/debug/pprof/heap", status: 404},
		{name: "no webhooks here", method: "POST", path: "/webhooks/qlik", status: 404},
		{name: "nothing to post", method: "POST", path: "/readyz", status: 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "POST" {
				response, err := http.Post("http://"+r.AdminAddr()+tt.path, "", nil)
				must(t, err)
				_ = response.Body.Close()
				if response.StatusCode != tt.status {
					t.Errorf("got %d, want %d", response.StatusCode, tt.status)
				}
				return
			}
			status, body := r.get(t, tt.path)
			if status != tt.status {
				t.Errorf("got %d, want %d", status, tt.status)
			}
			for _, part := range tt.want {
				if !strings.Contains(body, part) {
					t.Errorf("got %s, want %q in it", body, part)
				}
			}
		})
	}
}

// TestStatusPageUnready asserts that the page says why the bridge is not ready.
func TestStatusPageUnready(t *testing.T) {
	t.Parallel()
	k := embedded(t, sandbox.KafkaOptions{})
	r := start(t, k.Brokers(), func(c *app.Config) { c.Topics.Manage = false })
	eventually(t, "the reason", func() bool { return strings.Contains(r.reasons(t, 503), "topics apply") })
	_, body := r.get(t, "/")
	for _, part := range []string{"<title>qlik-bridge: not ready</title>", "<li>topics: qlik.", "Nothing yet.", "</html>"} {
		if !strings.Contains(body, part) {
			t.Errorf("got %s, want %q in it", body, part)
		}
	}
}

// TestStatusPageEscapes asserts that no text becomes markup: neither a setting nor a reason why the
// bridge is not ready, in which a broker's name or answer may stand.
func TestStatusPageEscapes(t *testing.T) {
	t.Parallel()
	const hostile, escaped = `"><script>alert('x')</script>&lt;:1`, "&#34;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;lt;:1"
	r := start(t, []string{hostile}, nil)
	eventually(t, "the reason", func() bool { return strings.Contains(r.reasons(t, 503), "<script>") })
	_, body := r.get(t, "/")
	for _, part := range []string{"<p>Up ", "Kafka " + escaped + " · ", "<li>kafka"} {
		if !strings.Contains(body, part) {
			t.Errorf("got %s, want %q in it", body, part)
		}
	}
	if strings.Contains(body, "<script") || strings.Count(body, "&lt;script&gt;") < 2 {
		t.Errorf("got %s, want the script escaped in setting and reason", body)
	}
}

func TestPprof(t *testing.T) {
	t.Parallel()
	r := start(t, []string{"127.0.0.1:1"}, func(c *app.Config) { c.Pprof = true })
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine?debug=1", "/debug/pprof/symbol"} {
		if status, _ := r.get(t, path); status != 200 {
			t.Errorf("%s: got %d, want 200", path, status)
		}
	}
}
