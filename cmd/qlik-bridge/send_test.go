package main_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge/sandbox"
)

// TestSend asserts that samples of every kind are taken, and that what was answered is printed.
func TestSend(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	all := len(sandbox.SampleTypes())
	tests := []struct {
		name  string
		args  []string
		in    string
		lines int
		want  []string
	}{
		{name: "one", lines: 1, want: []string{"200 published", "1 sent, 0 not taken"}},
		{name: "every type", args: []string{"--count", strconv.Itoa(all)}, lines: all, want: []string{"com.qlik.app.created", strconv.Itoa(all) + " sent"}},
		{name: "legacy", args: []string{"--envelope", "legacy", "--family", "users"}, lines: 1, want: []string{"200 published"}},
		{name: "hybrid", args: []string{"--envelope", "hybrid"}, lines: 1, want: []string{"200 published"}},
		{name: "audit", args: []string{"--envelope", "audit"}, lines: 1, want: []string{"200 published"}},
		{name: "cloudevents", args: []string{"--envelope", "cloudevents", "--type", "com.qlik.app.created"}, lines: 1, want: []string{"200 published com.qlik.app.created"}},
		{name: "an older name", args: []string{"--type", "com.qlik.v1.app.created"}, lines: 1, want: []string{"200 published com.qlik.v1.app.created"}},
		{name: "types in turn", args: []string{"--type", "com.qlik.app.created,com.qlik.app.deleted", "--count", "4"}, lines: 4, want: []string{"com.qlik.app.created", "com.qlik.app.deleted"}},
		{name: "a file", args: []string{"--file", file(t, "event.json", legacyEvent)}, lines: 1, want: []string{"200 published com.qlik.v1.app.created e-1"}},
		{name: "standard input", args: []string{"--file", "-"}, in: legacyEvent, lines: 1, want: []string{"e-1"}},
		{name: "a file with nothing to read", args: []string{"--file", file(t, "x", "x")}, lines: 1, want: []string{"200 dead-letter", "invalid_json"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, tt.in, []string{"QLIK_BRIDGE_SECRETS_FILE=" + g.secrets}, append([]string{"send", "--url", g.url}, tt.args...)...)
			got.expect(t, 0, tt.want...)
			if n := strings.Count(got.out, "\n"); n != tt.lines {
				t.Errorf("got %d lines, want %d: %s", n, tt.lines, got.out)
			}
		})
	}
}

// TestSendEveryFamily asserts that each family that has types can be sent.
func TestSendEveryFamily(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	var list []struct {
		Family string
		Types  int
	}
	must(t, json.Unmarshal([]byte(run(t, "topics", "list", "--offline", "-o", "json").out), &list))
	for _, f := range list {
		if f.Types > 0 {
			got := g.send(t, "--family", f.Family, "--count", strconv.Itoa(f.Types), "-o", "json")
			got.expect(t, 0)
			if n := strings.Count(got.out, `"topic":"qlik.`+f.Family+`"`); n != f.Types {
				t.Errorf("%s: got %d on its topic, want %d: %s", f.Family, n, f.Types, got.out)
			}
		}
	}
}

func TestSendRate(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	began := time.Now()
	g.send(t, "--count", "6", "--rate", "20").expect(t, 0, "6 sent")
	if took := time.Since(began); took < 250*time.Millisecond {
		t.Errorf("got 6 events at 20 per second in %s, want 250 ms or more", took)
	}
}

// TestSendNotTaken asserts that an answer other than 2xx is shown and is a failure.
func TestSendNotTaken(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	wrong := file(t, "wrong", strings.Repeat("x", 32))
	got := run(t, "send", "--url", g.url, "--secrets-file", wrong, "--count", "2", "-o", "json")
	got.expect(t, 1, "2 sent, 2 not taken", "2 of 2 events were not taken")
	for line := range strings.Lines(got.out) {
		answer := sandbox.Answer{}
		must(t, json.Unmarshal([]byte(line), &answer))
		if answer.Status != 401 || answer.Reason != "signature_wrong" {
			t.Errorf("got %+v, want 401 signature_wrong", answer)
		}
	}
	g.url = strings.Replace(g.url, "qlik", "other", 1)
	g.send(t).expect(t, 1, "404 no source of this name")
}
