package outbound

import (
	"net"
	"net/netip"
	"slices"
)

// network is a range of addresses with the name that counters and messages use.
type network struct {
	prefix netip.Prefix
	name   string
}

func networks(name string, prefixes ...string) []network {
	out := make([]network, len(prefixes))
	for i, p := range prefixes {
		out[i] = network{netip.MustParsePrefix(p), name}
	}
	return out
}

// never lists what no setting opens: addresses that reach the machine's hypervisor or the local link, that are no
// single host, or that carry another address inside, where a rule for the outer one would say nothing of the inner.
func never() []network {
	return slices.Concat(
		networks("metadata service", "169.254.169.254/32", "169.254.170.2/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
			"fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128"),
		networks("link-local", "169.254.0.0/16", "fe80::/10"),
		networks("unspecified", "0.0.0.0/8", "::/128"),
		networks("multicast or broadcast", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8"),
		networks("reserved", "240.0.0.0/4"),
		networks("IPv4 inside IPv6", "::ffff:0:0/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
	)
}

// special lists what is not public but may be allowed by the installation.
func special() []network {
	return slices.Concat(
		networks("loopback", "127.0.0.0/8", "::1/128"),
		networks("private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
		networks("carrier-grade NAT", "100.64.0.0/10"),
		networks("IPv4 inside IPv6", "64:ff9b::/96"),
		networks("special purpose", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "2001::/23"),
		networks("documentation", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
	)
}

// globalUnicast is the only part of IPv6 that is given out for public use.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// nat64 addresses hold a public IPv4 address that a translator reaches; where it is allowed, the inner one is judged.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// judge decides about addresses.
type judge struct {
	never, special []network
	allow          []netip.Prefix
	ports          []uint16
	own            []netip.AddrPort
	interfaces     func() ([]net.Addr, error)
}

func newJudge(c Config) judge {
	return judge{never: never(), special: special(), allow: c.AllowPrivate, ports: c.Ports, own: c.Own, interfaces: net.InterfaceAddrs}
}

func (j judge) allowed(a netip.Addr) bool {
	return slices.ContainsFunc(j.allow, func(p netip.Prefix) bool { return p.Contains(a) })
}

// refusal says why a may not be dialled: the name of its network or of the rule; "" when it may.
func (j judge) refusal(a netip.AddrPort, plain bool) string {
	addr := a.Addr()
	if !addr.IsValid() || addr.Zone() != "" {
		return "link-local"
	}
	if name := nameIn(j.never, addr); name != "" {
		return name
	}
	if j.isOwn(a) {
		return "this program's own address"
	}
	if j.allowed(addr) {
		if nat64.Contains(addr) {
			b := addr.As16()
			return j.refusal(netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:])), a.Port()), plain)
		}
		return ""
	}
	switch name := nameIn(j.special, addr); {
	case name != "":
		return name
	case addr.Is6() && !globalUnicast.Contains(addr):
		return "not public"
	case plain:
		return "http at a public address"
	case a.Port() != 443 && !slices.Contains(j.ports, a.Port()):
		return "port not allowed"
	case j.isInterface(addr):
		return "this program's own address"
	}
	return ""
}

// isOwn reports whether a is one of the installation's listeners or public addresses.
func (j judge) isOwn(a netip.AddrPort) bool {
	return slices.ContainsFunc(j.own, func(o netip.AddrPort) bool {
		if o.Port() != 0 && o.Port() != a.Port() {
			return false
		}
		here := o.Addr().Unmap()
		return here == a.Addr() || here.IsUnspecified() && (a.Addr().IsLoopback() || j.isInterface(a.Addr()))
	})
}

// isInterface reports whether addr belongs to this machine. It is asked once a connection at most.
func (j judge) isInterface(addr netip.Addr) bool {
	all, err := j.interfaces()
	if err != nil {
		return true // what cannot be ruled out is refused
	}
	return slices.ContainsFunc(all, func(n net.Addr) bool {
		p, err := netip.ParsePrefix(n.String())
		return err == nil && p.Addr().Unmap().WithZone("") == addr
	})
}

func nameIn(list []network, addr netip.Addr) string {
	for _, n := range list {
		if n.prefix.Contains(addr) {
			return n.name
		}
	}
	return ""
}
