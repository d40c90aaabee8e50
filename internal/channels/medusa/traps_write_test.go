package medusa_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa/fake"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// submit sends writes of field f; prices go to the group of the first.
func (l link) submit(t *testing.T, f channel.Field, writes ...channel.Write) []channel.Outcome {
	t.Helper()
	b := channel.Batch{Field: f, Writes: writes}
	if f == channel.Price {
		b.Group = writes[0].Listing.Group
	}
	for i := range b.Writes {
		b.Writes[i].Ref = int64(i + 1)
	}
	r, err := l.Channel.Submit(t.Context(), b)
	if err != nil {
		t.Fatalf("Submit() = %v, want a receipt", err)
	}
	slices.SortFunc(r.Outcomes, func(a, b channel.Outcome) int { return int(a.Ref - b.Ref) })
	return r.Outcomes
}

// verdicts is state and code of outcomes in order.
func verdicts(os []channel.Outcome) []string {
	var out []string
	for _, o := range os {
		out = append(out, strings.TrimSpace(string(o.State)+" "+o.Code))
	}
	return out
}

func price(x channel.Listing, minor int64, c money.Currency) channel.Write {
	return channel.Write{Listing: channel.ListingRef{Key: x.Key, Group: x.Group}, Price: money.Of(minor, c)}
}

func TestAPriceWriteKeepsEveryOtherPrice(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000), product("B", 1, 2000))
	l.shop.AddPrice("A", "usd", "23.456789", "", nil)
	l.shop.AddPrice("A", "eur", "18.5", "", map[string]string{"region_id": "reg_1"})
	l.shop.AddPrice("A", "eur", "18.75", "", map[string]string{"region_id": "reg_2"})
	l.shop.AddPrice("A", "eur", "17", "10", nil)
	ids := l.shop.PriceIDs("A")
	a := listing(t, l.all(t), "A")
	if got := verdicts(l.submit(t, channel.Price, price(a, 1990, "EUR"))); !slices.Equal(got, []string{"applied"}) {
		t.Errorf("outcomes = %v, want applied", got)
	}
	want := []string{"eur 17 from 10", "eur 18.5 region_id=reg_1", "eur 18.75 region_id=reg_2", "eur 19.9", "usd 23.456789"}
	if diff := cmp.Diff(want, l.shop.Prices("A")); diff != "" {
		t.Errorf("price rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(ids, l.shop.PriceIDs("A")); diff != "" {
		t.Errorf("ids of price rows (-before +after):\n%s", diff)
	}
	if got := l.shop.Prices("B"); !slices.Equal(got, []string{"eur 20"}) {
		t.Errorf("another variant of the product has %v, want it untouched", got)
	}
}

func TestAFirstPriceInTheCurrencyIsAdded(t *testing.T) {
	l := connect(t, fake.Options{}, map[string]string{"currency": "KWD"})
	l.shop.Add(product("A", 1, 2000))
	a := listing(t, l.all(t), "A")
	if got := verdicts(l.submit(t, channel.Price, price(a, 1005, "KWD"))); !slices.Equal(got, []string{"applied"}) {
		t.Errorf("outcomes = %v, want applied", got)
	}
	if got := l.shop.Prices("A"); !slices.Equal(got, []string{"eur 20", "kwd 1.005"}) {
		t.Errorf("price rows = %v, want the new one beside the old", got)
	}
}

func TestPricesTheShopWouldMeltAreNotWritten(t *testing.T) {
	for _, currency := range []string{"eur", "usd"} {
		l := connect(t, fake.Options{}, nil)
		l.shop.Add(product("A", 1, 2000))
		l.shop.AddPrice("A", currency, "7", "", nil)
		l.shop.AddPrice("A", currency, "8", "", nil)
		before := l.shop.Prices("A")
		a := listing(t, l.all(t), "A")
		if got := verdicts(l.submit(t, channel.Price, price(a, 1990, "EUR"))); !slices.Equal(got, []string{"rejected invalid-value"}) {
			t.Errorf("outcomes with two equal rows in %s = %v, want rejected", currency, got)
		}
		if got := l.shop.Prices("A"); !slices.Equal(got, before) {
			t.Errorf("price rows = %v, want %v untouched", got, before)
		}
	}
}

