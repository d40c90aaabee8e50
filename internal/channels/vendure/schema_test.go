package vendure

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/vendure/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

// TestEveryExchangeFitsTheOfficialSchema lets the adapter do all it can do against the fake and holds each request and
// each answer against the schema of the real store.
func TestEveryExchangeFitsTheOfficialSchema(t *testing.T) {
	schema, ok := schema(t)
	if !ok {
		return
	}
	clock := channeltest.NewClock()
	shop := fake.New(fake.Options{Now: clock.Now, Username: "u", Password: "p", Locations: []string{"A", "B"}})
	for _, sku := range []string{"A", "B", "C"} {
		shop.Add(channeltest.Product{SKU: sku, Title: "Product " + sku, Stock: 10, Price: money.Of(100, "EUR")})
	}
	for range 3 {
		id, _ := shop.Buy(channeltest.Item{SKU: "A", Quantity: 1}, channeltest.Item{SKU: "B", Quantity: 2})
		shop.Fulfil(id, nil)
	}
	clock.Advance(time.Minute)
	r := &recorder{next: shop}
	server := httptest.NewServer(r)
	defer server.Close()
	s := opened(t, server, clock, map[string]string{"location": "B"}, map[string]string{"username": "u", "password": "p"})
	ctx := t.Context()
	if _, err := s.Capabilities(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Probe(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(ctx, ""); err != nil {
		t.Fatal(err)
	}
	key := channel.StockKey{Key: "1", Location: "2"}
	if _, err := s.Read(ctx, channel.Keys{Stock: []channel.StockKey{key}}); err != nil {
		t.Fatal(err)
	}
	for _, b := range []channel.Batch{
		{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: key, Quantity: 3}}},
		{Field: channel.Price, Writes: []channel.Write{{Ref: 1, Listing: channel.ListingRef{Key: "1"}, Price: money.Of(7, "EUR")}}},
	} {
		if got, err := s.Submit(ctx, b); err != nil || got.Outcomes[0].State != channel.Applied {
			t.Fatalf("Submit(%s) = %+v, %v, want applied", b.Field, got, err)
		}
	}
	at := channel.Cursor("")
	for range 2 {
		for more := true; more; {
			p, err := s.Sales(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			at, more = p.Next, p.More
		}
	}
	seen := map[string]bool{}
	for _, e := range r.said {
		conform(t, schema, e)
		seen[e.Query] = true
	}
	for _, doc := range documents() {
		if !seen[doc] && doc != docAlive {
			t.Errorf("a document was never sent:\n%s", doc)
		}
	}
}

func TestTheBodyOfAWrite(t *testing.T) {
	st := site{currency: "EUR", precision: 2, places: []string{"1", "2"}}
	b := channel.Batch{Field: channel.Stock, Writes: []channel.Write{
		{Ref: 1, Stock: channel.StockKey{Key: "7", Location: "1"}, Quantity: 0},
		{Ref: 2, Stock: channel.StockKey{Key: "8", Location: "1"}, Quantity: 5},
		{Ref: 3, Stock: channel.StockKey{Key: "7", Location: "2"}, Quantity: 12},
	}}
	fit, _ := st.stockWrites(b)
	body, err := request{docSetStock, inputVars{stockInput(fit.Writes)}}.encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "set_stock.json", string(body)+"\n")
	_, in, _ := st.priceWrites(channel.Batch{Field: channel.Price, Writes: []channel.Write{
		{Ref: 1, Listing: channel.ListingRef{Key: "7", Group: "3"}, Price: money.Of(1999, "EUR")},
	}})
	if body, err = (request{docSetPrice, inputVars{in}}).encode(); err != nil {
		t.Fatal(err)
	}
	golden(t, "set_price.json", string(body)+"\n")
}

// opened opens an account on a listener.
func opened(t *testing.T, server *httptest.Server, clock *channeltest.Clock, settings, secrets map[string]string) *shop {
	t.Helper()
	all := map[string]string{"url": server.URL + "/admin-api"}
	for k, v := range settings {
		all[k] = v
	}
	c, err := Driver().Open(channel.Deps{
		Settings: all, Secret: sealed(secrets), Gate: channeltest.NewGate(), Now: clock.Now,
		Client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.(*shop)
}
