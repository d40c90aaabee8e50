package medusa_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa/fake"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

func TestAVariantDeletedBetweenPagesHidesNoOther(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(products(450)...)
	seen := map[string]bool{}
	p, err := l.Channel.List(t.Context(), "")
	for err == nil {
		for _, x := range p.Listings {
			if seen[x.SKU] {
				t.Errorf("%s comes twice", x.SKU)
			}
			seen[x.SKU] = true
		}
		if p.Next == "" {
			break
		}
		l.shop.Delete(p.Listings[0].SKU) // all later rows move up
		l.shop.Delete(p.Listings[1].SKU)
		p, err = l.Channel.List(t.Context(), p.Next)
	}
	if err != nil || len(seen) != 450 {
		t.Errorf("%d variants were seen, %v, want all 450", len(seen), err)
	}
}

func TestACatalogueThatChangesTooMuchIsReadAgain(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(products(250)...)
	p, err := l.Channel.List(t.Context(), "")
	if err != nil || p.Next == "" {
		t.Fatalf("List() = %v, next %q, want a second page", err, p.Next)
	}
	for _, x := range p.Listings[len(p.Listings)-20:] {
		l.shop.Delete(x.SKU)
	}
	if _, err := l.Channel.List(t.Context(), p.Next); !fault.Is(err, fault.Unavailable) {
		t.Errorf("List(next) = %v, want unavailable: rows may have been skipped", err)
	}
}

func TestARegionalPriceIsNotTakenForThePriceOfAll(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 1, 2000))
	l.shop.AddPrice("A", "eur", "15", "", map[string]string{"region_id": "reg_1"})
	l.shop.AddPrice("A", "eur", "14", "10", nil)
	l.shop.AddPrice("A", "usd", "13", "", nil)
	p := l.all(t)
	if x := listing(t, p, "A"); x.Price == nil || *x.Price != money.Of(2000, "EUR") || len(p.Findings) != 0 {
		t.Errorf("price = %v, findings %v, want 20.00 EUR and none", x.Price, codes(p.Findings))
	}
}

func TestAVariantWithoutAPriceInTheCurrencyHasNone(t *testing.T) {
	l := connect(t, fake.Options{}, map[string]string{"currency": "USD"})
	l.shop.Add(product("A", 1, 2000))
	p := l.all(t)
	if x := listing(t, p, "A"); x.Price != nil || len(p.Findings) != 0 {
		t.Errorf("price = %v, findings %v, want neither", x.Price, codes(p.Findings))
	}
}

func TestKitsDrawFromEachPart(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 10, 100), product("B", 10, 100))
	l.shop.Kit(product("KIT", 0, 500), map[string]int64{"A": 2, "B": 1})
	p := l.all(t)
	a, b := listing(t, p, "A").Stock[0], listing(t, p, "B").Stock[0]
	got := listing(t, p, "KIT").Stock
	want := []channel.Draw{{StockKey: a.StockKey, Units: 2}, {StockKey: b.StockKey, Units: 1}}
	if !slices.Equal(got, want) || len(p.Counts) != 2 {
		t.Errorf("the kit draws %+v with %d counters, want %+v with 2", got, len(p.Counts), want)
	}
	f := l.feed()
	f.poll(t)
	o := l.buy(t, channeltest.Item{SKU: "KIT", Quantity: 3})
	l.shop.Fulfil(o, "KIT", 2)
	l.Clock.Advance(time.Minute)
	f.poll(t)
	if got := f.state(o, "KIT"); got != [4]int64{3, 2, 0, 2} || l.shop.Truth().Counts[a.StockKey] != 6 {
		t.Errorf("the line is %v with %d of A left, want 3 ordered, 2 sent and 6 left", got, l.shop.Truth().Counts[a.StockKey])
	}
}

func TestAVariantThatIsNotCountedHasNoCounters(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 10, 100))
	l.shop.Unmanage("A")
	p := l.all(t)
	if x := listing(t, p, "A"); len(x.Stock) != 0 || len(p.Counts) != 0 || len(p.Findings) != 0 {
		t.Errorf("stock = %v, %d counts, findings %v, want none", x.Stock, len(p.Counts), codes(p.Findings))
	}
}

