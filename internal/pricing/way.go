package pricing

import (
	"fmt"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/money"
)

// way is a price on its way: x major units of cur until the rounding step, price behind it.
type way struct {
	in    Input
	rules Rules
	steps []Step

	x     money.Rate
	cur   money.Currency
	shown string // the number, as the last step shows it
	net   bool   // what it started with holds no VAT
	price money.Amount
	// lowest and highest are the strictest floor and the ceiling, for the guard.
	lowest, highest *money.Amount
}

const (
	noRule       = "no rule"
	defaultHours = 72
)

// to adds a step that leads from the current number to x.
func (w *way) to(name string, x money.Rate, cur money.Currency, format string, args ...any) *stop {
	w.x, w.cur = x, cur
	return w.step(name, text(x, cur), format, args...)
}

// keep adds a step that changes nothing.
func (w *way) keep(name, format string, args ...any) *stop {
	return w.step(name, w.shown, format, args...)
}

// step adds a step from what was shown last to out.
func (w *way) step(name, out, format string, args ...any) *stop {
	note := format
	if len(args) > 0 {
		note = fmt.Sprintf(format, args...)
	}
	w.steps = append(w.steps, Step{Name: name, In: w.shown, Out: out, Reached: true, Note: note})
	w.shown = out
	return nil
}

// text shows x without the zeros beyond what the currency has.
func text(x money.Rate, c money.Currency) string {
	whole, frac, _ := strings.Cut(x.String(), ".")
	for len(frac) > c.Digits() && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if frac != "" {
		whole += "." + frac
	}
	return whole + " " + string(c)
}

func (w *way) by(field string) string { return w.in.Rules.Sources.By(field) }

func (w *way) start() *stop {
	from := FromBase
	if w.rules.From != nil {
		from = *w.rules.From
	}
	amount, reason, name := w.in.Base, NoBase, "the item has no base price"
	if from == FromCost {
		amount, reason, name, w.net = w.in.Cost, NoCost, "the item has no cost", true
	}
	switch {
	case w.in.Owner != "": // N20: one price owner per listing
		return &stop{NotOwned, OtherOwner, fmt.Sprintf("the price is set by %s", w.in.Owner)}
	case w.in.ReadOnly:
		return &stop{NotOwned, ReadOnly, "the channel takes no prices"}
	case amount == nil:
		return &stop{Absent, reason, name}
	case amount.Minor <= 0:
		return refuse("price-not-positive", "a %s of %v is not a price", from, *amount)
	case amount.Minor > maxMinor:
		return refuse(TooLarge, "a %s of %v is more than can be computed with", from, *amount)
	case w.in.Currency == "":
		return refuse("wrong-currency", "the listing's currency is not known")
	}
	x, err := amount.Rate()
	if err != nil {
		return refuse(TooLarge, "%v", err)
	}
	return w.to(StepStart, x, amount.Currency, "%s %v%s", from, *amount, w.by("from"))
}

func (w *way) markup() *stop {
	c := w.rules.Markup
	if c == nil {
		return w.keep(StepMarkup, noRule)
	}
	if s := w.sameCurrency("markup", c.Fixed); s != nil {
		return s
	}
	x, err := w.x.Mul((money.Hundred + c.Percent).Rate())
	if err == nil {
		x, err = c.addFixed(x)
	}
	if err != nil {
		return refuse(TooLarge, "%v", err)
	}
	return w.to(StepMarkup, x, w.cur, "plus %s%s", c.text(), w.by("markup"))
}

func (w *way) fee() *stop {
	c := w.rules.Fee
	if c == nil {
		return w.keep(StepFee, noRule)
	}
	if s := w.sameCurrency("fee", c.Fixed); s != nil {
		return s
	}
	x, err := c.grossUp(w.x)
	if err != nil {
		return refuse(TooLarge, "%v", err)
	}
	return w.to(StepFee, x, w.cur, "raised so that it remains after a fee of %s%s", c.text(), w.by("fee"))
}

// grossUp returns the price of which x is left when the charge was taken from it.
func (c Charge) grossUp(x money.Rate) (money.Rate, error) {
	x, err := c.addFixed(x)
	if err != nil {
		return x, err
	}
	return x.Quo((money.Hundred - c.Percent).Rate())
}

func (c Charge) addFixed(x money.Rate) (money.Rate, error) {
	if c.Fixed == nil {
		return x, nil
	}
	fixed, err := money.Amount(*c.Fixed).Rate()
	if err != nil {
		return x, err
	}
	return x.Add(fixed)
}

func (c Charge) text() string {
	s := c.Percent.String() + " %"
	if c.Fixed != nil {
		s += " and " + money.Amount(*c.Fixed).String()
	}
	return s
}

