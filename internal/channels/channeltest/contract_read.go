package channeltest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

func testDriver(t *testing.T, target Target) {
	d := target.Driver
	if d.Kind == "" || d.Title == "" {
		t.Errorf("driver kind %q, title %q: want both", d.Kind, d.Title)
	}
	for _, list := range [][]channel.Setting{d.Settings, d.Secrets} {
		seen := map[string]bool{}
		for _, s := range list {
			if s.Name == "" || s.Help == "" || seen[s.Name] {
				t.Errorf("setting %q with help %q: want a name of its own and a help text", s.Name, s.Help)
			}
			seen[s.Name] = true
		}
	}
	if _, err := d.Check(map[string]string{"no such setting": "x"}); err == nil {
		t.Error("Check accepts a setting that the driver does not know")
	}
}

func testCapabilities(t *testing.T, target Target) {
	l := Open(t, target)
	c := l.Caps
	for name, b := range map[string]channel.BatchCaps{"stock": c.Stock.BatchCaps, "price": c.Price.BatchCaps} {
		if name == "price" && !c.Price.Write || name == "stock" && c.Stock.Mode == channel.NoWrite {
			continue
		}
		if b.MaxBatch < 1 || b.Longest <= 0 {
			t.Errorf("%s: MaxBatch %d, Longest %v, want at least 1 and more than 0", name, b.MaxBatch, b.Longest)
		}
		if b.WholeGroup && !b.ByGroup {
			t.Errorf("%s: WholeGroup without ByGroup", name)
		}
		if _, polls := l.Channel.(channel.Poller); b.Ticket && !polls {
			t.Errorf("%s: tickets are declared, but the channel has no Poll", name)
		}
	}
	if c.Stock.Mode != channel.NoWrite {
		if c.Stock.Zero != channel.SetZero && c.Stock.Zero != channel.RefuseZero {
			t.Errorf("stock zero mode = %q, want one of the zero modes", c.Stock.Zero)
		}
		switch c.Stock.Moment {
		case channel.AtPlaced, channel.AtPaid, channel.AtShipped, channel.Never:
		default:
			t.Errorf("stock moment = %q, want one of the moments", c.Stock.Moment)
		}
	}
	if _, sells := l.Channel.(channel.Seller); sells != c.Sales.Feed {
		t.Errorf("has Sales: %v, declares a feed: %v, want the same", sells, c.Sales.Feed)
	}
	if _, reads := l.Channel.(channel.Reader); reads != (c.Read.MaxKeys > 0) {
		t.Errorf("has Read: %v, declares MaxKeys %d, want both or none", reads, c.Read.MaxKeys)
	}
	if c.Sales.Feed && c.Sales.Poll <= 0 || c.Read.Sweep <= 0 {
		t.Errorf("poll every %v, sweep every %v, want both more than 0", c.Sales.Poll, c.Read.Sweep)
	}
	for _, limit := range c.Limits {
		if limit.Name == "" || limit.Rate <= 0 || limit.Per <= 0 || limit.Burst <= 0 || limit.Reserve < 0 || limit.Reserve > 90 {
			t.Errorf("limit %+v: want a name, a rate, a period, a burst and a reserve of 0 to 90 percent", limit)
		}
	}
	again, err := l.Channel.Capabilities(l.ctx(t))
	if diff := cmp.Diff(c, again); err != nil || diff != "" {
		t.Errorf("Capabilities() a second time: %v, difference (-first +second):\n%s", err, diff)
	}
	if p, ok := l.Channel.(channel.Prober); ok {
		g, err := p.Probe(l.ctx(t))
		if err != nil || g.Identity == "" {
			t.Errorf("Probe() = %+v, %v, want an identity", g, err)
		}
		for _, s := range g.Scopes {
			if s.Name == "" || s.Reason == "" || !s.Granted {
				t.Errorf("scope %+v: want a name, a reason and a grant", s)
			}
		}
	}
}

// manyProducts make more than one page for any channel.
const manyProducts = 1203