func TestADraftIsListedButDoesNotSell(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 10, 100))
	l.shop.Unpublish("A")
	if x := listing(t, l.all(t), "A"); x.Active || len(x.Stock) != 1 {
		t.Errorf("draft = active %v, %d counters, want inactive with its counter", x.Active, len(x.Stock))
	}
}

func TestLocations(t *testing.T) {
	for _, x := range []struct {
		name, setting string
		locations     int
		counters      int
	}{
		{"one location, none set", "", 1, 1},
		{"two locations, none set", "", 2, 2},
		{"two locations, the first set", "{location}", 2, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := connect(t, fake.Options{Locations: x.locations}, map[string]string{"location": x.setting})
			l.shop.Add(product("A", 10, 100))
			p := l.all(t)
			if got := listing(t, p, "A").Stock; len(got) != x.counters || len(p.Counts) != x.counters || got[0].Location != l.shop.Locations()[0] {
				t.Errorf("counters = %v, want %d from the first location on", got, x.counters)
			}
		})
	}
}

func TestALocationTheShopDoesNotHaveIsRefused(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	bad := reopen(t, l, map[string]string{"location": "sloc_other"})
	if _, err := bad.Capabilities(t.Context()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "sloc_other") {
		t.Errorf("Capabilities() = %v, want the location refused by name", err)
	}
	if _, err := bad.(channel.Prober).Probe(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("Probe() = %v, want the location refused", err)
	}
	yen := reopen(t, l, map[string]string{"currency": "JPY"})
	if _, err := yen.(channel.Prober).Probe(t.Context()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "EUR, USD") {
		t.Errorf("Probe() = %v, want the currency refused with those of the shop", err)
	}
}

func TestAnItemThatIsNotStockedHereIsAFinding(t *testing.T) {
	l := connect(t, fake.Options{Locations: 2}, map[string]string{"location": "{location}"})
	l.shop.Add(product("A", 10, 100), product("B", 10, 100))
	l.shop.Kit(product("KIT", 0, 500), map[string]int64{"A": 1, "B": 1})
	l.shop.Unstock("B", l.shop.Locations()[0])
	p := l.all(t)
	if got := codes(p.Findings); !slices.Equal(got, []string{"not-stocked", "not-stocked"}) {
		t.Errorf("findings = %v, want one for the item and one for the kit", got)
	}
	if a, b, kit := listing(t, p, "A"), listing(t, p, "B"), listing(t, p, "KIT"); len(a.Stock) != 1 || len(b.Stock) != 0 || len(kit.Stock) != 0 {
		t.Errorf("counters = %v, %v, %v, want none for what is not stocked and its kit", a.Stock, b.Stock, kit.Stock)
	}
}

func TestStockSoldOnBackorderIsReadBelowZero(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 2, 100))
	l.shop.Backorder("A")
	o := l.buy(t, channeltest.Item{SKU: "A", Quantity: 5})
	if p := l.all(t); p.Counts[0].Quantity != 2 || *p.Counts[0].Reserved != 5 {
		t.Errorf("count = %+v, want 2 with 5 reserved", p.Counts[0])
	}
	l.shop.Ship(o)
	if p := l.all(t); p.Counts[0].Quantity != -3 || *p.Counts[0].Reserved != 0 {
		t.Errorf("count = %+v, want -3 with none reserved", p.Counts[0])
	}
}

func TestTaxIsSaidByTheSettingOrTheShop(t *testing.T) {
	yes, no := true, false
	for _, x := range []struct {
		shop    *bool
		setting string
		want    bool
	}{
		{&yes, "", true}, {&no, "", false}, {nil, "", false}, {&yes, "false", false}, {&no, "true", true}, {nil, "true", true},
	} {
		settings := map[string]string{}
		if x.setting != "" {
			settings["tax_included"] = x.setting
		}
		l := connect(t, fake.Options{TaxIncluded: x.shop}, settings)
		if got := l.Caps.Price.TaxIncluded; got == nil || *got != x.want {
			t.Errorf("tax with shop %v, setting %q = %v, want %v", x.shop, x.setting, got, x.want)
		}
	}
}