func TestPricesThatMustNotLeaveAreRejectedUnsent(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000))
	a := listing(t, l.all(t), "A")
	requests := l.Requests()
	got := verdicts(l.submit(t, channel.Price, price(a, -1, "EUR"), price(a, 500, "JPY"), price(a, 1<<53, "EUR")))
	if !slices.Equal(got, []string{"rejected invalid-value", "rejected invalid-value", "rejected invalid-value"}) || l.Requests() != requests {
		t.Errorf("outcomes = %v with %d requests, want all rejected and none sent", got, l.Requests()-requests)
	}
}

func TestAPriceOfAnotherProductOrOfNoneIsNotSent(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	other := product("B", 1, 500)
	other.Group = "two"
	l.shop.Add(product("A", 1, 2000), other, product("C", 1, 700))
	p := l.all(t)
	a, b, c := listing(t, p, "A"), listing(t, p, "B"), listing(t, p, "C")
	l.shop.Delete("C")
	got := verdicts(l.submit(t, channel.Price, price(a, 1, "EUR"), price(b, 2, "EUR"), price(c, 3, "EUR")))
	if !slices.Equal(got, []string{"applied", "rejected not-found", "rejected not-found"}) {
		t.Errorf("outcomes = %v, want the good one applied and the others not found", got)
	}
	if got := l.shop.Prices("B"); !slices.Equal(got, []string{"eur 5"}) {
		t.Errorf("price of the other product = %v, want 5", got)
	}
}

func TestAVariantThatVanishesBeforeItsPriceIsWrittenIsNamed(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000), product("B", 1, 2000))
	p := l.all(t)
	l.shop.Inject(channeltest.Fault{Op: channel.OpPrice, Kind: channeltest.FaultPartial})
	got := verdicts(l.submit(t, channel.Price, price(listing(t, p, "A"), 1, "EUR"), price(listing(t, p, "B"), 2, "EUR")))
	if !slices.Equal(got, []string{"rejected not-found", "rejected batch-refused"}) {
		t.Errorf("outcomes = %v, want the missing one named", got)
	}
}

func TestAShortReadBeforeAPriceWriteSendsNothingForWhatIsMissing(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000), product("B", 1, 2000))
	p := l.all(t)
	l.shop.Inject(channeltest.Fault{Op: channel.OpRead, Kind: channeltest.FaultShortList})
	got := l.submit(t, channel.Price, price(listing(t, p, "A"), 100, "EUR"), price(listing(t, p, "B"), 200, "EUR"))
	if v := verdicts(got); !slices.Equal(v, []string{"applied", "retry-after no-answer"}) || got[1].After <= 0 {
		t.Errorf("outcomes = %v, want the missing one to wait", v)
	}
	if got := l.shop.Prices("B"); !slices.Equal(got, []string{"eur 20"}) {
		t.Errorf("price of the missing one = %v, want 20", got)
	}
}

func TestAFailedReadBeforeAPriceWriteMeansNothingWasSent(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000))
	a := listing(t, l.all(t), "A")
	l.shop.Inject(channeltest.Fault{Op: channel.OpRead, Kind: channeltest.Fault500})
	_, err := l.Channel.Submit(t.Context(), channel.Batch{Field: channel.Price, Group: a.Group, Writes: []channel.Write{price(a, 1, "EUR")}})
	if !fault.Is(err, fault.Unavailable) || fault.SentOf(err) {
		t.Errorf("Submit() = %v (sent %v), want unavailable and not sent", err, fault.SentOf(err))
	}
	l.shop.Inject(channeltest.Fault{})
	l.Gate.Close(1, time.Second) // the read is granted, the write is not
	got := l.submit(t, channel.Price, price(a, 1, "EUR"))
	if v := verdicts(got); !slices.Equal(v, []string{"retry-after"}) || got[0].After != time.Second {
		t.Errorf("outcomes = %v after %v, want retry-after 1s", v, got[0].After)
	}
	if got := l.shop.Prices("A"); !slices.Equal(got, []string{"eur 20"}) {
		t.Errorf("price = %v, want 20", got)
	}
}