func (w *way) sameCurrency(field string, s *Sum) *stop {
	if s != nil && s.Currency != w.cur { // S7: currency is part of the value
		return refuse("wrong-currency", "%s is in %s, the price starts in %s%s", field, s.Currency, w.cur, w.by(field))
	}
	return nil
}

func (w *way) vat() *stop {
	with, s := w.channelTax()
	if s != nil {
		return s
	}
	held := false // whether what we have holds VAT
	if !w.net {
		if w.rules.TaxBook == nil {
			return refuse(TaxUnknown, "nobody said whether base prices hold VAT: set tax_book")
		}
		held = *w.rules.TaxBook == TaxIncluded
	}
	in, out := w.rules.VATBook, w.rules.VATChannel
	switch {
	case held && with && (in == nil || out == nil || *in == *out):
		return w.keep(StepVAT, "both prices hold the same VAT")
	case !held && !with:
		return w.keep(StepVAT, "neither price holds VAT")
	}
	x, err, note := w.x, error(nil), ""
	if held {
		if in == nil {
			return refuse(VATUnknown, "the VAT rate inside base prices is not known: set vat_book")
		}
		if x, err = x.Quo((money.Hundred + *in).Rate()); err != nil {
			return refuse(TooLarge, "%v", err)
		}
		note = fmt.Sprintf("without %v %% VAT%s", *in, w.by("vat_book"))
	}
	if with {
		if out == nil {
			return refuse(VATUnknown, "the VAT rate of the channel's prices is not known: set vat_channel")
		}
		if x, err = x.Mul((money.Hundred + *out).Rate()); err != nil {
			return refuse(TooLarge, "%v", err)
		}
		if note != "" {
			note += ", then "
		}
		note += fmt.Sprintf("with %v %% VAT%s", *out, w.by("vat_channel"))
	}
	return w.to(StepVAT, x, w.cur, "%s", note)
}

// channelTax says whether the channel's prices hold VAT.
func (w *way) channelTax() (bool, *stop) {
	said, rule := w.in.TaxIncluded, w.rules.TaxChannel
	switch {
	case said == nil && rule == nil:
		return false, refuse(TaxUnknown, "nobody said whether the channel's prices hold VAT: set tax_channel")
	case said != nil && rule != nil && *said != (*rule == TaxIncluded):
		return false, refuse(TaxDiffers, "the channel's own word on VAT in prices differs from tax_channel %q%s", *rule, w.by("tax_channel"))
	case said != nil:
		return *said, nil
	}
	return *rule == TaxIncluded, nil
}

func (w *way) currency() *stop {
	if w.cur == w.in.Currency {
		return w.keep(StepCurrency, "the listing is in %s as well", w.cur)
	}
	r, s := w.rate(w.cur)
	if s != nil {
		return s
	}
	x, err := w.x.Mul(r.Rate)
	if err != nil {
		return refuse(TooLarge, "%v", err)
	}
	return w.to(StepCurrency, x, w.in.Currency, "1 %s is %v %s (%s, %v)", r.From, r.Rate, r.To, r.Source, r.At)
}

// rate returns the exchange rate from a currency into the listing's, when it is young enough.
func (w *way) rate(from money.Currency) (Exchange, *stop) {
	hours := int64(defaultHours)
	if w.rules.RateHours != nil {
		hours = *w.rules.RateHours
	}
	for _, r := range w.in.Rates {
		if r.From != from || r.To != w.in.Currency {
			continue
		}
		age := w.in.Now.Sub(r.At)
		switch {
		case r.Rate.Sign() <= 0:
			return r, refuse(RateBad, "the rate %v from %s to %s is not a rate", r.Rate, r.From, r.To)
		case r.At == 0 || age < 0:
			return r, refuse(RateBad, "the rate from %s to %s is dated %v, which is not in the past", r.From, r.To, r.At)
		case age > time.Duration(hours)*time.Hour:
			return r, refuse(RateOld, "the rate from %s to %s is of %v, older than %d hours", r.From, r.To, r.At, hours)
		}
		return r, nil
	}
	return Exchange{}, refuse(RateMissing, "there is no rate from %s to %s", from, w.in.Currency)
}

func (w *way) rounding() *stop {
	var r Rounding
	if w.rules.Rounding != nil {
		r = *w.rules.Rounding
	}
	price, err := r.round(w.x, w.cur)
	if err != nil {
		return refuse(BadRounding, "%v%s", err, w.by("rounding"))
	}
	if price.Minor > maxMinor {
		return refuse(TooLarge, "%v is more than any price", price)
	}
	w.price = price
	x, err := price.Rate()
	if err != nil {
		return refuse(TooLarge, "%v", err)
	}
	w.x = x
	// The decimals the currency does not have are gone: from here on the steps show plain amounts.
	return w.step(StepRounding, price.String(), "%s%s", r.text(), w.by("rounding"))
}
