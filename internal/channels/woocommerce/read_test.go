package woocommerce

import (
	"slices"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/fault"
)

func stocks(keys ...string) (out []channel.StockKey) {
	for _, k := range keys {
		out = append(out, channel.StockKey{Key: k})
	}
	return out
}

func (b *bench) read(keys channel.Keys) channel.Page {
	b.t.Helper()
	p, err := b.ch.Read(b.t.Context(), keys)
	if err != nil {
		b.t.Fatalf("Read(%v) = %v, want a page", keys, err)
	}
	return p
}

func TestReadAsksOnceForProductsAndOnceForEachParent(t *testing.T) {
	b := newBench(t)
	b.Add(simple("A", 1, 100), simple("B", 2, 200))
	b.Add(channeltest.Product{SKU: "V1", Group: "v", Stock: 3, Price: euro(300)}, channeltest.Product{SKU: "V2", Group: "v", Stock: 4, Price: euro(400)})
	p := b.read(channel.Keys{Stock: stocks("1", "2", "3:4", "3:5"), Prices: []channel.ListingRef{{Key: "1"}, {Key: "3:5", Group: "3"}}})
	want := []channel.Count{{StockKey: channel.StockKey{Key: "1"}, Quantity: 1}, {StockKey: channel.StockKey{Key: "2"}, Quantity: 2}, {StockKey: channel.StockKey{Key: "3:4"}, Quantity: 3}, {StockKey: channel.StockKey{Key: "3:5"}, Quantity: 4}}
	if !slices.Equal(p.Counts, want) || !slices.Equal(keysOf(p.Listings), []string{"1", "3:5"}) {
		t.Errorf("Read = %+v, %v, want %+v and listings 1 and 3:5", p.Counts, keysOf(p.Listings), want)
	}
	if len(b.log.seen) != 2 || !strings.Contains(b.log.seen[0], "include=1,2&") || !strings.Contains(b.log.seen[1], "/products/3/variations?") {
		t.Errorf("requests = %v, want one for products and one for the variations of 3", b.log.seen)
	}
}

func TestReadTellsGoneFromUnmanaged(t *testing.T) {
	b := newBench(t)
	b.Add(simple("A", 1, 100), simple("B", 2, 200), channeltest.Product{SKU: "V1", Group: "v", Stock: 3, Price: euro(300)})
	b.AddPool("w", 9, simple("W1", 0, 100))
	b.Edit("2", fake.Edit{Manage: is(false)})
	b.Delete("3:4")
	p := b.read(channel.Keys{
		Stock:  stocks("1", "2", "3:4", "77", "88:99", "5:6", "5"),
		Prices: []channel.ListingRef{{Key: "3:4", Group: "3"}, {Key: "2"}, {Key: "5"}},
	})
	if !slices.Equal(p.GoneStock, stocks("2", "3:4", "77", "88:99", "5:6")) {
		t.Errorf("GoneStock = %v, want what is not there, not managed, or the parent's", p.GoneStock)
	}
	if len(p.Counts) != 2 || p.Counts[1].Quantity != 9 || !slices.Equal(p.Gone, []channel.ListingKey{"3:4", "5"}) || !slices.Equal(keysOf(p.Listings), []string{"2"}) {
		t.Errorf("Read = %+v, gone %v, listings %v, want counts of 1 and 5, 3:4 and the variable product gone", p.Counts, p.Gone, keysOf(p.Listings))
	}
}

func TestReadConcludesNothingFromARowThatIsHidden(t *testing.T) {
	b := newBench(t)
	b.Add(simple("A", 1, 100), simple("B", 2, 200))
	b.Trap(fake.Traps{Hidden: []int64{2}})
	if p, err := b.ch.Read(t.Context(), channel.Keys{Stock: stocks("1", "2")}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Read = %+v, %v, want unavailable: hidden is not gone", p, err)
	}
}

func TestTrapCachesAnswerWithOldCopies(t *testing.T) {
	b := newBench(t)
	b.Add(simple("A", 9, 100))
	t.Run("a cache that tells its age", func(t *testing.T) {
		b.Trap(fake.Traps{Age: 30})
		if _, err := b.ch.Read(t.Context(), channel.Keys{Stock: stocks("1")}); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "cache") {
			t.Errorf("Read = %v, want unavailable because of a cache", err)
		}
	})
	t.Run("a cache by address is passed by", func(t *testing.T) {
		b.Trap(fake.Traps{})
		b.read(channel.Keys{Stock: stocks("1")})
		b.read(channel.Keys{Stock: stocks("1")})
		n := len(b.log.seen)
		if b.log.seen[n-1] != b.log.seen[n-2] {
			t.Fatalf("two equal reads differ: %v", b.log.seen[n-2:])
		}
	})
	t.Run("a cache that looks at nothing", func(t *testing.T) {
		b.Trap(fake.Traps{Copies: true})
		b.read(channel.Keys{Stock: stocks("1")}) // is kept
		b.clock.Advance(2 * time.Second)
		if got := b.set("1", simpleGroup, 4); got.State != channel.Applied {
			t.Fatalf("write = %+v, want applied", got)
		}
		p := b.read(channel.Keys{Stock: stocks("1"), Prices: []channel.ListingRef{{Key: "1"}}})
		if len(p.Counts) != 0 || len(p.Findings) == 0 || p.Findings[0].Code != "stale-read" {
			t.Errorf("Read of an old copy = %+v, findings %+v, want no count and a finding", p.Counts, p.Findings)
		}
		for _, l := range p.Listings {
			if l.Price != nil {
				t.Errorf("price of an old copy = %v, want none", l.Price)
			}
		}
	})
}