func TestOneBadRowRefusesAStockWriteAndIsNamed(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000), product("B", 2, 2000), product("C", 3, 2000))
	p := l.all(t)
	stock := func(sku string) channel.Write {
		return channel.Write{Stock: listing(t, p, sku).Stock[0].StockKey, Quantity: 9}
	}
	before := l.shop.Truth().Counts
	l.shop.Delete("B")
	got := verdicts(l.submit(t, channel.Stock, stock("A"), stock("B"), stock("C")))
	if !slices.Equal(got, []string{"rejected batch-refused", "rejected not-found", "rejected batch-refused"}) {
		t.Errorf("outcomes = %v, want the guilty one named", got)
	}
	for k, n := range l.shop.Truth().Counts {
		if n != before[k] {
			t.Errorf("counter %v = %d, want %d: nothing is saved", k, n, before[k])
		}
	}
}

func TestQuantitiesThatMustNotLeaveSpoilNoOtherRow(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000))
	k := listing(t, l.all(t), "A").Stock[0].StockKey
	got := verdicts(l.submit(t, channel.Stock,
		channel.Write{Stock: k, Quantity: 0}, channel.Write{Stock: k, Quantity: -1}, channel.Write{Stock: k, Quantity: money.MaxQuantity + 1}, channel.Write{Quantity: 1}))
	if want := []string{"applied", "rejected invalid-value", "rejected invalid-value", "rejected not-managed"}; !slices.Equal(got, want) {
		t.Errorf("outcomes = %v, want %v", got, want)
	}
	if n := l.shop.Truth().Counts[k]; n != 0 {
		t.Errorf("the shop holds %d, want 0", n)
	}
}

func TestRefusalsOfAWriteAreReadForWhatTheySay(t *testing.T) {
	k := channel.StockKey{Key: "iitem_1", Location: "sloc_1"}
	j := channel.StockKey{Key: "iitem_2", Location: "sloc_1"}
	for _, x := range []struct {
		name   string
		status int
		body   string
		want   []string
	}{
		{"a row by its number", 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'update, 1, stocked_quantity' too small, expected at least: '0'"}`, []string{"rejected batch-refused", "rejected invalid-value"}},
		{"a row that is not there", 400, `{"message":"Invalid request: Field 'update, 7, x' is required"}`, []string{"rejected batch-refused", "rejected batch-refused"}},
		{"nobody by name", 400, `{"type":"invalid_data","message":"no"}`, []string{"rejected batch-refused", "rejected batch-refused"}},
		{"both by name", 404, `{"message":"Item iitem_2 is not stocked at location sloc_1, Item iitem_1 is not stocked at location sloc_1"}`, []string{"rejected not-found", "rejected not-found"}},
		{"another item by name", 404, `{"message":"Item iitem_22 is not stocked at location sloc_1"}`, []string{"rejected batch-refused", "rejected batch-refused"}},
		{"too large", 413, `{"message":"request entity too large"}`, []string{"rejected batch-refused", "rejected batch-refused"}},
		{"no message", 404, `{}`, []string{"rejected batch-refused", "rejected batch-refused"}},
		{"an answer without rows", 200, `{"created":[],"updated":[]}`, []string{"unknown not-shown", "unknown not-shown"}},
		{"an answer that shows another value", 200, `{"updated":[{"inventory_item_id":"iitem_2","location_id":"sloc_1","stocked_quantity":9},{"inventory_item_id":"iitem_1","location_id":"sloc_1","stocked_quantity":3},{}]}`, []string{"applied", "unknown not-shown"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := against(t, answers(x.status, nil, x.body))
			r, err := c.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: k, Quantity: 3}, {Ref: 2, Stock: j, Quantity: 4}}})
			if got := verdicts(r.Outcomes); err != nil || !slices.Equal(got, x.want) {
				t.Errorf("outcomes = %v, %v, want %v", got, err, x.want)
			}
		})
	}
	for status, want := range map[int]string{400: "rejected invalid-value", 404: "rejected not-found"} {
		r, err := against(t, answers(status, nil, `{"message":"?"}`)).Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: k}}})
		if got := verdicts(r.Outcomes); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("a write alone refused with %d = %v, %v, want %s", status, got, err, want)
		}
	}
	_, err := against(t, answers(409, nil, `{"type":"conflict"}`)).Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: k}}})
	if !fault.Is(err, fault.Unavailable) || !fault.SentOf(err) {
		t.Errorf("a write that met another = %v, want unavailable and sent: nobody knows what was done", err)
	}
}

