package medusa_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/secret"
)

// recorded holds what a running Medusa 2.21.2 with made-up goods answered to the scenario, in order.
const recorded = "testdata/exchanges-2.21.2.json"

// exchange is one request and its answer, without headers: no key is ever in it.
type exchange struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // with the query
	Body   json.RawMessage `json:"body,omitempty"`
	Status int             `json:"status"`
	Date   string          `json:"date"` // the shop's clock
	Answer json.RawMessage `json:"answer,omitempty"`
	Page   string          `json:"page,omitempty"` // an answer that is not JSON
}

// recorder keeps every exchange that passes.
type recorder struct {
	next http.RoundTripper
	all  []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchange{Method: req.Method, Path: req.URL.RequestURI()}
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if x.Body = b; !json.Valid(b) && len(b) > 0 {
			x.Body, _ = json.Marshal(string(b)) // kept as a text
		}
		req.Body = io.NopCloser(bytes.NewReader(b))
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	x.Status, x.Date = resp.StatusCode, resp.Header.Get("Date")
	if json.Valid(b) {
		x.Answer = b
	} else {
		x.Page = string(b)
	}
	r.all = append(r.all, x)
	return resp, nil
}

// stage is a shop with the goods of the scenario: PLAIN-1 and PLAIN-2 of one product, RULES with four prices, KIT of two
// PLAIN-1 and one PLAIN-2, LOOSE whose stock is not counted, and DRAFT which is not on sale. All stock is at the first
// location; PLAIN-2 is at the second one, too.
type stage struct {
	base     string
	key      string
	location string
	client   *http.Client
	// act makes the buyers and the owner do a step of the scenario; nil when answers are replayed.
	act func(step string)
}

// saw is what the adapter made of the scenario.
type saw struct {
	Caps    channel.Capabilities
	Grant   channel.Grant
	Before  channel.Page
	Opened  channel.SalesPage
	Polled  channel.SalesPage
	Chosen  channel.Page
	Stock   []channel.Receipt
	Prices  []channel.Receipt
	After   channel.Page
	Refused []string
}

func (g *stage) open(t testing.TB) channel.Channel {
	t.Helper()
	c, err := medusa.Driver().Open(channel.Deps{
		Settings: map[string]string{"url": g.base, "currency": "EUR", "location": g.location},
		Secret:   func(context.Context, string) (secret.Text, error) { return secret.New(g.key), nil },
		Client:   g.client, Gate: channeltest.NewGate(), Now: time.Now,
	})
	if err != nil {
		t.Fatalf("Open() = %v, want a channel", err)
	}
	return c
}

func (g *stage) do(step string) {
	if g.act != nil {
		g.act(step)
	}
}

