package wrap

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Circuit breakers of our own: those of failsafe-go read the machine's clock (its clock is not exported), and the
// simulator lives in virtual time. What we need is small: a count of failures in a row, an instant, one probe.

// BreakerOptions say when a circuit opens and for how long.
type BreakerOptions struct {
	Failures int           // failures in a row that open it; 0 is 5
	First    time.Duration // how long it stays open the first time; 0 is 2 s
	Most     time.Duration // each failed probe doubles the time up to this; 0 is 2 min
}

// Breakers are the circuits of one account, one for each operation. They are safe for concurrent use.
type Breakers struct {
	o  BreakerOptions
	mu sync.Mutex
	by map[channel.Op]*circuit
}

type circuit struct {
	failures int       // in a row
	opened   int       // how often in a row it has opened
	until    time.Time // zero while closed
	probing  bool
}

// Circuit is the state of one circuit, for people.
type Circuit struct {
	Op       channel.Op `json:"op"`
	State    string     `json:"state"` // "closed", "open", "probing"
	Failures int        `json:"failures"`
	Until    time.Time  `json:"until,omitzero"` // of an open one: when the next call is let through
}

// NewBreakers returns closed circuits.
func NewBreakers(o BreakerOptions) *Breakers {
	if o.Failures <= 0 {
		o.Failures = 5
	}
	if o.First <= 0 {
		o.First = 2 * time.Second
	}
	if o.Most <= 0 {
		o.Most = 2 * time.Minute
	}
	return &Breakers{o: o, by: map[channel.Op]*circuit{}}
}

// Circuits lists the state of every circuit that was used, by operation.
func (b *Breakers) Circuits() []Circuit {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Circuit
	for op, c := range b.by {
		s := Circuit{Op: op, State: "closed", Failures: c.failures}
		if !c.until.IsZero() {
			s.State, s.Until = "open", c.until
		}
		if c.probing {
			s.State = "probing"
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Circuit) int { return strings.Compare(string(a.Op), string(b.Op)) })
	return out
}

// Probing reports whether the next call of op decides if its circuit closes: send one item with it, not a hundred.
func (b *Breakers) Probing(op channel.Op) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.by[op]
	return c != nil && !c.until.IsZero()
}

// enter lets a call of op through, or says how long to wait. An open circuit whose time has come lets one call through:
// the probe.
func (b *Breakers) enter(op channel.Op, now time.Time) (probe bool, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.by[op]
	if c == nil {
		c = &circuit{}
		b.by[op] = c
	}
	switch {
	case c.until.IsZero():
		return false, 0
	case now.Before(c.until):
		return false, c.until.Sub(now)
	case c.probing:
		return false, b.o.First // another call is finding out
	}
	c.probing = true
	return true, 0
}

// result is what a call says of the health of its operation.
type result uint8

const (
	healthy result = iota
	failed
	silent // stopped by the caller or never sent for our own reasons: says nothing
)

// leave books how a call ended.
func (b *Breakers) leave(op channel.Op, probe bool, r result, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.by[op]
	if probe {
		c.probing = false
	}
	switch r {
	case healthy:
		*c = circuit{}
	case failed:
		c.failures++
		if probe || c.failures >= b.o.Failures && c.until.IsZero() {
			c.until = now.Add(b.open(c.opened))
			c.opened++
		}
	}
}

// open is how long a circuit stays open that has opened n times in a row before.
func (b *Breakers) open(n int) time.Duration {
	d := b.o.First
	for range n {
		if d = 2 * d; d >= b.o.Most {
			return b.o.Most
		}
	}
	return d
}

// health reads a result off an error. What the channel said clearly, a refusal or "not now", is an answer.
func health(ctx context.Context, err error) result {
	if err == nil {
		return healthy
	}
	if ctx.Err() != nil {
		return silent
	}
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Unknown, fault.TooLarge:
		return failed
	case fault.Canceled, fault.RateLimited:
		return silent
	}
	return healthy
}

// breaker turns calls away while their circuit is open: "not now", with the time to come back.
func breaker(b *Breakers, now func() time.Time) layer {
	return func(ctx context.Context, c *call, do func(context.Context) error) error {
		probe, wait := b.enter(c.op, now())
		if wait > 0 {
			err := fault.New(fault.RateLimited, "the channel failed several times in a row; %s is tried again in %v", c.op, wait.Round(time.Millisecond))
			err.After = wait
			return err
		}
		err := do(ctx)
		b.leave(c.op, probe, health(ctx, err), now())
		return err
	}
}
