package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// nasty is texts a file may hold: formulas, quotes, separators, our own tokens.
var nasty = []rune("Aa0 =+-@'\"#;,*\\|%null＝éß😀.")

func drawText(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom(nasty), 1, 10, -1),
		rapid.SampledFrom([]string{"#null", "'#null", "=1+1", "'=x", "-5", "+39", "@SUM(A1)", "''", "1E5", "00123", "sep=;"}),
	).Draw(t, name)
}

func drawField[T any](t *rapid.T, name string, value func() T) catalog.Field[T] {
	switch rapid.IntRange(0, 2).Draw(t, name+" word") {
	case 0:
		return catalog.Field[T]{}
	case 1:
		return catalog.Field[T]{Word: catalog.Clear}
	}
	return catalog.SetTo(value())
}

// drawRow draws a good row of a kind.
func drawRow(t *rapid.T, kind catalog.Kind) catalog.Row {
	r := catalog.Row{Line: 2}
	if kind != catalog.Bindings {
		r.SKU = drawText(t, "sku")
	}
	text := func() string { return drawText(t, "text") }
	switch kind {
	case catalog.Items:
		r.Item.GTIN = drawField(t, "gtin", func() string { return "0036000291452" })
		r.Item.Title = drawField(t, "title", text)
		r.Item.Components = drawField(t, "components", func() []catalog.Piece {
			var out []catalog.Piece
			for _, sku := range rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string { return drawText(t, "part") }), 1, 3, rapid.ID).Draw(t, "parts") {
				if sku != r.SKU {
					out = append(out, catalog.Piece{SKU: sku, Units: rapid.Int64Range(1, catalog.MaxUnits).Draw(t, "units")})
				}
			}
			if out == nil {
				out = []catalog.Piece{{SKU: r.SKU + "x", Units: 1}}
			}
			return out
		})
	case catalog.Stock:
		if rapid.Bool().Draw(t, "has location") {
			r.Stock.Location = drawText(t, "location")
		}
		r.Stock.Quantity = drawField(t, "quantity", func() int64 { return rapid.Int64Range(0, money.MaxQuantity).Draw(t, "n") })
	case catalog.Prices:
		currency := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD"}).Draw(t, "currency")
		amount := func(low, high int64) func() money.Amount {
			return func() money.Amount {
				r.Price.Currency = currency
				return money.Of(rapid.Int64Range(low, high).Draw(t, "minor"), currency)
			}
		}
		p := &r.Price
		p.Price, p.Cost = drawField(t, "price", amount(1, 1<<62)), drawField(t, "cost", amount(1, 1<<62))
		p.Floor, p.Ceiling = drawField(t, "floor", amount(1, 1000)), drawField(t, "ceiling", amount(1000, 1<<62))
		p.AdvertisedMinimum, p.SalePrice = drawField(t, "minimum", amount(1, 1<<62)), drawField(t, "sale", amount(1, 1<<62))
		p.SaleStart = drawField(t, "start", func() ident.Micros { return ident.Micros(rapid.Int64Range(1, 1<<50).Draw(t, "at")) })
		p.SaleEnd = drawField(t, "end", func() ident.Micros { return ident.Micros(rapid.Int64Range(1<<50+1, 1<<51).Draw(t, "at")) })
	case catalog.Bindings:
		r.Binding = catalog.BindingFields{Account: drawText(t, "account"), Listing: drawText(t, "listing")}
		r.Binding.Item = drawField(t, "item", text)
		r.Binding.Pack = drawField(t, "pack", func() int64 { return rapid.Int64Range(1, catalog.MaxUnits).Draw(t, "n") })
		r.Binding.Ignore = drawField(t, "ignore", func() bool { return r.Binding.Item.Word != catalog.Set && rapid.Bool().Draw(t, "yes") })
	}
	return r
}

var kinds = []catalog.Kind{catalog.Items, catalog.Stock, catalog.Prices, catalog.Bindings}

func TestARowThatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		want := drawRow(t, kind)
		l, bad := catalog.ReadHeader(catalog.Plan{Kind: kind}, 1, cells(catalog.Columns(kind)...))
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		written := want.Cells(kind)
		for _, s := range written {
			if s != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(s)[0]) {
				t.Fatalf("%q is written as it is: a spreadsheet would run it", s)
			}
		}
		got, blank, bad := l.Read(2, cells(written...))
		if blank || len(bad) > 0 {
			t.Fatalf("Read(%q) = blank %v, %v", written, blank, bad)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("row differs after %q (-written +read):\n%s", written, diff)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("items", "A", "4006381333931", "Pen", `B*2; C\;x`)
	f.Add("stock", "A", "Shop", "5", "")
	f.Add("prices", "A", "EUR", "19.90", "#null")
	f.Add("bindings", "shop", "1", "A", "'#null")
	f.Fuzz(func(t *testing.T, kind, a, b, c, d string) {
		k, err := catalog.ParseKind(kind)
		if err != nil {
			return
		}
		columns := catalog.Columns(k)
		l, bad := catalog.ReadHeader(catalog.Plan{Kind: k}, 1, cells(columns...))
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		texts := append([]string{a, b, c, d}, make([]string, len(columns))...)[:len(columns)]
		row, blank, bad := l.Read(2, cells(texts...))
		if blank || len(bad) > 0 {
			return
		}
		again, _, bad := l.Read(2, cells(row.Cells(k)...))
		if diff := cmp.Diff(row, again); len(bad) > 0 || diff != "" {
			t.Fatalf("%q is read as %+v, written and read again %v:\n%s", texts, row, bad, diff)
		}
	})
}
