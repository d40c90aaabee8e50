package woocommerce

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
)

func is[T any](v T) *T { return &v }

// raw calls the shop as somebody careless would, without the adapter's care.
func (b *bench) raw(method, route, body string) string {
	b.t.Helper()
	b.log.loose = true
	defer func() { b.log.loose = false }()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+"/wp-json"+route, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	q := r.URL.Query()
	if err := b.ch.client.authorize(b.t.Context(), r, q); err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.log.next.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return strconv.Itoa(resp.StatusCode)
}

func (b *bench) count(key string) int64 {
	b.t.Helper()
	n, ok := b.Truth().Counts[channel.StockKey{Key: key}]
	if !ok {
		b.t.Fatalf("the shop has no counter %q", key)
	}
	return n
}

func TestTrapStockWithoutManageStockIsIgnored(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	b.Edit("1", fake.Edit{Manage: is(false)})
	if status := b.raw("PUT", "/wc/v3/products/1", `{"stock_quantity":5}`); status != "200" || len(b.Truth().Counts) != 0 {
		t.Errorf("a number alone = %s, counters %v, want 200 and no counter", status, b.Truth().Counts)
	}
	if got := b.set("1", simpleGroup, 5); got.State != channel.Applied || b.count("1") != 5 {
		t.Errorf("our write = %+v, the shop holds %d, want applied and 5", got, b.count("1"))
	}
	b.Edit("1", fake.Edit{Manage: is(false)})
	b.Trap(fake.Traps{KeepsManage: true})
	if got := b.set("1", simpleGroup, 5); got.State != channel.Rejected || got.Code != channel.CodeNotManaged {
		t.Errorf("a write the shop took and ignored = %+v, want rejected, not managed", got)
	}
}

func TestTrapVariationOfAPoolIgnoresItsOwnNumber(t *testing.T) {
	b := newBench(t)
	b.AddPool("cup", 40, simple("CUP-A", 0, 900))
	b.Trap(fake.Traps{KeepsManage: true})
	if got := b.set("1:2", "1", 5); got.State != channel.Rejected || got.Code != channel.CodeNotManaged || b.count("1") != 40 {
		t.Errorf("write to a variation managed by its parent = %+v, the pool holds %d, want rejected, not managed, 40", got, b.count("1"))
	}
}

func TestTrapTextAndNullInABatchBecomeZero(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	for _, body := range []string{`{"update":[{"id":1,"stock_quantity":"abc"}]}`, `{"update":[{"id":1,"stock_quantity":null}]}`} {
		b.SetStock(channel.StockKey{Key: "1"}, 9)
		if status := b.raw("POST", "/wc/v3/products/batch", body); status != "200" || b.count("1") != 0 {
			t.Errorf("%s = %s, the shop holds %d, want 200 and 0: this is the trap", body, status, b.count("1"))
		}
	}
	for _, n := range []int64{0, 1, mostQuantity} {
		body, err := encode(channel.Stock, []row{{place{id: 1}, channel.Write{Quantity: n}}})
		want := `{"update":[{"id":1,"manage_stock":true,"stock_quantity":` + strconv.FormatInt(n, 10) + `}]}`
		if err != nil || string(body) != want {
			t.Errorf("encode(%d) = %s, %v, want %s", n, body, err, want)
		}
	}
}

func TestTrapSwitchingManagementOffLosesTheNumber(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	b.Edit("1", fake.Edit{Manage: is(false)})
	if c := b.list(); len(c.Counts) != 0 || len(c.Listings) != 1 || len(c.Listings[0].Stock) != 0 || len(c.Findings) != 0 {
		t.Errorf("a product without stock management = %+v, want a listing without counters", c)
	}
	b.Edit("1", fake.Edit{Manage: is(true)})
	c := b.list()
	if len(c.Counts) != 0 || len(c.Findings) != 1 || c.Findings[0].Code != "bad-quantity" || len(c.Listings[0].Stock) != 1 {
		t.Errorf("management back on = counts %v, findings %+v, want the counter without a number: absent is not zero", c.Counts, c.Findings)
	}
	p, err := b.ch.Read(t.Context(), channel.Keys{Stock: []channel.StockKey{{Key: "1"}}})
	if err != nil || len(p.Counts) != 0 || len(p.GoneStock) != 0 || len(p.Findings) != 1 {
		t.Errorf("Read of a counter without a number = %+v, %v, want one finding", p, err)
	}
}

