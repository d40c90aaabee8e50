package flow_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
	"carpediemstore.it/sync-connector/internal/pricing"
)

func ptr[T any](v T) *T { return &v }

// maybe draws nil or a value.
func maybe[T any](t *rapid.T, name string, g *rapid.Generator[T]) *T {
	if !rapid.Bool().Draw(t, name+"?") {
		return nil
	}
	return ptr(g.Draw(t, name))
}

func drawStock(t *rapid.T) policy.Input {
	n := rapid.Int64Range(0, 50)
	in := policy.Input{
		Account: ident.Account(n.Draw(t, "account")), Pool: rapid.SampledFrom([]channel.Pool{channel.Merchant, channel.ByChannel, ""}).Draw(t, "pool"),
		Shown: maybe(t, "shown", n), Blind: rapid.Bool().Draw(t, "blind"), Max: n.Draw(t, "max"),
		Zero: rapid.SampledFrom([]channel.ZeroMode{channel.SetZero, channel.RefuseZero, ""}).Draw(t, "zero"),
		Rules: policy.Merge(policy.Level{Name: "tenant", ID: 3, Revision: 1, Rules: policy.Rules{
			Version: policy.Version, Buffer: maybe(t, "buffer", n), Floor: maybe(t, "floor", n), Cap: maybe(t, "cap", n), Minimum: maybe(t, "minimum", n),
			Scarcity: maybe(t, "scarcity", rapid.Just(policy.Scarcity{At: 5, Keeper: 2, Keep: 1})),
		}}),
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "parts") {
		in.Parts = append(in.Parts, policy.Part{
			Item: ident.Item(i + 1), Units: rapid.Int64Range(0, 3).Draw(t, "units"), Counted: rapid.Bool().Draw(t, "counted"),
			Places:   []policy.Place{{Units: n.Draw(t, "here")}, {Name: "north \"<&> ü", Units: n.Draw(t, "north")}},
			Reserved: n.Draw(t, "reserved"), Held: n.Draw(t, "held"), Elsewhere: n.Draw(t, "elsewhere"), Peers: n.Draw(t, "peers"),
			Rank: n.Draw(t, "rank"), Others: maybe(t, "others", n),
		})
	}
	return in
}

func TestARecordOfStockReadsBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawStock(t)
		r := flow.StockRecord{
			Code: flow.Version, Rules: in.Rules.Sources.Rules(), Input: in, Result: policy.Target(in),
			Untaken: rapid.Int64Range(0, 3).Draw(t, "untaken"), Wire: maybe(t, "wire", rapid.Int64()),
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back flow.StockRecord
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if diff := cmp.Diff(r, back); diff != "" {
			t.Fatalf("the record differs (-written +read):\n%s\n%s", diff, text)
		}
		if diff := cmp.Diff(back.Result, policy.Target(back.Input)); diff != "" { // I9
			t.Fatalf("the stored input gives another result (-stored +made again):\n%s", diff)
		}
	})
}

func TestARecordOfAPriceReadsBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Custom(func(t *rapid.T) money.Amount {
			return money.Of(rapid.Int64Range(-5, 10_000).Draw(t, "minor"), rapid.SampledFrom([]money.Currency{"EUR", "JPY"}).Draw(t, "currency"))
		})
		in := pricing.Input{
			Owner: rapid.SampledFrom([]string{"", "a repricer"}).Draw(t, "owner"), ReadOnly: rapid.Bool().Draw(t, "read only"),
			Base: maybe(t, "base", amount), Cost: maybe(t, "cost", amount), Currency: "EUR", TaxIncluded: maybe(t, "tax", rapid.Bool()),
			Last: maybe(t, "last", amount), Median: maybe(t, "median", amount), Approved: maybe(t, "approved", amount), Now: 5,
			Rules: pricing.Merge(pricing.Level{Name: "tenant", ID: 1, Revision: 2, Rules: pricing.Rules{
				Version: pricing.Version, TaxBook: ptr(pricing.TaxIncluded), Markup: maybe(t, "markup", rapid.Just(pricing.Charge{Percent: money.Hundred / 10})),
			}}),
			Limits: rapid.SampledFrom([]guard.Limits{guard.Defaults(), {}, {Flips: 3}}).Draw(t, "limits"),
		}
		r := flow.PriceRecord{Code: flow.Version, Rules: in.Rules.Sources.Rules(), Input: in, Result: pricing.Compute(in)}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back flow.PriceRecord
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if diff := cmp.Diff(r, back); diff != "" {
			t.Fatalf("the record differs (-written +read):\n%s\n%s", diff, text)
		}
	})
}

