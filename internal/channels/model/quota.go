package model

import (
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// bucket is the far side of one channel.Limit. Levels are counted in tokens × microseconds of the period, so they are
// whole numbers.
type bucket struct {
	limit channel.Limit
	level int64
	last  time.Time
}

func newBuckets(limits []channel.Limit, now time.Time) []bucket {
	out := make([]bucket, len(limits))
	for i, l := range limits {
		out[i] = bucket{limit: l, level: l.Burst * l.Per.Microseconds(), last: now}
	}
	return out
}

func (b *bucket) covers(op channel.Op) bool {
	return len(b.limit.Ops) == 0 || slices.Contains(b.limit.Ops, op)
}

// refill adds what time has brought since the last call.
func (b *bucket) refill(now time.Time) {
	per := b.limit.Per.Microseconds()
	full := b.limit.Burst * per
	if b.limit.Fixed {
		if now.UnixMicro()/per != b.last.UnixMicro()/per {
			b.level = full
		}
		b.last = now
		return
	}
	passed := now.Sub(b.last).Microseconds()
	if passed > full/b.limit.Rate {
		b.level = full
	} else {
		b.level = min(full, b.level+passed*b.limit.Rate)
	}
	b.last = now
}

// wait is how long weight has to wait.
func (b *bucket) wait(weight int64, now time.Time) time.Duration {
	per := b.limit.Per.Microseconds()
	lack := weight*per - b.level
	if lack <= 0 {
		return 0
	}
	if b.limit.Fixed {
		return time.Duration(per-now.UnixMicro()%per) * time.Microsecond
	}
	return time.Duration((lack+b.limit.Rate-1)/b.limit.Rate) * time.Microsecond
}

// take takes weight from every bucket of op together, or from none and says how long to wait.
func take(bs []bucket, op channel.Op, weight int64, now time.Time) time.Duration {
	wait := time.Duration(0)
	for i := range bs {
		if b := &bs[i]; b.covers(op) {
			b.refill(now)
			wait = max(wait, b.wait(weight, now))
		}
	}
	if wait > 0 {
		return wait
	}
	for i := range bs {
		if b := &bs[i]; b.covers(op) {
			b.level -= weight * b.limit.Per.Microseconds()
		}
	}
	return 0
}

// left is what the tightest bucket of op still holds; ok is false when op has none.
func left(bs []bucket, op channel.Op) (name string, tokens int64, ok bool) {
	for i := range bs {
		b := &bs[i]
		if !b.covers(op) {
			continue
		}
		if n := b.level / b.limit.Per.Microseconds(); !ok || n < tokens {
			name, tokens, ok = b.limit.Name, n, true
		}
	}
	return name, tokens, ok
}
