package medusa

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// specs returns the folder of recorded exchanges and interface descriptions; "" where a person runs the tests without it.
func specs(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SPECS_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "specs")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("SPECS_DIR does not lead to the interface descriptions: %v", err)
		}
		return ""
	}
	return filepath.Join(dir, "medusa")
}

// captured returns the answers of the captured exchanges by name.
func captured(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	dir := specs(t)
	if dir == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, "captured-2.21.2.json"))
	if err != nil {
		t.Fatalf("read the captured exchanges: %v", err)
	}
	var doc struct {
		Exchanges []struct {
			Name     string
			Response struct{ Body json.RawMessage }
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil || len(doc.Exchanges) == 0 {
		t.Fatalf("captured exchanges: %d, %v", len(doc.Exchanges), err)
	}
	out := map[string]json.RawMessage{}
	for _, x := range doc.Exchanges {
		out[x.Name] = x.Response.Body
	}
	return out
}

func TestCapturedAnswersAreRead(t *testing.T) {
	c := captured(t)
	if c == nil {
		return
	}
	eur := view{currency: "EUR"}
	t.Run("variants", func(t *testing.T) {
		rows, total, err := decodeVariants(c["variants"], eur)
		if err != nil || len(rows) != 2 || total == nil || *total != 200 {
			t.Fatalf("decodeVariants() = %d rows, total %v, %v, want 2 of 200", len(rows), total, err)
		}
		x := rows[0].listing
		if x.SKU != "M-00000" || x.Group != "prod_01M847A4XQKE2BPHN1BM17C5F2" || x.Price == nil || *x.Price != money.Of(1234, "EUR") {
			t.Errorf("first variant = %+v, price %v, want M-00000 for 12.34 EUR", x, x.Price)
		}
	})
	t.Run("inventory", func(t *testing.T) {
		in, err := decodeInventory(c["inventory items by sku"])
		k := channel.StockKey{Key: "iitem_01M847A55TRW2RY274JA5NERX6", Location: "sloc_01M847A4KNQ434THNGBP3ZPTJ6"}
		if err != nil || !in.complete || in.levels[k].count.Quantity != 74 || *in.levels[k].count.Reserved != 0 {
			t.Errorf("decodeInventory() = %+v, %v, want 74 of %v", in, err, k)
		}
		if got, err := decodeWritten(c["set levels batch"]); err != nil || got[k].count.Quantity != 56 {
			t.Errorf("decodeWritten() = %+v, %v, want 56 of %v", got, err, k)
		}
	})
	t.Run("prices", func(t *testing.T) {
		got, whole, err := decodePricing(c["price by batch with id"], "updated")
		if err != nil || !whole || !got["variant_01M847A52QTX4C2GD4EMWBCS5C"].shows(money.Of(1550, "EUR")) {
			t.Errorf("decodePricing() = %+v, %v, %v, want 15.50 EUR", got, whole, err)
		}
		rows, _, err := decodeVariants(c["variant prices now"], eur)
		if err != nil || len(rows) != 1 || rows[0].listing != nil {
			t.Errorf("a variant without its product = %+v, %v, want no listing", rows, err)
		}
	})
	t.Run("orders", func(t *testing.T) {
		// This exchange did not ask for created_at and returned quantities: what was not said is not made up.
		orders, bad, rows, err := decodeOrders(c["orders no pii"])
		if err != nil || rows != 1 || len(orders) != 0 || len(bad) != 1 || bad[0].Code != "bad-order" {
			t.Fatalf("decodeOrders() = %d orders of %d, %v, %v, want one bad order", len(orders), rows, bad, err)
		}
	})
	t.Run("refusals", func(t *testing.T) {
		a := answer{status: 404, body: c["batch unknown item"]}
		if got := notStocked(a.message()); !cmp.Equal(got, []string{"iitem_nope is not stocked at location sloc_01M847A4KNQ434THNGBP3ZPTJ6"}) {
			t.Errorf("notStocked(%q) = %q", a.message(), got)
		}
		a.body = c["variant update unknown"]
		if got := noVariants(a.message()); !cmp.Equal(got, []string{"variant_x"}) {
			t.Errorf("noVariants(%q) = %q", a.message(), got)
		}
	})
}

// The description of 2.0 has no schema for selected members, but it names paths, parameters and body members: what we
// send must be among them, apart from what newer versions added.
func TestRequestsUseWhatTheDescriptionOf20Names(t *testing.T) {
	dir := specs(t)
	if dir == "" {
		return
	}
	f, err := os.Open(filepath.Join(dir, "admin-openapi-2024-10.full.yaml.gz"))
	if err != nil {
		t.Fatalf("open the description: %v", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("unpack the description: %v", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("unpack the description: %v", err)
	}
	paths := sections(string(b))
	for path, params := range map[string][]string{
		pathVariants:                          {"fields", "order", "offset", "limit", "id"},
		pathInventory:                         {"fields", "limit", "id"},
		pathOrders:                            {"fields", "order", "offset", "limit", "updated_at"},
		pathLocations:                         {"fields", "limit", "id"},
		pathPreferences:                       {"fields", "attribute", "value"},
		pathStores:                            {"fields"},
		"/admin/products/{id}/variants/batch": {"fields"},
	} {
		text, ok := paths[path]
		if !ok {
			t.Errorf("the description has no path %s", path)
		}
		for _, p := range params {
			if !strings.Contains(text, "        - name: "+p+"\n") {
				t.Errorf("%s has no parameter %q in the description", path, p)
			}
		}
	}
}

// sections cuts the paths of a description apart.
func sections(yaml string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(yaml, "\n  /") {
		if path, rest, ok := strings.Cut(part, ":\n"); ok && strings.HasPrefix(path, "admin/") {
			out["/"+path] = rest
		}
	}
	return out
}

// row is a healthy catalogue row; the parts in braces are replaced by tests.
const healthyRow = `{"id":"variant_1","sku":"A","title":"t","product_id":"prod_1","manage_inventory":true,
 "product":{"id":"prod_1","title":"P","status":"published"},
 "prices":[{"id":"price_1","amount":12.34,"currency_code":"eur","min_quantity":null,"max_quantity":null,"rules":{}}],
 "inventory_items":[{"inventory_item_id":"iitem_1","required_quantity":1,"inventory":{"id":"iitem_1","location_levels":[{"location_id":"sloc_1","stocked_quantity":5,"reserved_quantity":2}]}}]}`

func TestABadRowHarmsOnlyItselfAndSaysWhy(t *testing.T) {
	other := strings.NewReplacer("variant_1", "variant_2", "iitem_1", "iitem_2").Replace(healthyRow)
	for _, x := range []struct {
		name, old, new string
		code           string
		listed, priced bool
		counts         int
	}{
		{"nothing wrong", "", "", "", true, true, 1},
		{"not counted by the shop, though an item is linked", `"manage_inventory":true`, `"manage_inventory":false`, "", true, true, 0},
		{"price as text", `"amount":12.34`, `"amount":"12.34"`, "bad-price", true, false, 1},
		{"price absent", `"amount":12.34,`, ``, "bad-price", true, false, 1},
		{"price null", `"amount":12.34`, `"amount":null`, "bad-price", true, false, 1},
		{"price with three decimals", `"amount":12.34`, `"amount":16.255`, "bad-price", true, false, 1},
		{"price with an exponent", `"amount":12.34`, `"amount":1e400`, "bad-price", true, false, 1},
		{"price below zero", `"amount":12.34`, `"amount":-1`, "bad-price", true, false, 1},
		{"rules not said", `,"rules":{}`, ``, "bad-price", true, false, 1},
		{"rules of an unknown form", `"rules":{}`, `"rules":[{"a":1}]`, "bad-price", true, false, 1},
		{"quantity as text", `"stocked_quantity":5`, `"stocked_quantity":"5"`, "bad-quantity", true, true, 0},
		{"quantity null", `"stocked_quantity":5`, `"stocked_quantity":null`, "bad-quantity", true, true, 0},
		{"quantity absent", `"stocked_quantity":5,`, ``, "bad-quantity", true, true, 0},
		{"a fraction of a piece", `"stocked_quantity":5`, `"stocked_quantity":5.5`, "bad-quantity", true, true, 0},
		{"quantity out of bounds", `"stocked_quantity":5`, `"stocked_quantity":2147483648`, "bad-quantity", true, true, 0},
		{"reserved as text", `"reserved_quantity":2`, `"reserved_quantity":"2"`, "bad-quantity", true, true, 0},
		{"no location", `"location_id":"sloc_1",`, ``, "bad-stock", true, true, 0},
		{"half a piece required", `"required_quantity":1`, `"required_quantity":0.5`, "bad-stock", true, true, 0},
		{"no piece required", `"required_quantity":1`, `"required_quantity":0`, "bad-stock", true, true, 0},
		{"managed not said", `"manage_inventory":true,`, ``, "bad-stock", true, true, 0},
		{"a member twice", `"sku":"A"`, `"sku":"A","sku":"B"`, "bad-row", false, false, 0},
		{"an unwanted member twice", `"sku":"A"`, `"sku":"A","x":1,"x":2`, "bad-row", false, false, 0},
		{"a level's member twice", `"stocked_quantity":5`, `"stocked_quantity":5,"stocked_quantity":6`, "bad-stock", true, true, 0},
		{"no product", `"product_id":"prod_1",`, ``, "bad-row", false, false, 0},
		{"no id", `"id":"variant_1",`, ``, "bad-row", false, false, 0},
		{"an id too long", `"id":"variant_1"`, `"id":"` + strings.Repeat("v", 257) + `"`, "bad-row", false, false, 0},
		{"a SKU that is a number", `"sku":"A"`, `"sku":5`, "bad-row", false, false, 0},
		{"a SKU of broken Unicode", `"sku":"A"`, `"sku":"A\ud800"`, "bad-row", false, false, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			row := strings.Replace(healthyRow, x.old, x.new, 1)
			rows, _, err := decodeVariants([]byte(`{"variants":[`+row+`,`+other+`],"count":2}`), view{currency: "EUR"})
			if err != nil || len(rows) != 2 {
				t.Fatalf("decodeVariants() = %d rows, %v, want 2", len(rows), err)
			}
			v := rows[0]
			if len(v.findings) == 0 != (x.code == "") || len(v.findings) > 0 && v.findings[0].Code != x.code {
				t.Errorf("findings = %+v, want code %q", v.findings, x.code)
			}
			if (v.listing != nil) != x.listed || x.listed && (v.listing.Price != nil) != x.priced || len(v.counts) != x.counts {
				t.Errorf("row = %+v, want listed %v, priced %v, %d counts", v, x.listed, x.priced, x.counts)
			}
			if w := rows[1]; w.listing == nil || w.listing.Price == nil || len(w.counts) != 1 || len(w.findings) != 0 {
				t.Errorf("the row beside it = %+v, want it unharmed", w)
			}
		})
	}
}

func TestABadDocumentIsAFaultOfTheCall(t *testing.T) {
	for _, body := range []string{
		``, `null`, `[]`, `"x"`, `{}`, `{"variants":null}`, `{"variants":{}}`, `{"variants":[],"variants":[]}`, `{"variants":[]} x`, `{"variants":[]}{}`,
		`{"variants":[],"count":"2"}`, `{"message":"Unauthorized"}`, `{"variants":[`, strings.Repeat("[", 100_000),
	} {
		if _, _, err := decodeVariants([]byte(body), view{currency: "EUR"}); !fault.Is(err, fault.Unavailable) || !fault.SentOf(err) {
			t.Errorf("decodeVariants(%.40q) = %v, want unavailable and sent", body, err)
		}
	}
}

func TestPlainPriceIsFoundAmongOthers(t *testing.T) {
	row := func(currency, amount, least, rules string) string {
		return `{"id":"price_1","amount":` + amount + `,"currency_code":"` + currency + `","min_quantity":` + least + `,"max_quantity":null,"rules":` + rules + `}`
	}
	for _, x := range []struct {
		name string
		rows []string
		want string
		bad  bool
	}{
		{"none", nil, "", false},
		{"another currency", []string{row("usd", "5", "null", "{}")}, "", false},
		{"code in capitals", []string{row("EUR", "5", "null", "{}")}, "5.00 EUR", false},
		{"a region's price first", []string{row("eur", "4", "null", `{"region_id":"reg_1"}`), row("eur", "5", "null", "{}")}, "5.00 EUR", false},
		{"a quantity's price first", []string{row("eur", "4", "10", "{}"), row("eur", "5.5", "null", "{}")}, "5.50 EUR", false},
		{"only a region's price", []string{row("eur", "4", "null", `{"region_id":"reg_1"}`)}, "", false},
		{"two plain prices", []string{row("eur", "4", "null", "{}"), row("eur", "5", "null", "{}")}, "", true},
		{"zero", []string{row("eur", "0", "null", "{}")}, "0.00 EUR", false},
	} {
		o, err := open([]byte(`{"prices":[`+strings.Join(x.rows, ",")+`]}`), "prices")
		if err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		a, err := ownPrice(o, "EUR")
		got := ""
		if a != nil {
			got = a.String()
		}
		if got != x.want || (err != nil) != x.bad {
			t.Errorf("%s: ownPrice() = %q, %v, want %q, an error %v", x.name, got, err, x.want, x.bad)
		}
	}
}

const healthyOrder = `{"id":"order_1","status":"pending","version":3,"created_at":"2026-11-23T10:00:00.001Z","updated_at":"2026-11-23T11:00:00.002Z",
 "email":"somebody@buyer.example","items":[{"id":"ordli_1","variant_id":"variant_1","quantity":5,"metadata":{"note":"free text"},
 "detail":{"fulfilled_quantity":3,"return_received_quantity":1,"written_off_quantity":1}}]}`

func TestOrderLinesAreReadAsFacts(t *testing.T) {
	for _, x := range []struct {
		name     string
		replace  []string
		want     [4]int64 // quantity, shipped, returned, taken
		badLine  bool
		badOrder bool
	}{
		{"shipped in part, one back", nil, [4]int64{5, 3, 1, 2}, false, false},
		{"cancelled", []string{`"pending"`, `"canceled"`, `"fulfilled_quantity":3`, `"fulfilled_quantity":0`, `"return_received_quantity":1`, `"return_received_quantity":0`}, [4]int64{}, false, false},
		{"cancelled with goods sent", []string{`"pending"`, `"canceled"`}, [4]int64{3, 3, 1, 2}, false, false},
		{"completed with goods to send", []string{`"pending"`, `"completed"`}, [4]int64{5, 3, 1, 2}, false, false},
		{"a state nobody knows yet", []string{`"pending"`, `"frozen"`}, [4]int64{5, 3, 1, 2}, false, false},
		{"a line without a variant", []string{`"variant_1"`, `null`}, [4]int64{}, false, false},
		{"returned not said", []string{`,"return_received_quantity":1`, ``}, [4]int64{}, true, false},
		{"quantity as text", []string{`"quantity":5`, `"quantity":"5"`}, [4]int64{}, true, false},
		{"quantity below zero", []string{`"quantity":5`, `"quantity":-5`}, [4]int64{}, true, false},
		{"more sent than ordered", []string{`"quantity":5`, `"quantity":2`}, [4]int64{}, true, false},
		{"no detail", []string{`"detail"`, `"other"`}, [4]int64{}, true, false},
		{"no line id", []string{`"id":"ordli_1",`, ``}, [4]int64{}, false, true},
		{"no version", []string{`"version":3,`, ``}, [4]int64{}, false, true},
		{"a version out of bounds", []string{`"version":3`, `"version":2097152`}, [4]int64{}, false, true},
		{"a time that is none", []string{`"2026-11-23T11:00:00.002Z"`, `"yesterday"`}, [4]int64{}, false, true},
		{"a time before all time", []string{`"2026-11-23T11:00:00.002Z"`, `"1969-11-23T11:00:00.002Z"`}, [4]int64{}, false, true},
		{"a member twice", []string{`"version":3`, `"version":3,"version":4`}, [4]int64{}, false, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			row := strings.NewReplacer(x.replace...).Replace(healthyOrder)
			orders, bad, rows, err := decodeOrders([]byte(`{"orders":[` + row + `],"count":1}`))
			if err != nil || rows != 1 || len(bad) == 1 != x.badOrder || len(orders) == 1 == x.badOrder {
				t.Fatalf("decodeOrders() = %d orders, %v, %v, want bad %v", len(orders), bad, err, x.badOrder)
			}
			if x.badOrder {
				return
			}
			var got [4]int64
			for _, l := range orders[0].lines {
				got = [4]int64{l.Quantity, l.Shipped, l.Returned, l.Taken}
				if l.Order != "order_1" || l.Line != "ordli_1" || l.Listing != "variant_1" || l.PlacedAt.UnixMilli() != 1795428000001 || l.Version != 3<<42|1795431600002 {
					t.Errorf("line = %+v, want its names, its time and version 3 at the order's change", l)
				}
			}
			if got != x.want || len(orders[0].bad) == 1 != x.badLine {
				t.Errorf("line = %v, bad %v, want %v, bad %v", got, orders[0].bad, x.want, x.badLine)
			}
		})
	}
}

func TestALineThatComesTwiceIsReadOnce(t *testing.T) {
	line := `{"id":"ordli_1","variant_id":"variant_1","quantity":1,"detail":{"fulfilled_quantity":0,"return_received_quantity":0}}`
	row := `{"id":"order_1","status":"pending","version":1,"created_at":"2026-11-23T10:00:00Z","updated_at":"2026-11-23T10:00:00Z","items":[` + line + `,` + line + `]}`
	x, err := decodeOrder([]byte(row))
	if err != nil || len(x.lines) != 1 || len(x.bad) != 1 {
		t.Errorf("decodeOrder() = %d lines, findings %v, %v, want one line and one finding", len(x.lines), x.bad, err)
	}
}

func TestOnlyEarlierLinesThatAreMissingCountAsRemoved(t *testing.T) {
	row := func(id string, version int, item string) string {
		return fmt.Sprintf(`{"item_id":"%s","version":%d,"item":%s}`, id, version, item)
	}
	x := order{id: "order_1", version: 3, present: map[string]bool{"here": true}}
	body := `{"order_items":[` + strings.Join([]string{
		row("here", 3, `{"variant_id":"v1"}`), row("gone", 2, `{"variant_id":"v2"}`), row("newer", 4, `{"variant_id":"v3"}`),
		row("by hand", 1, `{"variant_id":null}`), row("lost", 1, `null`), `{"version":1}`,
	}, ",") + `]}`
	lines, bad, err := decodeRemoved([]byte(body), x)
	if err != nil || len(lines) != 1 || lines[0].Line != "gone" || lines[0].Listing != "v2" || lines[0].Quantity != 0 || len(bad) != 1 {
		t.Errorf("decodeRemoved() = %+v, findings %v, %v, want the one line that is gone and one finding", lines, bad, err)
	}
}

func TestLineVersionsGrowWithTheOrderAndThenWithTime(t *testing.T) {
	at := func(version int64, ms int64) int64 {
		return order{version: version, updated: time.UnixMilli(ms)}.lineVersion()
	}
	const now = 1_795_431_600_000
	for _, x := range [][2]int64{
		{at(1, now), at(2, now)},
		{at(1, now), at(2, now-3_600_000)}, // a clock that was set back
		{at(2, now), at(2, now+1)},         // undone and done again under one number
		{at(1, now), at(mostVersions-1, now)},
	} {
		if x[0] >= x[1] || x[0] < 0 {
			t.Errorf("version %d is not below %d", x[0], x[1])
		}
	}
}
