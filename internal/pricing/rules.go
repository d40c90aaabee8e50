package pricing

import (
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy/rule"
)

// Version is the version of the rules' JSON form.
const Version = 1

// Rules is one level's price rules. A nil field says nothing: the level below decides. Each field has a neutral value
// that switches an inherited rule off, named beside it.
type Rules struct {
	Version int `json:"version"`
	// From is what the price starts with. Default: "base".
	From *From `json:"from,omitempty"`
	// Markup is added. Neutral: {"percent": 0}.
	Markup *Charge `json:"markup,omitempty"`
	// Fee is what the channel takes; the price is raised so that the rest is what it was. Neutral: {"percent": 0}.
	Fee *Charge `json:"fee,omitempty"`
	// TaxBook says whether base prices hold VAT, TaxChannel whether the channel's prices do, where the channel cannot say
	// it itself. There is no default: what is unknown is refused. A cost never holds VAT.
	TaxBook    *Tax `json:"tax_book,omitempty"`
	TaxChannel *Tax `json:"tax_channel,omitempty"`
	// VATBook is the rate inside base prices, VATChannel the rate inside the channel's.
	VATBook    *money.Percent `json:"vat_book,omitempty"`
	VATChannel *money.Percent `json:"vat_channel,omitempty"`
	// RateHours is how old an exchange rate may be, in hours. Default: 72, a weekend without quotes.
	RateHours *int64 `json:"rate_hours,omitempty"`
	// Rounding gives the price its ending. Neutral: {"none": true}: to the minor unit.
	Rounding *Rounding `json:"rounding,omitempty"`
	// Floor and Ceiling bound the price; AdvertisedMinimum is a floor a brand asks for. Neutral: "none".
	Floor             *Bound `json:"floor,omitempty"`
	AdvertisedMinimum *Bound `json:"advertised_minimum,omitempty"`
	Ceiling           *Bound `json:"ceiling,omitempty"`
	// Margin over cost that must be left when VAT and fee are gone. Neutral: {"none": true}.
	Margin *Margin `json:"margin,omitempty"`
	// Sale is a price for a time. Neutral: {"none": true}.
	Sale *Sale `json:"sale,omitempty"`
	// Direction limits where the price may go from the last accepted one. Neutral: "free".
	Direction *Direction `json:"direction,omitempty"`
}

// From is what a price starts with.
type From string

// The starts.
const (
	FromBase From = "base"
	FromCost From = "cost"
)

// Charge is a percentage and a fixed sum; the sum is in the currency of what the price starts with.
type Charge struct {
	Percent money.Percent `json:"percent"`
	Fixed   *Sum          `json:"fixed,omitempty"`
}

// Tax says whether a price holds VAT.
type Tax string

// The tax modes.
const (
	TaxIncluded Tax = "included"
	TaxExcluded Tax = "excluded"
)

// Margin is the least share of the cost that must be earned on top of it.
type Margin struct {
	None    bool           `json:"none,omitempty"`
	Percent *money.Percent `json:"percent,omitempty"`
}

// Sale is a price from Start (inclusive) to End (exclusive); zero times are open ends.
type Sale struct {
	None  bool         `json:"none,omitempty"`
	Price *Sum         `json:"price,omitempty"`
	Start ident.Micros `json:"start,omitzero"`
	End   ident.Micros `json:"end,omitzero"`
}

// Direction limits where a price may go from the last accepted one.
type Direction string

// The directions.
const (
	Free     Direction = "free"
	UpOnly   Direction = "up-only"
	DownOnly Direction = "down-only"
	Freeze   Direction = "freeze"
)

// Sum is an amount in rules, written "12.50 EUR".
type Sum money.Amount

// MarshalText implements encoding.TextMarshaler.
func (s Sum) MarshalText() ([]byte, error) { return []byte(money.Amount(s).String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Sum) UnmarshalText(b []byte) error {
	text, code, ok := strings.Cut(string(b), " ")
	if !ok {
		return fault.New(fault.Invalid, "%q is not a sum: write it with its currency, like 12.50 EUR", b)
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		return err
	}
	a, err := money.ParseAmount(text, c)
	if err == nil {
		*s = Sum(a)
	}
	return err
}

// Bound is a sum, or "none".
type Bound struct {
	None bool
	Sum  Sum
}

// MarshalText implements encoding.TextMarshaler.
func (b Bound) MarshalText() ([]byte, error) {
	if b.None {
		return []byte("none"), nil
	}
	return b.Sum.MarshalText()
}

// UnmarshalText reads what MarshalText wrote.
func (b *Bound) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*b = Bound{None: true}
		return nil
	}
	var s Sum
	if err := s.UnmarshalText(text); err != nil {
		return err
	}
	*b = Bound{Sum: s}
	return nil
}

