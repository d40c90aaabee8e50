package policy

import (
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// The steps, in their one order (N14).
const (
	StepLocations    Name = "locations"
	StepReservations Name = "reservations"
	StepHolds        Name = "holds"
	StepElsewhere    Name = "blind-elsewhere"
	StepScarcity     Name = "scarcity"
	StepAllocation   Name = "allocation"
	StepVelocity     Name = "velocity-buffer"
	StepBuffer       Name = "buffer"
	StepPercent      Name = "percent"
	StepPieces       Name = "pieces"
	StepFloor        Name = "floor"
	StepCap          Name = "cap"
	StepMinimum      Name = "minimum"
	StepBlind        Name = "blind"
	StepZero         Name = "at-zero"
)

// Order lists every step in order.
func Order() []Name {
	return []Name{
		StepLocations, StepReservations, StepHolds, StepElsewhere, StepScarcity, StepAllocation, StepVelocity, StepBuffer,
		StepPercent, StepPieces, StepFloor, StepCap, StepMinimum, StepBlind, StepZero,
	}
}

// noRule is the note of a step that nobody configured.
const noRule = "no rule"

// chain is the way of one part through the steps counted in units of its item.
type chain struct {
	part  Part
	rules Merged
	n     int64
	steps []Step
	// scarce says that the regime of the last units is in force, which takes the place of allocation and velocity buffer:
	// what is promised once needs no reserve against being promised twice.
	scarce bool
	share  int64 // what a floor may not exceed
}

// follow works one part through its steps.
func follow(in Input, p Part) *chain {
	c := &chain{part: p, rules: in.Rules, steps: make([]Step, 0, len(Order()))}
	if p.Rules != nil {
		c.rules = *p.Rules
	}
	c.locations()
	c.promised()
	c.elsewhere()
	c.scarcity(in)
	c.allocation()
	c.share = c.n
	c.velocity(in.Delay)
	c.buffer()
	c.percent()
	return c
}

// to adds a step that leads from the current number to out.
func (c *chain) to(name Name, out int64, format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	c.say(name, out, format)
}

// say is to with a note that is ready. Nearly every decision takes these steps, so the notes that most of them have are
// put together without a format.
func (c *chain) say(name Name, out int64, note string) {
	c.steps = append(c.steps, Step{Name: name, Item: c.part.Item, In: c.n, Out: out, Reached: true, Note: note})
	c.n = out
}

func (c *chain) locations() {
	var all, counted int64
	l := c.rules.Rules.Locations
	for _, p := range c.part.Places {
		all += p.Units
		if l == nil || l.Counts(p.Name) {
			counted += p.Units
		}
	}
	c.n = all
	switch {
	case l == nil:
		c.say(StepLocations, counted, ident.Text(all)+" on hand")
	case counted == all:
		c.to(StepLocations, counted, "%d on hand, all at places that count%s", all, c.rules.Sources.By("locations"))
	default:
		c.to(StepLocations, counted, "%d of %d on hand are at places that count%s", counted, all, c.rules.Sources.By("locations"))
	}
}

// promised takes off what is sold. Reservations and holds are not kept by place: a listing that counts some places only
// gives up all of them, which errs to the low side.
func (c *chain) promised() {
	c.say(StepReservations, c.n-c.part.Reserved, ident.Text(c.part.Reserved)+" reserved for open orders")
	c.say(StepHolds, c.n-c.part.Held, ident.Text(c.part.Held)+" held for sales whose order was not seen yet")
}

func (c *chain) elsewhere() {
	risk := max(0, c.part.Elsewhere)
	switch {
	case risk == 0:
		c.to(StepElsewhere, c.n, "no channel is selling it unseen")
	case c.rules.blind().Elsewhere == Ignore:
		c.to(StepElsewhere, c.n, "%d may be sold unseen on blind channels: ignored%s", risk, c.rules.Sources.By("blind"))
	default: // D is infinite for a blind channel: what it shows is as good as gone
		c.to(StepElsewhere, c.n-risk, "%d may be sold unseen on blind channels%s", risk, c.rules.Sources.By("blind"))
	}
}

func (c *chain) scarcity(in Input) {
	s := c.rules.Rules.Scarcity
	if s == nil || s.At == 0 {
		c.to(StepScarcity, c.n, noRule)
		return
	}
	blindShare := in.Blind && c.rules.blind().Offer == OfferShare
	if c.n > s.At && !blindShare {
		c.to(StepScarcity, c.n, "more than %d are left: not divided%s", s.At, c.rules.Sources.By("scarcity"))
		return
	}
	c.scarce = true
	right := split(s.Right(in.Account, min(c.n, s.At)), c.part.Peers, c.part.Rank)
	if c.part.Others != nil {
		var shown int64
		if in.Shown != nil {
			shown = *in.Shown * c.part.Units
		}
		// Lower the donor, verify, then raise the receiver: a right not yet free is not taken.
		if free := max(0, shown, c.n-*c.part.Others); right > free {
			c.to(StepScarcity, free, "has a right to %d of the last %d, the others still show %d%s",
				right, max(0, c.n), *c.part.Others, c.rules.Sources.By("scarcity"))
			return
		}
	}
	c.to(StepScarcity, right, "has a right to %d of the last %d%s", right, max(0, c.n), c.rules.Sources.By("scarcity"))
}

func (c *chain) allocation() {
	a := c.rules.Rules.Allocation
	switch {
	case a == nil || a.Percent == nil && a.Units == nil:
		c.to(StepAllocation, c.n, noRule)
	case c.scarce:
		c.to(StepAllocation, c.n, "the last units are divided already")
	case a.Percent != nil:
		c.to(StepAllocation, a.Percent.Of(c.n), "%v %% of it is for this account%s", *a.Percent, c.rules.Sources.By("allocation"))
	default:
		c.to(StepAllocation, min(c.n, *a.Units), "at most %d are for this account%s", *a.Units, c.rules.Sources.By("allocation"))
	}
}

// defaultEpsilon is one case in a hundred.
const defaultEpsilon = money.Hundred / 100

func (c *chain) velocity(delay time.Duration) {
	v := c.rules.Rules.Velocity
	switch {
	case v == nil || v.AtMost <= 0:
		c.to(StepVelocity, c.n, noRule)
		return
	case c.scarce:
		c.to(StepVelocity, c.n, "the last units are divided already")
		return
	case c.part.PerHour == nil || delay <= 0:
		c.to(StepVelocity, c.n, "sales speed or delay was not measured yet%s", c.rules.Sources.By("velocity"))
		return
	}
	epsilon := defaultEpsilon
	if v.Epsilon != nil {
		epsilon = *v.Epsilon
	}
	b, err := SuggestBuffer(*c.part.PerHour, delay, epsilon)
	if err != nil {
		b = v.AtMost // faster than can be computed: keep back as much as the rule allows
	}
	b = min(b, v.AtMost)
	c.to(StepVelocity, c.n-b, "%d kept back: %v sold an hour, %v to know%s", b, *c.part.PerHour, delay, c.rules.Sources.By("velocity"))
}

func (c *chain) buffer() {
	if b := c.rules.Rules.Buffer; b != nil && *b >= 0 {
		c.to(StepBuffer, c.n-*b, "%d kept back%s", *b, c.rules.Sources.By("buffer"))
		return
	}
	c.to(StepBuffer, c.n, noRule)
}

func (c *chain) percent() {
	if p := c.rules.Rules.Percent; p != nil && *p <= money.Hundred {
		c.to(StepPercent, p.Of(c.n), "%v %% of it, rounded down%s", *p, c.rules.Sources.By("percent"))
		return
	}
	c.to(StepPercent, c.n, noRule)
}

// blind returns the blind policy in force; the careful one when nobody said.
func (m Merged) blind() Blind {
	if m.Rules.Blind != nil {
		return *m.Rules.Blind
	}
	return Blind{Offer: OfferNone, Elsewhere: Subtract}
}
