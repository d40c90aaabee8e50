package guard

import (
	"fmt"

	"carpediemstore.it/sync-connector/internal/money"
)

// Price is one price on its way out and what it is compared with. Nil is absent, which is not zero.
type Price struct {
	Value    money.Amount
	Currency money.Currency // of the listing
	Floor    *money.Amount  // the highest configured floor
	Ceiling  *money.Amount
	Last     *money.Amount // last accepted price of the listing
	Median   *money.Amount // of the listing's accepted prices of the last 30 days
	// Approved is the price an approved plan names for this listing.
	Approved *money.Amount
}

// Check is one comparison, for Explain.
type Check struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Note    string  `json:"note"`
}

// Judgement is the worst outcome with all checks behind it, always in the same order.
type Judgement struct {
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"` // of the first check with that outcome
	Note    string  `json:"note,omitempty"`
	Checks  []Check `json:"checks"`
}

// The names of the checks of a price, in their order.
const (
	CheckValue   = "guard: value"
	CheckFloor   = "guard: floor"
	CheckCeiling = "guard: ceiling"
	CheckLast    = "guard: last accepted price"
	CheckMedian  = "guard: 30-day median"
)

// Prices lists the checks of a price in their order.
func Prices() []string {
	return []string{CheckValue, CheckFloor, CheckCeiling, CheckLast, CheckMedian}
}

// JudgePrice enforces I10.
func JudgePrice(l Limits, p Price) Judgement {
	var last *money.Amount
	if p.Last != nil && p.Last.Currency == p.Currency && p.Last.Minor > 0 {
		last = p.Last
	}
	checks := []Check{
		p.value(), p.floor(l, last), p.ceiling(l, last), p.step(l, last), p.median(l),
	}
	approved := p.Approved != nil && *p.Approved == p.Value
	j := Judgement{Checks: checks}
	for i := range checks {
		c := &checks[i]
		if c.Outcome == Hold && approved { // I10: unless an approved plan names it
			c.Outcome, c.Reason, c.Note = Pass, "", c.Note+"; an approved plan names this price"
		}
		if c.Outcome > j.Outcome {
			j.Outcome, j.Reason, j.Note = c.Outcome, c.Reason, c.Note
		}
	}
	return j
}

func pass(name, format string, args ...any) Check {
	return Check{Name: name, Note: fmt.Sprintf(format, args...)}
}

func breach(name string, o Outcome, r Reason, format string, args ...any) Check {
	return Check{Name: name, Outcome: o, Reason: r, Note: fmt.Sprintf(format, args...)}
}

func (p Price) value() Check {
	switch {
	case p.Currency == "" || p.Value.Currency != p.Currency: // I10: currency equals the listing's
		return breach(CheckValue, Refuse, WrongCurrency, "the price is in %s, the listing in %s", known(p.Value.Currency), known(p.Currency))
	case p.Value.Minor <= 0: // a price of nothing is never what somebody meant
		return breach(CheckValue, Refuse, NotPositive, "%v is not a price", p.Value)
	}
	return pass(CheckValue, "%v is a price in the listing's currency", p.Value)
}

func known(c money.Currency) string {
	if c == "" {
		return "an unknown currency"
	}
	return string(c)
}

