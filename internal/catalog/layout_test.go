package catalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// cells makes CSV cells of texts.
func cells(texts ...string) []catalog.Cell {
	out := make([]catalog.Cell, len(texts))
	for i, s := range texts {
		out[i] = catalog.CSVCell(s)
	}
	return out
}

// layout reads a header that must be good.
func layout(t testing.TB, p catalog.Plan, header ...string) catalog.Layout {
	t.Helper()
	l, bad := catalog.ReadHeader(p, 1, cells(header...))
	if len(bad) > 0 {
		t.Fatalf("ReadHeader(%q) = %v", header, bad)
	}
	return l
}

func TestReadHeaderNamesEveryMistake(t *testing.T) {
	for name, c := range map[string]struct {
		kind   catalog.Kind
		header []string
		want   []string
	}{
		"good":                             {catalog.Stock, []string{"sku", "quantity"}, nil},
		"any case, order and spaces":       {catalog.Stock, []string{" Quantity ", "SKU"}, nil},
		"another name for a column":        {catalog.Stock, []string{"sku", "qty"}, nil},
		"blank cells behind the last":      {catalog.Stock, []string{"sku", "quantity", "", ""}, nil},
		"a remark column":                  {catalog.Stock, []string{"sku", "quantity", "#counted by"}, nil},
		"a typing mistake":                 {catalog.Stock, []string{"sku", "quantitty"}, []string{`"quantitty"`, "did you mean quantity?", "column quantity is missing"}},
		"a column nobody knows":            {catalog.Stock, []string{"sku", "quantity", "colour"}, []string{`there is no column "colour" in a file of stock`}},
		"the stock column is missing (S6)": {catalog.Stock, []string{"sku", "location"}, []string{"column quantity is missing"}},
		"a column twice":                   {catalog.Stock, []string{"sku", "quantity", "qty"}, []string{"column quantity is there twice"}},
		"a column without a name":          {catalog.Stock, []string{"sku", "", "quantity"}, []string{"column 2 has no name"}},
		"a file of prices without a SKU":   {catalog.Prices, []string{"price"}, []string{"column sku is missing"}},
		"columns of another kind":          {catalog.Items, []string{"sku", "quantity"}, []string{`no column "quantity" in a file of items`}},
		"a kind nobody knows":              {"orders", []string{"sku"}, []string{"not a kind"}},
		"too many columns":                 {catalog.Items, strings.Split("sku"+strings.Repeat(",x", 64), ","), []string{"at most 64"}},
	} {
		_, bad := catalog.ReadHeader(catalog.Plan{File: "f.csv", Kind: c.kind}, 1, cells(c.header...))
		if (len(bad) == 0) != (len(c.want) == 0) {
			t.Errorf("%s: ReadHeader = %v, want %q", name, bad, c.want)
		}
		var all []string
		for _, err := range bad {
			all = append(all, err.Error())
			if w := fault.WhereOf(err); !fault.Is(err, fault.Invalid) || w.File != "f.csv" || w.Line != 1 {
				t.Errorf("%s: %v is at %+v of kind %v, want line 1 of f.csv, invalid", name, err, w, fault.KindOf(err))
			}
		}
		for _, want := range c.want {
			if text := strings.Join(all, "\n"); !strings.Contains(text, want) {
				t.Errorf("%s: ReadHeader says %q, want %q", name, text, want)
			}
		}
	}
}

