package pricing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
)

func ptr[T any](v T) *T { return &v }

func amount(t testing.TB, text string) *money.Amount {
	t.Helper()
	var s pricing.Sum
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return (*money.Amount)(&s)
}

// now is the instant of all tests.
var now = ident.At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))

// rules reads one level of rules in JSON, without the version; base prices and channel hold VAT unless it says so.
func rules(t testing.TB, body string) pricing.Merged {
	t.Helper()
	levels := []pricing.Level{{Name: "tenant", Rules: parse(t, `"tax_book": "included"`)}}
	if body != "" {
		levels = append(levels, pricing.Level{Name: "item", ID: 7, Rules: parse(t, body)})
	}
	return pricing.Merge(levels...)
}

func parse(t testing.TB, body string) pricing.Rules {
	t.Helper()
	r, err := pricing.ParseRules([]byte(`{"version": 1, ` + body + `}`))
	if err != nil {
		t.Fatalf("ParseRules(%s) = %v", body, err)
	}
	return r
}

// plain is a listing in EUR whose price holds VAT, as base prices do; base and last accepted price are 10.00 EUR.
func plain(t testing.TB) pricing.Input {
	return pricing.Input{
		Base: amount(t, "10.00 EUR"), Cost: amount(t, "5.00 EUR"), Currency: "EUR", TaxIncluded: ptr(true),
		Last: amount(t, "10.00 EUR"), Now: now, Rules: rules(t, ""), Limits: guard.Defaults(),
		Rates: []pricing.Exchange{{From: "EUR", To: "GBP", Rate: money.MustRate("0.85"), Source: "ECB", At: now.Add(-time.Hour)}},
	}
}

