package limits

import (
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	// most is the largest number of parts a bucket may hold; sums of two stay within int64.
	most = int64(1) << 61
	// longestBlock is how long an answer may silence us at most; then we ask again.
	longestBlock = 24 * time.Hour
	// maxOut bounds how many calls without an answer a bucket remembers; lostAfter is when one counts as answered.
	maxOut    = 64
	lostAfter = 2 * time.Minute
)

// bucket is one limit with what is left of it. Amounts are parts of a token, unit of which are one token.
type bucket struct {
	limit channel.Limit
	unit  int64
	rate  int64 // tokens per period, as declared or as the channel said last
	level int64
	at    ident.Micros // when level was right

	ends    ident.Micros // of the window of a fixed bucket
	blocked ident.Micros // nothing before
	out     []call       // calls whose answer has not come, oldest first
}

type call struct {
	at    ident.Micros
	parts int64
}

func newBucket(l channel.Limit, now ident.Micros) *bucket {
	l = sane(l)
	b := &bucket{limit: l, unit: l.Per.Microseconds(), rate: l.Rate, at: now}
	if l.Fixed {
		b.unit = 1
		b.ends = 0
		b.roll(now)
	}
	b.level = b.capacity()
	return b
}

// sane gives a limit that makes no sense its strictest sensible reading; Check reports it to whoever wrote it.
func sane(l channel.Limit) channel.Limit {
	if l.Per <= 0 {
		l.Per = time.Second
	}
	l.Per = (l.Per + time.Microsecond - 1).Truncate(time.Microsecond)
	l.Rate = min(max(1, l.Rate), most/2)
	l.Burst = min(max(1, l.Burst), max(1, most/l.Per.Microseconds()))
	l.Reserve = min(max(0, l.Reserve), 99)
	return l
}

// capacity is what a full bucket holds.
func (b *bucket) capacity() int64 {
	if b.limit.Fixed {
		return b.rate
	}
	return b.limit.Burst * b.unit
}

// reserve is the part of the capacity that only writes to zero may use, in whole tokens rounded down.
func (b *bucket) reserve() int64 {
	tokens := b.capacity() / b.unit
	return (tokens/100*b.limit.Reserve + tokens%100*b.limit.Reserve/100) * b.unit
}

// weight is how many tokens a call of weight w takes here.
func (b *bucket) weight(w int64) int64 {
	if b.limit.Calls {
		return min(w, 1)
	}
	return w
}

// settle brings the bucket to now.
func (b *bucket) settle(now ident.Micros) {
	if b.limit.Fixed {
		if now >= b.ends {
			b.roll(now)
			b.level = b.capacity()
		}
		b.at = now
		return
	}
	room := b.capacity() - b.level
	elapsed := int64(now - b.at)
	if elapsed > room/b.rate {
		b.level = b.capacity()
	} else {
		b.level += elapsed * b.rate
	}
	b.at = now
}

// roll moves the end of the window past now, in whole periods.
func (b *bucket) roll(now ident.Micros) {
	per := ident.Micros(b.limit.Per.Microseconds())
	b.ends += ((now-b.ends)/per + 1) * per
}

// wait is how long a call of weight w has to wait, 0 for not at all. fits is false when it never can. The bucket must be
// settled.
func (b *bucket) wait(now ident.Micros, w int64, toZero bool) (d ident.Micros, fits bool) {
	if w == 0 {
		return max(0, b.blocked-now), true
	}
	if w > b.capacity()/b.unit {
		return 0, false
	}
	need := w * b.unit
	floor := min(b.reserve(), b.capacity()-need)
	if toZero {
		floor = 0
	}
	d = max(0, b.blocked-now)
	switch short := need + floor - b.level; {
	case short <= 0:
	case b.limit.Fixed:
		d = max(d, b.ends-now)
	default:
		d = max(d, ident.Micros((short+b.rate-1)/b.rate))
	}
	return d, true
}

// take removes w tokens; wait has said that they are there.
func (b *bucket) take(now ident.Micros, w int64) {
	if w == 0 {
		return
	}
	b.level -= w * b.unit
	if len(b.out) == maxOut {
		b.out = append(b.out[:0], b.out[1:]...)
	}
	b.out = append(b.out, call{now, w * b.unit})
}

// answered forgets the oldest call that is out, and those that will never be answered.
func (b *bucket) answered(now ident.Micros) {
	n := 0
	for n < len(b.out) && now.Sub(b.out[n].at) > lostAfter {
		n++
	}
	if n < len(b.out) {
		n++
	}
	b.out = append(b.out[:0], b.out[n:]...)
}

// remains sets the level to what the channel says is left, less what is still on its way there. A fraction of a token
// that the channel does not count in its whole number stays ours.
func (b *bucket) remains(tokens int64) {
	tokens = min(max(0, tokens), b.capacity()/b.unit)
	said := tokens * b.unit
	for _, c := range b.out {
		said = max(0, said-c.parts)
	}
	if b.level >= said && b.level < said+b.unit {
		return
	}
	b.level = said
}

// setRate takes a rate that the channel states. In a fixed window what was used stays used.
func (b *bucket) setRate(rate int64) {
	if rate <= 0 {
		return
	}
	used := b.capacity() - b.level
	b.rate = min(rate, most/2)
	if b.limit.Fixed {
		b.level = max(0, b.rate-used)
	}
}

// block lets nothing through before now + d.
func (b *bucket) block(now ident.Micros, d time.Duration) {
	b.blocked = max(b.blocked, blockEnd(now, d))
}

func blockEnd(now ident.Micros, d time.Duration) ident.Micros {
	d = min(d, longestBlock)
	return now + ident.Micros((d+time.Microsecond-1)/time.Microsecond)
}
