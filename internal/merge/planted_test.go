package merge_test

import (
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/merge"
)

// rule is the operations on the copies that the parts of 1a lie in. A planted rule leaves one of them out.
type rule struct {
	fresh  func(merge.Copies, ident.Micros, time.Duration) bool
	read   func(merge.Copies, int64, ident.Micros) (merge.Copies, merge.Drift)
	take   func(merge.Copies, int64, ident.Micros) merge.Copies
	prove  func(merge.Copies, ident.Micros) (merge.Copies, merge.Drift)
	forced bool // an own line makes the counter be read
}

// asWritten is the rule of this package.
func asWritten() rule {
	return rule{
		fresh: merge.Copies.Fresh,
		read:  merge.Copies.Read,
		take: func(c merge.Copies, units int64, now ident.Micros) merge.Copies {
			c, _ = c.Take(units, now)
			return c
		},
		prove:  merge.Copies.Prove,
		forced: true,
	}
}

// with leaves out of r the proof that o leaves out.
func (r rule) with(o rule) rule {
	r.prove = o.prove
	return r
}

// noForcedRead believes that an own sale lowered the number for good: no reading, no write.
func noForcedRead() rule {
	r := asWritten()
	r.forced = false
	r.take = func(c merge.Copies, units int64, now ident.Micros) merge.Copies {
		before := c.Expected
		c.Exact = true
		c, _ = c.Take(units, now)
		c.Observed += c.Expected - before
		return c
	}
	return r
}

// noProof lets holds and surpluses end by order lines only.
func noProof() rule {
	r := asWritten()
	r.prove = func(c merge.Copies, _ ident.Micros) (merge.Copies, merge.Drift) { return c, merge.Drift{} }
	return r
}

// noSurplus forgets what rose without a reason.
func noSurplus() rule {
	r := asWritten()
	r.read = func(c merge.Copies, n int64, at ident.Micros) (merge.Copies, merge.Drift) {
		c, d := c.Read(n, at)
		c.Surpluses = nil
		return c, d
	}
	return r
}

// noFreshness takes whatever reading comes.
func noFreshness() rule {
	r := asWritten()
	r.fresh = func(merge.Copies, ident.Micros, time.Duration) bool { return true }
	return r
}

// noMeeting books a sale although its drop is held already.
func noMeeting() rule {
	r := asWritten()
	r.take = func(c merge.Copies, units int64, now ident.Micros) merge.Copies {
		holds := c.Holds
		if units > 0 {
			c.Holds = nil
		}
		c, _ = c.Take(units, now)
		c.Holds = holds
		return c
	}
	return r
}

// noInterval is sure of the number although a write may have overwritten the sale.
func noInterval() rule {
	r := asWritten()
	r.take = func(c merge.Copies, units int64, now ident.Micros) merge.Copies {
		c, _ = c.Take(units, now)
		c.Expected += c.Above - c.Below
		c.Below, c.Above = 0, 0
		return c
	}
	return r
}
