package sse

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
)

var (
	errOff  = errors.New("switched off; events.enabled switches it on")
	errPeer = errors.New("events are shown to this machine alone; events.remote shows them to others, who need not log in")
	errHost = errors.New("ask for 127.0.0.1 or localhost: events are not shown under other names, behind which a foreign page could hide; events.remote allows them")
	errSite = errors.New("events are not shown to pages of other sites")
)

// admit refuses who may not see the events: nobody logs in on the admin port. Unless events.remote is set, a request comes from this machine
// and is meant for it. A browser on this machine is not enough: a foreign page can ask for its own name, made to point here (DNS
// rebinding), and any page can hold streams open whose content it may not read.
func (s *Server) admit(r *http.Request) error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return errSite
	}
	if s.config.Remote {
		return nil
	}
	if peer, _, err := net.SplitHostPort(r.RemoteAddr); err != nil || !isLoopback(peer) {
		return errPeer
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host // without a port
	}
	if host != "localhost" && !isLoopback(host) {
		return errHost
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && ip.Unmap().IsLoopback()
}

func trimBrackets(host string) string {
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		return host[1 : n-1]
	}
	return host
}
