package channeltest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// Run puts target through the whole contract. The calling test must not be parallel.
func Run(t *testing.T, target Target) {
	t.Helper()
	if target.Driver.Open == nil || target.New == nil {
		t.Fatal("a target needs a driver and a shop")
	}
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, part := range []struct {
		name string
		run  func(*testing.T, Target)
	}{
		{"driver", testDriver},
		{"capabilities", testCapabilities},
		{"list", testList},
		{"read", testRead},
		{"write stock", testStock},
		{"write price", testPrice},
		{"sales", testSales},
		{"restart", testRestart},
		{"webhooks", testWebhooks},
		{"faults of reads", testReadFaults},
		{"faults of writes", testWriteFaults},
		{"bad rows", testBadRows},
		{"gate", testGate},
		{"cancel", testCancel},
		{"privacy", testPrivacy},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, target) })
	}
}

// currency is what the seeded products cost.
func (l *Link) currency() money.Currency {
	if l.Caps.Currency != "" {
		return l.Caps.Currency
	}
	return "EUR"
}

// products makes n products in groups of size, all with different stock and price. SKUs sort as they were made.
func (l *Link) products(n, size int) []Product {
	out := make([]Product, n)
	for i := range out {
		out[i] = Product{
			SKU: fmt.Sprintf("CT-%05d", i+1), GTIN: gtin(i), Title: fmt.Sprintf("contract product %d", i+1),
			Group: fmt.Sprintf("group-%d", i/size+1), Stock: int64(10 + i%7), Price: money.Of(int64(1000+10*i), l.currency()),
		}
	}
	return out
}

// gtin returns a valid EAN-13 of the range kept for internal use.
func gtin(i int) string {
	s, sum := fmt.Sprintf("20%010d", i), 0
	for k, c := range s {
		sum += int(c-'0') * (1 + 2*(k%2))
	}
	return s + string(rune('0'+(10-sum%10)%10))
}

func (l *Link) ctx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// settle moves the clock far enough for every write made so far to be readable and every order to be in the feed.
func (l *Link) settle() {
	l.Clock.Advance(max(l.Caps.Stock.Settle, l.Caps.Price.Settle) + l.Caps.Read.Lag + l.Caps.Sales.Lag + time.Second)
}

// catalogue is everything one pass over the catalogue said.
type catalogue struct {
	listings map[channel.ListingKey]channel.Listing
	counts   map[channel.StockKey]channel.Count
	bySKU    map[string]channel.Listing
	order    []channel.ListingKey
	total    *int64
	pages    int
	largest  int
	findings []channel.Finding
	repeated []channel.ListingKey
}

func newCatalogue() catalogue {
	return catalogue{
		listings: map[channel.ListingKey]channel.Listing{}, counts: map[channel.StockKey]channel.Count{},
		bySKU: map[string]channel.Listing{},
	}
}

// list reads the whole catalogue.
func (l *Link) list(t testing.TB) catalogue {
	t.Helper()
	c, err := l.tryList(l.ctx(t))
	if err != nil {
		t.Fatalf("List() = %v, want pages", err)
	}
	return c
}

func (l *Link) tryList(ctx context.Context) (catalogue, error) {
	c := newCatalogue()
	seen := map[channel.Cursor]bool{}
	for from := channel.Cursor(""); ; {
		p, err := l.Channel.List(ctx, from)
		if err != nil {
			return c, err
		}
		c.add(p)
		if p.Next == "" {
			return c, nil
		}
		if seen[p.Next] {
			return c, fmt.Errorf("cursor %q came twice: the catalogue has no end", p.Next)
		}
		if len(p.Next) > 4<<10 {
			return c, fmt.Errorf("a cursor has %d bytes, at most 4096 are allowed", len(p.Next))
		}
		seen[p.Next], from = true, p.Next
	}
}

func (c *catalogue) add(p channel.Page) {
	c.pages++
	c.largest = max(c.largest, len(p.Listings))
	if p.Total != nil {
		c.total = p.Total
	}
	for _, x := range p.Listings {
		if _, twice := c.listings[x.Key]; twice {
			c.repeated = append(c.repeated, x.Key)
		}
		c.listings[x.Key], c.bySKU[x.SKU] = x, x
		c.order = append(c.order, x.Key)
	}
	for _, n := range p.Counts {
		c.counts[n.StockKey] = n
	}
	c.findings = append(c.findings, p.Findings...)
}

// keys asks for all of c, a counter that several listings share once.
func (c catalogue) keys() channel.Keys {
	var k channel.Keys
	seen := map[channel.StockKey]bool{}
	for _, key := range c.order {
		x := c.listings[key]
		for _, d := range x.Stock {
			if !seen[d.StockKey] {
				k.Stock = append(k.Stock, d.StockKey)
			}
			seen[d.StockKey] = true
		}
		k.Prices = append(k.Prices, channel.ListingRef{Key: x.Key, Group: x.Group})
	}
	return k
}

// agree reports every value of c that is not what the shop holds. With all set, every value must be there.
func (c catalogue) agree(t testing.TB, truth Truth, all bool) {
	t.Helper()
	for key, want := range truth.Prices {
		x, ok := c.listings[key]
		switch {
		case !ok:
			if all {
				t.Errorf("listing %q is missing, want it with price %v", key, want)
			}
		case x.Price == nil:
			if all {
				t.Errorf("price of %q is absent, want %v", key, want)
			}
		case *x.Price != want:
			t.Errorf("price of %q = %v, want %v", key, *x.Price, want)
		}
	}
	for key, want := range truth.Counts {
		got, ok := c.counts[key]
		switch {
		case !ok:
			if all {
				t.Errorf("count of %v is missing, want %d", key, want)
			}
		case got.Quantity != want:
			t.Errorf("count of %v = %d, want %d", key, got.Quantity, want)
		}
	}
	for key := range c.counts {
		if _, ok := truth.Counts[key]; !ok {
			t.Errorf("count of %v is invented: the shop has no such counter", key)
		}
	}
	for key := range c.listings {
		if _, ok := truth.SKUs[key]; !ok {
			t.Errorf("listing %q is invented: the shop has no such listing", key)
		}
	}
}

// kinds renders findings for a failure message.
func kinds(fs []channel.Finding) string {
	var s []string
	for _, f := range fs {
		s = append(s, f.Code)
	}
	return "[" + strings.Join(s, " ") + "]"
}
