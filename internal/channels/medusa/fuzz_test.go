package medusa

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// seed adds real answers and broken ones.
func seed(f *testing.F, also ...string) {
	b, err := os.ReadFile(filepath.Join("testdata", "exchanges-2.21.2.json"))
	if err != nil {
		f.Fatalf("read the recording: %v", err)
	}
	var rec struct {
		Exchanges []struct{ Answer json.RawMessage }
	}
	if err := json.Unmarshal(b, &rec); err != nil {
		f.Fatalf("read the recording: %v", err)
	}
	for _, x := range rec.Exchanges {
		f.Add([]byte(x.Answer))
	}
	for _, x := range captured(f) {
		f.Add([]byte(x))
	}
	for _, s := range append(also, `{}`, `[`, `{"a":1,"a":2}`, `{"count":1e9}`, strings.Repeat(`{"a":`, 50)) {
		f.Add([]byte(s))
	}
}

// sound checks what every decoder promises of an error.
func sound(t *testing.T, err error) {
	t.Helper()
	if err != nil && (!fault.Is(err, fault.Unavailable) || !fault.SentOf(err)) {
		t.Errorf("error %v (kind %v, sent %v), want unavailable and sent", err, fault.KindOf(err), fault.SentOf(err))
	}
}

func FuzzVariants(f *testing.F) {
	seed(f, `{"variants":[`+healthyRow+`],"count":1}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, _, err := decodeVariants(body, view{currency: "EUR"})
		sound(t, err)
		var p channel.Page
		gather(&p, rows, "")
		seen := map[channel.StockKey]bool{}
		for _, n := range p.Counts {
			if seen[n.StockKey] || n.Key == "" || n.Location == "" || n.Quantity > money.MaxQuantity || n.Quantity < -money.MaxQuantity {
				t.Errorf("count %+v is repeated, nameless or out of bounds", n)
			}
			seen[n.StockKey] = true
		}
		keys := map[channel.ListingKey]bool{}
		for _, x := range p.Listings {
			if keys[x.Key] || x.Key == "" || len(x.Key) > 256 || x.Group == "" || len([]rune(x.Title)) > 200 || x.Price != nil && x.Price.Minor < 0 {
				t.Errorf("listing %+v is repeated, nameless, too long or below zero", x)
			}
			keys[x.Key] = true
			for _, d := range x.Stock {
				if d.Units < 1 {
					t.Errorf("draw %+v takes nothing", d)
				}
			}
		}
		for _, x := range p.Findings {
			if x.Code == "" || x.Text == "" || len(x.Text) > 1000 {
				t.Errorf("finding %+v lacks a code or a text of bounded length", x)
			}
		}
	})
}

func FuzzInventory(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := decodeInventory(body)
		sound(t, err)
		for k := range in.levels {
			if in.gone(k) {
				t.Errorf("%v is there and gone", k)
			}
		}
		written, err := decodeWritten(body)
		sound(t, err)
		for k, l := range written {
			if l.key != k {
				t.Errorf("level %+v is kept as %v", l, k)
			}
		}
	})
}

func FuzzPrices(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, name := range []string{"variants", "updated"} {
			got, _, err := decodePricing(body, name)
			sound(t, err)
			for id, p := range got {
				rows, err := reprice(p.rows, money.Of(1234, "EUR"))
				if p.err != nil || err != nil {
					continue
				}
				b, err := encodePrices([]variantWrite{{ID: id, Prices: rows}})
				if err != nil || !json.Valid(b) {
					t.Errorf("rows of %q make %s, %v, want JSON", id, b, err)
				}
				if !(pricing{rows: rows}).shows(money.Of(1234, "EUR")) {
					t.Errorf("repriced rows %+v do not show the price", rows)
				}
				if len(rows) < len(p.rows) {
					t.Errorf("%d rows became %d", len(p.rows), len(rows))
				}
			}
		}
	})
}

func FuzzOrders(f *testing.F) {
	seed(f, `{"orders":[`+healthyOrder+`],"count":1}`, `{"order_items":[{"item_id":"a","version":1,"item":{"variant_id":"v"}}]}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		orders, _, rows, err := decodeOrders(body)
		sound(t, err)
		if len(orders) > rows {
			t.Errorf("%d orders of %d rows", len(orders), rows)
		}
		check := func(l channel.Line) {
			if l.Order == "" || l.Line == "" || l.Listing == "" || l.Quantity < 0 || l.Shipped < 0 || l.Shipped > l.Quantity || l.Returned < 0 || l.Taken < 0 || l.Version < 0 {
				t.Errorf("line %+v is nameless or out of bounds", l)
			}
		}
		for _, x := range orders {
			for _, l := range x.lines {
				check(l)
			}
		}
		gone, _, err := decodeRemoved(body, order{id: "order_1", version: 5, updated: time.UnixMilli(1), present: map[string]bool{"b": true}})
		sound(t, err)
		for _, l := range gone {
			check(l)
			if l.Quantity != 0 || l.Line == "b" {
				t.Errorf("removed line %+v has a quantity or is still there", l)
			}
		}
	})
}

func FuzzSmallAnswers(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, err := decodeStore(body)
		sound(t, err)
		a := answer{status: 404, body: body}
		writes := []channel.Write{{Ref: 1, Stock: channel.StockKey{Key: "a", Location: "b"}}, {Ref: 2, Stock: channel.StockKey{Key: "c", Location: "b"}}}
		out := a.blame(writes, notStocked, nameOfCounter)
		if len(out) != 2 || out[0].Ref != 1 || out[1].Ref != 2 {
			t.Fatalf("blame() = %+v, want an outcome for each write", out)
		}
		for _, o := range out {
			if o.State != channel.Rejected || o.Code == "" {
				t.Errorf("outcome %+v, want a rejection with a code", o)
			}
		}
	})
}

func FuzzCursors(f *testing.F) {
	for _, s := range []string{"", `{}`, `{"since":"2026-11-23T10:00:00Z","tied":true,"skip":3}`, `{"offset":200,"last":"variant_1"}`, `{"skip":-1}`, `[]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := readSalesCursor(channel.Cursor(s))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v, want invalid", err)
			}
			return
		}
		if q := c.query(); len(q["limit"]) != 1 || c.Skip < 0 {
			t.Errorf("query of %q = %v", s, q)
		}
	})
}
