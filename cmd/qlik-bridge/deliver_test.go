package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// httpSink keeps the ids that it was posted, each with its body, and answers as it is told.
type httpSink struct {
	*httptest.Server
	mu     sync.Mutex
	ids    []string // in order, one for each request
	bodies map[string]string
}

func startSink(t *testing.T, status func(n int) int) *httpSink {
	t.Helper()
	s := &httpSink{bodies: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.ids = append(s.ids, r.Header.Get("webhook-id"))
		s.bodies[r.Header.Get("webhook-id")] = string(body)
		n := len(s.ids)
		s.mu.Unlock()
		w.WriteHeader(status(n))
	}))
	t.Cleanup(s.Close)
	return s
}

func always(status int) func(int) int { return func(int) int { return status } }

func (s *httpSink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}

// startDeliver runs deliver until it delivers, and returns the URL of its admin port.
func startDeliver(t *testing.T, brokers, subscriptions string, more ...string) (*process, string) {
	t.Helper()
	p := launch(t, append([]string{"deliver", "--deliver-subscriptions-file", file(t, "subscriptions.yaml", subscriptions), "--kafka-brokers", brokers,
		"--admin-listen", "127.0.0.1:0"}, more...)...)
	p.await(t, &p.err, `"msg":"delivering"`)
	return p, "http://" + regexp.MustCompile(`"admin_listen":"([^"]+)"`).FindStringSubmatch(p.err.String())[1]
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(body)
}

// TestDeliver takes events the whole way: signed deliveries into the bridge, out of Kafka, to sinks in each mode; one of them is down.
func TestDeliver(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	slack, crm, down := startSink(t, always(200)), startSink(t, always(204)), startSink(t, always(500))
	p, admin := startDeliver(t, g.brokers, fmt.Sprintf(`
allow_private: true
subscriptions:
  - name: slack
    types: [com.qlik.app.created]
    sink: {url: %q, mode: template, template: '{"text":"{{type}} {{data.id:slack}}"}'}
  - name: crm
    families: [apps, users]
    filter: {sql: "type LIKE '%%app%%'"}
    sink: {url: %q, mode: binary}
  - name: down
    families: [users]
    sink: {url: %q}
    retries: {first: 10ms, most: 20ms}
    pause_after: 1
`, slack.URL, crm.URL, down.URL))
	g.send(t, "--type", "com.qlik.app.created", "--count", "5").expect(t, 0)
	g.send(t, "--type", "com.qlik.app.deleted", "--count", "3").expect(t, 0)
	g.send(t, "--type", "com.qlik.core.user.created", "--count", "2").expect(t, 0)

	eventually(t, "all events of apps", func() bool { return slack.len() == 5 && crm.len() == 8 })
	slack.mu.Lock()
	for _, body := range slack.bodies {
		if !regexp.MustCompile(`^\{"text":"com\.qlik\.app\.created [^"]+"\}$`).MatchString(body) {
			t.Errorf("got %s, want the template filled in", body)
		}
	}
	slack.mu.Unlock()

	var status struct {
		Ready         bool
		Subscriptions []struct{ Name, Group, Sink, State, Why string }
	}
	eventually(t, "the subscription down to pause, and no other", func() bool {
		_, body := get(t, admin+"/")
		must(t, json.Unmarshal([]byte(body), &status))
		return len(status.Subscriptions) == 3 && status.Subscriptions[1].State == "paused"
	})
	if s := status.Subscriptions; !status.Ready || s[0].State != "delivering" || s[2].State != "delivering" || s[1].Group != "qlik.deliver.down" || !strings.Contains(s[1].Why, "500") {
		t.Errorf("got %+v, want down paused alone, and ready", status)
	}
	if code, body := get(t, admin+"/readyz"); code != 200 {
		t.Errorf("readyz: got %d %s, want 200", code, body)
	}
	_, metrics := get(t, admin+"/metrics")
	for _, want := range []string{`qlik_bridge_deliver_attempts_total{outcome="delivered",subscription="slack"} 5`, `qlik_bridge_deliver_paused{subscription="down"} 1`,
		`qlik_bridge_consumer_events_total{group="qlik.deliver.crm",outcome="handled"} 8`, "qlik_bridge_build_info"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("got metrics without %s", want)
		}
	}
	if n := strings.Count(p.err.String(), `"msg":"attempt","subscription":"crm","outcome":"delivered"`); n != 8 {
		t.Errorf("got %d lines of attempts at crm, want 8; %s", n, &p.err)
	}
	p.signal(t, syscall.SIGTERM)
	p.wait(t).expect(t, 0, `"msg":"stopped"`)
	p, _ = startDeliver(t, g.brokers, fmt.Sprintf("allow_private: true\nsubscriptions: [{name: crm, families: [apps, users], sink: {url: %q}}]\n", crm.URL))
	g.send(t, "--type", "com.qlik.app.created", "--count", "1").expect(t, 0)
	eventually(t, "another event", func() bool { return crm.len() >= 9 })
	if crm.mu.Lock(); len(crm.ids) != 9 || len(slices.Compact(slices.Sorted(slices.Values(crm.ids)))) != 9 {
		t.Errorf("after a restart: got %d requests, want none again", len(crm.ids))
	}
	crm.mu.Unlock()
	p.signal(t, syscall.SIGTERM)
	p.wait(t).expect(t, 0)
}

// TestDeliverCheck asserts that a file is checked offline, with exit code 2 and the place of a mistake.
func TestDeliverCheck(t *testing.T) {
	t.Parallel()
	good := file(t, "good.yaml", "subscriptions: [{name: a, sink: {url: 'https://a.example'}}]\n")
	bad := file(t, "bad.yaml", "subscriptions:\n  - name: a\n    sink:\n      url: https://a.example\n      mode: batch\n")
	missing := file(t, "missing.yaml", "subscriptions:\n  - name: a\n    sink:\n      url_file: /none/url\n    signing: {secret_file: /none/secret}\n")
	doubtful := file(t, "doubtful.yaml", "subscriptions: [{name: a, types: [com.qlik.app.create], sink: {url: 'https://a.example'}}]\n")
	tagged := file(t, "tagged.yaml", "subscriptions: !!binary x\n")
	check := func(path string) ended {
		return run(t, "deliver", "--check", "--deliver-subscriptions-file", path, "--kafka-brokers", "127.0.0.1:1")
	}
	check(good).expect(t, 0, "good: 1 subscription\n")
	check(doubtful).expect(t, 0, "warning: subscription a", `type "com.qlik.app.create" is not in the catalogue`, "only qlik.other")
	check(missing).expect(t, 2, "[4:17]", "/none/url", "[5:28]", "/none/secret")
	check(bad).expect(t, 2, bad, "[5:13]", "subscriptions[0].sink.mode", "batch")
	check(tagged).expect(t, 2, tagged, "[1:16]", "a tag of YAML")
	check("/none").expect(t, 2, "/none")
	run(t, "deliver").expect(t, 2, "deliver.subscriptions_file", "QLIK_BRIDGE_DELIVER_SUBSCRIPTIONS_FILE")
	run(t, "deliver", "--deliver-subscriptions-file", bad).expect(t, 2, "[5:13]")
}
