package pricing

import "carpediemstore.it/sync-connector/internal/policy/rule"

// Level is the rules of one level with where they come from.
type Level = rule.Level[Rules]

// Merged is the rules in force, with the source of each field that somebody set.
type Merged struct {
	Rules   Rules        `json:"rules"`
	Sources rule.Sources `json:"sources,omitempty"`
}

// Merge lays the levels over each other, the first lowest: installation, tenant, account, item. A field is replaced as a
// whole by the last level that says it.
func Merge(levels ...Level) Merged {
	m := Merged{Rules: Rules{Version: Version}}
	for _, l := range levels {
		r, to := l.Rules, &m.Rules
		rule.Take(&m.Sources, l, "from", &to.From, r.From)
		rule.Take(&m.Sources, l, "markup", &to.Markup, r.Markup)
		rule.Take(&m.Sources, l, "fee", &to.Fee, r.Fee)
		rule.Take(&m.Sources, l, "tax_book", &to.TaxBook, r.TaxBook)
		rule.Take(&m.Sources, l, "tax_channel", &to.TaxChannel, r.TaxChannel)
		rule.Take(&m.Sources, l, "vat_book", &to.VATBook, r.VATBook)
		rule.Take(&m.Sources, l, "vat_channel", &to.VATChannel, r.VATChannel)
		rule.Take(&m.Sources, l, "rate_hours", &to.RateHours, r.RateHours)
		rule.Take(&m.Sources, l, "rounding", &to.Rounding, r.Rounding)
		rule.Take(&m.Sources, l, "floor", &to.Floor, r.Floor)
		rule.Take(&m.Sources, l, "advertised_minimum", &to.AdvertisedMinimum, r.AdvertisedMinimum)
		rule.Take(&m.Sources, l, "ceiling", &to.Ceiling, r.Ceiling)
		rule.Take(&m.Sources, l, "margin", &to.Margin, r.Margin)
		rule.Take(&m.Sources, l, "sale", &to.Sale, r.Sale)
		rule.Take(&m.Sources, l, "direction", &to.Direction, r.Direction)
	}
	return m
}
