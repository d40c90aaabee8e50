package model_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/money"
)

// life is one market, its clock, and what a reader of its feed knows.
type life struct {
	m     *model.Market
	c     *model.Channel
	clock *channeltest.Clock
	at    channel.Cursor
	lines map[[2]string]channel.Line
	// start is what each counter would hold had nothing been sold.
	start map[channel.StockKey]int64
	trace []string
}

func newLife(t testing.TB, o model.Options) *life {
	t.Helper()
	l := &life{clock: channeltest.NewClock(), lines: map[[2]string]channel.Line{}, start: map[channel.StockKey]int64{}}
	o.Now = l.clock.Now
	m, err := model.New(o)
	if err != nil {
		t.Fatalf("New() = %v, want a market", err)
	}
	l.m, l.c = m, m.Channel(nil)
	for i := range 4 {
		m.Add(channeltest.Product{SKU: fmt.Sprintf("P%d", i), Group: fmt.Sprintf("G%d", i/2), Stock: int64(5 + i), Price: money.Of(int64(500+i), "EUR")})
	}
	for k, n := range m.Truth().Counts {
		l.start[k] = n
	}
	return l
}

// edit sets a counter by hand and keeps the books of the test.
func (l *life) edit(k channel.StockKey, n int64) {
	old, _ := l.m.Count(k)
	l.start[k] += n - old
	l.m.SetStock(k, n)
}

// poll reads the feed to its end.
func (l *life) poll(t testing.TB) {
	for {
		p, err := l.c.Sales(t.Context(), l.at)
		if err != nil {
			t.Fatalf("Sales(%q) = %v, want a page", l.at, err)
		}
		for _, x := range p.Lines {
			id := [2]string{x.Order, x.Line}
			if old, known := l.lines[id]; known && old.Version == x.Version && old != x {
				t.Fatalf("line %v changed without a new version: %+v, then %+v", id, old, x)
			}
			if old, known := l.lines[id]; !known || x.Version > old.Version {
				l.lines[id] = x
			}
		}
		l.at = p.Next
		if !p.More {
			return
		}
	}
}

// act does one thing that happens to a market.
func (l *life) act(r *rand.Rand, orders *[]string) {
	pick := func() string {
		if len(*orders) == 0 {
			return ""
		}
		return (*orders)[r.IntN(len(*orders))]
	}
	sku := fmt.Sprintf("P%d", r.IntN(4))
	what, ok := "", true
	switch n := r.IntN(14); n {
	case 0, 1, 2, 3:
		var id string
		if id, ok = l.m.Buy(channeltest.Item{SKU: sku, Quantity: r.Int64N(3) + 1}, channeltest.Item{SKU: "P0", Quantity: 1}); ok {
			*orders = append(*orders, id)
		}
		what = "buy " + sku + " " + id
	case 4:
		what = "pay"
		l.m.Pay(pick())
	case 5:
		what = "ship"
		l.m.Ship(pick())
	case 6:
		what = "cancel"
		l.m.Cancel(pick())
	case 7:
		what = "edit"
		ok = l.m.Edit(pick(), r.IntN(3), r.Int64N(4))
	case 8:
		what = "split"
		ok = l.m.Split(pick(), r.IntN(3), 1)
	case 9:
		what = "merge"
		ok = l.m.Merge(pick(), r.IntN(3), r.IntN(3))
	case 10:
		what = "ship part"
		ok = l.m.ShipPart(pick(), r.IntN(3), 1)
	case 11:
		what = "refund"
		ok = l.m.Refund(pick(), r.IntN(3), 1, r.IntN(2) == 0)
	case 12:
		what = "reopen"
		ok = l.m.Reopen(pick())
	case 13:
		keys := l.m.Truth().Stocks
		for i := range 4 {
			if ks := keys[channel.ListingKey(fmt.Sprintf("mL%d", 1+2*i))]; r.IntN(6) == 0 && len(ks) > 0 {
				l.edit(ks[0], r.Int64N(20))
			}
		}
		what = "hand edit"
	}
	l.trace = append(l.trace, fmt.Sprint(what, ok, l.m.Stats()))
	l.clock.Advance(time.Duration(r.Int64N(int64(4 * time.Second))))
}