// ParseRules reads the JSON form strictly and checks it.
func ParseRules(data []byte) (Rules, error) {
	var r Rules
	if err := rule.Decode(data, &r); err != nil {
		return Rules{}, err
	}
	if err := r.Check(); err != nil {
		return Rules{}, err
	}
	return r, nil
}

// Bounds of what rules may say.
const (
	maxMarkup = 100 * money.Hundred      // 10,000 %
	maxFee    = money.Hundred * 90 / 100 // what is left must not vanish
	maxHours  = 24 * 31
)

// Check reports every field that cannot be accepted, by name, in the order of the form.
func (r Rules) Check() error {
	var bad faults
	if r.Version != Version {
		bad.Add("version", "must be %d", Version)
	}
	if r.From != nil && *r.From != FromBase && *r.From != FromCost {
		bad.Add("from", `must be "base" or "cost", not %q`, *r.From)
	}
	bad.charge("markup", r.Markup, maxMarkup)
	bad.charge("fee", r.Fee, maxFee)
	bad.tax("tax_book", r.TaxBook)
	bad.tax("tax_channel", r.TaxChannel)
	bad.percent("vat_book", r.VATBook, money.Hundred)
	bad.percent("vat_channel", r.VATChannel, money.Hundred)
	if r.RateHours != nil && (*r.RateHours < 1 || *r.RateHours > maxHours) {
		bad.Add("rate_hours", "must be 1 … %d, not %d", maxHours, *r.RateHours)
	}
	if r.Rounding != nil {
		if why := r.Rounding.fault(); why != "" {
			bad.Add("rounding", "%s", why)
		}
	}
	bad.bound("floor", r.Floor)
	bad.bound("advertised_minimum", r.AdvertisedMinimum)
	bad.bound("ceiling", r.Ceiling)
	if m := r.Margin; m != nil {
		if m.None == (m.Percent != nil) {
			bad.Add("margin", "needs either percent or none")
		}
		bad.percent("margin.percent", m.Percent, maxMarkup)
	}
	if s := r.Sale; s != nil {
		bad.sale(*s)
	}
	if d := r.Direction; d != nil && *d != Free && *d != UpOnly && *d != DownOnly && *d != Freeze {
		bad.Add("direction", `must be "free", "up-only", "down-only" or "freeze", not %q`, *d)
	}
	return bad.Err()
}

// faults collects what is wrong with named fields.
type faults struct{ rule.Faults }

func (f *faults) percent(field string, p *money.Percent, most money.Percent) {
	if p != nil && (*p < 0 || *p > most) {
		f.Add(field, "must be 0 … %v, not %v", most, *p)
	}
}

func (f *faults) charge(field string, c *Charge, most money.Percent) {
	if c == nil {
		return
	}
	f.percent(field+".percent", &c.Percent, most)
	if c.Fixed != nil && (c.Fixed.Minor < 0 || c.Fixed.Minor > maxMinor) {
		f.Add(field+".fixed", "cannot be %v", money.Amount(*c.Fixed))
	}
}

func (f *faults) tax(field string, t *Tax) {
	if t != nil && *t != TaxIncluded && *t != TaxExcluded {
		f.Add(field, `must be "included" or "excluded", not %q`, *t)
	}
}

func (f *faults) bound(field string, b *Bound) {
	if b != nil && !b.None && (b.Sum.Minor <= 0 || b.Sum.Minor > maxMinor) {
		f.Add(field, "must be more than nothing, not %v; write none to switch it off", money.Amount(b.Sum))
	}
}

func (f *faults) sale(s Sale) {
	switch {
	case s.None == (s.Price != nil):
		f.Add("sale", "needs either price or none")
	case s.None && (s.Start != 0 || s.End != 0):
		f.Add("sale", "has times but no price")
	case s.Price != nil && (s.Price.Minor <= 0 || s.Price.Minor > maxMinor):
		f.Add("sale.price", "must be more than nothing, not %v", money.Amount(*s.Price))
	case s.End != 0 && s.Start >= s.End:
		f.Add("sale.end", "%v is not after start %v", s.End, s.Start)
	}
}
