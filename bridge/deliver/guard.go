package deliver

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// errBlocked is the guard's: the address is none that the subscriptions file allows.
var errBlocked = errors.New("this address is not allowed")

// privateNetworks are what allow_private allows. Link-local addresses are not among them: there clouds hand out their credentials.
var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), // RFC 1918
	netip.MustParsePrefix("100.64.0.0/10"),                                 // RFC 6598, behind carriers' and clouds' NAT
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), // loopback
	netip.MustParsePrefix("fc00::/7"), // RFC 4193
}

// guard refuses connections to addresses that are none of the internet's (IANA's registries of special-purpose addresses), unless they are
// allowed. It looks at the address that is really dialled, after every look-up, so no name can lead around it.
type guard struct{ *ssrf.Guardian }

// newGuard makes a guard; an error names the key.
func newGuard(n Network) (guard, error) {
	allowed, err := n.prefixes()
	if err != nil {
		return guard{}, err
	}
	if n.AllowPrivate {
		allowed = append(allowed, privateNetworks...)
	}
	var v4, v6 []netip.Prefix
	for _, p := range allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return guard{ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))}, nil
}

// control is a net.Dialer's, called for each address between its look-up and the connection.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s %s", errBlocked, network, address)
	}
	return g.check(at.Addr())
}

// check takes an IPv4 address in an IPv6 one (::ffff:127.0.0.1) for what it is.
func (g guard) check(address netip.Addr) error {
	if err := g.SafeAddr(address.Unmap()); err != nil {
		return fmt.Errorf("%w: %s is private, local or reserved; allow_private or allow in the subscriptions file lets it be", errBlocked, address)
	}
	return nil
}