func TestTrapStockStatusIsIgnoredWhileStockIsManaged(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 9, 1200))
	if status := b.raw("PUT", "/wc/v3/products/1", `{"stock_status":"outofstock"}`); status != "200" || b.count("1") != 9 {
		t.Errorf("stock_status = %s, the shop holds %d, want 200 and 9", status, b.count("1"))
	}
	if body, err := encode(channel.Stock, []row{{place{id: 1}, channel.Write{}}}); err != nil || strings.Contains(string(body), "stock_status") {
		t.Errorf("encode = %s, %v, want no stock_status", body, err)
	}
}

func TestTrapNegativeNumbers(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 1, 1200))
	b.Edit("1", fake.Edit{Backorders: "yes"})
	b.SetStock(channel.StockKey{Key: "1"}, 1)
	if _, ok := b.Buy(channeltest.Item{SKU: "MUG", Quantity: 4}); !ok {
		t.Fatal("a backorder was refused")
	}
	if c := b.list(); len(c.Counts) != 1 || c.Counts[0].Quantity != -3 {
		t.Errorf("counts after a backorder = %+v, want -3 as it is", c.Counts)
	}
	requests := len(b.log.seen)
	if got := b.set("1", simpleGroup, -3); got.State != channel.Rejected || got.Code != channel.CodeInvalid || len(b.log.seen) != requests {
		t.Errorf("a negative write = %+v, want it refused before it is sent", got)
	}
}

func TestTrapSharedPoolIsOneCounter(t *testing.T) {
	b := newBench(t)
	b.AddPool("cup", 40, simple("CUP-A", 0, 900), simple("CUP-B", 0, 950))
	pool := channel.StockKey{Key: "1"}
	c := b.list()
	if diff := cmp.Diff([]channel.Count{{StockKey: pool, Quantity: 40}}, c.Counts); diff != "" {
		t.Errorf("counts of a pool (-want +got):\n%s", diff)
	}
	for _, l := range c.Listings {
		if len(l.Stock) != 1 || l.Stock[0].StockKey != pool || l.Group != "1" {
			t.Errorf("listing %s draws from %+v in group %q, want the parent's number in group 1", l.Key, l.Stock, l.Group)
		}
	}
	w := channel.Write{Ref: 1, Stock: pool, Listing: channel.ListingRef{Key: "1:2", Group: "1"}, Quantity: 33}
	if got := b.one(channel.Stock, w); got.State != channel.Applied || b.count("1") != 33 {
		t.Errorf("write to the pool = %+v, the shop holds %d, want applied and 33", got, b.count("1"))
	}
	if p, err := b.ch.Read(t.Context(), channel.Keys{Stock: []channel.StockKey{pool}}); err != nil || len(p.Counts) != 1 || p.Counts[0].Quantity != 33 {
		t.Errorf("Read(pool) = %+v, %v, want 33", p, err)
	}
	for key, stocks := range b.Truth().Stocks {
		if !slices.Equal(stocks, []channel.StockKey{pool}) {
			t.Errorf("%s draws from %v after the write, want it still to draw from the pool", key, stocks)
		}
	}
}

