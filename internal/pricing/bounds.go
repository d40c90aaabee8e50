package pricing

import (
	"fmt"

	"carpediemstore.it/sync-connector/internal/money"
)

// amount adds a step that leads from the current price to p.
func (w *way) amount(name string, p money.Amount, format string, args ...any) *stop {
	if p == w.price {
		return w.keep(name, format, args...)
	}
	w.price = p
	return w.step(name, p.String(), format, args...)
}

// bound returns the sum of b in the listing's currency; nil when there is none.
func (w *way) bound(field string, b *Bound) (*money.Amount, *stop) {
	if b == nil || b.None {
		return nil, nil
	}
	a := money.Amount(b.Sum)
	if a.Currency != w.in.Currency { // S7: 100 of one currency is not 100 of another
		return nil, refuse("wrong-currency", "%s %v is not in the listing's currency %s%s", field, a, w.in.Currency, w.by(field))
	}
	return &a, nil
}

// atLeast raises the price to least and remembers it for the guard.
func (w *way) atLeast(name string, least money.Amount, what string) *stop {
	if w.lowest == nil || least.Minor > w.lowest.Minor {
		w.lowest = &least
	}
	if w.price.Minor < least.Minor {
		return w.amount(name, least, "raised to %s", what)
	}
	return w.amount(name, w.price, "not below %s", what)
}

func (w *way) floor() *stop {
	least, s := w.bound("floor", w.rules.Floor)
	switch {
	case s != nil:
		return s
	case least == nil:
		return w.amount(StepFloor, w.price, noRule)
	}
	return w.atLeast(StepFloor, *least, fmt.Sprintf("the floor %v%s", *least, w.by("floor")))
}

// margin raises the price to what leaves the margin over cost when VAT and the channel's fee are gone.
func (w *way) margin() *stop {
	m := w.rules.Margin
	if m == nil || m.None || m.Percent == nil {
		return w.amount(StepMargin, w.price, noRule)
	}
	cost := w.in.Cost
	switch {
	case cost == nil:
		return refuse(NoCost, "a margin is set%s, and the item has no cost", w.by("margin"))
	case cost.Minor <= 0 || cost.Minor > maxMinor:
		return refuse(NoCost, "a margin is set%s, and %v is not a cost", w.by("margin"), *cost)
	}
	least, s := w.marginPrice(*cost, *m.Percent)
	if s != nil {
		return s
	}
	return w.atLeast(StepMargin, least, fmt.Sprintf("%v, which leaves %v %% over the cost %v%s", least, *m.Percent, *cost, w.by("margin")))
}

func (w *way) marginPrice(cost money.Amount, over money.Percent) (money.Amount, *stop) {
	with, s := w.channelTax()
	if s != nil {
		return money.Amount{}, s
	}
	x, err := cost.Rate()
	if err == nil {
		x, err = x.Mul((money.Hundred + over).Rate())
	}
	if fee := w.rules.Fee; err == nil && fee != nil {
		if fee.Fixed != nil && fee.Fixed.Currency != cost.Currency {
			return money.Amount{}, refuse("wrong-currency", "fee is in %s, the cost in %s%s", fee.Fixed.Currency, cost.Currency, w.by("fee"))
		}
		x, err = fee.grossUp(x)
	}
	if with && err == nil {
		if w.rules.VATChannel == nil {
			return money.Amount{}, refuse(VATUnknown, "the margin needs the VAT rate of the channel's prices: set vat_channel")
		}
		x, err = x.Mul((money.Hundred + *w.rules.VATChannel).Rate())
	}
	if cost.Currency != w.in.Currency && err == nil {
		r, s := w.rate(cost.Currency)
		if s != nil {
			return money.Amount{}, s
		}
		x, err = x.Mul(r.Rate)
	}
	if err != nil {
		return money.Amount{}, refuse(TooLarge, "%v", err)
	}
	least, err := x.Amount(w.in.Currency, money.Up)
	if err != nil || least.Minor > maxMinor {
		return money.Amount{}, refuse(TooLarge, "the price that leaves the margin is more than any price")
	}
	return least, nil
}

func (w *way) advertised() *stop {
	least, s := w.bound("advertised_minimum", w.rules.AdvertisedMinimum)
	switch {
	case s != nil:
		return s
	case least == nil:
		return w.amount(StepAdvertised, w.price, noRule)
	}
	return w.atLeast(StepAdvertised, *least, fmt.Sprintf("the advertised minimum %v%s", *least, w.by("advertised_minimum")))
}

func (w *way) ceiling() *stop {
	most, s := w.bound("ceiling", w.rules.Ceiling)
	switch {
	case s != nil:
		return s
	case most == nil:
		return w.amount(StepCeiling, w.price, noRule)
	}
	w.highest = most
	if w.price.Minor > most.Minor {
		return w.amount(StepCeiling, *most, "lowered to the ceiling %v%s", *most, w.by("ceiling"))
	}
	return w.amount(StepCeiling, w.price, "not above the ceiling %v%s", *most, w.by("ceiling"))
}

// sale takes the sale price while the sale lasts. It comes behind the floors on purpose: a sale below them is refused by
// the guard instead of being raised in silence.
func (w *way) sale() *stop {
	s, by := w.rules.Sale, w.by("sale")
	if s == nil || s.None || s.Price == nil {
		return w.amount(StepSale, w.price, noRule)
	}
	price := money.Amount(*s.Price)
	switch {
	case s.Start != 0 && w.in.Now < s.Start:
		return w.amount(StepSale, w.price, "the sale at %v starts %v%s", price, s.Start, by)
	case s.End != 0 && w.in.Now >= s.End:
		return w.amount(StepSale, w.price, "the sale at %v ended %v%s", price, s.End, by)
	case price.Currency != w.in.Currency:
		return refuse("wrong-currency", "the sale price %v is not in the listing's currency %s%s", price, w.in.Currency, by)
	case price.Minor >= w.price.Minor:
		return w.amount(StepSale, w.price, "the sale price %v is not below the regular one%s", price, by)
	}
	return w.amount(StepSale, price, "the sale price%s", by)
}

func (w *way) direction() *stop {
	d, by := Free, w.by("direction")
	if w.rules.Direction != nil {
		d = *w.rules.Direction
	}
	last := w.in.Last
	if last != nil && (last.Currency != w.in.Currency || last.Minor <= 0) {
		last = nil
	}
	switch {
	case d == Free:
		return w.amount(StepDirection, w.price, noRule)
	case last == nil && d == Freeze:
		return &stop{Absent, FrozenBlank, "the price is frozen" + by + ", and none was accepted yet"}
	case last == nil:
		return w.amount(StepDirection, w.price, "%s%s: no price was accepted yet", d, by)
	case d == Freeze:
		return w.amount(StepDirection, *last, "frozen at the last accepted price%s", by)
	case d == UpOnly && w.price.Minor < last.Minor, d == DownOnly && w.price.Minor > last.Minor:
		return w.amount(StepDirection, *last, "%s%s: the last accepted price stays", d, by)
	}
	return w.amount(StepDirection, w.price, "%s%s", d, by)
}
