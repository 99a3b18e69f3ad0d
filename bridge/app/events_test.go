package app_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"qlikbridge/bridge/app"
)

// TestEvents asserts that an event that is posted can be followed on the admin port, with its data as it was sent, that a stop ends the
// stream in order, and that the status page leads there.
func TestEvents(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, nil)
	response, err := http.Get("http://" + r.AdminAddr() + "/events?family=apps&filter=prefix:+%7Btype:+com.qlik.app.%7D")
	must(t, err)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	next := func(prefix string) string {
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("got the end, want a line %q: %v", prefix, lines.Err())
		return ""
	}
	next("id: ")
	r.post(t, `{"type":"com.qlik.app.created","id":"followed","data":{"n":1.50}}`)
	if id := next("id: "); !strings.HasPrefix(id, "qlik.apps/") || !strings.Contains(id, ";apps=") {
		t.Errorf("got the id %s, want a place and a position", id)
	}
	if name := next("event: "); name != "com.qlik.app.created" {
		t.Errorf("got the event %s", name)
	}
	if data := next("data: "); !strings.Contains(data, `"id":"followed"`) || !strings.HasSuffix(data, `"data":{"n":1.50}}`) {
		t.Errorf("got %s, want the event with its data as sent", data)
	}
	if _, page := r.get(t, "/"); !strings.Contains(page, `<a href="/events">`) {
		t.Errorf("got %s, want a link", page)
	}
	go func() { _ = r.Stop() }()
	if reason := next(": "); reason != "the bridge is stopping" {
		t.Errorf("got %s, want the reason", reason)
	}
	if lines.Scan(); lines.Scan() || lines.Err() != nil {
		t.Errorf("got %q and %v, want the end in order", lines.Text(), lines.Err())
	}
	must(t, r.Stop())
}

// TestEventsRemote asserts that the log says that strangers see the events, and only then.
func TestEventsRemote(t *testing.T) {
	t.Parallel()
	for _, remote := range []bool{true, false} {
		r := start(t, []string{"127.0.0.1:1"}, func(c *app.Config) { c.Events.Remote = remote })
		if said := strings.Contains(r.log.String(), "events.remote"); said != remote {
			t.Errorf("remote %v: got the warning: %v", remote, said)
		}
	}
}

// TestEventsSwitchedOff asserts that they can be, that the answer names the key, and that the status page does not lead there.
func TestEventsSwitchedOff(t *testing.T) {
	t.Parallel()
	r := start(t, []string{"127.0.0.1:1"}, func(c *app.Config) { c.Events.Enabled = false })
	if status, body := r.get(t, "/events"); status != 404 || !strings.Contains(body, "events.enabled") {
		t.Errorf("got %d %s, want 404 and the key", status, body)
	}
	if _, page := r.get(t, "/"); strings.Contains(page, "/events") {
		t.Errorf("got %s, want no link", page)
	}
}