func TestAPriceThatTheAnswerDoesNotShowIsNotCalledApplied(t *testing.T) {
	row := func(amount string) string {
		return `{"id":"v1","product_id":"p1","prices":[{"id":"price_1","amount":` + amount + `,"currency_code":"eur","min_quantity":null,"max_quantity":null,"rules":{}}]}`
	}
	for amount, want := range map[string]string{"19.9": "applied", "20": "unknown not-shown", `"19.9"`: "unknown not-shown"} {
		c := against(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				answers(200, nil, `{"variants":[`+row("20")+`],"count":1}`)(w, r)
				return
			}
			answers(200, nil, `{"created":[],"updated":[`+row(amount)+`]}`)(w, r)
		})
		r, err := c.Submit(t.Context(), channel.Batch{Field: channel.Price, Group: "p1", Writes: []channel.Write{{
			Ref: 1, Listing: channel.ListingRef{Key: "v1", Group: "p1"}, Price: money.Of(1990, "EUR"),
		}}})
		if got := verdicts(r.Outcomes); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("an answer with %s = %v, %v, want %s", amount, got, err, want)
		}
	}
}

// Everything the adapter does goes through the calls listed here. /admin/products/batch is not among them: it deletes
// every variant of a product that it does not name.
func TestOnlyTheseCallsAreMade(t *testing.T) {
	l := connect(t, fake.Options{}, map[string]string{"location": "{location}"})
	g := &stage{base: l.URL, key: key, location: l.shop.Locations()[0], client: &http.Client{}}
	l.shop.Add(products(3)...)
	p := l.all(t)
	o := l.buy(t, channeltest.Item{SKU: "A-001", Quantity: 2})
	f := l.feed()
	f.poll(t)
	l.shop.Ship(o)
	f.poll(t)
	a := listing(t, p, "A-001")
	l.submit(t, channel.Stock, channel.Write{Stock: a.Stock[0].StockKey, Quantity: 5})
	l.submit(t, channel.Price, price(a, 5, "EUR"))
	if _, err := g.open(t).(channel.Prober).Probe(t.Context()); err != nil {
		t.Errorf("Probe() = %v", err)
	}
	allowed := []string{
		"GET /admin/product-variants", "GET /admin/inventory-items", "GET /admin/orders", "GET /admin/stock-locations", "GET /admin/price-preferences", "GET /admin/stores",
		"POST /admin/inventory-items/location-levels/batch", fmt.Sprintf("POST /admin/products/%s/variants/batch", a.Group), fmt.Sprintf("GET /admin/orders/%s/line-items", o),
	}
	for _, r := range l.shop.Requests() {
		if !slices.Contains(allowed, r) {
			t.Errorf("the adapter called %s", r)
		}
	}
	if n := len(l.shop.Truth().SKUs); n != 3 {
		t.Errorf("the shop has %d variants left, want 3", n)
	}
}