func (p Price) floor(l Limits, last *money.Amount) Check {
	switch {
	case p.Floor != nil && p.Floor.Currency != p.Currency:
		return breach(CheckFloor, Refuse, WrongCurrency, "the floor is %v, the listing is in %s", *p.Floor, known(p.Currency))
	case p.Floor != nil && p.Floor.Minor <= 0:
		return breach(CheckFloor, Refuse, NotPositive, "a floor of %v protects nothing", *p.Floor)
	case p.Floor != nil && p.Ceiling != nil && p.Ceiling.Currency == p.Currency && p.Floor.Minor > p.Ceiling.Minor:
		return breach(CheckFloor, Refuse, FloorOverCeil, "the floor %v is above the ceiling %v", *p.Floor, *p.Ceiling)
	case p.Floor != nil && p.Value.Minor < p.Floor.Minor:
		return breach(CheckFloor, Refuse, BelowFloor, "%v is below the floor %v", p.Value, *p.Floor)
	case p.Floor != nil:
		return pass(CheckFloor, "not below the floor %v", *p.Floor)
	case last == nil:
		return breach(CheckFloor, Hold, NoFloor, "there is neither a floor nor a last accepted price to take one from")
	case l.ImplicitFloor.Compare(p.Value.Minor, last.Minor) < 0:
		return breach(CheckFloor, Hold, UnderImplicit, "no floor is configured, and %v is below %v %% of the last accepted price %v",
			p.Value, l.ImplicitFloor, *last)
	}
	return pass(CheckFloor, "no floor is configured; not below %v %% of the last accepted price %v", l.ImplicitFloor, *last)
}

func (p Price) ceiling(l Limits, last *money.Amount) Check {
	switch {
	case p.Ceiling != nil && p.Ceiling.Currency != p.Currency:
		return breach(CheckCeiling, Refuse, WrongCurrency, "the ceiling is %v, the listing is in %s", *p.Ceiling, known(p.Currency))
	case p.Ceiling != nil && p.Value.Minor > p.Ceiling.Minor:
		return breach(CheckCeiling, Refuse, AboveCeiling, "%v is above the ceiling %v", p.Value, *p.Ceiling)
	case p.Ceiling != nil:
		return pass(CheckCeiling, "not above the ceiling %v", *p.Ceiling)
	case last == nil:
		return breach(CheckCeiling, Hold, NoCeiling, "there is neither a ceiling nor a last accepted price to take one from")
	}
	return pass(CheckCeiling, "no ceiling is configured; the limit on rises of %v %% stands in", l.PriceRise)
}

func (p Price) step(l Limits, last *money.Amount) Check {
	switch {
	case p.Last != nil && p.Last.Currency != p.Currency:
		return breach(CheckLast, Hold, CurrencyChanged, "the last accepted price %v is in another currency", *p.Last)
	case last == nil:
		return pass(CheckLast, "no price was accepted yet")
	case (money.Hundred-l.PriceDrop).Compare(p.Value.Minor, last.Minor) < 0:
		return breach(CheckLast, Hold, DropTooLarge, "%v is more than %v %% below the last accepted price %v", p.Value, l.PriceDrop, *last)
	case (money.Hundred+l.PriceRise).Compare(p.Value.Minor, last.Minor) > 0:
		return breach(CheckLast, Hold, RiseTooLarge, "%v is more than %v %% above the last accepted price %v", p.Value, l.PriceRise, *last)
	}
	return pass(CheckLast, "within −%v %% and +%v %% of the last accepted price %v", l.PriceDrop, l.PriceRise, *last)
}

func (p Price) median(l Limits) Check {
	m := p.Median
	switch {
	case m == nil || m.Minor <= 0:
		return pass(CheckMedian, "no median of 30 days is known: not compared")
	case m.Currency != p.Currency:
		return pass(CheckMedian, "the median %v is in another currency: not compared", *m)
	case (money.Hundred-l.MedianDrop).Compare(p.Value.Minor, m.Minor) < 0:
		return breach(CheckMedian, Hold, UnderMedian, "%v is more than %v %% below the median %v of 30 days", p.Value, l.MedianDrop, *m)
	case (money.Hundred+l.MedianRise).Compare(p.Value.Minor, m.Minor) > 0:
		return breach(CheckMedian, Hold, OverMedian, "%v is more than %v %% above the median %v of 30 days", p.Value, l.MedianRise, *m)
	}
	return pass(CheckMedian, "within −%v %% and +%v %% of the median %v of 30 days", l.MedianDrop, l.MedianRise, *m)
}