func TestComputeAppliesEachRule(t *testing.T) {
	for name, c := range map[string]struct {
		rules  string
		change func(*pricing.Input)
		want   string
	}{
		"without rules the base price is the price":           {"", nil, "10.00 EUR"},
		"a price can start with the cost, which holds no VAT": {`"from": "cost", "markup": {"percent": 60}, "vat_channel": 22`, nil, "9.76 EUR"},
		"a markup is a percentage and a sum":                  {`"markup": {"percent": 10, "fixed": "1.50 EUR"}`, nil, "12.50 EUR"},
		"a fee is earned back":                                {`"fee": {"percent": 15, "fixed": "0.35 EUR"}`, nil, "12.18 EUR"},
		"VAT is taken out for a channel without it":           {`"vat_book": 22`, func(in *pricing.Input) { in.TaxIncluded = ptr(false) }, "8.20 EUR"},
		"VAT is put in for a channel with it":                 {`"tax_book": "excluded", "vat_channel": 22`, nil, "12.20 EUR"},
		"another country's VAT":                               {`"vat_book": 22, "vat_channel": 19`, nil, "9.75 EUR"},
		"the same VAT changes nothing":                        {`"vat_book": 22, "vat_channel": 22`, nil, "10.00 EUR"},
		"neither holds VAT":                                   {`"tax_book": "excluded"`, func(in *pricing.Input) { in.TaxIncluded = ptr(false) }, "10.00 EUR"},
		"the seller says what the channel cannot":             {`"tax_channel": "included"`, func(in *pricing.Input) { in.TaxIncluded = nil }, "10.00 EUR"},
		"another currency":                                    {"", inGBP, "8.50 GBP"},
		"an ending, upwards":                                  {`"rounding": {"ending": ".99", "to": "up"}`, nil, "10.99 EUR"},
		"an ending, downwards":                                {`"rounding": {"ending": ".99", "to": "down"}`, nil, "9.99 EUR"},
		"an ending, to the nearest":                           {`"rounding": {"ending": ".95", "to": "nearest"}`, nil, "9.95 EUR"},
		"an ending with tens":                                 {`"rounding": {"ending": "9.90", "to": "nearest"}`, nil, "9.90 EUR"},
		"steps":                                               {`"markup": {"percent": 0.3}, "rounding": {"step": "0.05", "to": "nearest"}`, nil, "10.05 EUR"},
		"rounding switched off":                               {`"rounding": {"none": true}`, nil, "10.00 EUR"},
		"a floor raises":                                      {`"floor": "11.00 EUR"`, nil, "11.00 EUR"},
		"an advertised minimum raises":                        {`"advertised_minimum": "11.50 EUR"`, nil, "11.50 EUR"},
		"a ceiling lowers":                                    {`"ceiling": "9.00 EUR"`, nil, "9.00 EUR"},
		"bounds switched off":                                 {`"floor": "none", "ceiling": "none", "advertised_minimum": "none", "margin": {"none": true}`, nil, "10.00 EUR"},
		"a margin over cost raises":                           {`"margin": {"percent": 100}, "vat_channel": 22`, nil, "12.20 EUR"},
		"a margin counts the channel's fee":                   {`"margin": {"percent": 60}, "vat_channel": 22, "fee": {"percent": 10}`, nil, "11.11 EUR"},
		"a margin is rounded up, never down":                  {`"margin": {"percent": 100}, "vat_channel": 22`, func(in *pricing.Input) { in.Cost = amount(t, "5.01 EUR") }, "12.23 EUR"},
		"a sale that runs":                                    {`"sale": {"price": "8.00 EUR", "start": "2026-11-23T00:00:00Z", "end": "2026-11-24T00:00:00Z"}`, nil, "8.00 EUR"},
		"a sale that starts now":                              {`"sale": {"price": "8.00 EUR", "start": "2026-11-23T12:00:00Z"}`, nil, "8.00 EUR"},
		"a sale that ends now":                                {`"sale": {"price": "8.00 EUR", "end": "2026-11-23T12:00:00Z"}`, nil, "10.00 EUR"},
		"a sale that starts later":                            {`"sale": {"price": "8.00 EUR", "start": "2026-11-24T00:00:00Z"}`, nil, "10.00 EUR"},
		"a sale above the regular price":                      {`"sale": {"price": "11.00 EUR"}`, nil, "10.00 EUR"},
		"a sale switched off":                                 {`"sale": {"none": true}`, nil, "10.00 EUR"},
		"up-only keeps the higher last price":                 {`"direction": "up-only"`, func(in *pricing.Input) { in.Last = amount(t, "11.00 EUR") }, "11.00 EUR"},
		"up-only lets a price rise":                           {`"direction": "up-only"`, func(in *pricing.Input) { in.Last = amount(t, "9.00 EUR") }, "10.00 EUR"},
		"down-only keeps the lower last price":                {`"direction": "down-only"`, func(in *pricing.Input) { in.Last = amount(t, "9.00 EUR") }, "9.00 EUR"},
		"frozen":                                              {`"direction": "freeze", "markup": {"percent": 10}`, nil, "10.00 EUR"},
		"an approved plan releases a large step":              {`"markup": {"percent": 90}`, func(in *pricing.Input) { in.Approved = amount(t, "19.00 EUR") }, "19.00 EUR"},
		"a first price between floor and ceiling":             {`"floor": "5.00 EUR", "ceiling": "20.00 EUR"`, func(in *pricing.Input) { in.Last = nil }, "10.00 EUR"},
		"yen have no cents":                                   {`"rounding": {"ending": "80", "to": "up"}`, inYen, "1680 JPY"},
	} {
		in := plain(t)
		if c.change != nil {
			c.change(&in)
		}
		in.Rules = rules(t, c.rules)
		got := pricing.Compute(in)
		if got.State != pricing.Send || got.Price.String() != c.want {
			t.Errorf("%s: Compute = %v %v %q (%s), want send %s", name, got.State, got.Price, got.Reason, got.Sentence(), c.want)
		}
	}
}

func inGBP(in *pricing.Input) {
	in.Currency, in.Last = "GBP", ptr(money.Of(850, "GBP"))
}

func inYen(in *pricing.Input) {
	in.Currency, in.Last = "JPY", ptr(money.Of(1600, "JPY"))
	in.Rates = []pricing.Exchange{{From: "EUR", To: "JPY", Rate: money.MustRate("162.35"), Source: "ECB", At: in.Now}}
}