// check states the laws that hold at any moment.
func (l *life) check(t testing.TB, moment channel.Moment) {
	truth := l.m.Truth()
	taken, untaken := map[channel.StockKey]int64{}, map[string]int64{}
	for _, x := range l.m.Lines() {
		if x.Quantity < 0 || x.Shipped < 0 || x.Shipped > x.Quantity || x.Returned < 0 || x.Returned > x.Shipped || x.Taken < 0 || x.Taken > x.Quantity {
			t.Fatalf("line %+v: want 0 ≤ shipped ≤ quantity, returned ≤ shipped, 0 ≤ taken ≤ quantity", x)
		}
		taken[truth.Stocks[x.Listing][0]] += x.Taken
		untaken[truth.SKUs[x.Listing]] += x.Quantity - x.Returned - x.Taken
	}
	for listing, ks := range truth.Stocks {
		down := int64(0)
		for _, k := range ks {
			down += l.start[k] - truth.Counts[k]
		}
		if down != taken[ks[0]] {
			t.Fatalf("counter of %s is down by %d, its lines have taken %d", listing, down, taken[ks[0]])
		}
		n := int64(0)
		for _, k := range ks {
			n += truth.Counts[k]
		}
		if sku := truth.SKUs[listing]; len(ks) == 1 && moment != channel.Never {
			if want := max(0, n-untaken[sku]); truth.Sellable[sku] != want {
				t.Fatalf("sellable of %s = %d, want number %d less untaken %d", sku, truth.Sellable[sku], n, untaken[sku])
			}
		}
	}
}

func TestNumbersFollowTheLinesWhateverHappensToOrders(t *testing.T) {
	for _, p := range append(model.Presets(), model.Preset{Name: "never", Apply: func(o model.Options) model.Options {
		o = model.Absolute(o)
		o.Caps.Stock.Moment = channel.Never
		return o
	}}) {
		t.Run(p.Name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
				o := p.Apply(model.Options{Name: "m", Rand: rand.New(rand.NewPCG(2, r.Uint64()))})
				o.Feed.Page, o.Feed.Again, o.Feed.Shift = 1+r.IntN(5), r.IntN(500), r.IntN(2) == 0
				o.Caps.Sales.Lag = time.Duration(r.Int64N(int64(20 * time.Second)))
				l := newLife(t, o)
				l.poll(t) // an order that was closed before the first poll is never told
				var orders []string
				for range 60 {
					l.act(r, &orders)
					if r.IntN(5) == 0 {
						l.poll(t)
					}
					l.check(t, o.Caps.Stock.Moment)
				}
				l.clock.Advance(o.Caps.Sales.Lag)
				l.poll(t)
				want := map[[2]string]channel.Line{}
				for _, x := range l.m.Lines() {
					want[[2]string{x.Order, x.Line}] = x
				}
				if diff := cmp.Diff(want, l.lines); diff != "" {
					rt.Fatalf("what the feed told differs from the orders (-true +told):\n%s", diff)
				}
			})
		})
	}
}

func TestTheSameSeedGivesTheSameHistory(t *testing.T) {
	history := func(seed uint64) []string {
		o := model.Draw(model.Options{Name: "m", Rand: rand.New(rand.NewPCG(seed, 3))}, rand.New(rand.NewPCG(seed, 4)))
		l := newLife(t, o)
		r := rand.New(rand.NewPCG(seed, 5))
		var orders []string
		for range 200 {
			l.act(r, &orders)
			p, err := l.c.List(t.Context(), "")
			l.trace = append(l.trace, said(p, err))
			var writes []channel.Write
			for i, k := range p.Counts {
				writes = append(writes, channel.Write{Ref: int64(i), Stock: k.StockKey, Quantity: r.Int64N(9), Base: k.Quantity, Delta: 1, Sequence: r.Int64N(300), Key: fmt.Sprint(r.Int64N(50))})
			}
			receipt, err := l.c.Submit(t.Context(), channel.Batch{Field: channel.Stock, Group: "mG0", Writes: writes})
			l.trace = append(l.trace, said(receipt, err))
			s, err := l.c.Sales(t.Context(), l.at)
			if err == nil {
				l.at = s.Next
			}
			l.trace = append(l.trace, said(s, err)+said(l.m.Deliveries(), nil))
		}
		return l.trace
	}
	kinds := map[string]bool{}
	for seed := range uint64(40) {
		a, b := history(seed), history(seed)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("seed %d gave two histories:\n%s", seed, diff)
		}
		kinds[a[len(a)-1]] = true
	}
	if len(kinds) < 20 {
		t.Errorf("40 seeds gave %d different ends, want most of them different", len(kinds))
	}
}

// said renders an answer with everything it points to.
func said(v any, err error) string {
	b, jerr := json.Marshal(v)
	return fmt.Sprint(string(b), jerr, err)
}