// play runs the scenario.
func (g *stage) play(t testing.TB) saw {
	t.Helper()
	var s saw
	var err error
	must := func(what string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s = %v, want no error", what, err)
		}
	}
	ctx, c := t.Context(), g.open(t)
	s.Caps, err = c.Capabilities(ctx)
	must("Capabilities()")
	s.Grant, err = c.(channel.Prober).Probe(ctx)
	must("Probe()")
	s.Before, err = c.List(ctx, "")
	must("List()")
	bySKU := map[string]channel.Listing{}
	for _, x := range s.Before.Listings {
		bySKU[x.SKU] = x
	}
	ref := func(sku string) channel.ListingRef {
		return channel.ListingRef{Key: bySKU[sku].Key, Group: bySKU[sku].Group}
	}
	counter := func(sku string) channel.StockKey { return bySKU[sku].Stock[0].StockKey }

	g.do("order A: 3 PLAIN-1, 2 PLAIN-2; order B: 2 KIT; order C: 1 PLAIN-2")
	s.Opened, err = c.(channel.Seller).Sales(ctx, "")
	must("Sales()")
	g.do("fulfil 2 of A's PLAIN-1, take PLAIN-2 out of A, ship B, receive 1 KIT back and throw 1 away, cancel C")
	s.Polled, err = c.(channel.Seller).Sales(ctx, s.Opened.Next)
	must("Sales(next)")

	missing := channel.StockKey{Key: "iitem_missing", Location: g.location}
	s.Chosen, err = c.(channel.Reader).Read(ctx, channel.Keys{
		Stock:  []channel.StockKey{counter("PLAIN-1"), missing, {Key: counter("PLAIN-1").Key, Location: "sloc_missing"}},
		Prices: []channel.ListingRef{ref("RULES"), {Key: "variant_missing"}},
	})
	must("Read()")

	for _, writes := range [][]channel.Write{
		{{Ref: 1, Stock: counter("PLAIN-1"), Quantity: 41}, {Ref: 2, Stock: counter("PLAIN-2"), Quantity: 0}},
		{{Ref: 3, Stock: counter("PLAIN-1"), Quantity: 99}, {Ref: 4, Stock: missing, Quantity: 1}},
		{{Ref: 5, Stock: missing, Quantity: 1}},
	} {
		r, e := c.Submit(ctx, channel.Batch{Field: channel.Stock, Writes: writes})
		err, s.Stock = e, append(s.Stock, r)
		must("Submit(stock)")
	}
	for _, writes := range [][]channel.Write{
		{{Ref: 6, Listing: ref("RULES"), Price: money.Of(1999, "EUR")}, {Ref: 7, Listing: channel.ListingRef{Key: "variant_missing"}, Price: money.Of(1, "EUR")}},
		{{Ref: 8, Listing: ref("PLAIN-1"), Price: money.Of(100, "EUR")}}, // of another product than the batch
	} {
		r, e := c.Submit(ctx, channel.Batch{Field: channel.Price, Group: ref("RULES").Group, Writes: writes})
		err, s.Prices = e, append(s.Prices, r)
		must("Submit(price)")
	}
	s.After, err = c.List(ctx, "")
	must("List()")

	for _, x := range []struct{ method, path, body string }{
		{"POST", "/admin/inventory-items/location-levels/batch", `{"update":[{"inventory_item_id":"a","location_id":"b","stocked_quantity":-1}]}`},
		{"POST", "/admin/inventory-items/location-levels/batch", `{"update":[{"inventory_item_id":"a","location_id":"b","stocked_quantity":"1"}]}`},
		{"POST", "/admin/inventory-items/location-levels/batch", `{"update":[],"other":1}`},
		{"POST", "/admin/inventory-items/location-levels/batch", `{"update":[{"inventory_item_id":"a","location_id":"b","stocked_quantity":1},{"inventory_item_id":"c","location_id":"d","stocked_quantity":1}]}`},
		{"POST", "/admin/inventory-items/location-levels/batch", `{bad`},
		{"POST", "/admin/products/prod_x/variants/batch", `{"update":[{"id":"variant_a","prices":[{"currency_code":"eur","amount":1}]},{"id":"variant_b"}]}`},
		{"POST", "/admin/products/prod_x/variants/batch", `{"update":[{"id":"variant_a","prices":[{"currency_code":"eur","amount":"1"}]}]}`},
		{"GET", "/admin/inventory-items?" + url.Values{"updated_at[$gt]": {"2026-11-23T12:00:00Z"}}.Encode(), ""},
		{"GET", "/admin/orders?order=nonsense", ""},
		{"GET", "/admin/orders?" + url.Values{"updated_at[$gte]": {"nonsense"}}.Encode(), ""},
		{"GET", "/admin/orders/order_missing/line-items", ""},
		{"GET", "/admin/nonsense", ""},
	} {
		s.Refused = append(s.Refused, g.raw(t, x.method, x.path, x.body))
	}
	return s
}

// raw sends a request that the adapter would not make.
func (g *stage) raw(t testing.TB, method, path, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatalf("request %s %s: %v", method, path, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(g.key, "")
	resp, err := g.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s = %v, want an answer", method, path, err)
	}
	_ = resp.Body.Close()
	return resp.Status
}
