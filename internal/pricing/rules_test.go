package pricing_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy/rule"
	"carpediemstore.it/sync-connector/internal/pricing"
)

func TestParseRulesNamesEachFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, "version must be 1"},
		{`{"version": 1, "flor": "1.00 EUR"}`, "flor"},
		{`{"version": 1, "from": "guess"}`, "from must be"},
		{`{"version": 1, "markup": {"percent": -1}}`, "not a percentage"},
		{`{"version": 1, "markup": {"percent": 10001}}`, "markup.percent"},
		{`{"version": 1, "markup": {"percent": 0, "fixed": "-1.00 EUR"}}`, "markup.fixed"},
		{`{"version": 1, "fee": {"percent": 91}}`, "fee.percent"},
		{`{"version": 1, "tax_book": "maybe"}`, "tax_book"},
		{`{"version": 1, "vat_book": 101}`, "vat_book"},
		{`{"version": 1, "rate_hours": 0}`, "rate_hours"},
		{`{"version": 1, "rounding": {}}`, "rounding needs one of"},
		{`{"version": 1, "rounding": {"ending": ".99", "step": "1", "to": "up"}}`, "rounding needs one of"},
		{`{"version": 1, "rounding": {"ending": ".99"}}`, "rounding needs to"},
		{`{"version": 1, "rounding": {"none": true, "to": "up"}}`, "rounding has a direction"},
		{`{"version": 1, "rounding": {"ending": "x", "to": "up"}}`, "rounding ending"},
		{`{"version": 1, "rounding": {"step": "0", "to": "up"}}`, "rounding step"},
		{`{"version": 1, "rounding": {"ending": "1234567890", "to": "up"}}`, "rounding is too long"},
		{`{"version": 1, "floor": "1.00"}`, "with its currency"},
		{`{"version": 1, "floor": "1,00 EUR"}`, "not an amount"},
		{`{"version": 1, "floor": "1.00 EURO"}`, "currency code"},
		{`{"version": 1, "floor": "0.00 EUR"}`, "floor must be more than nothing"},
		{`{"version": 1, "ceiling": "-5.00 EUR"}`, "ceiling must be"},
		{`{"version": 1, "margin": {}}`, "margin needs either"},
		{`{"version": 1, "margin": {"none": true, "percent": 5}}`, "margin needs either"},
		{`{"version": 1, "sale": {}}`, "sale needs either"},
		{`{"version": 1, "sale": {"price": "0.00 EUR"}}`, "sale.price"},
		{`{"version": 1, "sale": {"none": true, "end": "2026-11-23T00:00:00Z"}}`, "sale has times"},
		{`{"version": 1, "sale": {"price": "1.00 EUR", "start": "2026-11-23T00:00:00Z", "end": "2026-11-23T00:00:00Z"}}`, "sale.end"},
		{`{"version": 1, "direction": "sideways"}`, "direction"},
	} {
		_, err := pricing.ParseRules([]byte(c.text))
		if !fault.Is(err, fault.Invalid) && err == nil || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseRules(%s) = %v, want an error that says %q", c.text, err, c.want)
		}
	}
}