func TestComputeSendsNothingItIsNotSureOf(t *testing.T) {
	old := pricing.Exchange{From: "EUR", To: "GBP", Rate: money.MustRate("0.85"), Source: "ECB"}
	for name, c := range map[string]struct {
		rules  string
		change func(*pricing.Input)
		state  pricing.State
		reason pricing.Reason
	}{
		"another tool owns the price":                {"", func(in *pricing.Input) { in.Owner = "a repricer" }, pricing.NotOwned, pricing.OtherOwner},
		"the channel takes no prices":                {"", func(in *pricing.Input) { in.ReadOnly = true }, pricing.NotOwned, pricing.ReadOnly},
		"no base price":                              {"", func(in *pricing.Input) { in.Base = nil }, pricing.Absent, pricing.NoBase},
		"no cost":                                    {`"from": "cost"`, func(in *pricing.Input) { in.Cost = nil }, pricing.Absent, pricing.NoCost},
		"a base price of zero":                       {"", func(in *pricing.Input) { in.Base = amount(t, "0.00 EUR") }, pricing.Refused, "price-not-positive"},
		"a negative base price":                      {"", func(in *pricing.Input) { in.Base = amount(t, "-1.00 EUR") }, pricing.Refused, "price-not-positive"},
		"a base price beyond computing":              {"", func(in *pricing.Input) { in.Base = amount(t, "92233720368547758.07 EUR") }, pricing.Refused, pricing.TooLarge},
		"the listing's currency is not known":        {"", func(in *pricing.Input) { in.Currency = "" }, pricing.Refused, "wrong-currency"},
		"nobody knows the channel's tax mode":        {"", func(in *pricing.Input) { in.TaxIncluded = nil }, pricing.Refused, pricing.TaxUnknown},
		"channel and seller differ on the tax mode":  {`"tax_channel": "excluded"`, nil, pricing.Refused, pricing.TaxDiffers},
		"the rate of the book's VAT is not known":    {"", func(in *pricing.Input) { in.TaxIncluded = ptr(false) }, pricing.Refused, pricing.VATUnknown},
		"the rate of the channel's VAT is not known": {`"tax_book": "excluded"`, nil, pricing.Refused, pricing.VATUnknown},
		"no exchange rate":                           {"", func(in *pricing.Input) { inGBP(in); in.Rates = nil }, pricing.Refused, pricing.RateMissing},
		"an exchange rate the other way round":       {"", func(in *pricing.Input) { inGBP(in); in.Rates[0].From, in.Rates[0].To = "GBP", "EUR" }, pricing.Refused, pricing.RateMissing},
		"an old exchange rate":                       {`"rate_hours": 24`, func(in *pricing.Input) { inGBP(in); old.At = now.Add(-25 * time.Hour); in.Rates[0] = old }, pricing.Refused, pricing.RateOld},
		"an exchange rate of tomorrow":               {"", func(in *pricing.Input) { inGBP(in); old.At = now.Add(time.Hour); in.Rates[0] = old }, pricing.Refused, pricing.RateBad},
		"an exchange rate without a time":            {"", func(in *pricing.Input) { inGBP(in); in.Rates[0].At = 0 }, pricing.Refused, pricing.RateBad},
		"an exchange rate of zero":                   {"", func(in *pricing.Input) { inGBP(in); in.Rates[0].Rate = money.Rate{} }, pricing.Refused, pricing.RateBad},
		"a markup in another currency":               {`"markup": {"percent": 0, "fixed": "1.00 GBP"}`, nil, pricing.Refused, "wrong-currency"},
		"a fee in another currency":                  {`"fee": {"percent": 0, "fixed": "1.00 GBP"}`, nil, pricing.Refused, "wrong-currency"},
		"a floor in another currency":                {`"floor": "1.00 GBP"`, nil, pricing.Refused, "wrong-currency"},
		"a ceiling in another currency":              {`"ceiling": "99.00 GBP"`, nil, pricing.Refused, "wrong-currency"},
		"an advertised minimum in another currency":  {`"advertised_minimum": "1.00 GBP"`, nil, pricing.Refused, "wrong-currency"},
		"a sale in another currency":                 {`"sale": {"price": "1.00 GBP"}`, nil, pricing.Refused, "wrong-currency"},
		"an ending the currency does not have":       {`"rounding": {"ending": ".99", "to": "up"}`, inYen, pricing.Refused, pricing.BadRounding},
		"a margin without a cost":                    {`"margin": {"percent": 10}`, func(in *pricing.Input) { in.Cost = nil }, pricing.Refused, pricing.NoCost},
		"a margin over a cost of zero":               {`"margin": {"percent": 10}`, func(in *pricing.Input) { in.Cost = amount(t, "0.00 EUR") }, pricing.Refused, pricing.NoCost},
		"a margin without the VAT rate":              {`"margin": {"percent": 10}`, nil, pricing.Refused, pricing.VATUnknown},
		"a floor above the ceiling":                  {`"floor": "12.00 EUR", "ceiling": "11.00 EUR"`, nil, pricing.Refused, "floor-above-ceiling"},
		"a margin above the ceiling":                 {`"margin": {"percent": 200}, "vat_channel": 22, "ceiling": "11.00 EUR"`, nil, pricing.Refused, "floor-above-ceiling"},
		"a sale below the floor":                     {`"floor": "9.00 EUR", "sale": {"price": "8.99 EUR"}`, nil, pricing.Refused, "below-floor"},
		"a frozen price below the floor":             {`"floor": "11.00 EUR", "direction": "freeze"`, nil, pricing.Refused, "below-floor"},
		"frozen, and no price was accepted":          {`"direction": "freeze"`, func(in *pricing.Input) { in.Last = nil }, pricing.Absent, pricing.FrozenBlank},
		"a step too far down":                        {`"sale": {"price": "7.00 EUR"}`, nil, pricing.Held, "price-drop"},
		"a step too far up":                          {`"markup": {"percent": 60}`, nil, pricing.Held, "price-rise"},
		"far below the median":                       {"", func(in *pricing.Input) { in.Median = amount(t, "20.00 EUR") }, pricing.Held, "far-below-median"},
		"a first price without bounds":               {"", func(in *pricing.Input) { in.Last = nil }, pricing.Held, "no-floor"},
		"0.01 from a blank column":                   {"", func(in *pricing.Input) { in.Base = amount(t, "0.01 EUR") }, pricing.Held, "below-implicit-floor"},
		"100 in another currency than before":        {`"floor": "1.00 EUR", "ceiling": "99.00 EUR"`, func(in *pricing.Input) { in.Last = amount(t, "10.00 GBP") }, pricing.Held, "currency-changed"},
	} {
		in := plain(t)
		if c.change != nil {
			c.change(&in)
		}
		in.Rules = rules(t, c.rules)
		got := pricing.Compute(in)
		if got.State != c.state || got.Reason != c.reason || got.Note == "" {
			t.Errorf("%s: Compute = %v %q %v (%s), want %v %q", name, got.State, got.Reason, got.Price, got.Note, c.state, c.reason)
		}
		if held := got.Price != (money.Amount{}); held != (c.state == pricing.Held) {
			t.Errorf("%s: Price = %v in state %v", name, got.Price, got.State)
		}
		want := fault.Invalid
		if c.state == pricing.Held {
			want = fault.Held
		}
		if err := got.Err(); !fault.Is(err, want) {
			t.Errorf("%s: Err = %v, want kind %v", name, err, want)
		}
	}
}