func TestAbsentEmptyAndZeroAreThreeThings(t *testing.T) {
	p := catalog.Plan{File: "f.csv", Kind: catalog.Stock}
	for name, c := range map[string]struct {
		header, cells []string
		want          catalog.Field[int64]
	}{
		"zero is a count":        {[]string{"sku", "quantity"}, []string{"A", "0"}, catalog.SetTo(int64(0))},
		"blank keeps":            {[]string{"sku", "quantity"}, []string{"A", ""}, catalog.Field[int64]{}},
		"#null clears":           {[]string{"sku", "quantity"}, []string{"A", "#null"}, catalog.Field[int64]{Word: catalog.Clear}},
		"5.0 is a whole number":  {[]string{"sku", "quantity"}, []string{"A", "5.0"}, catalog.SetTo(int64(5))},
		"the columns are turned": {[]string{"quantity", "sku"}, []string{"7", "A"}, catalog.SetTo(int64(7))},
	} {
		row, blank, bad := layout(t, p, c.header...).Read(2, cells(c.cells...))
		if blank || len(bad) > 0 || row.SKU != "A" || row.Stock.Quantity != c.want {
			t.Errorf("%s: Read = %+v, %v, %v, want quantity %+v", name, row, blank, bad, c.want)
		}
	}
	row, _, bad := layout(t, catalog.Plan{Kind: catalog.Items}, "sku").Read(2, cells("A"))
	if len(bad) > 0 || row.Item.Title.Word != catalog.Keep || row.Item.GTIN.Word != catalog.Keep {
		t.Errorf("missing columns: Read = %+v, %v, want every field kept", row, bad)
	}
}

func TestOverAppliesTheThreeStates(t *testing.T) {
	now := int64(5)
	if got := (catalog.Field[int64]{}).Over(&now); got != &now {
		t.Errorf("Keep over 5 = %v, want 5", got)
	}
	if got := (catalog.Field[int64]{Word: catalog.Clear}).Over(&now); got != nil {
		t.Errorf("Clear over 5 = %d, want absent", *got)
	}
	if got := catalog.SetTo(int64(0)).Over(nil); got == nil || *got != 0 {
		t.Errorf("Set to 0 over absent = %v, want 0", got)
	}
}