func testList(t *testing.T, target Target) {
	t.Run("an empty shop is an empty page", func(t *testing.T) {
		l := Open(t, target)
		if c := l.list(t); len(c.listings) != 0 || len(c.counts) != 0 || len(c.findings) != 0 {
			t.Errorf("List() of an empty shop = %d listings, %d counts, findings %s, want none", len(c.listings), len(c.counts), kinds(c.findings))
		}
	})
	t.Run("every listing once with what the shop holds", func(t *testing.T) {
		n := target.Catalogue
		if n == 0 {
			n = manyProducts
		}
		l := Open(t, target)
		l.Shop.Add(l.products(n, 3)...)
		l.settle()
		c, truth := l.list(t), l.Shop.Truth()
		if c.pages < 2 || c.largest > 1000 {
			t.Errorf("%d listings came in %d pages of up to %d rows, want several pages of at most 1000 rows", n, c.pages, c.largest)
		}
		if len(c.repeated) != 0 || len(c.findings) != 0 || len(c.listings) != len(truth.SKUs) {
			t.Errorf("List() = %d listings, %d repeated, findings %s, want %d, none repeated, no findings", len(c.listings), len(c.repeated), kinds(c.findings), len(truth.SKUs))
		}
		l.total(t, target, c, int64(len(truth.SKUs)))
		c.agree(t, truth, true)
		l.describe(t, c, truth)
		if again := l.list(t); !cmp.Equal(again.order, c.order) {
			t.Error("a second pass gave other keys or another order, want stable keys")
		}
	})
	t.Run("one SKU on two listings gives two keys", func(t *testing.T) {
		l := Open(t, target)
		ps := l.products(2, 1)
		ps[1].SKU = ps[0].SKU
		l.Shop.Add(ps...)
		l.settle()
		truth := l.Shop.Truth()
		c := l.list(t)
		if len(c.listings) != len(truth.SKUs) {
			t.Errorf("List() = %d listings, want %d", len(c.listings), len(truth.SKUs))
		}
		c.agree(t, truth, true)
	})
	t.Run("text arrives as it was typed in", func(t *testing.T) {
		l := Open(t, target)
		ps := l.products(4, 1)
		ps[0].SKU, ps[1].SKU = "CT-a", "CT-A"
		ps[2].SKU = "CT-ü \"q\" \\ / <b>&amp; 😀"
		ps[2].Title, ps[3].Title = "naïve \u202e title 😀 \"quoted\" <script>", strings.Repeat("ä", 300)
		l.Shop.Add(ps...)
		l.settle()
		c, truth := l.list(t), l.Shop.Truth()
		l.describe(t, c, truth)
		c.agree(t, truth, true)
		if len(c.findings) != 0 {
			t.Errorf("findings %s for unusual but valid text, want none", kinds(c.findings))
		}
	})
	t.Run("hand edits are seen", func(t *testing.T) {
		l := Open(t, target)
		l.Shop.Add(l.products(3, 1)...)
		for key, n := range l.Shop.Truth().Counts {
			l.Shop.SetStock(key, n+5)
		}
		for key, p := range l.Shop.Truth().Prices {
			l.Shop.SetPrice(key, money.Of(p.Minor+7, p.Currency))
		}
		l.settle()
		l.list(t).agree(t, l.Shop.Truth(), true)
	})
}

// total checks what the list says of its own length.
func (l *Link) total(t testing.TB, target Target, c catalogue, want int64) {
	t.Helper()
	switch {
	case c.total == nil && target.NoTotal == "":
		t.Error("the list states no total; a short list cannot be noticed (say in NoTotal why)")
	case c.total != nil && *c.total != want:
		t.Errorf("the list states a total of %d, want %d", *c.total, want)
	}
}

// describe checks identity, group, pool and draws of each listing against the truth.
func (l *Link) describe(t testing.TB, c catalogue, truth Truth) {
	t.Helper()
	for key, x := range c.listings {
		if x.SKU != truth.SKUs[key] {
			t.Errorf("SKU of %q = %q, want %q", key, x.SKU, truth.SKUs[key])
		}
		if !x.Active || x.Pool == channel.ByChannel {
			t.Errorf("listing %q: active %v, pool %q, want it active and in the merchant's pool", key, x.Active, x.Pool)
		}
		if len(key) > 256 || len([]rune(x.Title)) > 200 {
			t.Errorf("listing %q: key of %d bytes, title of %d characters, want at most 256 and 200", key, len(key), len([]rune(x.Title)))
		}
		if x.Group == "" && (l.Caps.Price.ByGroup || l.Caps.Stock.ByGroup) {
			t.Errorf("listing %q has no group, but writes go by group", key)
		}
		var got []channel.StockKey
		for _, d := range x.Stock {
			got = append(got, d.StockKey)
			if d.Units < 1 {
				t.Errorf("listing %q draws %d units of %v, want at least 1", key, d.Units, d.StockKey)
			}
		}
		if diff := cmp.Diff(sorted(truth.Stocks[key]), sorted(got)); diff != "" {
			t.Errorf("counters of %q (-want +got):\n%s", key, diff)
		}
	}
}

