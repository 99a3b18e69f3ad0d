package main_test

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tailed is one line of tail --output json.
type tailed struct {
	Topic, Key, Body string
	BodyBase64       []byte `json:"body_base64"`
	Partition        int
	Offset           int64
	Headers          map[string]string
	Event            struct{ ID, Type, PartitionKey, RecordedTime, RequeuedTime, QlikEnvelope string }
}

// TestTail sends a few events and asserts which are printed, and how.
func TestTail(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	before := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	for _, typ := range []string{"com.qlik.app.created", "com.qlik.v1.app.deleted", "com.qlik.space.created"} {
		g.send(t, "--type", typ).expect(t, 0)
	}
	g.send(t, "--file", file(t, "users", `{"type":"com.qlik.unheard.of","id":"o-1"}`)).expect(t, 0)
	g.send(t, "--file", file(t, "x", "{no <event>")).expect(t, 0)
	tests := []struct {
		name  string
		args  []string
		lines int
		want  []string // one in each line, in any order
	}{
		{name: "everything", args: []string{"--since", "1h"}, lines: 5, want: []string{"app.created", "app.deleted", "space.created", "unheard.of", "dead letter: invalid_json"}},
		{name: "since a time", args: []string{"--since", before}, lines: 5, want: []string{"app.created", "app.deleted", "space.created", "unheard.of", "dead letter"}},
		{name: "a type", args: []string{"--since", "1h", "--type", "com.qlik.app.created"}, lines: 1, want: []string{"com.qlik.app.created"}},
		{name: "today's name finds an older one", args: []string{"--since", "1h", "--type", "com.qlik.app.deleted"}, lines: 1, want: []string{"com.qlik.v1.app.deleted"}},
		{name: "the older name too", args: []string{"--since", "1h", "--type", "com.qlik.v1.app.deleted"}, lines: 1, want: []string{"com.qlik.v1.app.deleted"}},
		{name: "types with a star", args: []string{"--since", "1h", "--type", "com.qlik.app.*"}, lines: 2, want: []string{"app.created", "app.deleted"}},
		{name: "a type that is not known", args: []string{"--since", "1h", "--type", "com.qlik.unheard.*"}, lines: 1, want: []string{"o-1"}},
		{name: "two types", args: []string{"--since", "1h", "--type", "com.qlik.app.created", "--type", "com.qlik.unheard.of"}, lines: 2, want: []string{"app.created", "unheard.of"}},
		{name: "a family", args: []string{"--since", "1h", "--family", "apps"}, lines: 2, want: []string{"qlik.apps/", "qlik.apps/"}},
		{name: "dead letters", args: []string{"--since", "1h", "--family", "dead-letter"}, lines: 1, want: []string{"qlik.dead-letter/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, append([]string{"tail", "--kafka-brokers", g.brokers}, tt.args...)...)
			for _, part := range tt.want {
				p.await(t, &p.out, part)
			}
			eventually(t, "every line", func() bool { return strings.Count(p.out.String(), "\n") >= tt.lines })
			p.signal(t, syscall.SIGINT)
			got := p.wait(t)
			got.expect(t, 0)
			if unknown := strings.Contains(strings.Join(tt.args, " "), "com.qlik.unheard"); strings.Contains(got.err, "is not in the catalogue, so that only qlik.other") != unknown {
				t.Errorf("got %q on standard error, want a warning of types that are not known alone", got.err)
			}
			if n := strings.Count(got.out, "\n"); n != tt.lines {
				t.Errorf("got %d lines, want %d: %s", n, tt.lines, got.out)
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		got := run(t, "tail", "--kafka-brokers", g.brokers, "--since", "1h", "--count", "5", "--output", "json")
		got.expect(t, 0)
		checkTailed(t, got.out)
	})
}

func checkTailed(t *testing.T, lines string) {
	t.Helper()
	n := 0
	for line := range strings.Lines(lines) {
		n++
		var got tailed
		must(t, json.Unmarshal([]byte(line), &got))
		if got.Topic == "qlik.dead-letter" {
			if got.Body != "{no <event>" || got.Headers["reason"] != "invalid_json" {
				t.Errorf("got %s, want the body and the reason", line)
			}
			continue
		}
		if got.Event.ID == "" || got.Headers["ce_id"] != got.Event.ID || got.Headers["ce_type"] != got.Event.Type || got.Key != got.Event.PartitionKey || got.Offset < 0 {
			t.Errorf("got %s, want an event that its headers and key agree with", line)
		}
	}
	if n != 5 {
		t.Errorf("got %d lines, want 5: %s", n, lines)
	}
}

// TestTailBytes asserts that a dead letter that is no UTF-8 is printed byte for byte.
func TestTailBytes(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	const body = "\x1b[31m\xff\xc0 {no event>"
	g.send(t, "--file", file(t, "x", body)).expect(t, 0)
	got := run(t, "tail", "--kafka-brokers", g.brokers, "--since", "1h", "--count", "1", "--output", "json")
	got.expect(t, 0)
	var line tailed
	must(t, json.Unmarshal([]byte(got.out), &line))
	if string(line.BodyBase64) != body || line.Body != "" || strings.Contains(got.out, `"body":`) {
		t.Errorf("got %s, want %q in base64 alone", got.out, body)
	}
}

// TestTailFromNow asserts that without --since only what comes later is printed.
func TestTailFromNow(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	g.send(t, "--file", file(t, "e", `{"type":"com.qlik.app.created","id":"earlier"}`)).expect(t, 0)
	p := launch(t, "tail", "--kafka-brokers", g.brokers, "--count", "1")
	eventually(t, "an event printed", func() bool {
		g.send(t, "--file", file(t, "e", `{"type":"com.qlik.app.created","id":"later"}`)).expect(t, 0)
		return p.out.String() != ""
	})
	got := p.wait(t)
	got.expect(t, 0, "later")
	if strings.Contains(got.out, "earlier") {
		t.Errorf("got %s, want what came later alone", got.out)
	}
}