func TestEveryBadCellIsRefusedByNameAndPlace(t *testing.T) {
	plans := map[catalog.Kind][]string{
		catalog.Stock:    {"sku", "location", "quantity"},
		catalog.Items:    {"sku", "gtin", "title", "components"},
		catalog.Prices:   {"sku", "currency", "price", "floor", "ceiling", "sale_start", "sale_end"},
		catalog.Bindings: {"account", "listing", "sku", "pack", "ignore"},
	}
	for name, c := range map[string]struct {
		kind   catalog.Kind
		cells  []string
		column string
		want   string
	}{
		"a decimal comma":               {catalog.Stock, []string{"A", "", "18,5"}, "quantity", "decimals with a point"},
		"a fraction of a piece":         {catalog.Stock, []string{"A", "", "18.5"}, "quantity", "more than 0 decimals"},
		"a negative quantity":           {catalog.Stock, []string{"A", "", "-1"}, "quantity", "negative"},
		"not a number":                  {catalog.Stock, []string{"A", "", "NaN"}, "quantity", "not a quantity"},
		"2^63":                          {catalog.Stock, []string{"A", "", "9223372036854775808"}, "quantity", "too large"},
		"2^31":                          {catalog.Stock, []string{"A", "", "2147483648"}, "quantity", "more than 2147483647"},
		"1e400":                         {catalog.Stock, []string{"A", "", "1e400"}, "quantity", "not a quantity"},
		"null in letters":               {catalog.Stock, []string{"A", "", "null"}, "quantity", "not a quantity"},
		"a formula instead of a number": {catalog.Stock, []string{"A", "", "=1+1"}, "quantity", "not a quantity"},
		"a blank SKU":                   {catalog.Stock, []string{"", "", "1"}, "sku", "blank"},
		"#null for a SKU":               {catalog.Stock, []string{"#null", "", "1"}, "sku", "cannot be taken away"},
		"bad UTF-8":                     {catalog.Stock, []string{"A\xe4", "", "1"}, "sku", "UTF-8"},
		"NUL":                           {catalog.Stock, []string{"A\x00", "", "1"}, "sku", "invisible"},
		"a SKU of 201 bytes":            {catalog.Stock, []string{strings.Repeat("A", 201), "", "1"}, "sku", "201 bytes"},
		"a cell too many":               {catalog.Stock, []string{"A", "", "1", "2"}, "", "has 4 cells"},
		"a row that was cut":            {catalog.Stock, []string{"A", ""}, "", "cut off"},
		"a wrong check digit":           {catalog.Items, []string{"A", "4006381333932", "", ""}, "gtin", "check digit"},
		"a title too long":              {catalog.Items, []string{"A", "", strings.Repeat("x", 201), ""}, "title", "201 characters"},
		"a bundle of itself":            {catalog.Items, []string{"A", "", "", "B; A*2"}, "components", "itself"},
		"a component twice":             {catalog.Items, []string{"A", "", "", "B; B*2"}, "components", "twice"},
		"none of a component":           {catalog.Items, []string{"A", "", "", "B*0"}, "components", "one piece takes"},
		"a component without a name":    {catalog.Items, []string{"A", "", "", "B; *2"}, "components", "empty"},
		"a price of zero (S5)":          {catalog.Prices, []string{"A", "EUR", "0.00", "", "", "", ""}, "price", "not a price"},
		"a negative price":              {catalog.Prices, []string{"A", "EUR", "-5", "", "", "", ""}, "price", "not a price"},
		"a price with a comma":          {catalog.Prices, []string{"A", "EUR", "18,50", "", "", "", ""}, "price", "decimals with a point"},
		"a price with three decimals":   {catalog.Prices, []string{"A", "EUR", "18.555", "", "", "", ""}, "price", "more than 2 decimals"},
		"yen with decimals":             {catalog.Prices, []string{"A", "JPY", "18.5", "", "", "", ""}, "price", "more than 0 decimals"},
		"a price without a currency":    {catalog.Prices, []string{"A", "", "18.50", "", "", "", ""}, "price", "currency"},
		"a currency nobody knows":       {catalog.Prices, []string{"A", "EURO", "18.50", "", "", "", ""}, "currency", "ISO 4217"},
		"a price with its currency":     {catalog.Prices, []string{"A", "EUR", "18.50 EUR", "", "", "", ""}, "price", "not an amount"},
		"a floor above the ceiling":     {catalog.Prices, []string{"A", "EUR", "", "5", "4", "", ""}, "floor", "above the ceiling"},
		"a sale that ends first":        {catalog.Prices, []string{"A", "", "", "", "", "2026-11-27T00:00:00Z", "2026-11-26T00:00:00Z"}, "sale_end", "not after"},
		"a time without a zone":         {catalog.Prices, []string{"A", "", "", "", "", "2026-11-27 00:00", ""}, "sale_start", "not an instant"},
		"a blank listing":               {catalog.Bindings, []string{"shop", "", "A", "", ""}, "listing", "blank"},
		"a pack of none":                {catalog.Bindings, []string{"shop", "1", "A", "0", ""}, "pack", "one piece takes"},
		"neither yes nor no":            {catalog.Bindings, []string{"shop", "1", "A", "", "maybe"}, "ignore", "neither yes nor no"},
		"bound and ignored":             {catalog.Bindings, []string{"shop", "1", "A", "", "yes"}, "ignore", "either bound"},
	} {
		_, _, bad := layout(t, catalog.Plan{File: "f.csv", Kind: c.kind}, plans[c.kind]...).Read(7, cells(c.cells...))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), c.want) {
			t.Errorf("%s: Read = %v, want one error that says %q", name, bad, c.want)
			continue
		}
		want := fault.Place{File: "f.csv", Line: 7, Column: c.column}
		if got := fault.WhereOf(bad[0]); got != want || !fault.Is(bad[0], fault.Invalid) {
			t.Errorf("%s: error is at %+v of kind %v, want %+v, invalid", name, got, fault.KindOf(bad[0]), want)
		}
	}
}

func TestAllBadCellsOfARowAreNamed(t *testing.T) {
	_, _, bad := layout(t, catalog.Plan{Kind: catalog.Stock}, "sku", "quantity").Read(2, cells("", "x"))
	if len(bad) != 2 {
		t.Errorf("Read = %v, want two errors", bad)
	}
}

