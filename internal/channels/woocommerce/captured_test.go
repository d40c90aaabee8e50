package woocommerce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

// compared are the members whose values must be the captured ones; of the others name and type must agree.
var compared = []string{
	"id", "type", "status", "sku", "price", "regular_price", "sale_price", "manage_stock", "stock_quantity", "stock_status", "backorders",
	"on_sale", "parent_id", "variations", "purchasable", "has_options", "quantity", "product_id", "variation_id", "topic", "resource",
	"event", "delivery_url", "code", "message", "error", "data",
}

// TestFakeAnswersAsTheCapturedShopDid replays every captured exchange, in order, against the fake.
func TestFakeAnswersAsTheCapturedShopDid(t *testing.T) {
	o := loadOfficial(t)
	if o == nil {
		return
	}
	rights := &fake.Rights{ReadProducts: true, EditProducts: true, EditVariations: true, ReadOrders: true, ManageShop: true}
	s := fake.New(fake.Options{Key: testKey, Secret: testSecret, Rights: rights, Canary: canary, Now: channeltest.NewClock().Now})
	s.SkipTo(10)
	s.Add(simple("A-1", 5, 2600))
	s.AddPool("V", 40, simple("V-S", 0, 1000), simple("V-M", 0, 1000))
	s.SkipTo(48)
	s.Add(simple("X-1", 1, 100), simple("X-2", 1, 100))
	s.SkipTo(58)
	srv := httptest.NewTLSServer(s)
	t.Cleanup(srv.Close)
	replayed := 0
	for _, x := range o.exchanges {
		t.Run(x.Name, func(t *testing.T) {
			key, password := testKey, testSecret
			rights.ReadOrders = true
			switch x.Name {
			case "wrong secret":
				password = "cs_wrong"
			case "unknown key":
				key = "ck_unknown"
			case "key of a user without order rights":
				rights.ReadOrders = false
			}
			body := []byte(x.Request.Body)
			if x.Name == "batch over 100" {
				body = []byte(`{"update":[` + strings.TrimSuffix(strings.Repeat(`{"id":58},`, 101), ",") + `]}`)
			}
			status, header, answer := ask(t, srv, x.Request.Method, x.Request.Path, body, key, password)
			if status != x.Response.Status {
				t.Fatalf("status = %d, want %d; %s", status, x.Response.Status, answer)
			}
			if want := x.Response.Headers["X-WP-Total"]; want != "" && header.Get("X-WP-Total") != want {
				t.Errorf("X-WP-Total = %q, want %q", header.Get("X-WP-Total"), want)
			}
			if diff := cmp.Diff(essence(decoded(t, x.Response.Body)), essence(decoded(t, answer))); diff != "" {
				t.Errorf("answer (-captured +fake):\n%s", diff)
			}
			u, err := url.Parse(x.Request.Path)
			if err != nil {
				t.Fatal(err)
			}
			if x.Name == "no such route" {
				return
			}
			for _, wrong := range o.checkResponse(x.Request.Method, strings.TrimPrefix(u.Path, "/wp-json"), u.Query(), status, answer) {
				t.Error(wrong)
			}
			replayed++
		})
	}
	t.Logf("%d exchanges replayed, %d of them also checked against schema and shapes", len(o.exchanges), replayed)
}

func ask(t *testing.T, srv *httptest.Server, method, path string, body []byte, key, password string) (int, http.Header, []byte) {
	t.Helper()
	if bytes.Equal(body, []byte("null")) {
		body = nil
	}
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(key, password)
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, answer
}

// essence keeps the values that must agree.
func essence(v any) any {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, x := range v {
			out = append(out, essence(x))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			switch {
			case name == "id" && v["quantity"] != nil || name == "id" && v["delivery_url"] != nil || name == "meta_data" || name == "_links":
			case name == "line_items" || name == "create" || name == "update":
				out[name] = essence(x)
			default:
				for _, c := range compared {
					if c == name {
						out[name] = fmt.Sprint(x)
					}
				}
			}
		}
		return out
	}
	return v
}

func capturedBody(t *testing.T, o *official, name string) []byte {
	t.Helper()
	for _, x := range o.exchanges {
		if x.Name == name {
			return x.Response.Body
		}
	}
	t.Fatalf("there is no captured exchange %q", name)
	return nil
}

