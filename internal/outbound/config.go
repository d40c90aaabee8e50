package outbound

import (
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// Config holds the rules of an installation; the zero Config is the strict one. It is never a tenant's to change.
type Config struct {
	// AllowPrivate are networks that are not public and that accounts may reach all the same, such as a store on the
	// LAN. They never open link-local addresses, metadata services and the like (see never).
	AllowPrivate []netip.Prefix
	// AllowPlain permits http for addresses inside AllowPrivate.
	AllowPlain bool
	// Ports may be dialled at public addresses besides 443. Inside AllowPrivate every port may.
	Ports []uint16
	// Own are the addresses this installation answers on: its listeners and the public addresses it is known by. Port 0
	// stands for every port. Addresses of the machine's own interfaces need not be named.
	Own []netip.AddrPort
	// Roots replaces the system's CAs for single hosts, by canonical name without port.
	Roots map[string]*x509.CertPool
	// MaxBody is the most bytes of a response's body that can be read, after decompression; 0 for 64 MiB.
	MaxBody int64
	// Deadlines bound the phases; zero fields take their default.
	Deadlines Deadlines
	// Resolver looks up names; nil for the system's.
	Resolver *net.Resolver
}

// Deadlines bound the phases of an exchange.
type Deadlines struct {
	Dial   time.Duration // name lookup and connecting; default 10 s
	TLS    time.Duration // handshake; default 10 s
	Header time.Duration // from the request's last byte to the response's headers; default 30 s
	Idle   time.Duration // one pause within a body; default 30 s
	Whole  time.Duration // everything from the call to the end of the body; default 5 min
}

// Loopback returns the rules of the demo and of tests: strict, but this machine may be reached, also over http.
func Loopback() Config {
	return Config{
		AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		AllowPlain:   true,
	}
}

func (c Config) withDefaults() Config {
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&c.Deadlines.Dial, 10 * time.Second},
		{&c.Deadlines.TLS, 10 * time.Second},
		{&c.Deadlines.Header, 30 * time.Second},
		{&c.Deadlines.Idle, 30 * time.Second},
		{&c.Deadlines.Whole, 5 * time.Minute},
	} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	return c
}