func testRead(t *testing.T, target Target) {
	l := Open(t, target)
	r, ok := l.Channel.(channel.Reader)
	if !ok {
		return // testCapabilities checks that this is declared
	}
	l.Shop.Add(l.products(7, 3)...)
	l.settle()
	listed, truth := l.list(t), l.Shop.Truth()
	keys := listed.keys()
	t.Run("reads what the list says", func(t *testing.T) {
		got := l.read(t, r, keys)
		got.agree(t, truth, false)
		for key := range truth.Counts {
			if _, ok := got.counts[key]; !ok {
				t.Errorf("count of %v was asked for and is missing", key)
			}
		}
		for key := range truth.Prices {
			if x, ok := got.listings[key]; !ok || x.Price == nil {
				t.Errorf("price of %q was asked for and is missing", key)
			}
		}
	})
	t.Run("reads only what was asked", func(t *testing.T) {
		p, err := r.Read(l.ctx(t), channel.Keys{Stock: keys.Stock[:1]})
		if err != nil || len(p.Counts) != 1 || p.Counts[0].StockKey != keys.Stock[0] {
			t.Errorf("Read(%v) = %+v, %v, want that one count", keys.Stock[0], p.Counts, err)
		}
		if p, err = r.Read(l.ctx(t), channel.Keys{}); err != nil || len(p.Counts)+len(p.Listings)+len(p.Gone) != 0 {
			t.Errorf("Read(nothing) = %+v, %v, want an empty page", p, err)
		}
	})
	t.Run("says which keys are gone", func(t *testing.T) {
		stock, listing := absent(truth, keys.Stock[0]), absentListing(truth, keys.Prices[0])
		p, err := r.Read(l.ctx(t), channel.Keys{
			Stock: []channel.StockKey{keys.Stock[0], stock}, Prices: []channel.ListingRef{keys.Prices[0], listing},
		})
		if err != nil {
			t.Fatalf("Read(two there, two not) = %v, want a page", err)
		}
		if len(p.GoneStock) != 1 || p.GoneStock[0] != stock || len(p.Gone) != 1 || p.Gone[0] != listing.Key {
			t.Errorf("Read said gone: %v and %v, want %v and %v", p.GoneStock, p.Gone, stock, listing.Key)
		}
		if len(p.Counts) != 1 || p.Counts[0].StockKey != keys.Stock[0] {
			t.Errorf("Read beside a gone key = %+v, want the count of %v", p.Counts, keys.Stock[0])
		}
	})
	t.Run("sees a hand edit", func(t *testing.T) {
		l.Shop.SetStock(keys.Stock[2], 77)
		l.settle()
		l.read(t, r, keys).agree(t, l.Shop.Truth(), false)
	})
}

// read asks for keys in portions the channel allows and folds the answers.
func (l *Link) read(t testing.TB, r channel.Reader, keys channel.Keys) catalogue {
	t.Helper()
	c := newCatalogue()
	for len(keys.Stock)+len(keys.Prices) > 0 {
		n := min(l.Caps.Read.MaxKeys, len(keys.Stock))
		m := min(l.Caps.Read.MaxKeys-n, len(keys.Prices))
		p, err := r.Read(l.ctx(t), channel.Keys{Stock: keys.Stock[:n], Prices: keys.Prices[:m]})
		if err != nil {
			t.Fatalf("Read() = %v, want a page", err)
		}
		if len(p.Gone)+len(p.GoneStock)+len(p.Findings) > 0 {
			t.Errorf("Read() says gone %v %v and findings %s, want none", p.Gone, p.GoneStock, kinds(p.Findings))
		}
		for i, x := range p.Listings {
			if len(x.SKU) > 0 && x.SKU != l.Shop.Truth().SKUs[x.Key] {
				t.Errorf("row %d: SKU of %q = %q, want %q", i, x.Key, x.SKU, l.Shop.Truth().SKUs[x.Key])
			}
		}
		c.add(p)
		keys.Stock, keys.Prices = keys.Stock[n:], keys.Prices[m:]
	}
	return c
}
