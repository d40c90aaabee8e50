package limits

import (
	"context"
	"slices"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// maxPauses bounds the operations without buckets that are remembered as paused.
const maxPauses = 64

// Gate is the set of buckets of one account. It implements channel.Gate.
type Gate struct {
	clock func() time.Time
	start time.Time

	mu      sync.Mutex
	last    ident.Micros
	changes int64
	buckets []*bucket
	// pauses hold back operations that no bucket names, by the instant they end.
	pauses map[channel.Op]ident.Micros
}

var _ channel.Gate = (*Gate)(nil)

// New returns a gate with full buckets for limits. now is the clock; its monotonic part is used where it has one.
func New(limits []channel.Limit, now func() time.Time) *Gate {
	g := &Gate{clock: now, start: now(), pauses: make(map[channel.Op]ident.Micros)}
	g.Use(limits)
	return g
}

// Check reports limits that make no sense; a gate reads them as strictly as it can. Adapters' tests call it.
func Check(limits []channel.Limit) error {
	for i, l := range limits {
		switch {
		case l.Name == "":
			return fault.New(fault.Invalid, "limit %d has no name", i+1)
		case slices.ContainsFunc(limits[:i], func(o channel.Limit) bool { return o.Name == l.Name }):
			return fault.New(fault.Invalid, "limit %q is listed twice", l.Name)
		case l.Fixed && l.Burst != 0:
			return fault.New(fault.Invalid, "limit %q is fixed: it has no burst", l.Name)
		}
		s := sane(l)
		if l.Fixed {
			s.Burst = 0
		}
		if s.Per != l.Per || s.Rate != l.Rate || s.Burst != l.Burst || s.Reserve != l.Reserve {
			return fault.New(fault.Invalid, "limit %q of %d per %v with burst %d and reserve %d %% makes no sense", l.Name, l.Rate, l.Per, l.Burst, l.Reserve)
		}
	}
	return nil
}

// Use replaces the limits, as when an account's capabilities are read anew. A bucket that keeps its name keeps what was
// used of it.
func (g *Gate) Use(limits []channel.Limit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	before := g.states(now)
	g.buckets = make([]*bucket, len(limits))
	for i, l := range limits {
		g.buckets[i] = newBucket(l, now)
	}
	g.restore(before, now)
}

// Take takes weight tokens from every bucket of op, or returns a RateLimited fault with After and takes nothing. A call
// that would not even fit a full bucket is Invalid. Mark writes to zero with channel.ToZero.
func (g *Gate) Take(ctx context.Context, op channel.Op, weight int64) error {
	if weight < 0 {
		return fault.New(fault.Invalid, "a call of weight %d", weight)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now, toZero := g.now(), channel.IsToZero(ctx)
	longest, full := g.pauses[op]-now, string(op)
	for _, b := range g.buckets {
		if !b.counts(op) {
			continue
		}
		b.settle(now)
		w := b.weight(weight)
		d, fits := b.wait(now, w, toZero)
		if !fits {
			return fault.New(fault.Invalid, "a call of weight %d never fits the limit %q, which holds %d: send less at once", w, b.limit.Name, b.capacity()/b.unit)
		}
		if d > longest {
			longest, full = d, b.limit.Name
		}
	}
	if longest > 0 {
		after := time.Duration(longest) * time.Microsecond
		return &fault.Error{Kind: fault.RateLimited, After: after, Msg: "the limit " + full + " of the channel is used up for " + after.Round(time.Millisecond).String()}
	}
	for _, b := range g.buckets {
		if b.counts(op) {
			b.take(now, b.weight(weight))
		}
	}
	g.changes++
	return nil
}

// Changes returns how often tokens were taken or limits corrected so far. While the number stays the same, time alone has
// moved the buckets, and whoever stores them has nothing new to store.
func (g *Gate) Changes() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changes
}

// Correct adjusts buckets from what an answer to op said. A bucket that is not known and an operation without buckets
// can still be told to wait.
func (g *Gate) Correct(op channel.Op, n channel.Note) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changes++
	now := g.now()
	known := false
	for _, b := range g.buckets {
		if n.Bucket == "" && b.counts(op) || n.Bucket != "" && n.Bucket == b.limit.Name {
			known = true
			b.settle(now)
			b.correct(now, n)
		}
	}
	if !known && n.Until > 0 {
		g.pause(op, blockEnd(now, n.Until), now)
	}
}

func (b *bucket) correct(now ident.Micros, n channel.Note) {
	b.answered(now)
	if n.Rate != nil {
		b.setRate(*n.Rate)
	}
	if n.Remaining != nil {
		b.remains(*n.Remaining)
	}
	switch {
	case n.Until <= 0:
	case n.Remaining != nil && b.limit.Fixed:
		// The instant is the end of the channel's own window, which from now on is ours.
		b.ends = blockEnd(now, min(n.Until, b.limit.Per))
	case n.Remaining == nil || *n.Remaining <= 0:
		b.block(now, n.Until)
	}
}

// pause holds op back; operations are few, but they come from outside this package.
func (g *Gate) pause(op channel.Op, until, now ident.Micros) {
	for o, end := range g.pauses {
		if end <= now {
			delete(g.pauses, o)
		}
	}
	if _, known := g.pauses[op]; known || len(g.pauses) < maxPauses {
		g.pauses[op] = max(g.pauses[op], until)
	}
}

// counts reports whether calls of op take from b.
func (b *bucket) counts(op channel.Op) bool {
	return len(b.limit.Ops) == 0 || slices.Contains(b.limit.Ops, op)
}

// now is the wall time of the start plus what has passed since by the monotonic clock; it never steps back.
func (g *Gate) now() ident.Micros {
	g.last = max(g.last, ident.At(g.start).Add(g.clock().Sub(g.start)))
	return g.last
}
