package ingress_test

import (
	"testing"

	"qlikbridge/bridge"
)

// TestAllow asserts who is let in by his address, directly and behind proxies, and that nothing of a refused request is read or stored.
func TestAllow(t *testing.T) {
	const us, other = "203.0.113.7", "198.51.100.1"
	tests := []struct {
		name    string
		allow   []string
		proxies int
		lines   []string // of X-Forwarded-For
		ok      bool
		client  any // in the log
	}{
		{name: "nobody is named", ok: true},
		{name: "the peer", allow: []string{"127.0.0.1"}, ok: true},
		{name: "the peer's network", allow: []string{"10.0.0.0/8", "127.0.0.0/8"}, ok: true},
		{name: "the peer's network, mapped", allow: []string{"::ffff:127.0.0.0/104"}, ok: true},
		{name: "not the peer", allow: []string{us}},
		{name: "IPv6 alone", allow: []string{"::/0"}},
		{name: "no proxy is trusted", allow: []string{us}, lines: []string{us}},
		{name: "one proxy", allow: []string{us}, proxies: 1, lines: []string{us}, ok: true, client: us},
		{name: "one proxy, the network", allow: []string{"203.0.113.0/24"}, proxies: 1, lines: []string{us}, ok: true, client: us},
		{name: "one proxy, what the client claims before it", allow: []string{us}, proxies: 1, lines: []string{us + ", " + other}, client: other},
		{name: "one proxy, what the client claims in another line", allow: []string{us}, proxies: 1, lines: []string{us, other}, client: other},
		{name: "one proxy, in a line of its own", allow: []string{us}, proxies: 1, lines: []string{other, us}, ok: true, client: us},
		{name: "two proxies", allow: []string{us}, proxies: 2, lines: []string{other + "," + us + " , 10.0.0.1"}, ok: true, client: us},
		{name: "two proxies, two lines", allow: []string{us}, proxies: 2, lines: []string{other + ", " + us, "10.0.0.1"}, ok: true, client: us},
		{name: "two proxies, one entry", allow: []string{us}, proxies: 2, lines: []string{us}},
		{name: "two proxies, garbage in between", allow: []string{us}, proxies: 2, lines: []string{us + ", , 10.0.0.1"}},
		{name: "no header", allow: []string{"0.0.0.0/0", "::/0"}, proxies: 1},
		{name: "an empty header", allow: []string{"0.0.0.0/0", "::/0"}, proxies: 1, lines: []string{""}},
		{name: "a name", allow: []string{"0.0.0.0/0", "::/0"}, proxies: 1, lines: []string{"unknown"}},
		{name: "the right entry is garbage", allow: []string{us}, proxies: 1, lines: []string{us + ", x"}},
		{name: "no header and nobody is named", proxies: 1, ok: true},
		{name: "with a port", allow: []string{us}, proxies: 1, lines: []string{us + ":4711"}, ok: true, client: us},
		{name: "IPv4 mapped", allow: []string{us}, proxies: 1, lines: []string{"::ffff:" + us}, ok: true, client: us},
		{name: "IPv6", allow: []string{"2001:db8::/32"}, proxies: 1, lines: []string{"2001:DB8::7"}, ok: true, client: "2001:db8::7"},
		{name: "IPv6 with a port", allow: []string{"2001:db8::7"}, proxies: 1, lines: []string{"[2001:db8::7]:4711"}, ok: true, client: "2001:db8::7"},
		{name: "IPv6 with brackets", allow: []string{"2001:db8::7"}, proxies: 1, lines: []string{"[2001:db8::7]"}, ok: true, client: "2001:db8::7"},
		{name: "IPv6 with a zone", allow: []string{"fe80::/10"}, proxies: 1, lines: []string{"fe80::1%eth0"}, ok: true, client: "fe80::1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) { s.config.Allow, s.config.TrustedProxies = tt.allow, tt.proxies })
			w := wire{body: event}
			for _, line := range tt.lines {
				w.header = append(w.header, "X-Forwarded-For: "+line)
			}
			want, reason := 200, ""
			if !tt.ok {
				want, reason = 403, string(bridge.AddressNotAllowed)
				w.claims = 1 << 10 // what is refused is not waited for
			}
			got := d.send(t, w)
			if got.status != want || got.member(t, "reason") != reason || (d.calls.Load() == 1) != tt.ok {
				t.Errorf("got %d %s, want %d %q", got.status, got.body, want, reason)
			}
			d.shut(t)
			if line := d.log.lines(t, "delivery")[0]; line["client"] != tt.client || line["remote"] == nil {
				t.Errorf("got %v, want the client %v", line, tt.client)
			}
		})
	}
}
