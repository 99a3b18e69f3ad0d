package ingress_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"qlikbridge/bridge"
)

var pathCases = []statusCase{
	{name: "unknown source", send: wire{target: "/webhooks/other", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source in another case", send: wire{target: "/webhooks/Qlik", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source with a slash", send: wire{target: "/webhooks/qlik/", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source with more path", send: wire{target: "/webhooks/qlik/x", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source with an encoded slash", send: wire{target: "/webhooks/qlik%2F", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source with an encoded slash inside", send: wire{target: "/webhooks/x%2Fqlik", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source with an encoded NUL", send: wire{target: "/webhooks/qlik%00", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "source above", send: wire{target: "/webhooks/x/../qlik", body: event}, status: 404, reason: bridge.UnknownSource},
	{name: "slash encoded before the source", send: wire{target: "/webhooks%2Fqlik", body: event}, status: 404},
	{name: "no source", send: wire{target: "/webhooks/", body: event}, status: 404},
	{name: "no source, no slash", send: wire{target: "/webhooks", body: event}, status: 404, reason: bridge.UnknownPath},
	{name: "two slashes first", send: wire{target: "//webhooks/qlik", body: event}, status: 404, reason: bridge.UnknownPath},
	{name: "two slashes before the source", send: wire{target: "/webhooks//qlik", body: event}, status: 404},
	{name: "root", send: wire{target: "/", body: event}, status: 404, reason: bridge.UnknownPath},
	{name: "a path of the admin port", send: wire{target: "/metrics", method: "GET", signed: unsigned}, status: 404, reason: bridge.UnknownPath},
	{name: "options of another path", send: wire{target: "/", method: "OPTIONS", signed: unsigned}, status: 404, reason: bridge.UnknownPath},
	{name: "options of everything", send: wire{target: "*", method: "OPTIONS", signed: unsigned}, status: 404, reason: bridge.UnknownPath},
	{name: "a tunnel", send: wire{target: "bridge:80", method: "CONNECT", signed: unsigned}, status: 404, reason: bridge.UnknownPath},
	{name: "a made-up method of another path", send: wire{target: "/x", method: "FETCH", signed: unsigned}, status: 404, reason: bridge.UnknownPath},
	{name: "a made-up method of an unknown source", send: wire{target: "/webhooks/other", method: "FETCH", signed: unsigned}, status: 404},
	{name: "with a query", send: wire{target: "/webhooks/qlik?tenant=x", body: event}, status: 200, taken: true, body: good},
	{name: "in absolute form", send: wire{target: "http://bridge/webhooks/qlik", body: event}, status: 200, taken: true, body: good},
}

// methodCases are all methods but POST; none may be answered 2xx.
func methodCases() []statusCase {
	var all []statusCase
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "FETCH", "post"} {
		c := statusCase{name: "method " + method, send: wire{method: method, body: event}, status: 405, reason: bridge.WrongMethod, header: map[string]string{"Allow": "POST"}}
		all = append(all, c)
	}
	return all
}

// TestRandomPaths asserts that a hundred paths that nobody configured are answered 404, whatever the method, and that neither they nor
// the methods make series of their own.
func TestRandomPaths(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		w := wire{method: pick(random, "POST", "GET", "OPTIONS", "FETCH"), target: randomPath(random), body: event}
		if got := d.send(t, w); got.status != 404 {
			t.Errorf("%s %s: got %d %s, want 404", w.method, w.target, got.status, got.body)
		}
	}
	if got := d.calls.Load(); got != 0 {
		t.Errorf("got %d ingested, want none", got)
	}
	d.shut(t)
	for name, count := range d.series(t) {
		if strings.HasPrefix(name, "qlik_bridge_requests_total") && (name != "qlik_bridge_requests_total{source=,status=404}" || count != 100) {
			t.Errorf("got %s %v, want one series with 100", name, count)
		}
	}
}

// randomPath is a path of which no part is qlik alone.
func randomPath(random *rand.Rand) string {
	var b strings.Builder
	b.WriteString(pick(random, "/", "/webhooks/", "/webhooks//", "/Webhooks/", "/%77ebhooks/x"))
	for range 1 + random.IntN(4) {
		fmt.Fprintf(&b, "%s%x", pick(random, "", "/", "%2F", "..", "%00", ";", "%25", "qlik", ":source", "*"), random.Uint32())
	}
	return b.String()
}

func pick(random *rand.Rand, of ...string) string { return of[random.IntN(len(of))] }