func TestTheLastLevelThatSaysAFieldDecidesIt(t *testing.T) {
	got := pricing.Merge(
		pricing.Level{Name: "tenant", ID: 3, Rules: parse(t, `"tax_book": "included", "floor": "5.00 EUR", "vat_book": 22`)},
		pricing.Level{Name: "account", ID: 5, Rules: parse(t, `"floor": "none"`)},
		pricing.Level{Name: "item", ID: 9, Revision: 2, Rules: parse(t, `"floor": "7.00 EUR"`)},
	)
	want := pricing.Merged{
		Rules: parse(t, `"tax_book": "included", "floor": "7.00 EUR", "vat_book": 22`),
		Sources: rule.Sources{
			{Field: "tax_book", Level: "tenant", Rule: 3},
			{Field: "vat_book", Level: "tenant", Rule: 3},
			{Field: "floor", Level: "item", Rule: 9, Revision: 2},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merge differs (-want +got):\n%s", diff)
	}
}

func maybe[T any](t *rapid.T, name string, g *rapid.Generator[T]) *T {
	if !rapid.Bool().Draw(t, name+" is said") {
		return nil
	}
	return ptr(g.Draw(t, name))
}

// mostly is EUR nine times of ten: wrong currencies must occur, and must not be all that occurs.
func mostly(t *rapid.T) money.Currency {
	if rapid.IntRange(0, 9).Draw(t, "another currency") == 0 {
		return "GBP"
	}
	return "EUR"
}

func drawRules(t *rapid.T) pricing.Rules {
	sum := func(low, high int64) *rapid.Generator[pricing.Sum] {
		return rapid.Custom(func(t *rapid.T) pricing.Sum {
			return pricing.Sum(money.Of(rapid.Int64Range(low, high).Draw(t, "minor"), mostly(t)))
		})
	}
	bound := func(low, high int64) *rapid.Generator[pricing.Bound] {
		return rapid.Map(sum(low, high), func(s pricing.Sum) pricing.Bound { return pricing.Bound{Sum: s} })
	}
	percent := rapid.Map(rapid.Int64Range(0, 250_000), func(n int64) money.Percent { return money.Percent(n) })
	charge := rapid.Custom(func(t *rapid.T) pricing.Charge {
		return pricing.Charge{Percent: percent.Draw(t, "percent"), Fixed: maybe(t, "fixed", sum(1, 100))}
	})
	tax := rapid.SampledFrom([]pricing.Tax{pricing.TaxIncluded, pricing.TaxExcluded})
	r := pricing.Rules{
		Version: pricing.Version,
		From:    maybe(t, "from", rapid.SampledFrom([]pricing.From{pricing.FromBase, pricing.FromCost})),
		Markup:  maybe(t, "markup", charge), Fee: maybe(t, "fee", charge),
		TaxBook:    ptr(tax.Draw(t, "tax book")),
		VATBook:    ptr(percent.Draw(t, "vat book")),
		VATChannel: ptr(percent.Draw(t, "vat channel")),
		Rounding: maybe(t, "rounding", rapid.SampledFrom([]pricing.Rounding{
			{None: true}, {Ending: ".99", To: pricing.Up}, {Step: "0.05", To: pricing.Nearest}, {Ending: "9.90", To: pricing.Down},
		})),
		Floor: maybe(t, "floor", bound(500, 1100)), Ceiling: maybe(t, "ceiling", bound(1000, 3000)),
		AdvertisedMinimum: maybe(t, "minimum", bound(500, 1100)),
		Direction:         maybe(t, "direction", rapid.SampledFrom([]pricing.Direction{pricing.Free, pricing.UpOnly, pricing.DownOnly, pricing.Freeze})),
	}
	if rapid.IntRange(0, 9).Draw(t, "tax channel is said") == 0 {
		r.TaxChannel = ptr(tax.Draw(t, "tax channel"))
	}
	if rapid.Bool().Draw(t, "margin") {
		r.Margin = &pricing.Margin{Percent: ptr(percent.Draw(t, "over"))}
	}
	if rapid.Bool().Draw(t, "sale") {
		r.Sale = &pricing.Sale{Price: ptr(sum(600, 1200).Draw(t, "sale price"))}
		r.Sale.Start = ident.Micros(rapid.SampledFrom([]int64{0, int64(now), int64(now) + 1}).Draw(t, "start"))
	}
	return r
}

func drawInput(t *rapid.T) pricing.Input {
	optional := func(name string, low, high int64) *money.Amount {
		if rapid.IntRange(0, 9).Draw(t, name+" is absent") == 0 {
			return nil
		}
		return ptr(money.Of(rapid.Int64Range(low, high).Draw(t, name), mostly(t)))
	}
	return pricing.Input{
		Base: optional("base", 1, 1500), Cost: optional("cost", 1, 900),
		Last: optional("last", 900, 1300), Median: optional("median", 900, 1300),
		Currency: "EUR", TaxIncluded: ptr(rapid.Bool().Draw(t, "tax")), Now: now, Limits: guard.Defaults(),
		Rates: []pricing.Exchange{{From: "GBP", To: "EUR", Rate: money.MustRate("1.17"), Source: "ECB", At: now}},
		Rules: pricing.Merge(pricing.Level{Name: "tenant", Rules: drawRules(t)}),
	}
}

func TestRulesReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t)
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := pricing.ParseRules(data)
		if err != nil {
			t.Fatalf("ParseRules(%s) = %v", data, err)
		}
		if diff := cmp.Diff(r, back); diff != "" {
			t.Fatalf("rules differ (-written +read):\n%s", diff)
		}
	})
}

