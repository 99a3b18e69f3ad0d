package deliver

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
)

// Network says where requests may go; it holds for all subscriptions of a file.
type Network struct {
	AllowPrivate bool     `yaml:"allow_private"` // private, shared and loopback addresses
	Allow        []string `yaml:"allow"`         // further networks, such as 169.254.10.0/24
	Proxy        string   `yaml:"proxy"`         // of all requests; its own address has to be allowed, what it dials is its own to guard
}

// check finds the first thing that is wrong; the error is a fault.
func (n Network) check() error {
	if _, err := n.prefixes(); err != nil {
		return err
	}
	_, err := n.proxy()
	return err
}

// prefixes reads Allow.
func (n Network) prefixes() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for i, text := range n.Allow {
		p, err := netip.ParsePrefix(text)
		if err != nil || p != p.Masked() {
			return nil, faultf(fmt.Sprintf("allow[%d]", i), "%q is no network such as 10.20.0.0/16", text)
		}
		all = append(all, p)
	}
	return all, nil
}

// proxy chooses the proxy for a request; nil: none is configured.
func (n Network) proxy() (func(*http.Request) (*url.URL, error), error) {
	if n.Proxy == "" {
		return nil, nil
	}
	u, err := parseURL(n.Proxy)
	if err != nil {
		return nil, faultf("proxy", "%w", err)
	}
	return http.ProxyURL(u), nil
}
