package woocommerce

import (
	"encoding/json"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

func TestTrapOddPriceTextsAreNeverSent(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	for sent, kept := range map[string]string{`"18,5"`: "185", `"1e3"`: "13", `"abc"`: "", `"-5"`: "-5"} {
		b.raw("PUT", "/wc/v3/products/1", `{"regular_price":`+sent+`}`)
		b.log.loose = true
		ps, _, err := b.ch.rows(t.Context(), request{op: channel.OpRead, route: "/wc/v3/products", query: position{}.query(productFields)})
		b.log.loose = false
		if err != nil {
			t.Fatal(err)
		}
		want, bad := money.ParseAmount(kept, "EUR")
		if kept == "" || bad != nil || want.Minor < 0 {
			if ps[0].price != nil {
				t.Errorf("price sent as %s reads as %v, want none", sent, ps[0].price)
			}
		} else if ps[0].price == nil || *ps[0].price != want {
			t.Errorf("price sent as %s reads as %v, want %v: this is the trap", sent, ps[0].price, want)
		}
	}
	if status := b.raw("PUT", "/wc/v3/products/1", `{"regular_price":18.5}`); status != "400" {
		t.Errorf("a price as a number = %s, want 400", status)
	}
	for _, x := range []struct {
		currency money.Currency
		minor    int64
		want     string
	}{{"EUR", 1850, "18.50"}, {"EUR", 0, "0.00"}, {"EUR", 5, "0.05"}, {"JPY", 1850, "1850"}, {"KWD", 1850, "1.850"}, {"EUR", 1 << 40, "10995116277.76"}} {
		body, err := encode(channel.Price, []row{{place{id: 1}, channel.Write{Price: money.Of(x.minor, x.currency)}}})
		if want := `{"update":[{"id":1,"regular_price":"` + x.want + `"}]}`; err != nil || string(body) != want {
			t.Errorf("encode(%d %s) = %s, %v, want %s", x.minor, x.currency, body, err, want)
		}
	}
	if _, err := encode(channel.Price, []row{{place{id: 1}, channel.Write{Price: euro(-5)}}}); err == nil {
		t.Error("a negative price was encoded, want an error")
	}
}

func TestTrapPricesThatCannotBeUsedStayAbsent(t *testing.T) {
	for _, x := range []struct {
		text string
		want *money.Amount
		code string
	}{
		{`"11"`, is(euro(1100)), ""},
		{`"10.00"`, is(euro(1000)), ""},
		{`"18.550"`, is(euro(1855)), ""},
		{`"0"`, is(euro(0)), ""},
		{`""`, nil, ""},
		{`"18.555"`, nil, "bad-price"},
		{`"18,5"`, nil, "bad-price"},
		{`"1e3"`, nil, "bad-price"},
		{`"-5"`, nil, "bad-price"},
		{`" 5"`, nil, "bad-price"},
		{`5`, nil, "bad-price"},
		{`null`, nil, "bad-price"},
		{`{}`, nil, "bad-price"},
		{`"NaN"`, nil, "bad-price"},
		{`"99999999999999999999"`, nil, "bad-price"},
		{`".5"`, nil, "bad-price"},
		{`"5."`, nil, "bad-price"},
	} {
		p, err := decodeProduct([]byte(`{"id":1,"type":"simple","manage_stock":false,"regular_price":`+x.text+`}`), "EUR")
		if err != nil {
			t.Errorf("decodeProduct(%s) = %v, want a product", x.text, err)
			continue
		}
		code := ""
		for _, f := range p.problems {
			code = f.code
		}
		if code != x.code || (p.price == nil) != (x.want == nil) || p.price != nil && *p.price != *x.want {
			t.Errorf("price %s = %v, problem %q, want %v, %q", x.text, p.price, code, x.want, x.code)
		}
	}
}

func TestTrapSalePriceNotBelowTheRegularPriceEndsTheSale(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	b.Edit("1", fake.Edit{Sale: is("9.00")})
	if c := b.list(); *c.Listings[0].Price != euro(1200) {
		t.Errorf("price of a listing on sale = %v, want the regular price 12.00", c.Listings[0].Price)
	}
	got := b.price("1", euro(1500))
	if got.State != channel.Applied || !strings.Contains(got.Text, "sale") {
		t.Errorf("write during a sale = %+v, want applied with a word about the sale", got)
	}
	if got = b.price("1", euro(900)); got.State != channel.Applied || got.Text != "" {
		t.Errorf("write at the sale price = %+v, want applied; the shop ended the sale", got)
	}
	if p := b.Truth().Prices["1"]; p != euro(900) {
		t.Errorf("the shop asks %v, want 9.00", p)
	}
}

func TestTrapPriceSetByAPluginIsNotBelieved(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	for _, odd := range []string{"99.00", "abc"} {
		b.Trap(fake.Traps{OddPrices: odd})
		if got := b.price("1", euro(1500)); got.State != channel.Unknown {
			t.Errorf("a price the shop shows as %q = %+v, want unknown", odd, got)
		}
	}
}

func TestEmptyPriceIsNoPriceAndNoFinding(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	b.Edit("1", fake.Edit{Regular: is("")})
	if c := b.list(); len(c.Findings) != 0 || c.Listings[0].Price != nil {
		t.Errorf("a product without a price = %v, findings %+v, want none of both", c.Listings[0].Price, c.Findings)
	}
}

func TestAPriceWriteSaysNothingOfStock(t *testing.T) {
	body, err := encode(channel.Price, []row{{place{id: 1}, channel.Write{Price: euro(100), Quantity: 7}}})
	if err != nil {
		t.Fatal(err)
	}
	var rows map[string][]map[string]json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil || len(rows["update"][0]) != 2 {
		t.Errorf("price row = %s, %v, want id and regular_price only", body, err)
	}
}

func TestShopInACurrencyWithoutCents(t *testing.T) {
	b := openBench(t, fake.Options{Currency: "JPY"}, map[string]string{"currency": "jpy"}, false)
	p := simple("MUG", 9, 0)
	p.Price = money.Of(1200, "JPY")
	b.Add(p)
	if got := b.price("1", money.Of(1300, "JPY")); got.State != channel.Applied || b.Truth().Prices["1"] != money.Of(1300, "JPY") {
		t.Errorf("write of 1300 JPY = %+v, the shop asks %v", got, b.Truth().Prices["1"])
	}
}