func TestEveryPriceKeepsItsPromises(t *testing.T) {
	sent := 0
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		got := pricing.Compute(in)
		if diff := cmp.Diff(got, pricing.Compute(in), cmp.Comparer(func(a, b money.Rate) bool { return a.Cmp(b) == 0 })); diff != "" {
			t.Fatalf("the same input gave two results (I9):\n%s", diff)
		}
		order := pricing.Order()
		if len(got.Steps) != len(order) || got.Sentence() == "" {
			t.Fatalf("%d steps, want %d (%q)", len(got.Steps), len(order), got.Sentence())
		}
		for i, s := range got.Steps {
			if s.Name != order[i] || s.Note == "" || s.Reached && i > 0 && s.In != got.Steps[i-1].Out {
				t.Fatalf("step %d is %+v behind %+v, want %s", i, s, got.Steps[max(0, i-1)], order[i])
			}
		}
		if got.State != pricing.Send {
			return
		}
		sent++
		r, p := in.Rules.Rules, got.Price
		switch {
		case p.Minor <= 0 || p.Currency != "EUR":
			t.Fatalf("%v is sent", p)
		case r.Floor != nil && (r.Floor.Sum.Currency != "EUR" || p.Minor < r.Floor.Sum.Minor):
			t.Fatalf("%v is sent below the floor %v (I10)", p, r.Floor.Sum)
		case r.AdvertisedMinimum != nil && p.Minor < r.AdvertisedMinimum.Sum.Minor:
			t.Fatalf("%v is sent below the advertised minimum (I10)", p)
		case r.Ceiling != nil && (r.Ceiling.Sum.Currency != "EUR" || p.Minor > r.Ceiling.Sum.Minor):
			t.Fatalf("%v is sent above the ceiling (I10)", p)
		case in.Last != nil && in.Last.Currency == "EUR" && (p.Minor*100 < in.Last.Minor*75 || p.Minor*100 > in.Last.Minor*150):
			t.Fatalf("%v is sent after %v (I10)", p, *in.Last)
		case in.Last == nil && (r.Ceiling == nil || (r.Floor == nil && r.AdvertisedMinimum == nil && r.Margin == nil)):
			t.Fatalf("a first price %v is sent without bounds", p)
		case r.Margin != nil && r.Fee == nil && in.Cost != nil && in.Cost.Currency == "EUR" && p.Minor < in.Cost.Minor:
			t.Fatalf("%v is sent below the cost %v", p, *in.Cost)
		}
	})
	if sent == 0 {
		t.Error("no price was ever sent: the test proved nothing")
	}
}

func TestRulesThatNobodyCheckedDoNotPanic(t *testing.T) {
	in := plain(t)
	in.Rules = pricing.Merge(
		pricing.Level{Name: "tenant", Rules: parse(t, `"tax_book": "included"`)},
		pricing.Level{Name: "item", Rules: pricing.Rules{Margin: &pricing.Margin{}, Sale: &pricing.Sale{}, Rounding: &pricing.Rounding{}}},
	)
	if got := pricing.Compute(in); got.State != pricing.Send || got.Price.Minor != 1000 {
		t.Errorf("Compute = %v %v (%s), want 10.00 EUR", got.State, got.Price, got.Note)
	}
	in.Rules = pricing.Merge(pricing.Level{Name: "item", Rules: parse(t, `"tax_book": "included", "fee": {"percent": 90}`)})
	in.Rules.Rules.Fee.Percent = money.Hundred
	if got := pricing.Compute(in); got.State != pricing.Refused {
		t.Errorf("a fee of everything: Compute = %v %v, want refused", got.State, got.Price)
	}
}

func FuzzParseRules(f *testing.F) {
	for _, s := range []string{
		`{"version":1}`, `{"version":1,"floor":"1.00 EUR","margin":{"percent":"5"}}`, `{"version":1,"sale":{"price":"1 JPY"}}`,
		`{"version":1,"rounding":{"ending":".99","to":"up"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := pricing.ParseRules(data)
		if err != nil {
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := pricing.ParseRules(out); err != nil || !cmp.Equal(r, back) {
			t.Fatalf("ParseRules(%s) reads back as %+v, %v", data, back, err)
		}
		base := money.Of(1000, "EUR")
		included := true
		pricing.Compute(pricing.Input{
			Base: &base, Cost: &base, Currency: "EUR", TaxIncluded: &included, Now: now, Limits: guard.Defaults(),
			Rules: pricing.Merge(pricing.Level{Rules: r}),
		})
	})
}

func BenchmarkCompute(b *testing.B) {
	in := plain(b)
	in.Rules = rules(b, `"markup": {"percent": 10}, "rounding": {"ending": ".99", "to": "up"}, "floor": "5.00 EUR"`)
	for b.Loop() {
		pricing.Compute(in)
	}
}
