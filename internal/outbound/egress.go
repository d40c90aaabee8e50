package outbound

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Egress is what went out to one host since the start: a row of the egress report (C06).
type Egress struct {
	Host     string `json:"host"`     // name, with the port when it is not the usual one
	Requests int64  `json:"requests"` // handed to the transport
	Dials    int64  `json:"dials"`    // connections opened
	Failed   int64  `json:"failed"`   // attempts without a connection, refused ones included
	Refused  int64  `json:"refused"`  // addresses of this host that the guard refused
}

// Block counts what the guard refused for one reason.
type Block struct {
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// counts are the live numbers of a host.
type counts struct{ requests, dials, failed, refused atomic.Int64 }

// egress counts per host and per reason. Hosts are those of clients, reasons a fixed list, so both stay few.
type egress struct {
	mu      sync.Mutex
	hosts   map[string]*counts
	blocked map[string]int64
}

func (e *egress) host(name string) *counts {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.hosts[name]
	if c == nil {
		if e.hosts == nil {
			e.hosts = make(map[string]*counts)
		}
		c = new(counts)
		e.hosts[name] = c
	}
	return c
}

func (e *egress) block(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.blocked == nil {
		e.blocked = make(map[string]int64)
	}
	e.blocked[reason]++
}

// Egress lists every host that a client may reach with its counts, by name.
func (g *Guard) Egress() []Egress {
	g.egress.mu.Lock()
	defer g.egress.mu.Unlock()
	out := make([]Egress, 0, len(g.egress.hosts))
	for name, c := range g.egress.hosts {
		out = append(out, Egress{name, c.requests.Load(), c.dials.Load(), c.failed.Load(), c.refused.Load()})
	}
	slices.SortFunc(out, func(a, b Egress) int { return cmp.Compare(a.Host, b.Host) })
	return out
}

// Blocked lists the reasons for which something was refused, with their counts, by reason.
func (g *Guard) Blocked() []Block {
	g.egress.mu.Lock()
	defer g.egress.mu.Unlock()
	out := make([]Block, 0, len(g.egress.blocked))
	for reason, n := range g.egress.blocked {
		out = append(out, Block{reason, n})
	}
	slices.SortFunc(out, func(a, b Block) int { return cmp.Compare(a.Reason, b.Reason) })
	return out
}

// size renders a number of bytes for a person.
func size(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
