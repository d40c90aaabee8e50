package outbound

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"carpediemstore.it/sync-connector/internal/fault"
)

// dialPlain connects for http; dialTLS for https. A connection of one kind is never used for the other.
func (g *Guard) dialPlain(ctx context.Context, network, addr string) (net.Conn, error) {
	return g.dial(ctx, network, strings.ToLower(addr), true)
}

func (g *Guard) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	addr = strings.ToLower(addr)
	conn, err := g.dial(ctx, network, addr, false)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(addr, ":443")
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	secure := tls.Client(conn, &tls.Config{
		MinVersion:         tls.VersionTLS12, // C22
		ServerName:         host,
		RootCAs:            g.config.Roots[host], // nil: the system's
		NextProtos:         []string{"http/1.1"},
		ClientSessionCache: g.sessions,
	})
	ctx, cancel := context.WithTimeout(ctx, g.config.Deadlines.TLS)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		g.egress.host(name).failed.Add(1)
		return nil, tlsFault(name, g.config.Deadlines, err)
	}
	return secure, nil
}

// dial connects to addr, "host:port" as the transport gives it, through the judge.
func (g *Guard) dial(ctx context.Context, network, addr string, plain bool) (net.Conn, error) {
	name := strings.TrimSuffix(addr, ":443")
	if plain {
		name = strings.TrimSuffix(addr, ":80")
	}
	c := g.egress.host(name)
	d := net.Dialer{
		Timeout:  g.config.Deadlines.Dial,
		Resolver: g.config.Resolver,
		// C23: asked for every address that is really tried, after the lookup and before the first packet.
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return fault.New(fault.Invalid, "%s leads to an address that cannot be read", name)
			}
			if why := g.judge.refusal(to, plain); why != "" {
				c.refused.Add(1)
				g.egress.block(why)
				return fault.New(fault.Invalid, "%s leads to %s, which is not reached from here (%s)", name, to.Addr(), why)
			}
			return nil
		},
	}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		c.failed.Add(1)
		return nil, err
	}
	c.dials.Add(1)
	return conn, nil
}