func TestDecodersReadTheCapturedAnswers(t *testing.T) {
	o := loadOfficial(t)
	if o == nil {
		return
	}
	whole := func(n int64) *int64 { return &n }
	price := func(minor int64) *money.Amount { p := euro(minor); return &p }
	t.Run("product", func(t *testing.T) {
		got, err := decodeProduct(capturedBody(t, o, "create simple product"), "EUR")
		want := product{
			id: 58, kind: "simple", status: "publish", title: "Mug", sku: "MUG-1", price: price(1200), manage: managedHere,
			quantity: whole(5), modified: got.modified,
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(product{}, problem{})); err != nil || diff != "" {
			t.Errorf("decodeProduct = %v (-want +got):\n%s", err, diff)
		}
		if formatTime(got.modified) != "2026-11-23T12:34:00" {
			t.Errorf("modified = %s, want 2026-11-23T12:34:00", formatTime(got.modified))
		}
	})
	t.Run("list of products", func(t *testing.T) {
		raws, ok := rows(capturedBody(t, o, "list products page 1"))
		if !ok || len(raws) != 2 {
			t.Fatalf("rows = %d, %v, want 2", len(raws), ok)
		}
		a, errA := decodeProduct(raws[0], "EUR")
		b, errB := decodeProduct(raws[1], "EUR")
		if errA != nil || errB != nil || a.sku != "A-1" || *a.price != euro(2600) || *a.quantity != 5 || a.variations {
			t.Errorf("first row = %+v, %v, want A-1 at 26.00 with 5", a, errA)
		}
		if !b.variations || b.price != nil || b.manage != managedHere || *b.quantity != 40 || len(b.problems) != 0 {
			t.Errorf("second row = %+v, want a variable product with 40 of its own and no price", b)
		}
	})
	t.Run("list of variations", func(t *testing.T) {
		raws, _ := rows(capturedBody(t, o, "list variations"))
		a, errA := decodeProduct(raws[0], "EUR")
		b, errB := decodeProduct(raws[1], "EUR")
		if errA != nil || a.id != 60 || a.manage != managedHere || *a.quantity != 3 {
			t.Errorf("first row = %+v, %v, want 60 with 3 of its own", a, errA)
		}
		if errB != nil || b.id != 61 || b.manage != managedByNobody || b.quantity != nil || len(b.problems) != 0 {
			t.Errorf("second row = %+v, %v, want 61 without a number, which is no problem", b, errB)
		}
	})
	t.Run("batch", func(t *testing.T) {
		got, ok := decodeBatch(capturedBody(t, o, "batch with partial errors"), "EUR")
		if !ok || len(got) != 3 {
			t.Fatalf("decodeBatch = %d rows, %v, want 3", len(got), ok)
		}
		if got[0].id != 58 || *got[0].row.quantity != 13 || got[0].code != "" {
			t.Errorf("row 0 = %+v, want 58 with 13", got[0])
		}
		if got[1].code != "woocommerce_rest_product_invalid_id" || got[1].status != 400 || got[2].code != "woocommerce_rest_invalid_product_id" || got[2].status != 404 {
			t.Errorf("rows 1 and 2 = %+v %+v, want the two refusals", got[1], got[2])
		}
		for i, r := range got[1:] {
			if o := rowOutcome(r.code, r.status); o.State != channel.Rejected || o.Code != channel.CodeNotFound {
				t.Errorf("outcome of refusal %d = %+v, want rejected, not found", i, o)
			}
		}
	})
	t.Run("order", func(t *testing.T) {
		var row map[string]json.RawMessage
		if err := json.Unmarshal(capturedBody(t, o, "order reduces stock"), &row); err != nil {
			t.Fatal(err)
		}
		// The captured call asked for three members; the feed asks for the times too.
		row["date_created_gmt"] = json.RawMessage(`"2026-11-23T12:34:05"`)
		row["date_modified_gmt"] = json.RawMessage(`"2026-11-23T12:34:06"`)
		raw, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeOrder(raw)
		want := []orderLine{
			{id: 45, at: place{id: 58}, quantity: 2, reduced: whole(2)},
			{id: 46, at: place{59, 60}, quantity: 1, reduced: whole(1)},
		}
		if diff := cmp.Diff(want, got.lines, cmp.AllowUnexported(orderLine{}, place{})); err != nil || diff != "" {
			t.Errorf("decodeOrder = %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("errors", func(t *testing.T) {
		n := 0
		for _, x := range o.exchanges {
			if x.Response.Status < 400 {
				continue
			}
			n++
			if code, ok := errorCode(x.Response.Body); !ok || code == "" {
				t.Errorf("%s: errorCode = %q, %v, want a code", x.Name, code, ok)
			}
		}
		if n < 10 {
			t.Errorf("%d captured errors, want at least 10", n)
		}
	})
}

func TestCapturedWebhooksAreBelieved(t *testing.T) {
	o := loadOfficial(t)
	if o == nil {
		return
	}
	b := newBench(t)
	b.ch.client.deps.Secret = secretOf("test-secret")
	ids, deliveries := map[string]bool{}, map[string]int{}
	for i, c := range o.hooks {
		h := http.Header{}
		for name, v := range c.Headers {
			h.Set(name, v)
		}
		hints, err := b.ch.VerifyWebhook(h, []byte(c.Body))
		if err != nil {
			t.Errorf("delivery %d (%s) = %v, want it believed", i, h.Get("X-WC-Webhook-Topic"), err)
			continue
		}
		if c.Signed == nil {
			if len(hints) != 0 {
				t.Errorf("ping %d = %+v, want no hint", i, hints)
			}
			continue
		}
		if len(hints) != 1 || ids[hints[0].ID] {
			t.Fatalf("delivery %d = %+v, want one hint with an id of its own", i, hints)
		}
		ids[hints[0].ID] = true
		deliveries[h.Get("X-WC-Webhook-Delivery-ID")]++
		h.Set("X-WC-Webhook-Signature", "S3rm7KG18i2yXvQ/l33dhcYz7nw3rR9+Q/AlUC5IKBs=")
		if i > 3 {
			if _, err := b.ch.VerifyWebhook(h, []byte(c.Body)); err == nil {
				t.Errorf("delivery %d is believed under a foreign signature", i)
			}
		}
	}
	if len(deliveries) >= len(ids) {
		t.Errorf("%d delivery ids for %d events: the captured calls should share some", len(deliveries), len(ids))
	}
}