func TestWithoutABookTaxModeThereIsNoPrice(t *testing.T) {
	in := plain(t)
	in.Rules = pricing.Merge()
	if got := pricing.Compute(in); got.State != pricing.Refused || got.Reason != pricing.TaxUnknown {
		t.Errorf("Compute = %v %q, want refused %q", got.State, got.Reason, pricing.TaxUnknown)
	}
}

func TestTheChainTellsHowThePriceCameAbout(t *testing.T) {
	in := plain(t)
	inGBP(&in)
	in.Rules = rules(t, `"markup": {"percent": 10}, "rounding": {"ending": ".99", "to": "down"}`)
	got := pricing.Compute(in)
	var chain []string
	for _, s := range got.Steps {
		if s.In != s.Out {
			chain = append(chain, s.Name+": "+s.In+" → "+s.Out)
		}
	}
	want := []string{
		"base or cost:  → 10.00 EUR", "markup: 10.00 EUR → 11.00 EUR", "currency: 11.00 EUR → 9.35 GBP", "rounding: 9.35 GBP → 8.99 GBP",
	}
	if diff := cmp.Diff(want, chain); diff != "" {
		t.Errorf("chain differs (-want +got):\n%s", diff)
	}
	if s := got.Sentence(); !strings.HasPrefix(s, "8.99 GBP: base 10.00 EUR, then plus 10 % (item rule 7), then 1 EUR is 0.85 GBP (ECB, ") {
		t.Errorf("Sentence = %q", s)
	}
}
