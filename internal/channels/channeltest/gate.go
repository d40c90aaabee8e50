package channeltest

import (
	"context"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Gate is a channel.Gate that lets everything pass until told otherwise, and remembers what it was asked and told.
type Gate struct {
	mu      sync.Mutex
	granted []channel.Op
	weights int64
	notes   []Noted
	left    int // how many more takes are granted; negative is "all"
	after   time.Duration
}

// Noted is one call of Correct.
type Noted struct {
	Op   channel.Op
	Note channel.Note
}

// NewGate returns an open gate.
func NewGate() *Gate { return &Gate{left: -1} }

// Take grants, or refuses as told by Close.
func (g *Gate) Take(ctx context.Context, op channel.Op, weight int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left == 0 {
		err := fault.New(fault.RateLimited, "the %s budget of this account is used up", op)
		err.After = g.after
		return err
	}
	if g.left > 0 {
		g.left--
	}
	g.granted = append(g.granted, op)
	g.weights += weight
	return nil
}

// Correct remembers n.
func (g *Gate) Correct(op channel.Op, n channel.Note) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notes = append(g.notes, Noted{op, n})
}

// Close lets n more takes pass and refuses all others with after.
func (g *Gate) Close(n int, after time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.after = n, after
}

// Open lets everything pass again.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = -1
}

// Granted returns the operations of all granted takes, oldest first.
func (g *Gate) Granted() []channel.Op {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]channel.Op(nil), g.granted...)
}

// Notes returns what Correct was told, oldest first.
func (g *Gate) Notes() []Noted {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Noted(nil), g.notes...)
}