func TestTheDeclaredCurrencyAndTheRowsMustAgree(t *testing.T) {
	p := catalog.Plan{Kind: catalog.Prices, Currency: "EUR"}
	row, _, bad := layout(t, p, "sku", "price").Read(2, cells("A", "5"))
	if len(bad) > 0 || row.Price.Price != catalog.SetTo(money.Of(500, "EUR")) || row.Price.Currency != "EUR" {
		t.Errorf("Read = %+v, %v, want 5.00 EUR", row.Price, bad)
	}
	if _, _, bad := layout(t, p, "sku", "price", "currency").Read(2, cells("A", "5", "GBP")); len(bad) == 0 {
		t.Error("a row in GBP is taken in a file declared to be in EUR (S7)")
	}
	if row, _, bad := layout(t, p, "sku", "price", "currency").Read(2, cells("A", "5", "")); len(bad) > 0 || row.Price.Currency != "EUR" {
		t.Errorf("a blank currency: Read = %+v, %v, want EUR", row.Price, bad)
	}
}

func TestBlankRowsAreNoRows(t *testing.T) {
	l := layout(t, catalog.Plan{Kind: catalog.Stock}, "sku", "quantity")
	for _, c := range [][]catalog.Cell{nil, cells(""), cells("", ""), cells("", "", "", "")} {
		if _, blank, bad := l.Read(2, c); !blank || len(bad) > 0 {
			t.Errorf("Read(%v) = blank %v, %v, want blank", c, blank, bad)
		}
	}
}

func TestSpreadsheetCellsAreWhatTheirTypeSays(t *testing.T) {
	l := layout(t, catalog.Plan{Kind: catalog.Stock, Ragged: true}, "sku", "quantity", "location")
	text := func(s string) catalog.Cell { return catalog.Cell{Text: s} }
	typed := func(k catalog.CellKind, s string) catalog.Cell { return catalog.Cell{Kind: k, Text: s} }
	for name, c := range map[string]struct {
		sku, quantity catalog.Cell
		want          string // the SKU; "" for an error
	}{
		"text":                                {text("A"), typed(catalog.CellNumber, "5"), "A"},
		"text that starts like a formula":     {text("=A"), typed(catalog.CellNumber, "5"), "=A"},
		"text with an apostrophe":             {text("'=A"), typed(catalog.CellNumber, "5"), "'=A"},
		"a number as a SKU":                   {typed(catalog.CellNumber, "12345"), text("5"), "12345"},
		"a long number as a SKU":              {typed(catalog.CellNumber, "4.006381333931E+12"), text("5"), "4006381333931"},
		"a number that lost digits":           {typed(catalog.CellNumber, "12345678901234567"), text("5"), ""},
		"a fraction as a SKU":                 {typed(catalog.CellNumber, "1.1"), text("5"), ""},
		"a number shown with leading zeros":   {typed(catalog.CellFormatted, "123"), text("5"), ""},
		"a SKU that became a date":            {typed(catalog.CellDate, "45000"), text("5"), ""},
		"a SKU that became true":              {typed(catalog.CellBool, "1"), text("5"), ""},
		"a formula as a SKU":                  {typed(catalog.CellFormula, "A"), text("5"), ""},
		"a formula as a quantity":             {text("A"), typed(catalog.CellFormula, "5"), ""},
		"a formula without a value":           {text("A"), typed(catalog.CellFormula, ""), ""},
		"an error as a quantity":              {text("A"), typed(catalog.CellError, "#N/A"), ""},
		"a date as a quantity":                {text("A"), typed(catalog.CellDate, "45000"), ""},
		"a quantity shown with a separator":   {text("A"), typed(catalog.CellFormatted, "5"), "A"},
		"a quantity stored in floating point": {text("A"), typed(catalog.CellNumber, "4.9999999999999999"), "A"},
	} {
		row, _, bad := l.Read(2, []catalog.Cell{c.sku, c.quantity})
		if (len(bad) == 0) != (c.want != "") || len(bad) == 0 && (row.SKU != c.want || row.Stock.Quantity != catalog.SetTo(int64(5))) {
			t.Errorf("%s: Read = %+v, %v, want SKU %q", name, row, bad, c.want)
		}
	}
}

