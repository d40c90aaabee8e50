package vendure

import (
	"encoding/json"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// seeds puts every captured answer and a few hostile ones into a corpus.
func seeds(f *testing.F, more ...string) {
	f.Helper()
	for _, e := range capture(f) {
		f.Add([]byte(e.Response.Body))
	}
	for _, s := range append(more, "", "null", "{}", "[]", `{"data":null}`, `{"data":{}}`, `{"errors":[]}`, `{"errors":[{"extensions":{"code":"<html>"}}],"data":null}`, "<!DOCTYPE html>") {
		f.Add([]byte(s))
	}
}

// FuzzDecodeAnswer: an answer is data, or a fault that says nothing of its body.
func FuzzDecodeAnswer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		data, err := decodeAnswer(text)
		if (err == nil) == (data == nil) {
			t.Errorf("decodeAnswer(%q) = %q, %v, want data or an error", text, data, err)
		}
		if err != nil && (fault.KindOf(err) == fault.Internal || !fault.SentOf(err) || len(err.Error()) > 300) {
			t.Errorf("decodeAnswer(%q) = %v (kind %v, sent %v), want a short fault of a sent request", text, err, fault.KindOf(err), fault.SentOf(err))
		}
		if err == nil {
			_ = decodeLogin(data)
			_, _ = decodeAlive(data)
			_, _ = decodeSite(data)
			_, _, _ = decodeNewest(data)
			_, _ = decodeWritten(data)
		}
	})
}

// FuzzDecodeVariants: whatever a catalogue says, counts and prices are whole and in range, and keys come once.
func FuzzDecodeVariants(f *testing.F) {
	seeds(f,
		`{"productVariants":{"items":[{"id":"1","sku":"A","trackInventory":"TRUE","prices":[{"currencyCode":"EUR","price":1999}],"stockLevels":[{"stockLocationId":"1","stockOnHand":5,"stockAllocated":2}],"product":{"id":"1","enabled":true}}],"totalItems":1}}`,
		`{"productVariants":{"items":[{"id":"1","id":"2","trackInventory":"TRUE"}],"totalItems":1}}`,
		`{"productVariants":{"items":[{"id":"1","sku":"\ud800","trackInventory":"INHERIT","stockLevels":[],"prices":null}],"totalItems":"1"}}`,
		`{"productVariants":{"items":[{"id":"1","trackInventory":"TRUE","prices":[{"currencyCode":"EUR","price":1e400}],"stockLevels":[{"stockLocationId":"1","stockOnHand":5.0}]}],"totalItems":-1}}`,
		`{"productVariants":{"items":[null,1,"x",[],{"id":7}],"totalItems":5}}`)
	st := site{currency: "EUR", precision: 3, tracks: true, places: []string{"1"}}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := decodeVariants(text)
		if err != nil {
			return
		}
		p := st.page(v.rows)
		seen := map[channel.ListingKey]bool{}
		for _, x := range p.Listings {
			if seen[x.Key] || x.Key == "" || len(x.Key) > 256 || len([]rune(x.Title)) > 200 {
				t.Errorf("listing %+v: want a key of its own and a short title", x)
			}
			seen[x.Key] = true
			if x.Price != nil && (x.Price.Minor < 0 || x.Price.Currency != "EUR") {
				t.Errorf("price %v, want euro and not below zero", x.Price)
			}
		}
		for _, c := range p.Counts {
			if c.Quantity > money.MaxQuantity || c.Quantity < -money.MaxQuantity || c.Location != "1" || !seen[channel.ListingKey(c.Key)] {
				t.Errorf("count %+v, want one of a listing, in range", c)
			}
		}
		if len(p.Listings)+len(p.Findings) < len(v.rows) {
			t.Errorf("%d rows gave %d listings and %d findings, want none lost", len(v.rows), len(p.Listings), len(p.Findings))
		}
		if _, _, err := (place{Skip: 3, Last: "1"}).turn(v); err != nil && !fault.Is(err, fault.Unavailable) {
			t.Errorf("turn() = %v, want unavailable or none", err)
		}
	})
}

