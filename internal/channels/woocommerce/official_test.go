package woocommerce

import (
	"encoding/json"
	"net/url"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
)

// TestEveryExchangeFitsTheOfficialMaterial drives every method of the adapter; the bench checks each exchange.
func TestEveryExchangeFitsTheOfficialMaterial(t *testing.T) {
	b := newBench(t)
	if b.log.official == nil {
		return
	}
	b.Add(simple("MUG", 5, 1200), channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Title: "S", Stock: 3, Price: euro(2000)})
	b.AddPool("cup", 40, simple("CUP-A", 0, 900), simple("CUP-B", 0, 950))
	drive(b)
	if b.log.requests < 20 || b.log.responses < b.log.requests {
		t.Errorf("%d requests and %d answers were checked, want at least 20 and one answer each", b.log.requests, b.log.responses)
	}
	t.Logf("checked against the official material: %d requests, %d answers", b.log.requests, b.log.responses)
}

// drive calls every method of the adapter on a shop with some goods and orders.
func drive(b *bench) {
	t := b.t
	t.Helper()
	ctx := t.Context()
	if _, err := b.ch.Capabilities(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ch.Probe(ctx); err != nil {
		t.Fatal(err)
	}
	c := b.list()
	var keys channel.Keys
	for _, n := range c.Counts {
		keys.Stock = append(keys.Stock, n.StockKey)
	}
	for _, l := range c.Listings {
		keys.Prices = append(keys.Prices, channel.ListingRef{Key: l.Key, Group: l.Group})
	}
	if _, err := b.ch.Read(ctx, keys); err != nil {
		t.Fatal(err)
	}
	for i, k := range keys.Stock {
		b.set(k.Key, "", int64(20+i))
	}
	b.set("999", "", 1)
	for i, r := range keys.Prices {
		b.price(string(r.Key), euro(int64(1999+i)))
	}
	_, _, at := b.sales("")
	order, _ := b.Buy(channeltest.Item{SKU: "MUG", Quantity: 2}, channeltest.Item{SKU: "SHIRT-S", Quantity: 1})
	b.Pay(order)
	b.Ship(order)
	b.Refund(order, "MUG", 1, true)
	b.sales(at)
	b.sales("")
}

func TestAPlantedWrongNameIsNoticed(t *testing.T) {
	o := loadOfficial(t)
	if o == nil {
		return
	}
	const products = "/wc/v3/products"
	good := url.Values{"per_page": {"100"}, "orderby": {"id"}, "_fields": {productFields}}
	with := func(name, v string) url.Values {
		q := url.Values{name: {v}}
		for n, x := range good {
			if n != name {
				q[n] = x
			}
		}
		return q
	}
	if wrong := o.checkRequest("GET", products, good, nil); len(wrong) != 0 {
		t.Fatalf("a good request is refused: %v", wrong)
	}
	for name, q := range map[string]url.Values{
		"argument": with("perpage", "100"), "number": with("per_page", "101"), "choice": with("orderby", "sku"),
		"member": with("_fields", "id,regularprice"), "time": with("modified_after", "2026-11-23T12:00:00Z"),
		"flag": with("dates_are_gmt", "yes"), "status": with("status", "published"),
	} {
		if wrong := o.checkRequest("GET", products, q, nil); len(wrong) == 0 {
			t.Errorf("a wrong %s in a request is not noticed", name)
		}
	}
	for name, body := range map[string]string{
		"member":   `{"update":[{"id":58,"manage_stock":true,"stock_qty":5}]}`,
		"list":     `{"updates":[{"id":58}]}`,
		"quantity": `{"update":[{"id":58,"stock_quantity":"5"}]}`,
		"price":    `{"update":[{"id":58,"regular_price":11.5}]}`,
		"flag":     `{"update":[{"id":58,"manage_stock":"yes"}]}`,
	} {
		if wrong := o.checkRequest("POST", products+"/batch", nil, []byte(body)); len(wrong) == 0 {
			t.Errorf("a wrong %s in a batch is not noticed", name)
		}
	}
	if wrong := o.checkRequest("GET", "/wc/v3/product", nil, nil); len(wrong) == 0 {
		t.Error("a wrong route is not noticed")
	}
	row := func(change func(map[string]any)) []byte {
		var v map[string]any
		if err := json.Unmarshal(capturedBody(t, o, "create simple product"), &v); err != nil {
			t.Fatal(err)
		}
		change(v)
		out, err := json.Marshal([]any{v})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if wrong := o.checkResponse("GET", products, nil, 200, row(func(map[string]any) {})); len(wrong) != 0 {
		t.Fatalf("a captured answer is refused: %v", wrong)
	}
	for name, change := range map[string]func(map[string]any){
		"renamed member": func(m map[string]any) { m["stockQuantity"] = m["stock_quantity"]; delete(m, "stock_quantity") },
		"missing member": func(m map[string]any) { delete(m, "manage_stock") },
		"added member":   func(m map[string]any) { m["email"] = "x" },
		"wrong type":     func(m map[string]any) { m["regular_price"] = 12 },
		"quantity text":  func(m map[string]any) { m["stock_quantity"] = "5" },
	} {
		if wrong := o.checkResponse("GET", products, nil, 200, row(change)); len(wrong) == 0 {
			t.Errorf("a %s in an answer is not noticed", name)
		}
	}
	if wrong := o.checkResponse("GET", products, nil, 400, []byte(`{"code":"x","msg":"y","data":{"status":400}}`)); len(wrong) == 0 {
		t.Error("a wrong member of an error is not noticed")
	}
}
