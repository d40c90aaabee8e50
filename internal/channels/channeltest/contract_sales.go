package channeltest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
)

// lineID names an order line.
type lineID struct{ order, line string }

// reader polls a feed as the core does and keeps the newest version of each line.
type reader struct {
	l     *Link
	s     channel.Seller
	at    channel.Cursor
	lines map[lineID]channel.Line
}

func (l *Link) reader(s channel.Seller) *reader {
	return &reader{l: l, s: s, lines: map[lineID]channel.Line{}}
}

// poll reads pages until there is no more and returns how many lines came.
func (r *reader) poll(t testing.TB) int {
	t.Helper()
	return r.pollWith(t, func(int) {})
}

// pollWith is poll with something happening after each page that is not the last.
func (r *reader) pollWith(t testing.TB, between func(page int)) int {
	t.Helper()
	n := 0
	for page := range 10_000 {
		p, err := r.s.Sales(r.l.ctx(t), r.at)
		if err != nil {
			t.Fatalf("Sales() = %v, want a page", err)
		}
		if len(p.Lines) > 1000 || len(p.Next) > 4<<10 || p.Next == "" {
			t.Fatalf("a page of %d lines with a cursor of %d bytes, want at most 1000 and 1 to 4096", len(p.Lines), len(p.Next))
		}
		if len(p.Findings) != 0 {
			t.Errorf("findings %s in a healthy feed, want none", kinds(p.Findings))
		}
		r.book(t, p.Lines)
		n += len(p.Lines)
		if p.More && p.Next == r.at {
			t.Fatalf("cursor %q leads to itself", p.Next)
		}
		r.at = p.Next
		if !p.More {
			return n
		}
		between(page)
	}
	t.Fatal("the feed has no end")
	return 0
}

func (r *reader) book(t testing.TB, lines []channel.Line) {
	t.Helper()
	for _, x := range lines {
		id := lineID{x.Order, x.Line}
		old, known := r.lines[id]
		switch {
		case x.Order == "" || x.Line == "" || x.Listing == "" || x.PlacedAt.IsZero():
			t.Errorf("line %+v: want order, line, listing and time", x)
		case x.Quantity < 0 || x.Shipped < 0 || x.Shipped > x.Quantity || x.Returned < 0 || x.Taken < 0:
			t.Errorf("line %+v: want 0 ≤ shipped ≤ quantity, nothing negative", x)
		case known && x.Version == old.Version && !cmp.Equal(x, old):
			t.Errorf("line changed without a new version (-old +new):\n%s", cmp.Diff(old, x))
		}
		if !known || x.Version >= old.Version {
			r.lines[id] = x
		}
	}
}

// explain checks that the lines account for every movement of the shop's counters since start, and for every order.
func (r *reader) explain(t testing.TB, when string, start map[channel.StockKey]int64) {
	t.Helper()
	truth := r.l.Shop.Truth()
	taken := map[channel.StockKey]int64{}
	ordered := map[string]map[string]int64{}
	for _, x := range r.lines {
		stocks := truth.Stocks[x.Listing]
		if len(stocks) == 0 {
			t.Errorf("%s: line %s/%s names listing %q, which the shop does not have", when, x.Order, x.Line, x.Listing)
			continue
		}
		taken[stocks[0]] += x.Taken
		if ordered[x.Order] == nil {
			ordered[x.Order] = map[string]int64{}
		}
		ordered[x.Order][truth.SKUs[x.Listing]] += x.Quantity
	}
	moved := map[channel.StockKey]int64{} // folded on the first counter of the listing: a line does not say the place
	for _, stocks := range truth.Stocks {
		n := int64(0)
		for _, k := range stocks {
			n += start[k] - truth.Counts[k]
		}
		moved[stocks[0]] = n
	}
	for k, n := range moved {
		if taken[k] != n {
			t.Errorf("%s: the shop's counter %v is down by %d, the lines say %d", when, k, n, taken[k])
		}
	}
	for _, o := range truth.Orders {
		for _, item := range o.Items {
			want := item.Quantity
			if o.State == "cancelled" {
				want = -1 // net quantity after a cancellation depends on whether goods had left: see the lifecycle test
			}
			if got := ordered[o.ID][item.SKU]; want >= 0 && got != want {
				t.Errorf("%s: order %s takes %d of %s by the feed, want %d", when, o.ID, got, item.SKU, want)
			}
		}
	}
}