// FuzzDecodeOrders: whatever a feed says, a line obeys 0 ≤ shipped ≤ quantity, returned ≤ shipped, taken ≤ quantity.
func FuzzDecodeOrders(f *testing.F) {
	seeds(f,
		`{"orders":{"items":[{"id":"4","type":"Regular","orderPlacedAt":"2026-11-23T20:35:46.523Z","updatedAt":"2026-11-23T20:35:47.008Z","lines":[{"id":"4","quantity":2,"productVariant":{"id":"1"}}],"fulfillments":[{"state":"Shipped","lines":[{"orderLineId":"4","quantity":3}]}],"history":{"totalItems":9}}]}}`,
		`{"orders":{"items":[{"id":"4","type":"Regular","orderPlacedAt":null,"updatedAt":"x","lines":null,"fulfillments":null,"history":null}]}}`,
		`{"orders":{"items":[{"id":"4","type":"Regular","orderPlacedAt":"2026-11-23T20:35:46.523Z","updatedAt":"2026-11-23T20:35:47.008Z","lines":[{"id":"4","quantity":-2,"productVariant":{"id":"1"}}],"fulfillments":[{"state":"Shipped","lines":[{"orderLineId":"4","quantity":9223372036854775807}]}],"history":{"totalItems":9}}]}}`)
	f.Fuzz(func(t *testing.T, text []byte) {
		orders, err := decodeOrders(text)
		if err != nil {
			return
		}
		for _, o := range orders {
			if o.finding != nil && len(o.lines) != 0 {
				t.Errorf("order %q has a finding and lines", o.id)
			}
			for _, x := range o.lines {
				if x.Quantity < 0 || x.Shipped < 0 || x.Shipped > x.Quantity || x.Returned < 0 || x.Returned > x.Shipped || x.Taken < 0 || x.Taken > x.Quantity || x.Order == "" || x.Line == "" || x.Listing == "" {
					t.Errorf("line %+v breaks the rules of a line", x)
				}
			}
		}
		p, n := sales(orders)
		if len(p.Lines) > mostLines && n > 1 {
			t.Errorf("a page of %d lines", len(p.Lines))
		}
		b := bookmark{Pass: passPlaced}
		if next, _ := b.turn(orders[:n], n < len(orders)); len(next.Old) > mostOld {
			t.Errorf("a bookmark with %d orders", len(next.Old))
		}
	})
}

// FuzzBookmarks: a cursor that came from elsewhere never panics and is never sent on as it is.
func FuzzBookmarks(f *testing.F) {
	for _, s := range []string{"", "{}", `{"pass":"again","old":["1"],"skip":1}`, `{"pass":"placed","after":-9223372036854775808,"skip":0}`, `{"pass":"open","after":9223372036854775807}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 {
			return
		}
		b, err := (&shop{}).mark(t.Context(), channel.Cursor(text))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("mark(%q) = %v (kind %v), want invalid", text, err, fault.KindOf(err))
			}
			return
		}
		_, vars := b.ask()
		if _, err := json.Marshal(vars); err != nil {
			t.Errorf("mark(%q) gives variables that cannot be written: %v", text, err)
		}
	})
}

// FuzzRepeats: an object that names a member twice is found however deep it lies, and nothing else is.
func FuzzRepeats(f *testing.F) {
	for s, want := range map[string]bool{
		`{"a":1,"b":{"a":2}}`: false, `{"a":1,"a":1}`: true, `{"a":[{"b":1,"b":2}]}`: true, `["a","a"]`: false,
		`{"a":"a","b":"a"}`: false, `{"a":{"b":[1,{"c":{}}]},"b":{},"c":1}`: false, `{"a":{},"b":[],"a":null}`: true,
	} {
		if got := repeats([]byte(s)); got != want {
			f.Errorf("repeats(%s) = %v, want %v", s, got, want)
		}
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var v any
		if json.Unmarshal(text, &v) != nil {
			return
		}
		plain, err := json.Marshal(v) // a value of Go cannot name a member twice
		if err == nil && repeats(plain) {
			t.Errorf("repeats(%s) = true, want false", plain)
		}
	})
}