func TestTrapOneGroupMayNeedTwoCalls(t *testing.T) {
	b := newBench(t)
	b.AddPool("cup", 40, simple("CUP-A", 0, 900))
	b.Add(channeltest.Product{SKU: "CUP-OWN", Group: "cup", Stock: 4, Price: euro(900)})
	writes := []channel.Write{
		{Ref: 1, Stock: channel.StockKey{Key: "1"}, Listing: channel.ListingRef{Key: "1:2", Group: "1"}, Quantity: 7},
		{Ref: 2, Stock: channel.StockKey{Key: "1:3"}, Listing: channel.ListingRef{Key: "1:3", Group: "1"}, Quantity: 8},
	}
	r, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Group: "1", Writes: writes})
	want := []channel.Outcome{{Ref: 1, State: channel.Applied}, {Ref: 2, State: channel.Applied}}
	if diff := cmp.Diff(want, r.Outcomes); err != nil || diff != "" || b.count("1") != 7 || b.count("1:3") != 8 {
		t.Errorf("Submit = %v, the shop holds %v (-want +got):\n%s", err, b.Truth().Counts, diff)
	}
	b.gate.Close(1, 0)
	writes[0].Quantity, writes[1].Quantity = 5, 5
	r, err = b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Group: "1", Writes: writes})
	if err != nil || r.Outcomes[0].State != channel.Applied || r.Outcomes[1].State != channel.RetryAfter || r.Outcomes[1].After <= 0 {
		t.Errorf("Submit through a gate that closes = %+v, %v, want the second to be sent later", r.Outcomes, err)
	}
	b.gate.Open()
	b.Inject(channeltest.Fault{Kind: channeltest.Fault500, Times: 1})
	r, err = b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Group: "1", Writes: writes})
	if err == nil {
		t.Errorf("Submit into a failing first call = %+v, want an error: nothing is known", r.Outcomes)
	}
}

func TestTrapVariationsAreRefusedOnTheProductsRoute(t *testing.T) {
	b := newBench(t)
	b.Add(channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	if got := b.set("2", simpleGroup, 5); got.State != channel.Rejected || got.Code != channel.CodeNotFound || b.count("1:2") != 3 {
		t.Errorf("a variation as a product = %+v, want rejected, not found", got)
	}
	if got := b.set("9:2", "1", 5); got.State != channel.Rejected || got.Code != channel.CodeNotFound || b.count("1:2") != 3 {
		t.Errorf("a variation under another parent = %+v, want rejected, not found", got)
	}
}

func TestTrapUnknownIDsHarmTheirOwnRowOnly(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 1, 1200), simple("JAR", 1, 1200))
	r, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{
		{Ref: 1, Stock: channel.StockKey{Key: "999"}, Quantity: 4},
		{Ref: 2, Stock: channel.StockKey{Key: "2"}, Quantity: 4},
		{Ref: 3, Stock: channel.StockKey{Key: "no key"}, Quantity: 4},
		{Ref: 4, Stock: channel.StockKey{Key: "02"}, Quantity: 4},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64]string{}
	for _, o := range r.Outcomes {
		got[o.Ref] = string(o.State) + " " + o.Code
	}
	want := map[int64]string{1: "rejected not-found", 2: "applied ", 3: "rejected not-found", 4: "rejected not-found"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestTrapRowsAreMatchedByIDNotByPlace(t *testing.T) {
	for _, x := range []struct {
		name string
		rows fake.Rows
		want []channel.State
	}{
		{"reversed", fake.RowsReversed, []channel.State{channel.Applied, channel.Applied}},
		{"last one missing", fake.RowsMissing, []channel.State{channel.Applied, channel.Unknown}},
		{"every row twice", fake.RowsTwice, []channel.State{channel.Unknown, channel.Unknown}},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := newBench(t)
			b.Add(simple("MUG", 1, 1200), simple("JAR", 1, 1200))
			b.Trap(fake.Traps{BatchRows: x.rows})
			r, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{
				{Ref: 1, Stock: channel.StockKey{Key: "1"}, Quantity: 4}, {Ref: 2, Stock: channel.StockKey{Key: "2"}, Quantity: 5},
			}})
			var got []channel.State
			for _, o := range r.Outcomes {
				got = append(got, o.State)
			}
			if diff := cmp.Diff(x.want, got); err != nil || diff != "" {
				t.Errorf("outcomes = %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestTrapMoreThanOneHundredRowsAreRefusedAsAWhole(t *testing.T) {
	b := openBench(t, fake.Options{}, map[string]string{"batch": "100"}, false)
	var rows []row
	var writes []channel.Write
	for i := range int64(130) {
		b.Add(simple("P"+strconv.FormatInt(i, 10), 1, 100))
		w := channel.Write{Ref: i + 1, Stock: channel.StockKey{Key: strconv.FormatInt(i+1, 10)}, Quantity: 3}
		rows, writes = append(rows, row{place{id: i + 1}, w}), append(writes, w)
	}
	got, err := b.ch.send(t.Context(), channel.Stock, call{route: "/wc/v3/products", rows: rows[:101]})
	if err != nil || len(got) != 101 || got[0].State != channel.Rejected || got[0].Code != channel.CodeBatch || b.count("1") != 1 {
		t.Errorf("101 rows = %d outcomes, first %+v, %v, want all rejected because of the batch and nothing done", len(got), got[0], err)
	}
	r, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: writes})
	if err != nil || len(r.Outcomes) != 130 {
		t.Fatalf("Submit(130 writes) = %d outcomes, %v, want 130", len(r.Outcomes), err)
	}
	for _, o := range r.Outcomes {
		if o.State != channel.Applied {
			t.Errorf("outcome %d = %q, want applied: 130 writes go in two calls", o.Ref, o.State)
		}
	}
}

