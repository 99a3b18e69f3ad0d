package deliver

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	tests := []struct {
		name    string
		network Network
		yes, no []string
	}{
		{name: "the internet alone", no: []string{"127.0.0.1", "127.8.8.8", "::1", "10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0",
			"fd00:ec2::254", "fc00::1", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1",
			"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::",
			"100.100.100.200", "168.63.129.16", "::ffff:168.63.129.16"},
			yes: []string{"1.1.1.1", "93.184.215.14", "::ffff:1.1.1.1", "2606:4700::1111", "172.32.0.1", "100.128.0.1"}},
		{name: "private too", network: Network{AllowPrivate: true}, yes: []string{"127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1", "1.1.1.1"},
			no: []string{"169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "fd00:ec2::254", "fd00:ec2::254%eth0",
				"fd00:ec2::23", "fd20:ce::254", "100.100.100.200", "::ffff:100.100.100.200", "168.63.129.16"}},
		{name: "metadata of clouds", network: Network{Allow: []string{"fd00:ec2::254/128", "fd20::/16", "100.64.0.0/10", "168.63.129.16/32"}},
			yes: []string{"fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "::ffff:168.63.129.16"}, no: []string{"fd00:ec2::23", "169.254.169.254"}},
		{name: "some networks", network: Network{Allow: []string{"10.20.0.0/16", "169.254.10.1/32", "fd00:1::/32"}}, yes: []string{"10.20.3.4", "::ffff:10.20.3.4", "169.254.10.1", "fd00:1::5", "1.1.1.1"},
			no: []string{"10.21.0.1", "127.0.0.1", "169.254.169.254", "fd00:2::1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := newGuard(tt.network)
			if err != nil {
				t.Fatal(err)
			}
			for _, address := range tt.yes {
				if err := g.check(netip.MustParseAddr(address)); err != nil {
					t.Errorf("%s: got %v, want it allowed", address, err)
				}
			}
			for _, address := range tt.no {
				if err := g.check(netip.MustParseAddr(address)); err == nil {
					t.Errorf("%s: got it allowed, want an error", address)
				}
			}
		})
	}
}

func TestGuardControl(t *testing.T) {
	g, err := newGuard(Network{})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]string{{"tcp4", "127.0.0.1:80"}, {"tcp6", "[::1]:443"}, {"tcp6", "[fe80::1%lo]:443"}, {"udp4", "1.1.1.1:53"}, {"unix", "/run/x"}, {"tcp4", "1.1.1.1"}} {
		if err := g.control(at[0], at[1], nil); err == nil {
			t.Errorf("%v: got nil, want an error", at)
		}
	}
	if err := g.control("tcp4", "1.1.1.1:8443", nil); err != nil {
		t.Errorf("got %v, want any port of the internet", err)
	}
}

// TestBlocked asserts for real connections: a name that leads to this machine is blocked when it is dialled, an address is when the file is read,
// and nothing reaches the sink. The environment's proxy leads nowhere.
func TestBlocked(t *testing.T) {
	s := startSink(t, nil)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, s.URL)
	}
	t.Run("a name", func(t *testing.T) {
		subscription := subscribe(t, "http://localhost"+port, nil)
		if a := ready(t, Network{}, subscription).post(t.Context(), sample(t, "")); a.outcome != Blocked {
			t.Errorf("got %+v, want it blocked", a)
		}
		if a := ready(t, local, subscription).post(t.Context(), sample(t, "")); a.outcome != Delivered {
			t.Errorf("where it is allowed: got %+v, want it delivered", a)
		}
	})
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1%25lo]", "0.0.0.0", "169.254.169.254"} {
		t.Run(host, func(t *testing.T) {
			subscription := subscribe(t, "https://example.com", nil)
			subscription.Sink.URL = "http://" + host + port
			if _, err := newSink(Network{}, &subscription); err == nil || !strings.Contains(err.Error(), "sink.url") {
				t.Errorf("got %v, want a fault of sink.url", err)
			}
		})
	}
	for _, host := range []string{"2130706433", "0x7f000001", "0177.0.0.1", "127.1"} { // which some libraries take for 127.0.0.1
		t.Run(host, func(t *testing.T) {
			subscription := subscribe(t, "http://"+host+port, nil)
			if a := ready(t, Network{}, subscription).post(t.Context(), sample(t, "")); a.outcome == Delivered {
				t.Errorf("got %+v, want it not delivered", a)
			}
		})
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("got %d requests, want the allowed one", n)
	}
}

// TestRedirect asserts that no redirect is followed, wherever it leads.
func TestRedirect(t *testing.T) {
	secret := startSink(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := startSink(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secret.URL, status) })
		if a := ready(t, local, subscribe(t, s.URL, nil)).post(t.Context(), sample(t, "")); a.outcome != Unwelcome || a.status != status {
			t.Errorf("%d: got %+v, want it unwelcome", status, a)
		}
	}
	if n := len(secret.requests()); n != 0 {
		t.Errorf("got %d requests where redirects lead, want none", n)
	}
}

// TestProxy asserts that a proxy that is configured is used, and guarded as a sink is.
func TestProxy(t *testing.T) {
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked <- r.URL.String() }))
	t.Cleanup(proxy.Close)
	subscription := subscribe(t, "http://sink.invalid/x", nil)
	if a := ready(t, Network{AllowPrivate: true, Proxy: proxy.URL}, subscription).post(t.Context(), sample(t, "")); a.outcome != Delivered {
		t.Fatalf("got %+v, want it delivered", a)
	}
	if got := <-asked; got != "http://sink.invalid/x" {
		t.Errorf("got %s, want the sink's URL", got)
	}
	if a := ready(t, Network{Proxy: proxy.URL}, subscription).post(t.Context(), sample(t, "")); a.outcome != Blocked {
		t.Errorf("a private proxy: got %+v, want it blocked", a)
	}
}

func TestParseURL(t *testing.T) {
	for text, ok := range map[string]bool{"https://a.example/x?y=1": true, "http://a:8080": true, "https://[2606:4700::1111]:8443/": true, "": false, "a.example": false, "/x": false, "https://": false,
		"https://:443/": false, "ftp://a": false, "file:///etc/passwd": false, "https://u:p@a": false, "https://u@a": false, "https://a/#f": false, "https://a\n": false, "javascript:x": false} {
		u, err := parseURL(text)
		if (err == nil) != ok {
			t.Errorf("%q: got %v, %v, want it taken: %t", text, u, err, ok)
		}
		if err != nil && len(text) > 10 && strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v, want no URL in the error", text, err)
		}
	}
}
