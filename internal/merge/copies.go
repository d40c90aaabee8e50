package merge

import (
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Copies is what is known of one counter besides its desired value. The zero Copies knows nothing.
type Copies struct {
	// Known is false until the first accepted reading.
	Known bool
	// Expected-Below … Expected+Above is what the channel must show if nothing unknown happened.
	Expected, Below, Above int64
	// Exact says that the last write could not overwrite a sale (compare-and-set, relative, sequence-fenced). False
	// before the first write: whether the first reading already held a sale is as uncertain.
	Exact bool
	// Doubt is the other branch of a write whose outcome is not known: the value the channel shows if it was applied.
	Doubt   bool
	DoubtAt int64
	// Holds are units of a drop whose order line was not seen yet, oldest first; Surpluses the same for rises.
	Holds, Surpluses Parts
	// Observed is the last accepted reading, started at ObservedAt.
	Observed   int64
	ObservedAt ident.Micros
	// Fence is when the last thing we know happened: a write, a booked move, a reading that changed something.
	Fence ident.Micros
}

// Part is some units of a hold or a surplus, seen at an instant of our own clock.
type Part struct {
	At    ident.Micros `json:"at"`
	Units int64        `json:"units"`
	// Doubt says that the drop may be our own write whose answer was lost. Such a hold is dropped by proof; it is no
	// evidence of an edit.
	Doubt bool `json:"doubt,omitempty"`
}

// Parts is a queue of parts, oldest first.
type Parts []Part

// Total adds the units.
func (p Parts) Total() int64 {
	var n int64
	for _, x := range p {
		n += x.Units
	}
	return n
}

// take removes up to n units from the oldest parts and returns what is left, how many were removed, and how many of these
// were in doubt.
func (p Parts) take(n int64) (left Parts, done, doubted int64) {
	left = append(Parts(nil), p...)
	for done < n && len(left) > 0 {
		m := min(n-done, left[0].Units)
		if left[0].Doubt {
			doubted += m
		}
		left[0].Units -= m
		done += m
		if left[0].Units == 0 {
			left = left[1:]
		}
	}
	return left, done, doubted
}

// doubtful reports whether some part may be the effect of our own write.
func (p Parts) doubtful() bool {
	return slices.ContainsFunc(p, func(x Part) bool { return x.Doubt })
}

// before splits p into the parts seen at or before t and the later ones.
func (p Parts) before(t ident.Micros) (old, rest Parts) {
	for i, x := range p {
		if x.At > t {
			return p[:i:i], p[i:]
		}
	}
	return p, nil
}

// Fresh reports whether a reading started at the given instant, on a channel whose reads may be lag old, is surely newer
// than everything known of the counter. An older value never replaces a newer one.
func (c Copies) Fresh(started ident.Micros, lag time.Duration) bool {
	return started.Add(-lag) >= c.Fence
}

// Drift is what a reading found beyond the interval, in the channel's units; both are zero or positive.
type Drift struct{ Hold, Surplus int64 }

// Read takes an accepted reading. The caller has checked Fresh.
func (c Copies) Read(observed int64, started ident.Micros) (Copies, Drift) {
	var d Drift
	if c.Known {
		low, high := c.Expected-c.Below, c.Expected+c.Above
		if c.Doubt {
			// A reading that both branches can explain is held to the higher one (timeline 5): the sale it may hide lowers
			// exposure until the feed proves that there was none.
			upper := max(low, c.DoubtAt)
			low = min(low, c.DoubtAt)
			// Once at a time: a hold lowers what is to be written, and where no answer ever comes each write would hold more.
			if observed < upper && !c.Holds.doubtful() {
				c.Holds = append(append(Parts(nil), c.Holds...), Part{started, upper - max(observed, low), true})
				d.Hold = c.Holds[len(c.Holds)-1].Units
			}
			high = max(high, c.DoubtAt)
		}
		if observed < low { // I13: an unexplained drop lowers exposure at once
			c.Holds = append(append(Parts(nil), c.Holds...), Part{At: started, Units: low - observed})
			d.Hold += low - observed
		}
		if observed > high { // I13: an unexplained rise raises nothing
			d.Surplus = observed - high
			c.Surpluses = append(append(Parts(nil), c.Surpluses...), Part{At: started, Units: d.Surplus})
		}
	}
	if !c.Known || observed != c.Expected {
		c.Fence = max(c.Fence, started)
	}
	c.Known, c.Expected, c.Below, c.Above = true, observed, 0, 0
	c.Doubt, c.DoubtAt = false, 0
	c.Observed, c.ObservedAt = observed, started
	return c, d
}

// Take books that the channel's counter has moved down by units for an own order line (negative: given back), as the
// feed says. It returns how many of them a hold (or, for a give-back, a surplus) had already accounted for.
func (c Copies) Take(units int64, now ident.Micros) (Copies, int64) {
	if !c.Known || units == 0 {
		return c, 0
	}
	var met, rest, doubted int64
	if units > 0 { // I5: a unit is never both held and reserved for the same sale
		c.Holds, met, doubted = c.Holds.take(units)
		rest = units - met
		c.Below += doubted // what was held in doubt may have been our own write: then this sale is still to be seen
		if c.Exact {
			c.Expected -= rest
		} else {
			c.Below += rest // it may have been overwritten: only a reading can tell
		}
	} else {
		c.Surpluses, met, _ = c.Surpluses.take(-units)
		rest = -units - met
		if c.Exact {
			c.Expected += rest
		} else {
			c.Above += rest
		}
	}
	// Even when all of it was met: the line may be of another sale than the one seen, and a reading that may be older than
	// the line's must not say that all is well.
	c.Fence = max(c.Fence, now)
	return c, met
}

// Applied books that the channel confirmed our write of value over base.
func (c Copies) Applied(mode channel.WriteMode, value, base int64, now ident.Micros) Copies {
	if mode == channel.Relative {
		c.Expected += value - base
	} else {
		c.Expected, c.Below, c.Above = value, 0, 0
	}
	c.Known, c.Exact = true, mode != channel.Absolute
	c.Doubt, c.DoubtAt = false, 0
	c.Fence = max(c.Fence, now)
	return c
}

// Unanswered books that a write of value left and no answer came: the channel shows either branch.
func (c Copies) Unanswered(mode channel.WriteMode, value int64, now ident.Micros) Copies {
	c.Doubt, c.DoubtAt = true, value
	c.Exact = mode != channel.Absolute
	c.Fence = max(c.Fence, now)
	return c
}

// Prove ends every hold and surplus seen at or before through: the feed has been read past them and has no line for
// them. It returns the units that are external edits now (I5, I13); holds that were in doubt just end.
func (c Copies) Prove(through ident.Micros) (Copies, Drift) {
	holds, restHolds := c.Holds.before(through)
	ups, restUps := c.Surpluses.before(through)
	c.Holds, c.Surpluses = restHolds, restUps
	d := Drift{Surplus: ups.Total()}
	for _, h := range holds {
		if !h.Doubt {
			d.Hold += h.Units
		}
	}
	return c, d
}

// Settled reports whether expected is one value, the last accepted reading shows want, and nothing is in doubt. With no
// unresolved intent this is "in sync".
func (c Copies) Settled(want int64) bool {
	return c.Known && c.Below == 0 && c.Above == 0 && !c.Doubt && c.Observed == want && c.Expected == want
}

// Wire is the number the channel must show to offer target units: own open units that its counter has not moved for
// come on top (correctness 1a).
func Wire(target, untaken int64) int64 { return target + max(0, untaken) }