func TestEveryReadHasAnAddressOfItsOwn(t *testing.T) {
	b := openBench(t, fake.Options{}, nil, true)
	b.Add(simple("A", 9, 100))
	addresses := map[string]bool{}
	b.ch.client.deps.Client.Transport = spy{b.log, func(s string) { addresses[s] = true }}
	for range 3 {
		b.read(channel.Keys{Stock: stocks("1")})
	}
	if len(addresses) != 3 {
		t.Errorf("three reads had %d addresses, want 3: a page cache keys on them", len(addresses))
	}
}

func TestDuplicateMembersHarmTheirOwnRowOnly(t *testing.T) {
	doc := `[{"id":1,"type":"simple","stock_quantity":5,"stock_quantity":7,"manage_stock":true},{"id":2,"type":"simple","manage_stock":true,"stock_quantity":3,"regular_price":"1"}]`
	raws, ok := rows([]byte(doc))
	if !ok {
		t.Fatal("the list cannot be read")
	}
	a, errA := decodeProduct(raws[0], "EUR")
	b, errB := decodeProduct(raws[1], "EUR")
	if errA == nil || a.id != 1 || errB != nil || *b.quantity != 3 {
		t.Errorf("rows = %+v %v, %+v %v, want the first refused by name and the second read", a, errA, b, errB)
	}
}

func TestNullIsAbsent(t *testing.T) {
	p, err := decodeProduct([]byte(`{"id":1,"type":"simple","status":"publish","name":null,"sku":null,"manage_stock":false,"regular_price":""}`), "EUR")
	if err != nil || p.sku != "" || len(p.problems) != 0 {
		t.Errorf("a row with a null name and SKU = %+v, %v, want it read", p, err)
	}
}

func TestQuantitiesOfAWrongTypeStayAbsent(t *testing.T) {
	for text, want := range map[string]*int64{
		`5`: is(int64(5)), `-3`: is(int64(-3)), `5.0`: is(int64(5)), `0`: is(int64(0)),
		`"5"`: nil, `7.5`: nil, `null`: nil, `true`: nil, `1e3`: nil, `99999999999`: nil, `1e400`: nil, `[]`: nil, `{}`: nil,
	} {
		p, err := decodeProduct([]byte(`{"id":1,"manage_stock":true,"regular_price":"1","stock_quantity":`+text+`}`), "EUR")
		if err != nil || (p.quantity == nil) != (want == nil) || want != nil && *p.quantity != *want || want == nil && len(p.problems) != 1 {
			t.Errorf("quantity %s = %v, %v, problems %v, want %v", text, p.quantity, err, p.problems, want)
		}
	}
	if p, err := decodeProduct([]byte(`{"id":1,"manage_stock":true,"regular_price":"1"}`), "EUR"); err != nil || p.quantity != nil || len(p.problems) != 1 {
		t.Errorf("absent quantity = %v, %v, want none and a problem", p.quantity, err)
	}
}

func TestSKUsAreKeptAsTheyAreOrRefused(t *testing.T) {
	for text, want := range map[string]string{
		`" a B "`: " a B ", `"Größe-ß"`: "Größe-ß", `"\u0000x"`: "\x00x", `"😀"`: "😀", `""`: "", `"\ud83d\ude00"`: "😀",
	} {
		p, err := decodeProduct([]byte(`{"id":1,"manage_stock":false,"regular_price":"","sku":`+text+`}`), "EUR")
		if err != nil || p.sku != want {
			t.Errorf("sku %s = %q, %v, want %q", text, p.sku, err, want)
		}
	}
	for _, text := range []string{`"\ud83d"`, `5`, "\"a\xffb\""} {
		if p, err := decodeProduct([]byte(`{"id":1,"manage_stock":false,"regular_price":"","sku":`+text+`}`), "EUR"); err == nil {
			t.Errorf("sku %q = %q, want the row refused", text, p.sku)
		}
	}
}