func TestARowIsReadWhole(t *testing.T) {
	at := ident.At(time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC))
	eur := func(minor int64) catalog.Field[money.Amount] { return catalog.SetTo(money.Of(minor, "EUR")) }
	for _, c := range []struct {
		kind          catalog.Kind
		header, cells []string
		want          catalog.Row
	}{
		{catalog.Items, []string{"sku", "ean", "name", "components"}, []string{"A", "4006381333931", "Pen", `B*2; C\;x ;\ D\*`}, catalog.Row{
			SKU: "A", Item: catalog.ItemFields{
				GTIN: catalog.SetTo("4006381333931"), Title: catalog.SetTo("Pen"),
				Components: catalog.SetTo([]catalog.Piece{{SKU: "B", Units: 2}, {SKU: "C;x", Units: 1}, {SKU: " D*", Units: 1}}),
			},
		}},
		{catalog.Stock, []string{"sku", "warehouse", "qty"}, []string{" A ", "Shop 1", "12"}, catalog.Row{
			SKU: " A ", Stock: catalog.StockFields{Location: "Shop 1", Quantity: catalog.SetTo(int64(12))},
		}},
		{
			catalog.Prices,
			[]string{"sale_end", "sku", "price", "cost", "floor", "ceiling", "advertised_minimum", "sale_price", "currency"},
			[]string{"2026-11-27T01:00:00+01:00", "A", "19.90", "5", "10.0", "30.00", "#null", "", "eur"},
			catalog.Row{SKU: "A", Price: catalog.PriceFields{
				Currency: "EUR", Price: eur(1990), Cost: eur(500), Floor: eur(1000), Ceiling: eur(3000),
				AdvertisedMinimum: catalog.Field[money.Amount]{Word: catalog.Clear}, SaleEnd: catalog.SetTo(at),
			}},
		},
		{catalog.Bindings, []string{"account", "listing", "sku", "pack"}, []string{"shop", "gid://x/1", "A", "6"}, catalog.Row{
			Binding: catalog.BindingFields{Account: "shop", Listing: "gid://x/1", Item: catalog.SetTo("A"), Pack: catalog.SetTo(int64(6))},
		}},
	} {
		c.want.Line = 3
		row, blank, bad := layout(t, catalog.Plan{Kind: c.kind}, c.header...).Read(3, cells(c.cells...))
		if diff := cmp.Diff(c.want, row); blank || len(bad) > 0 || diff != "" {
			t.Errorf("%s: Read = %v, %v (-want +got):\n%s", c.kind, blank, bad, diff)
		}
	}
}

func TestTwiceNamesBothLines(t *testing.T) {
	l := layout(t, catalog.Plan{File: "f.csv", Kind: catalog.Stock}, "sku", "quantity")
	err := l.Twice(catalog.Row{Line: 9, SKU: "A"}, 4)
	if text := err.Error(); !strings.Contains(text, `"A"`) || !strings.Contains(text, "line 4") || !strings.Contains(text, "line 9") {
		t.Errorf("Twice = %q, want the SKU and both lines", text)
	}
	var seen catalog.Seen
	for _, c := range []struct {
		key        string
		line, want int
	}{{"A", 2, 0}, {"a", 3, 0}, {"A ", 4, 0}, {"A", 5, 2}, {"A", 6, 2}} {
		if got := seen.Add(c.key, c.line); got != c.want {
			t.Errorf("Add(%q, %d) = %d, want %d", c.key, c.line, got, c.want)
		}
	}
}

func TestKindAndScopeAreDeclaredExactly(t *testing.T) {
	for text, ok := range map[string]bool{"items": true, "stock": true, "prices": true, "bindings": true, "Items": false, "": false, "orders": false} {
		if got, err := catalog.ParseKind(text); (err == nil) != ok || ok && string(got) != text {
			t.Errorf("ParseKind(%q) = %q, %v, want ok %v", text, got, err, ok)
		}
	}
	for text, ok := range map[string]bool{"delta": true, "complete": true, "": false, "full": false} {
		if got, err := catalog.ParseScope(text); (err == nil) != ok || ok && string(got) != text {
			t.Errorf("ParseScope(%q) = %q, %v, want ok %v", text, got, err, ok)
		}
	}
}