func testSales(t *testing.T, target Target) {
	if _, ok := Open(t, target).Channel.(channel.Seller); !ok {
		return
	}
	t.Run("lifecycle", func(t *testing.T) { testLifecycle(t, target) })
	t.Run("open orders come first, however old", func(t *testing.T) { testOpenOrders(t, target) })
	t.Run("many orders, every line, bounded pages", func(t *testing.T) { testManyOrders(t, target) })
	t.Run("orders that move while the feed is read are not lost", func(t *testing.T) { testMoving(t, target) })
	t.Run("a bad line harms itself only", func(t *testing.T) { testBadLine(t, target) })
	t.Run("orders inside the visibility lag are not lost", func(t *testing.T) { testLag(t, target) })
	t.Run("reading again gives the same", func(t *testing.T) { testAgain(t, target) })
}

func (l *Link) seller(t testing.TB) *reader {
	t.Helper()
	s, ok := l.Channel.(channel.Seller)
	if !ok {
		t.Fatal("the channel has no order feed")
	}
	return l.reader(s)
}

// buy places an order that the shop must take.
func (l *Link) buy(t testing.TB, items ...Item) string {
	t.Helper()
	id, ok := l.Shop.Buy(items...)
	if !ok {
		t.Fatalf("Buy(%v) was refused, want an order", items)
	}
	return id
}

func testLifecycle(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(4, 2)...)
	l.settle()
	r := l.seller(t)
	if n := r.poll(t); n != 0 {
		t.Errorf("the feed of a shop without orders has %d lines, want none", n)
	}
	start := l.Shop.Truth().Counts
	step := func(when string) {
		t.Helper()
		l.settle()
		r.poll(t)
		r.explain(t, when, start)
	}
	a := l.buy(t, Item{SKU: "CT-00001", Quantity: 2}, Item{SKU: "CT-00002", Quantity: 1})
	b := l.buy(t, Item{SKU: "CT-00001", Quantity: 1})
	c := l.buy(t, Item{SKU: "CT-00003", Quantity: 3})
	step("placed")
	if got := r.net(a); got != (sums{quantity: 3, taken: 3 * l.once(channel.AtPlaced)}) {
		t.Errorf("order %s after it was placed = %+v, want quantity 3, taken at %q", a, got, l.Caps.Stock.Moment)
	}
	l.Shop.Pay(a)
	l.Shop.Pay(b)
	l.Shop.Pay(c)
	step("paid")
	if got := r.net(a); got != (sums{quantity: 3, taken: 3 * l.once(channel.AtPlaced, channel.AtPaid)}) {
		t.Errorf("order %s after it was paid = %+v, want quantity 3, taken at %q", a, got, l.Caps.Stock.Moment)
	}
	l.Shop.Ship(a)
	l.Shop.Ship(c)
	step("shipped")
	if got := r.net(a); got != (sums{quantity: 3, shipped: 3, taken: 3 * l.once(channel.AtPlaced, channel.AtPaid, channel.AtShipped)}) {
		t.Errorf("order %s after it was shipped = %+v, want all shipped, taken at %q", a, got, l.Caps.Stock.Moment)
	}
	l.Shop.Cancel(b)
	step("cancelled before shipping")
	if got := r.net(b); got.quantity != 0 || got.shipped != 0 {
		t.Errorf("order %s after it was cancelled = %+v, want quantity 0", b, got)
	}
	l.Shop.Cancel(c)
	step("cancelled after shipping")
	if got := r.net(c); got.quantity-got.returned > 0 && got.returned > 0 && got.returned != got.shipped {
		t.Errorf("order %s after it was cancelled with its goods sent = %+v, want all or nothing returned", c, got)
	}
}

// sums folds an order's lines.
type sums struct{ quantity, shipped, returned, taken int64 }

func (r *reader) net(order string) sums {
	var s sums
	for id, x := range r.lines {
		if id.order == order {
			s.quantity += x.Quantity
			s.shipped += x.Shipped
			s.returned += x.Returned
			s.taken += x.Taken
		}
	}
	return s
}

// once is 1 when the counter has moved at one of the moments, else 0.
func (l *Link) once(moments ...channel.Moment) int64 {
	for _, m := range moments {
		if l.Caps.Stock.Moment == m {
			return 1
		}
	}
	return 0
}

func testOpenOrders(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(3, 3)...)
	old := l.buy(t, Item{SKU: "CT-00001", Quantity: 1})
	paid := l.buy(t, Item{SKU: "CT-00002", Quantity: 1})
	l.Shop.Pay(paid)
	l.Clock.Advance(200 * 24 * time.Hour)
	fresh := l.buy(t, Item{SKU: "CT-00003", Quantity: 1})
	l.settle()
	r := l.seller(t)
	r.poll(t)
	for _, id := range []string{old, paid, fresh} {
		if got := r.net(id).quantity; got != 1 {
			t.Errorf("open order %s takes %d in a feed read from the start, want 1", id, got)
		}
	}
}
