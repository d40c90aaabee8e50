package model

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

func codes(fs []channel.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

func TestDecodeListRefusesBadRowsOnly(t *testing.T) {
	good := `{"id":"L1","group":"g","sku":"A","price":"9.90","currency":"EUR","stock":[{"id":"S1","quantity":3}]}`
	for _, c := range []struct{ name, row, want string }{
		{"price as a number", `{"id":"L2","price":9.90,"currency":"EUR"}`, "bad-price"},
		{"price with three decimals", `{"id":"L2","price":"9.905","currency":"EUR"}`, "bad-price"},
		{"price with a comma", `{"id":"L2","price":"9,90","currency":"EUR"}`, "bad-price"},
		{"price below zero", `{"id":"L2","price":"-1.00","currency":"EUR"}`, "bad-price"},
		{"price without a currency", `{"id":"L2","price":"1.00"}`, "bad-price"},
		{"price absent", `{"id":"L2"}`, ""},
		{"quantity as text", `{"id":"L2","stock":[{"id":"S2","quantity":"3"}]}`, "bad-quantity"},
		{"quantity with a fraction", `{"id":"L2","stock":[{"id":"S2","quantity":3.0}]}`, "bad-quantity"},
		{"quantity with an exponent", `{"id":"L2","stock":[{"id":"S2","quantity":1e400}]}`, "bad-quantity"},
		{"quantity beyond 32 bits", `{"id":"L2","stock":[{"id":"S2","quantity":2147483648}]}`, "bad-quantity"},
		{"quantity null", `{"id":"L2","stock":[{"id":"S2","quantity":null}]}`, "bad-quantity"},
		{"quantity absent", `{"id":"L2","stock":[{"id":"S2"}]}`, "bad-quantity"},
		{"quantity below zero", `{"id":"L2","stock":[{"id":"S2","quantity":-4}]}`, ""},
		{"member twice", `{"id":"L2","sku":"A","sku":"B"}`, "bad-row"},
		{"member twice, escaped", `{"id":"L2","sku":"A","s\u006bu":"B"}`, "bad-row"},
		{"member twice in another case", `{"id":"L2","sku":"A","SKU":"B"}`, "bad-row"},
		{"a brace inside a text", `{"id":"L2","sku":"}\"{,\"sku\":","title":"{\"sku\":1}"}`, ""},
		{"member twice, deep", `{"id":"L2","stock":[{"id":"S2","quantity":3,"quantity":4}]}`, "bad-row"},
		{"same member in two objects", `{"id":"L2","stock":[{"id":"S2","quantity":3},{"id":"S3","quantity":3}]}`, ""},
		{"no id", `{"sku":"A"}`, "bad-row"},
		{"id as a number", `{"id":7}`, "bad-row"},
		{"id too long", `{"id":"` + strings.Repeat("x", 257) + `"}`, "bad-row"},
		{"not UTF-8", "{\"id\":\"L2\",\"sku\":\"\xff\"}", "bad-row"},
		{"not an object", `[1]`, "bad-row"},
		{"the same listing again", good, "duplicate-key"},
	} {
		p, err := decodeList([]byte(`{"listings":[` + good + `,` + c.row + `],"total":2}`))
		if err != nil {
			t.Errorf("%s: decodeList = %v, want a page", c.name, err)
			continue
		}
		if got := codes(p.Findings); got != c.want {
			t.Errorf("%s: findings %q, want %q", c.name, got, c.want)
		}
		if len(p.Listings) == 0 || p.Listings[0].Price == nil || *p.Listings[0].Price != money.Of(990, "EUR") || p.Counts[0].Quantity != 3 {
			t.Errorf("%s: the good row reads %+v, want it untouched", c.name, p.Listings)
		}
	}
}

func TestBadDocumentsAreFaults(t *testing.T) {
	for _, doc := range []string{"", "null", "[]", "{}", `{"listings":null}`, `{"listings":{}}`, `{"listings":[`, `"x"`, "<html>"} {
		if p, err := decodeList([]byte(doc)); err == nil {
			t.Errorf("decodeList(%q) = %+v, want a fault", doc, p)
		}
		if s, err := decodeSales([]byte(doc)); err == nil {
			t.Errorf("decodeSales(%q) = %+v, want a fault", doc, s)
		}
		if r, err := decodeReceipt([]byte(doc), channel.Batch{}); err == nil {
			t.Errorf("decodeReceipt(%q) = %+v, want a fault", doc, r)
		}
		if _, done, err := decodeJob([]byte(doc)); err == nil {
			t.Errorf("decodeJob(%q) = done %v, want a fault", doc, done)
		}
	}
}

func TestDecodeSalesKeepsTheNewestVersionAndRefusesBadLines(t *testing.T) {
	line := func(change string) string {
		row := map[string]any{"order": "O1", "line": "1", "listing": "L1", "quantity": 2, "shipped": 0, "returned": 0, "taken": 2, "version": 5, "placed_at": 1000, "changed_at": 2000, "buyer": map[string]string{"name": "x"}}
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		var over map[string]json.RawMessage
		if err := json.Unmarshal([]byte(change), &over); err != nil {
			t.Fatal(err)
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal(b, &all); err != nil {
			t.Fatal(err)
		}
		for k, v := range over {
			all[k] = v
		}
		if b, err = json.Marshal(all); err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	s, err := decodeSales([]byte(`{"as_of":9,"lines":[` + line(`{"version":7,"quantity":1,"taken":1}`) + `,` + line(`{}`) + `]}`))
	want := []channel.Line{{Order: "O1", Line: "1", Listing: "L1", Quantity: 1, Taken: 1, Version: 7, PlacedAt: time.UnixMicro(1000).UTC()}}
	if diff := cmp.Diff(want, s.lines); err != nil || diff != "" {
		t.Errorf("two versions of a line: %v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{
		`{"quantity":"2"}`, `{"quantity":-1}`, `{"quantity":null}`, `{"quantity":2.5}`, `{"shipped":3}`, `{"taken":-1}`, `{"order":""}`,
		`{"listing":""}`, `{"version":1.5}`, `{"version":null}`, `{"placed_at":"yesterday"}`, `{"order":7}`,
	} {
		s, err := decodeSales([]byte(`{"as_of":9,"lines":[` + line(bad) + `,` + line(`{"order":"O2"}`) + `]}`))
		if err != nil || len(s.lines) != 1 || codes(s.findings) != "bad-line" {
			t.Errorf("line with %s: %d lines, findings %q, %v, want the other line and a finding", bad, len(s.lines), codes(s.findings), err)
		}
	}
}

func TestOutcomesAreMatchedByRefAndSilenceIsUnknown(t *testing.T) {
	b := channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1}, {Ref: 2}, {Ref: 3}, {Ref: 4}, {Ref: 5}, {Ref: 6}}}
	r, err := decodeReceipt([]byte(`{"results":[
		{"ref":3,"state":"retry-after","wait_ms":1500},
		{"ref":1,"state":"applied"},
		{"ref":2,"state":"applied"},{"ref":2,"state":"rejected","code":"invalid-value"},
		{"ref":4,"state":"exploded"},
		{"ref":5,"state":"conflict","current":8},
		{"ref":"6","state":"applied"},{"state":"applied"},
		{"ref":99,"state":"applied"}]}`), b)
	if err != nil {
		t.Fatalf("decodeReceipt = %v", err)
	}
	var got []string
	for _, o := range r.Outcomes {
		s := string(o.State)
		if o.Current != nil {
			s += " now 8"
		}
		if o.After != 0 {
			s += " " + o.After.String()
		}
		got = append(got, s)
	}
	if diff := cmp.Diff([]string{"applied", "unknown", "retry-after 1.5s", "unknown", "conflict now 8", "unknown"}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestRequestsNameTheirFieldsAndSendWhatTheModeNeeds(t *testing.T) {
	if got, want := salesQuery(bookmark{since: 7, skip: 2}).Encode(), "fields=order%2Cline%2Clisting%2Cquantity%2Cshipped%2Creturned%2Ctaken%2Cversion%2Cplaced_at%2Cchanged_at&limit=1000&since=7&skip=2"; got != want {
		t.Errorf("query for orders = %s, want %s", got, want)
	}
	if got, want := listQuery("a b").Encode(), "after=a+b&fields=id%2Cgroup%2Csku%2Cgtin%2Ctitle%2Cpool%2Cactive%2Cprice%2Ccurrency%2Cstock&limit=1000"; got != want {
		t.Errorf("query for listings = %s, want %s", got, want)
	}
	w := channel.Write{Ref: 1, Stock: channel.StockKey{Key: "S1", Location: "n"}, Listing: channel.ListingRef{Key: "L1"}, Quantity: 5, Base: 6, Delta: -1, Key: "k", Sequence: 9, Price: money.Of(1990, "EUR")}
	for mode, want := range map[channel.WriteMode]string{
		channel.Absolute:      `{"writes":[{"ref":1,"id":"S1","place":"n","listing":"L1","quantity":5,"key":"k"}]}`,
		channel.CompareAndSet: `{"writes":[{"ref":1,"id":"S1","place":"n","listing":"L1","quantity":5,"base":6,"key":"k"}]}`,
		channel.Relative:      `{"writes":[{"ref":1,"id":"S1","place":"n","listing":"L1","delta":-1,"key":"k"}]}`,
		channel.Sequenced:     `{"writes":[{"ref":1,"id":"S1","place":"n","listing":"L1","quantity":5,"key":"k","sequence":9}]}`,
	} {
		if got := string(encodeBatch(channel.Batch{Field: channel.Stock, Writes: []channel.Write{w}}, mode)); got != want {
			t.Errorf("%s batch = %s, want %s", mode, got, want)
		}
	}
	want := `{"group":"g","writes":[{"ref":1,"listing":"L1","price":"19.90","currency":"EUR","key":"k"}]}`
	if got := string(encodeBatch(channel.Batch{Field: channel.Price, Group: "g", Writes: []channel.Write{w}}, channel.Absolute)); got != want {
		t.Errorf("price batch = %s, want %s", got, want)
	}
}

func TestBookmarksAreReadBackOrRefused(t *testing.T) {
	for _, b := range []bookmark{{open: true, after: 7, asOf: 12}, {since: 5, skip: 3, asOf: 9}, {since: -5}} {
		if got, err := parseBookmark(b.cursor()); err != nil || got != b {
			t.Errorf("parseBookmark(%q) = %+v, %v, want %+v", b.cursor(), got, err, b)
		}
	}
	for _, c := range []channel.Cursor{"x", "open/1", "open/-1/2", "changes/1/2", "changes/1/-2/3", "changes/1/99999999999/3", "open/1/2/3"} {
		if b, err := parseBookmark(c); err == nil {
			t.Errorf("parseBookmark(%q) = %+v, want it refused", c, b)
		}
	}
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, s := range []string{
		`{"listings":[{"id":"L1","price":"9.90","currency":"EUR","stock":[{"id":"S1","quantity":3,"reserved":1}]}],"total":1,"next":"2.3.x"}`,
		`{"stock":[{"id":"S1","quantity":3}],"prices":[{"id":"L1"}],"gone":["L9"],"gone_stock":[{"id":"S9"}]}`,
		`{"lines":[{"order":"O","line":"1","listing":"L","quantity":1,"shipped":0,"returned":0,"taken":1,"version":1,"placed_at":1,"changed_at":1}],"as_of":5,"next_skip":1,"more":true}`,
		`{"results":[{"ref":1,"state":"conflict","current":4}],"done":true}`, `{"ticket":"T"}`, `{"access":"a","expires_in":60}`,
		`{"name":"m","capabilities":{"stock":{"mode":"absolute","moment":"placed","zero":"set-zero","max_batch":1}}}`, `{"id":1,"topic":"stock"}`,
	} {
		f.Add([]byte(s))
	}
	b := channel.Batch{Writes: []channel.Write{{Ref: 1}, {Ref: 2}}}
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := decodeList(body); err == nil {
			checkPage(t, p)
		}
		if p, err := decodeRead(body); err == nil {
			checkPage(t, p)
		}
		if s, err := decodeSales(body); err == nil {
			for _, x := range s.lines {
				if x.Quantity < 0 || x.Shipped > x.Quantity || x.Taken < 0 || x.Order == "" {
					t.Errorf("line %+v was let through", x)
				}
			}
		}
		if r, err := decodeReceipt(body, b); err == nil && len(r.Outcomes) != 2 {
			t.Errorf("%d outcomes for 2 writes", len(r.Outcomes))
		}
		if os, done, err := decodeJob(body); err == nil && !done && len(os) != 0 {
			t.Errorf("%d outcomes of a job that runs", len(os))
		}
		if s, err := decodeShop(body); err == nil && (s.caps.Stock.MaxBatch < 1 || s.caps.Stock.Moment == "") {
			t.Errorf("capabilities %+v were let through", s.caps.Stock)
		}
		if s, err := decodeToken(body, time.Unix(0, 0)); err == nil && s.access == "" {
			t.Error("an empty access was let through")
		}
		if h, err := decodeHook(body); err == nil && h.ID == "" {
			t.Error("a hint without an id was let through")
		}
		if _, err := parsePlace(string(body)); err == nil && len(body) > 0 && !strings.Contains(string(body), ".") {
			t.Errorf("bookmark %q was let through", body)
		}
	})
}

// The quick scanner agrees with the token reader of encoding/json on every document.
func FuzzRepeats(f *testing.F) {
	for _, s := range []string{`{"a":1,"a":2}`, `{"a":{"b":1},"b":[{"a":1},{"a":1}]}`, `{"a":"\"","A":1}`, `[{"":1,"":2}]`, `{"a":"}","b":"{"}`, `"x"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		if got, want := repeats(raw), repeatsByTokens(raw); got != want {
			t.Errorf("repeats(%q) = %v, want %v", raw, got, want)
		}
	})
}

func repeatsByTokens(raw []byte) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	type frame struct {
		object, isName bool
		names          []string
	}
	var open []*frame
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if n := len(open); n > 0 && open[n-1].object && open[n-1].isName {
			if name, ok := t.(string); ok {
				for _, old := range open[n-1].names {
					if strings.EqualFold(old, name) {
						return true
					}
				}
				open[n-1].names, open[n-1].isName = append(open[n-1].names, name), false
				continue
			}
		}
		switch t {
		case json.Delim('{'):
			open = append(open, &frame{object: true, isName: true})
			continue
		case json.Delim('['):
			open = append(open, &frame{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if n := len(open); n > 0 {
			open[n-1].isName = open[n-1].object
		}
	}
}

// checkPage states what every page must be, whatever the bytes were.
func checkPage(t *testing.T, p channel.Page) {
	t.Helper()
	seen := map[channel.StockKey]bool{}
	for _, n := range p.Counts {
		if seen[n.StockKey] || n.Key == "" || n.Quantity > money.MaxQuantity {
			t.Errorf("count %+v was let through", n)
		}
		seen[n.StockKey] = true
	}
	for _, x := range p.Listings {
		if x.Key == "" || x.Price != nil && (x.Price.Minor < 0 || x.Price.Currency == "") {
			t.Errorf("listing %+v was let through", x)
		}
	}
}