// A result of another version of the code may have other steps.
func TestARecordKeepsStepsThatThisCodeDoesNotKnow(t *testing.T) {
	stock := flow.StockRecord{Code: "0", Result: policy.Result{State: policy.Value, Quantity: 3, Steps: []policy.Step{{Name: "guess", Item: 4, In: 1, Out: 3, Reached: true, Note: "three"}}}}
	price := flow.PriceRecord{Code: "0", Result: pricing.Result{State: pricing.Send, Steps: []pricing.Step{{Name: "guess", Out: "3 EUR", Reached: true, Note: "three"}}}}
	text, err := json.Marshal([]any{stock, price})
	if err != nil {
		t.Fatal(err)
	}
	var backStock flow.StockRecord
	var backPrice flow.PriceRecord
	if err := json.Unmarshal(text, &[]any{&backStock, &backPrice}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stock, backStock); diff != "" {
		t.Errorf("stock differs (-written +read):\n%s", diff)
	}
	if diff := cmp.Diff(price, backPrice); diff != "" {
		t.Errorf("price differs (-written +read):\n%s", diff)
	}
}

func FuzzStockRecord(f *testing.F) {
	f.Add(`{"code":"1","way":[["5",0],1,{"not":"x"}]}`)
	f.Add(`{"way":[[1],[2,3,4,5],99,null]}`)
	f.Fuzz(func(_ *testing.T, text string) {
		var r flow.StockRecord
		_ = json.Unmarshal([]byte(text), &r) // bytes from a damaged file are refused, never a panic
		var p flow.PriceRecord
		_ = json.Unmarshal([]byte(text), &p)
	})
}

func BenchmarkStockRecord(b *testing.B) {
	in := policy.Input{
		Account: 2, Pool: channel.Merchant, Parts: []policy.Part{{Item: 17, Units: 1, Counted: true, Places: []policy.Place{{Units: 40}}}},
		Shown: ptr(int64(40)), Max: 999_999, Zero: channel.SetZero, Rules: policy.Merge(),
	}
	r := flow.StockRecord{Code: flow.Version, Input: in, Result: policy.Target(in), Wire: ptr(int64(40))}
	n := 0
	for b.Loop() {
		text, err := r.MarshalJSON()
		if err != nil {
			b.Fatal(err)
		}
		n = len(text)
	}
	b.ReportMetric(float64(n), "B/record")
}

func BenchmarkPriceRecord(b *testing.B) {
	base := money.Of(1990, "EUR")
	in := pricing.Input{
		Base: &base, Currency: "EUR", TaxIncluded: ptr(true), Last: &base, Now: 1_790_000_000_000_000, Limits: guard.Defaults(),
		Rules: pricing.Merge(pricing.Level{Name: "tenant", ID: 1, Revision: 1, Rules: pricing.Rules{Version: pricing.Version, TaxBook: ptr(pricing.TaxIncluded)}}),
	}
	r := flow.PriceRecord{Code: flow.Version, Rules: in.Rules.Sources.Rules(), Input: in, Result: pricing.Compute(in)}
	n := 0
	for b.Loop() {
		text, err := r.MarshalJSON()
		if err != nil {
			b.Fatal(err)
		}
		n = len(text)
	}
	b.ReportMetric(float64(n), "B/record")
}
