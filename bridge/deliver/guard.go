package deliver

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
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

// metadata are where clouds hand out credentials beside link-local addresses. Most lie in networks that allow_private allows, and Azure's looks like one
// of the internet; so they want a network of allow.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd00:ec2::23"), // AWS: of an instance, of a pod in EKS
	netip.MustParseAddr("fd20:ce::254"),    // Google
	netip.MustParseAddr("168.63.129.16"),   // Azure
	netip.MustParseAddr("100.100.100.200"), // Alibaba
}

// guard refuses connections to addresses that are none of the internet's (IANA's registries of special-purpose addresses), unless they are
// allowed. It looks at the address that is really dialled, after every look-up, so no name can lead around it.
type guard struct {
	*ssrf.Guardian
	allow []netip.Prefix // of the file, without what allow_private adds
}

// newGuard makes a guard; an error names the key.
func newGuard(n Network) (guard, error) {
	allow, err := n.prefixes()
	if err != nil {
		return guard{}, err
	}
	allowed := slices.Clone(allow)
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
	return guard{ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)), allow}, nil
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
	plain := address.Unmap()
	if slices.Contains(metadata, plain) && !slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(plain) }) {
		return fmt.Errorf("%w: at %s a cloud hands out credentials; a network in allow of the subscriptions file lets it be", errBlocked, address)
	}
	if err := g.SafeAddr(plain); err != nil {
		return fmt.Errorf("%w: %s is private, local or reserved; allow_private or allow in the subscriptions file lets it be", errBlocked, address)
	}
	return nil
}
