package deliver

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"qlikbridge/bridge/file"
)

// Bounds on what a sink can make us hold.
const (
	maxAnswerHeader = 16 << 10 // bytes
	maxAnswerBody   = 64 << 10 // bytes read of a body, so that its connection can be used again; a longer one costs its connection
	idleTimeout     = 30 * time.Second
)

// newClient makes the HTTP client of one sink. It follows no redirect, takes no proxy from the environment, verifies certificates, and has at
// most so many connections. A request brings its own timeout; a dial is bounded here too, since net/http lets one go on when its request has ended, and
// a dial that hangs takes the place of a connection.
func newClient(n Network, s Sink, connections int) (*http.Client, error) {
	g, err := newGuard(n)
	if err != nil {
		return nil, err
	}
	trusted, err := roots(s.CAFile)
	if err != nil {
		return nil, err
	}
	proxy, err := n.proxy()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Control: g.control, Timeout: time.Duration(s.Timeout)}
	transport := &http.Transport{
		Proxy:                  proxy,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    time.Duration(s.Timeout),
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        connections,
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		DisableCompression:     true, // an excerpt of what was sent, and no small body that becomes a large one
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// roots are the certificates of a file, and those of the system where there is none (nil).
func roots(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil
	}
	content, err := file.Read(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s holds no PEM certificate", caFile)
	}
	return pool, nil
}

// parseURL reads where to post to. The error does not repeat it: the URL of a webhook can be a secret.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("no URL of the form https://host/path")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("scheme %q: https or http", u.Scheme)
	case !validPort(u):
		return nil, fmt.Errorf("a port is a number from 1 to 65535")
	case u.User != nil:
		return nil, fmt.Errorf("user and password in a URL: put them into a file of headers (Authorization: Basic …)")
	case u.Fragment != "":
		return nil, fmt.Errorf("a fragment (#…) is never sent")
	}
	return u, nil
}

// validPort reports whether a URL has a port that can be, or none.
func validPort(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0 || u.Port() == ""
}