func TestWrongAddressesAreExplained(t *testing.T) {
	for _, x := range []struct {
		name   string
		status int
		header http.Header
		body   string
		kind   fault.Kind
		after  time.Duration
		words  string
	}{
		{"a redirect", 301, http.Header{"Location": {"https://other.example/admin?token=x"}}, "", fault.Invalid, 0, "another address"},
		{"a page", 200, nil, "<html>welcome</html>", fault.Unavailable, 0, "page instead of data"},
		{"a page not found", 404, nil, "<!DOCTYPE html><pre>Cannot GET /admin</pre>", fault.Unavailable, 0, "url"},
		{"a refusal in words", 400, nil, `{"type":"invalid_data","message":"secret words"}`, fault.Invalid, 0, "status 400"},
		{"no right", 403, nil, `{"message":"Forbidden"}`, fault.Forbidden, 0, "administrator"},
		{"too many, in seconds", 429, http.Header{"Retry-After": {"7"}}, `{}`, fault.RateLimited, 7 * time.Second, ""},
		{"too many, until an instant", 429, http.Header{"Retry-After": {"Mon, 02 Mar 2026 09:01:00 GMT"}}, `{}`, fault.RateLimited, time.Minute, ""},
		{"too many, without a time", 429, nil, `{}`, fault.RateLimited, 30 * time.Second, ""},
		{"too many, in the past", 429, http.Header{"Retry-After": {"Mon, 02 Mar 2020 09:01:00 GMT"}}, `{}`, fault.RateLimited, 30 * time.Second, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := against(t, answers(x.status, x.header, x.body)).List(t.Context(), "")
			if !fault.Is(err, x.kind) || fault.AfterOf(err) != x.after || !strings.Contains(err.Error(), x.words) {
				t.Errorf("List() = %v (kind %v, after %v), want kind %v after %v with %q", err, fault.KindOf(err), fault.AfterOf(err), x.kind, x.after, x.words)
			}
			if strings.Contains(err.Error(), "secret words") || strings.Contains(err.Error(), "other.example") {
				t.Errorf("error %q repeats the answer", err)
			}
		})
	}
}

func TestTheGateHearsOfALimit(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Inject(channeltest.Fault{Kind: channeltest.Fault429, Times: 1})
	if _, err := l.Channel.List(t.Context(), ""); !fault.Is(err, fault.RateLimited) {
		t.Errorf("List() = %v, want rate-limited", err)
	}
	if got := l.Gate.Notes(); len(got) != 1 || got[0].Op != channel.OpList || got[0].Note.Until != time.Second {
		t.Errorf("the gate was told %+v, want to wait a second with lists", got)
	}
}

func TestReadConcludesNothingFromAShortAnswer(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(products(4)...)
	p := l.all(t)
	var keys channel.Keys
	for _, x := range p.Listings {
		keys.Stock = append(keys.Stock, x.Stock[0].StockKey)
		keys.Prices = append(keys.Prices, channel.ListingRef{Key: x.Key, Group: x.Group})
	}
	l.shop.Inject(channeltest.Fault{Op: channel.OpRead, Kind: channeltest.FaultShortList})
	got, err := l.Channel.(channel.Reader).Read(t.Context(), keys)
	if err != nil || len(got.Gone) != 0 || len(got.GoneStock) != 0 || !slices.Equal(codes(got.Findings), []string{"no-answer", "no-answer"}) {
		t.Errorf("Read() of a short answer = gone %v %v, findings %v, %v, want a finding for each missing key", got.Gone, got.GoneStock, codes(got.Findings), err)
	}
	if len(got.Counts) != 3 || len(got.Listings) != 3 {
		t.Errorf("Read() = %d counts, %d listings, want the 3 of each that came", len(got.Counts), len(got.Listings))
	}
}
