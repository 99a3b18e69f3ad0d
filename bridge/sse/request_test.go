package sse_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"qlikbridge/bridge/sse"
)

// TestParameters asserts that what cannot be used is named.
func TestParameters(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for _, tt := range []struct{ name, query, lastID, want string }{
		{"unknown", "types=x", "", `"types" is no parameter; there are type, family, filter, sql, subject, tenant, since, event`},
		{"a query that is none", "type=%zz", "", "query: "},
		{"a type", "type=com.*.created", "", `type, family: type "com.*.created"`},
		{"a family", "family=app", "", `type, family: family "app" is not in the catalogue`},
		{"dead letters", "family=dead-letter", "", "family: dead letters are no events"},
		{"a filter", "filter=exact:%20x", "", "filter: filter.exact: an object is wanted"},
		{"sql", "sql=1-1", "", "sql: filter.sql: CESQL, line 1, column 2"},
		{"a subject", "subject=", "", "subject: "},
		{"a tenant", "tenant=", "", "tenant: "},
		{"a time", "since=noon", "", `since: "noon": a duration`},
		{"two times", "since=1h&since=2h", "", "since: one value is wanted"},
		{"a name", "event=x", "", `event "x": type or message`},
		{"many values", strings.Repeat("sql=TRUE&", 17), "", "sql: 17 values; at most 16"},
		{"an id that is none", "", "7", `Last-Event-ID: "7" is not topic/partition/offset`},
		{"an id without a family", "", "qlik.apps/0/1;12", `Last-Event-ID: "12" is not family=offset`},
		{"an id with a negative offset", "", ";apps=1,-2", `Last-Event-ID: "-2" of family apps is no offset`},
		{"a long id", "", ";apps=" + strings.Repeat(",", 64<<10), "Last-Event-ID: 65542 bytes; at most 65536"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.lastID != "" {
				headers = []string{"Last-Event-ID", tt.lastID}
			}
			expectRefusal(t, r.get(t, tt.query, headers...), 400, tt.want)
		})
	}
	if n := r.metric(t, "qlik_bridge_events_refused_total", "parameter"); n != 17 {
		t.Errorf("got %v refused, want 17", n)
	}
}

// TestAdmit asserts who may see the events.
func TestAdmit(t *testing.T) {
	t.Parallel()
	here, everywhere := start(t, nil), start(t, func(c *sse.Config, _ *sse.Options) { c.Remote = true })
	off := start(t, func(c *sse.Config, _ *sse.Options) { c.Enabled = false })
	for _, r := range []*rig{here, everywhere} {
		r.create(t, "qlik.apps", 1)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(here.http.URL, "http://"), ":")
	for _, tt := range []struct {
		name, host, site string
		r                *rig
		status           int
		want             string
	}{
		{"an address", "", "", here, 200, ""},
		{"localhost", "localhost:" + port, "", here, 200, ""},
		{"localhost without a port", "localhost", "", here, 200, ""},
		{"the other loopback", "[::1]:" + port, "", here, 200, ""},
		{"a page of its own", "", "same-origin", here, 200, ""},
		{"typed in", "", "none", here, 200, ""},
		{"another name", "rebound.example:" + port, "", here, 403, "events.remote"},
		{"another address", "10.1.2.3:" + port, "", here, 403, "events.remote"},
		{"a page of another site", "", "cross-site", here, 403, "other sites"},
		{"a page of another port", "", "same-site", here, 403, "other sites"},
		{"another name, allowed", "bridge.example:" + port, "", everywhere, 200, ""},
		{"a page of another site, all the same", "bridge.example:" + port, "cross-site", everywhere, 403, "other sites"},
		{"switched off", "", "", off, 404, "events.enabled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.host != "" {
				headers = append(headers, "Host", tt.host)
			}
			if tt.site != "" {
				headers = append(headers, "Sec-Fetch-Site", tt.site)
			}
			if tt.status == 200 {
				tt.r.follow(t, "family=apps", headers...).close()
				return
			}
			expectRefusal(t, tt.r.get(t, "", headers...), tt.status, tt.want)
		})
	}
}

// TestAnotherMachine asserts that a peer that is not this machine is refused, whatever it asks for.
func TestAnotherMachine(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for _, peer := range []string{"10.1.2.3:4711", "[2001:db8::1]:4711", "[::ffff:10.1.2.3]:4711", ""} {
		request, err := http.NewRequest(http.MethodGet, "http://localhost/events", nil)
		must(t, err)
		request.RemoteAddr = peer
		answer := &recorded{header: http.Header{}}
		r.ServeHTTP(answer, request)
		if answer.status != 403 || !strings.Contains(answer.body, "this machine alone") {
			t.Errorf("%q: got %d %s, want 403", peer, answer.status, answer.body)
		}
	}
}

// recorded is an answer.
type recorded struct {
	header http.Header
	status int
	body   string
}

func (r *recorded) Header() http.Header { return r.header }

func (r *recorded) WriteHeader(status int) { r.status = status }

func (r *recorded) Write(b []byte) (int, error) {
	r.body += string(b)
	return len(b), nil
}

// TestFull asserts that there are no more clients than are allowed, and that one that goes makes room.
func TestFull(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *sse.Config, _ *sse.Options) { c.MaxClients = 2 })
	r.create(t, "qlik.apps", 1)
	r.follow(t, "family=apps")
	c := r.follow(t, "family=apps")
	response := r.get(t, "family=apps")
	if after := response.Header.Get("Retry-After"); after != "5" {
		t.Errorf("got Retry-After %q, want 5", after)
	}
	expectRefusal(t, response, 503, "events.max_clients")
	c.close()
	eventually(t, "room", func() bool { return r.metric(t, "qlik_bridge_events_clients", "") == 1 })
	r.follow(t, "family=apps")
}

// TestHead asserts that who asks for the header alone gets it, and no stream without an end.
func TestHead(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, r.http.URL+"/events", nil)
	must(t, err)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %s %s, want the header of a stream", response.Status, response.Header.Get("Content-Type"))
	}
}

// TestKafkaAway asserts that there is no stream where Kafka does not answer, and that it says when to try again.
func TestKafkaAway(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.embedded.Close()
	response := r.get(t, "family=apps")
	if response.Header.Get("Retry-After") == "" {
		t.Error("got no Retry-After")
	}
	expectRefusal(t, response, 503, "kafka: ")
}

func expectRefusal(t *testing.T, response *http.Response, status int, want string) {
	t.Helper()
	var body struct{ Error string }
	must(t, json.NewDecoder(response.Body).Decode(&body))
	if response.StatusCode != status || !strings.Contains(body.Error, want) {
		t.Errorf("got %d %s, want %d and %q", response.StatusCode, body.Error, status, want)
	}
}

func TestConfig(t *testing.T) {
	for _, n := range []int{0, -1, 1001} {
		if err := (sse.Config{Enabled: true, MaxClients: n}).Validate(); err == nil || !strings.Contains(err.Error(), "events.max_clients") {
			t.Errorf("%d: got %v, want the key", n, err)
		}
	}
}
