package ingress

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"qlikbridge/bridge"
)

// clients knows where requests come from, and whom to let in.
type clients struct {
	allow   []netip.Prefix // empty: everybody
	proxies int            // how many of ours stand in front
}

// parseAllow reads addresses and CIDRs. The error names the key and the remedy.
func parseAllow(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range list {
		prefix, err := parsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("ingress.allow: %q: %w", text, err)
		}
		all = append(all, prefix)
	}
	return all, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("write an address (203.0.113.7, 2001:db8::7) or a CIDR (203.0.113.0/24), without a zone")
	}
	if masked := prefix.Masked(); masked != prefix {
		return prefix, fmt.Errorf("bits are set behind the prefix; write %s, or the address alone", masked)
	}
	if !prefix.Addr().Is4In6() {
		return prefix, nil
	}
	if prefix.Bits() < 96 {
		return prefix, fmt.Errorf("write it as IPv4, or as IPv6 outside ::ffff:0:0/96")
	}
	return netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96), nil
}

// address is the client's: the peer's, or the one that the outermost of our proxies saw. It is not valid where that cannot be told.
func (c clients) address(r *http.Request) netip.Addr {
	text := r.RemoteAddr
	if c.proxies > 0 {
		text = fromRight(r.Header.Values("X-Forwarded-For"), c.proxies)
	}
	return parseAddress(text)
}

// fromRight is the entry n from the right of header lines that are one list (RFC 9110, section 5.3), "" where there are fewer.
func fromRight(lines []string, n int) string {
	rest := strings.Join(lines, ",")
	for ; n > 1; n-- {
		i := strings.LastIndexByte(rest, ',')
		if i < 0 {
			return ""
		}
		rest = rest[:i]
	}
	return strings.TrimSpace(rest[strings.LastIndexByte(rest, ',')+1:])
}

// parseAddress reads an address with or without a port, in brackets or not; some proxies write the port too.
func parseAddress(text string) netip.Addr {
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		both, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}
		}
		address = both.Addr()
	}
	return address.Unmap().WithZone("")
}

// check lets an address in or refuses it.
func (c clients) check(address netip.Addr) error {
	if len(c.allow) == 0 {
		return nil
	}
	for _, prefix := range c.allow {
		if prefix.Contains(address) {
			return nil
		}
	}
	return bridge.Refuse(bridge.AddressNotAllowed, "this address is not in ingress.allow")
}
