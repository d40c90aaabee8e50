package outbound

import (
	"crypto/tls"
	"net/http"
	"time"
)

// Guard is the one way out. Its methods may be called at the same time.
type Guard struct {
	config    Config
	judge     judge
	transport *http.Transport
	sessions  tls.ClientSessionCache
	egress    egress
}

// New returns a guard with the rules c. Close it at the end.
func New(c Config) *Guard {
	g := &Guard{
		config:   c.withDefaults(),
		judge:    newJudge(c),
		sessions: tls.NewLRUClientSessionCache(256),
	}
	g.transport = &http.Transport{
		Proxy:                  nil, // C23: the environment does not choose our way out
		DialContext:            g.dialPlain,
		DialTLSContext:         g.dialTLS,
		ResponseHeaderTimeout:  g.config.Deadlines.Header,
		MaxResponseHeaderBytes: 256 << 10,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		Protocols:              new(http.Protocols),
	}
	g.transport.Protocols.SetHTTP1(true)
	return g
}

// Close closes idle connections; those in use end with their request.
func (g *Guard) Close() { g.transport.CloseIdleConnections() }

// Client returns a client that reaches hosts only, each "name" or "name:port" as Address gives them; what is not a host
// name is never reached. Clients share the guard's connections and are cheap to make.
func (g *Guard) Client(hosts ...string) *http.Client {
	t := &trip{guard: g, hosts: make(map[string]*counts, len(hosts))}
	for _, h := range hosts {
		if canonical, err := g.host("https", h); err == nil {
			t.hosts[canonical] = g.egress.host(canonical)
		}
	}
	return &http.Client{
		Transport: t,
		// A redirect is an answer, not an instruction: the adapter sees the 3xx.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// find returns the counters of a listed host, nil for any other. hostport is that of a URL.
func (t *trip) find(scheme, hostport string) *counts {
	if c := t.hosts[hostport]; c != nil {
		return c
	}
	// Written another way: capitals, a default port, letters beyond ASCII.
	canonical, err := t.guard.host(scheme, hostport)
	if err != nil {
		return nil
	}
	return t.hosts[canonical]
}