func TestTrapVariationWritesNeedARightOfTheirOwn(t *testing.T) {
	b := openBench(t, fake.Options{Rights: &fake.Rights{ReadProducts: true, EditProducts: true}}, nil, false)
	b.Add(simple("MUG", 1, 1200), channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	if got := b.set("1", simpleGroup, 4); got.State != channel.Applied {
		t.Errorf("product write = %+v, want applied", got)
	}
	if got := b.set("2:3", "2", 4); got.State != channel.Rejected || got.Code != channel.CodeForbidden {
		t.Errorf("variation write = %+v, want rejected, forbidden", got)
	}
}

func TestANumberChangedByAPluginIsNotBelieved(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 1, 1200))
	b.Trap(fake.Traps{OddStock: 2})
	if got := b.set("1", simpleGroup, 5); got.State != channel.Unknown || got.Current == nil || *got.Current != 7 {
		t.Errorf("a write of 5 that the shop shows as 7 = %+v, want unknown and 7", got)
	}
}

// TestASecondCallOfABatchAnswersForItself: the first call is done, so the batch cannot end in an error any more.
func TestASecondCallOfABatchAnswersForItself(t *testing.T) {
	for kind, want := range map[channeltest.FaultKind]channel.State{
		channeltest.Fault500: channel.Unknown, channeltest.FaultLost: channel.Unknown, channeltest.Fault429: channel.RetryAfter,
		channeltest.FaultUnauth: channel.RetryAfter,
	} {
		b := newBench(t)
		b.AddPool("cup", 40, simple("CUP-A", 0, 900))
		b.Add(channeltest.Product{SKU: "CUP-OWN", Group: "cup", Stock: 4, Price: euro(900)})
		calls := 0
		b.ch.client.deps.Client.Transport = spy{b.log, func(string) {
			if calls++; calls == 2 {
				b.Inject(channeltest.Fault{Kind: kind})
			}
		}}
		r, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Group: "1", Writes: []channel.Write{
			{Ref: 1, Stock: channel.StockKey{Key: "1"}, Quantity: 7}, {Ref: 2, Stock: channel.StockKey{Key: "1:3"}, Quantity: 8},
		}})
		if err != nil || len(r.Outcomes) != 2 || r.Outcomes[0].State != channel.Applied || r.Outcomes[1].State != want {
			t.Errorf("Submit whose second call meets %s = %+v, %v, want applied and %s", kind, r.Outcomes, err, want)
		}
	}
}

func TestANameTwiceInABatchIsSentOnce(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 1, 1200))
	r, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{
		{Ref: 1, Stock: channel.StockKey{Key: "1"}, Quantity: 4}, {Ref: 2, Stock: channel.StockKey{Key: "1"}, Quantity: 5},
	}})
	if err != nil || len(r.Outcomes) != 2 || b.count("1") != 4 {
		t.Errorf("Submit = %+v, %v, the shop holds %d, want the first written and the second refused", r.Outcomes, err, b.count("1"))
	}
}
