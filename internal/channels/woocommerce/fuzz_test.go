package woocommerce

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
)

// seed adds the captured answers, where they are at hand, and a few documents that are always there.
func seed(f *testing.F, docs ...string) {
	f.Helper()
	for _, d := range docs {
		f.Add([]byte(d))
	}
	if o := loadOfficial(f); o != nil {
		for _, x := range o.exchanges {
			f.Add([]byte(x.Response.Body))
			var list []json.RawMessage
			if json.Unmarshal(x.Response.Body, &list) == nil {
				for _, row := range list {
					f.Add([]byte(row))
				}
			}
		}
	}
}

func FuzzDecodeProduct(f *testing.F) {
	seed(f, `{"id":1,"type":"simple","manage_stock":true,"stock_quantity":5,"regular_price":"1.00"}`, `{"id":1,"manage_stock":"parent"}`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := decodeProduct(raw, "EUR")
		if err != nil {
			return
		}
		if p.id <= 0 || p.price != nil && (p.price.Minor < 0 || p.price.Currency != "EUR") {
			t.Errorf("decodeProduct(%q) = %+v", raw, p)
		}
		if p.quantity != nil && (*p.quantity > mostQuantity || *p.quantity < -mostQuantity) {
			t.Errorf("decodeProduct(%q) has quantity %d", raw, *p.quantity)
		}
		if p.manage != managedByNobody && p.quantity == nil && len(p.problems) == 0 {
			t.Errorf("decodeProduct(%q) says nothing about a number it could not read", raw)
		}
		for _, x := range p.problems {
			if len(raw) > 20 && bytes.Contains([]byte(x.text), raw) {
				t.Errorf("a problem repeats the row: %q", x.text)
			}
		}
	})
}

func FuzzDecodeBatch(f *testing.F) {
	seed(f, `{"update":[{"id":1,"error":{"code":"x","data":{"status":400}}},{"id":1}]}`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		results, ok := decodeBatch(raw, "EUR")
		if !ok && results != nil {
			t.Errorf("decodeBatch(%q) = %d results of no batch", raw, len(results))
		}
		for _, r := range results {
			if r.id <= 0 || r.code != "" && !isCode(r.code) {
				t.Errorf("decodeBatch(%q) has row %+v", raw, r)
			}
		}
	})
}

func FuzzDecodeOrder(f *testing.F) {
	seed(f, `{"id":5,"status":"refunded","date_created_gmt":"2026-03-02T09:00:00","date_modified_gmt":"2026-03-02T09:00:00","date_completed_gmt":null,
		"refunds":[{"id":6}],"line_items":[{"id":1,"product_id":9,"variation_id":3,"quantity":2,"meta_data":[{"key":"_reduced_stock","value":"1"},{"key":"_restock_refunded_items","value":1}]}]}`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := decodeOrder(raw)
		if err != nil {
			return
		}
		for _, clock := range []int64{0, o.modified, o.modified + 3600} {
			lines, bad, _ := o.facts(clock, map[int64]int64{1: 5})
			if len(lines)+len(bad) != len(o.lines) {
				t.Errorf("facts of %q = %d lines and %d bad of %d", raw, len(lines), len(bad), len(o.lines))
			}
			for _, l := range lines {
				if l.Quantity < 0 || l.Shipped < 0 || l.Shipped > l.Quantity || l.Returned < 0 || l.Returned > l.Shipped || l.Taken < 0 || l.Version <= 0 || l.Listing == "" {
					t.Errorf("facts of %q = %+v", raw, l)
				}
			}
		}
	})
}

func FuzzDecodeRefunds(f *testing.F) {
	seed(f, `[{"id":7,"line_items":[{"id":9,"quantity":-1,"meta_data":[{"key":"_refunded_item_id","value":"45"}]}]}]`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		units, err := decodeRefunds(raw)
		if err != nil && units != nil {
			t.Errorf("decodeRefunds(%q) = %v beside %v", raw, units, err)
		}
		for line, n := range units {
			if n < 0 {
				t.Errorf("decodeRefunds(%q) gives line %d %d units", raw, line, n)
			}
		}
	})
}

func FuzzDocument(f *testing.F) {
	seed(f, `<b>Warning</b> [{"id":1}]`, `{"code":"x","data":{}}`, "\xef\xbb\xbf[]")
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, ok := document(raw)
		if ok && (!json.Valid(doc) || !bytes.HasSuffix(bytes.TrimSpace(raw), doc)) {
			t.Errorf("document(%q) = %q, want the end of the answer and valid", raw, doc)
		}
		if code, _ := errorCode(raw); code != "" && !isCode(code) {
			t.Errorf("errorCode(%q) = %q", raw, code)
		}
		_, _ = decodeIndex(raw)
	})
}

func FuzzWebhook(f *testing.F) {
	f.Add("order.updated", []byte(`{"id":5}`))
	f.Add("product.updated", []byte(`{"id":60,"type":"variation","parent_id":59}`))
	f.Add("action.woocommerce_updated_product_stock", []byte(`{"arg":58}`))
	f.Add("", []byte(`webhook_id=9`))
	b := newBench(f)
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		h := http.Header{"X-Wc-Webhook-Topic": {topic}, "X-Wc-Webhook-Signature": {"AAAA"}}
		if hints, err := b.ch.VerifyWebhook(h, body); err == nil || hints != nil {
			t.Errorf("a forged webhook with %q = %+v, %v", body, hints, err)
		}
		h.Del("X-Wc-Webhook-Signature")
		if hints, err := b.ch.VerifyWebhook(h, body); len(hints) != 0 || err == nil && !isPing(body) {
			t.Errorf("an unsigned webhook with %q = %+v, %v", body, hints, err)
		}
		if at, ok := hookProduct(body); ok {
			if back, good := parsePlace(at.key()); !good || back != at {
				t.Errorf("hookProduct(%q) = %+v, whose key reads as %+v", body, at, back)
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(`{"p":{"o":99,"l":5,"b":true}}`)
	f.Add(`{"open":true,"mark":1,"at":{"o":-5}}`)
	f.Add(`{"p":{"o":9223372036854775807}}`)
	b := newBench(f)
	b.log.official = nil
	b.Add(simple("MUG", 5, 1200))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := b.ch.List(t.Context(), channel.Cursor(text)); err != nil && len(err.Error()) > 500 {
			t.Errorf("List(%q) = %v", text, err)
		}
		if _, err := b.ch.Sales(t.Context(), channel.Cursor(text)); err != nil && len(err.Error()) > 500 {
			t.Errorf("Sales(%q) = %v", text, err)
		}
	})
}
