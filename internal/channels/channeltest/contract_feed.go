package channeltest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
)

func testManyOrders(t *testing.T, target Target) {
	l := Open(t, target)
	ps := l.products(5, 5)
	for i := range ps {
		ps[i].Stock = 1000
	}
	l.Shop.Add(ps...)
	r := l.seller(t)
	r.poll(t)
	start := l.Shop.Truth().Counts
	for i := range 230 {
		id := l.buy(t, Item{SKU: ps[i%5].SKU, Quantity: 1}, Item{SKU: ps[(i+1)%5].SKU, Quantity: 2})
		switch i % 4 {
		case 1:
			l.Shop.Pay(id)
		case 2:
			l.Shop.Pay(id)
			l.Shop.Ship(id)
		case 3:
			l.Shop.Cancel(id)
		}
		if i%40 == 0 {
			l.Clock.Advance(time.Second) // most orders share their second with others
		}
	}
	l.settle()
	r.poll(t)
	r.explain(t, "after 230 orders", start)
	whole := l.seller(t)
	whole.poll(t)
	for id, x := range r.lines {
		if x.Quantity > x.Shipped {
			if got, ok := whole.lines[id]; !ok || !cmp.Equal(got, x) {
				t.Errorf("open line %v read from the start differs (-polled +from start):\n%s", id, cmp.Diff(x, got))
			}
		}
	}
}

// testMoving reads a first pass and a poll of several pages while orders of pages already read, and of pages still to
// come, are paid, sent and cancelled: rows move between pages under the reader's feet (F11).
func testMoving(t *testing.T, target Target) {
	l := Open(t, target)
	ps := l.products(2, 2)
	ps[0].Stock, ps[1].Stock = 5000, 5000
	l.Shop.Add(ps...)
	start := l.Shop.Truth().Counts
	r := l.seller(t)
	var orders []string
	more := func(n int) {
		for range n {
			orders = append(orders, l.buy(t, Item{SKU: ps[0].SKU, Quantity: 1}, Item{SKU: ps[1].SKU, Quantity: 1}))
			l.Clock.Advance(time.Second)
		}
	}
	move := func(page int) {
		n := len(orders)
		l.Shop.Pay(orders[(page*3)%n])
		l.Shop.Cancel(orders[(page*3+1)%n])
		l.Shop.Ship(orders[n-1-(page*5)%n])
		l.Clock.Advance(time.Second)
	}
	more(420)
	l.settle()
	r.pollWith(t, move) // from the start: open orders
	more(420)
	l.settle()
	r.pollWith(t, move)
	l.settle()
	r.poll(t)
	r.explain(t, "after a feed that moved while it was read", start)
}

// testBadLine: one order line with a quantity of a wrong type gives a finding, and all others are read (F29).
func testBadLine(t *testing.T, target Target) {
	if !target.shows(FaultWrongType) {
		return
	}
	l := Open(t, target)
	ps := l.products(1, 1)
	ps[0].Stock = 1000
	l.Shop.Add(ps...)
	for range 20 {
		l.buy(t, Item{SKU: ps[0].SKU, Quantity: 1})
	}
	l.settle()
	healthy := l.seller(t)
	healthy.poll(t)
	l.Shop.Inject(Fault{Op: channel.OpSales, Kind: FaultWrongType})
	findings, lines := 0, map[lineID]channel.Line{}
	for at := channel.Cursor(""); ; {
		p, err := healthy.s.Sales(l.ctx(t), at)
		if err != nil {
			t.Fatalf("Sales() with a bad line = %v, want a page with a finding", err)
		}
		findings += len(p.Findings)
		for _, x := range p.Lines {
			lines[lineID{x.Order, x.Line}] = x
		}
		if at = p.Next; !p.More {
			break
		}
	}
	for id, x := range lines {
		if want := healthy.lines[id]; !cmp.Equal(want, x) {
			t.Errorf("line %v beside a bad one (-healthy +got):\n%s", id, cmp.Diff(want, x))
		}
	}
	if missing := len(healthy.lines) - len(lines); missing > 0 && findings == 0 || missing > len(healthy.lines)/2 {
		t.Errorf("%d of %d lines are missing with %d findings, want a finding for each and most lines read", missing, len(healthy.lines), findings)
	}
}

func testLag(t *testing.T, target Target) {
	l := Open(t, target)
	ps := l.products(1, 1)
	ps[0].Stock = 1000
	l.Shop.Add(ps...)
	r := l.seller(t)
	r.poll(t)
	start := l.Shop.Truth().Counts
	step := max(l.Caps.Sales.Lag/7, time.Second)
	for range 40 { // polled far more often than the lag: whatever a poll misses, a later one must bring
		l.buy(t, Item{SKU: ps[0].SKU, Quantity: 1})
		l.Clock.Advance(step)
		r.poll(t)
	}
	l.settle()
	r.poll(t)
	r.explain(t, "after polling inside the lag", start)
}

func testAgain(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(3, 3)...)
	r := l.seller(t)
	r.poll(t)
	l.Clock.Advance(time.Minute)
	l.buy(t, Item{SKU: "CT-00001", Quantity: 1}, Item{SKU: "CT-00002", Quantity: 2})
	l.settle()
	from := r.at
	r.poll(t)
	first := r.lines
	again := l.reader(r.s)
	again.at = from
	again.poll(t)
	if diff := cmp.Diff(first, again.lines, cmp.AllowUnexported(lineID{})); diff != "" {
		t.Errorf("the same cursor read twice (-first +second):\n%s", diff)
	}
	r.poll(t)
	if diff := cmp.Diff(again.lines, r.lines, cmp.AllowUnexported(lineID{})); diff != "" {
		t.Errorf("lines after a poll without news (-before +after):\n%s", diff)
	}
}
