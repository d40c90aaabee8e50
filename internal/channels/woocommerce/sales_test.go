package woocommerce

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
)

// state is a line without its names and times.
type state struct{ quantity, shipped, returned, taken int64 }

func stateOf(l channel.Line) state { return state{l.Quantity, l.Shipped, l.Returned, l.Taken} }

// follower books lines as the core does: a version that is not higher changes nothing.
type follower struct {
	b     *bench
	at    channel.Cursor
	lines map[string]channel.Line
	bad   []channel.Finding
}

func (b *bench) follow() *follower {
	f := &follower{b: b, lines: map[string]channel.Line{}}
	f.poll()
	return f
}

func (f *follower) poll() {
	f.b.t.Helper()
	lines, bad, next := f.b.sales(f.at)
	f.at, f.bad = next, append(f.bad, bad...)
	for _, l := range lines {
		id := l.Order + "/" + l.Line
		if old, ok := f.lines[id]; !ok || l.Version > old.Version {
			f.lines[id] = l
		}
	}
}

func (f *follower) order(id string) (out []state) {
	for _, l := range f.lines {
		if l.Order == id {
			out = append(out, stateOf(l))
		}
	}
	return out
}

func (f *follower) want(when, order string, want state) {
	f.b.t.Helper()
	if got := f.order(order); len(got) != 1 || got[0] != want {
		f.b.t.Errorf("%s: order %s = %+v, want %+v", when, order, got, want)
	}
}

func mug(n int64) channeltest.Item { return channeltest.Item{SKU: "MUG", Quantity: n} }

func TestTrapStatusDecidesWhetherStockIsTaken(t *testing.T) {
	for _, x := range []struct {
		status string
		want   state
	}{
		{"pending", state{quantity: 3}},
		{"on-hold", state{quantity: 3, taken: 3}},
		{"processing", state{quantity: 3, taken: 3}},
		{"completed", state{quantity: 3, shipped: 3, taken: 3}},
		{"cancelled", state{}},
		{"failed", state{}},
	} {
		t.Run(x.status, func(t *testing.T) {
			b := openBench(t, fake.Options{Moment: channel.AtPaid}, nil, false)
			b.Add(simple("MUG", 10, 1200))
			f := b.follow()
			order, _ := b.Buy(mug(3)) // pending
			if x.status != "pending" {
				b.SetStatus(order, x.status)
			}
			f.poll()
			f.want("at once", order, x.want)
			b.clock.Advance(time.Hour)
			f.poll()
			f.want("later", order, x.want)
			if got := 10 - b.count("1"); got != x.want.taken {
				t.Errorf("the shop's number is down by %d, the line says %d", got, x.want.taken)
			}
		})
	}
}

func TestTrapAFailedOrderKeepsWhatItHadTaken(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	f := b.follow()
	order, _ := b.Buy(mug(3)) // on-hold
	b.SetStatus(order, "failed")
	f.poll()
	f.want("failed after it was on hold", order, state{quantity: 3, taken: 3})
	if b.count("1") != 7 {
		t.Errorf("the shop holds %d, want 7: failing puts nothing back", b.count("1"))
	}
}

func TestTrapACheckoutReservesWithoutLoweringTheNumber(t *testing.T) {
	b := openBench(t, fake.Options{Moment: channel.AtPaid}, nil, false)
	b.Add(simple("MUG", 3, 1200))
	order, ok := b.Buy(mug(2))
	truth := b.Truth()
	if !ok || truth.Counts[channel.StockKey{Key: "1"}] != 3 || truth.Sellable["MUG"] != 1 {
		t.Errorf("a pending order = %v, counts %v, sellable %v, want 3 and 1", ok, truth.Counts, truth.Sellable)
	}
	if _, ok := b.Buy(mug(2)); ok {
		t.Error("the shop sold reserved goods")
	}
	b.Pay(order)
	if truth = b.Truth(); truth.Counts[channel.StockKey{Key: "1"}] != 1 {
		t.Errorf("counts after payment = %v, want 1", truth.Counts)
	}
}

func TestTrapRefundsPutBackOnlyWithRestock(t *testing.T) {
	for _, x := range []struct {
		name           string
		ship, restock  bool
		units          int64
		after, shipped state // shipped: after the rest was sent
		stock          int64
	}{
		{name: "one of three before sending, restocked", restock: true, units: 1, after: state{quantity: 2, taken: 2}, shipped: state{3, 3, 1, 2}, stock: 8},
		{name: "one of three before sending, kept", units: 1, after: state{quantity: 3, taken: 3}, shipped: state{3, 3, 0, 3}, stock: 7},
		{name: "one of three after sending, restocked", ship: true, restock: true, units: 1, after: state{3, 3, 1, 2}, shipped: state{3, 3, 1, 2}, stock: 8},
		{name: "one of three after sending, kept", ship: true, units: 1, after: state{3, 3, 0, 3}, shipped: state{3, 3, 0, 3}, stock: 7},
		{name: "all before sending, restocked", restock: true, units: 3, after: state{}, stock: 10},
		{name: "all before sending, kept", units: 3, after: state{3, 3, 0, 3}, stock: 7},
		{name: "all after sending, restocked", ship: true, restock: true, units: 3, after: state{3, 3, 3, 0}, stock: 10},
		{name: "all after sending, kept", ship: true, units: 3, after: state{3, 3, 0, 3}, stock: 7},
	} {
		for _, old := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, without tally %v", x.name, old), func(t *testing.T) {
				b := openBench(t, fake.Options{NoTally: old}, nil, false)
				b.Add(simple("MUG", 10, 1200))
				f := b.follow()
				order, _ := b.Buy(mug(3))
				f.poll()
				b.clock.Advance(time.Minute)
				if x.ship {
					b.Ship(order)
					f.poll()
					b.clock.Advance(time.Minute)
				}
				b.Refund(order, "MUG", x.units, x.restock)
				f.poll()
				f.want("refunded", order, x.after)
				if b.count("1") != x.stock {
					t.Errorf("the shop holds %d, want %d", b.count("1"), x.stock)
				}
				if x.units < 3 && !x.ship {
					b.clock.Advance(time.Minute)
					b.Ship(order)
					f.poll()
					f.want("sent after that", order, x.shipped)
				}
				asked := slices.ContainsFunc(b.log.seen, func(s string) bool { return strings.Contains(s, "/refunds") })
				if asked != (old && x.restock) {
					t.Errorf("refunds were read: %v, want it only where the lines do not tell what came back", asked)
				}
			})
		}
	}
}

func TestManyRefundsAreReadInPortions(t *testing.T) {
	b := openBench(t, fake.Options{NoTally: true}, nil, false)
	b.Add(simple("MUG", 1000, 1200))
	f := b.follow()
	var orders []string
	for range 45 {
		id, _ := b.Buy(mug(2))
		b.Refund(id, "MUG", 1, true)
		orders = append(orders, id)
	}
	for more := true; more; {
		requests := len(b.log.seen)
		p, err := b.ch.Sales(t.Context(), f.at)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(b.log.seen) - requests; n > mostAsked+2 {
			t.Errorf("one page cost %d requests, want at most %d", n, mostAsked+2)
		}
		for _, l := range p.Lines {
			f.lines[l.Order+"/"+l.Line] = l
		}
		f.at, more = p.Next, p.More
	}
	for _, id := range orders {
		f.want("refunded", id, state{quantity: 1, taken: 1})
	}
	b.clock.Advance(time.Hour)
	f.poll()
	id, _ := b.Buy(mug(1))
	f.poll()
	f.want("bought later", id, state{quantity: 1, taken: 1})
}

func TestChangesWithinOneSecondGetRisingVersions(t *testing.T) {
	b := openBench(t, fake.Options{Moment: channel.AtPaid}, nil, false)
	b.Add(simple("MUG", 10, 1200))
	f := b.follow()
	order, _ := b.Buy(mug(3))
	last := int64(0)
	for _, x := range []struct {
		do   func()
		want state
	}{
		{func() {}, state{quantity: 3}},
		{func() { b.SetStatus(order, "failed") }, state{}},
		{func() { b.Pay(order) }, state{quantity: 3, taken: 3}},
		{func() { b.Refund(order, "MUG", 1, true) }, state{quantity: 2, taken: 2}},
		{func() { b.Ship(order) }, state{3, 3, 1, 2}},
		{func() { b.Refund(order, "MUG", 1, true) }, state{3, 3, 2, 1}},
		{func() { b.Cancel(order) }, state{}},
	} {
		x.do()
		f.poll()
		f.want("in the same second", order, x.want)
		for _, l := range f.lines {
			if l.Version <= last {
				t.Errorf("version %d after %d, want it to rise", l.Version, last)
			}
			last = l.Version
		}
	}
}

func TestAChangeBackWithinOneSecondIsSeenOnceTheSecondIsOver(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	f := b.follow()
	order, _ := b.Buy(mug(3))
	b.Cancel(order)
	f.poll()
	f.want("cancelled", order, state{})
	b.SetStatus(order, "processing") // taken up again in the same second
	f.poll()
	b.clock.Advance(lag)
	f.poll()
	f.want("taken up again", order, state{quantity: 3, taken: 3})
}

// TestAnOrderReadHalfWayIsReadAgain: the status is saved before the stock is lowered and before the lines carry the tally.
func TestAnOrderReadHalfWayIsReadAgain(t *testing.T) {
	const at = `"date_created_gmt":"2026-03-02T09:00:00","date_modified_gmt":"2026-03-02T09:00:00"`
	half := `{"id":5,"status":"processing",` + at + `,"refunds":[],"line_items":[{"id":1,"product_id":9,"variation_id":0,"quantity":2,"meta_data":[]}]}`
	full := strings.Replace(half, `"meta_data":[]`, `"meta_data":[{"key":"_reduced_stock","value":"2"}]`, 1)
	read := func(doc string, after time.Duration) channel.Line {
		o, err := decodeOrder([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		lines, _, _ := o.facts(o.modified+int64(after.Seconds()), nil)
		return lines[0]
	}
	a, b, c := read(half, 0), read(full, 0), read(full, lag)
	if stateOf(a) != (state{quantity: 2}) || stateOf(b) != (state{quantity: 2, taken: 2}) || a.Version >= b.Version || b.Version >= c.Version {
		t.Errorf("half %+v, full %+v, later %+v, want taken 0 then 2 with rising versions", a, b, c)
	}
	if d := read(half, lag); stateOf(d) != (state{quantity: 2, taken: 2}) {
		t.Errorf("a line that stays without a tally = %+v, want it taken: the shop will not lower anything for it later", d)
	}
}

func TestTrapAnOrderThatNeverLowersStockIsNotAddedToWrites(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	b.Trap(fake.Traps{NeverLowers: true})
	f := b.follow()
	order, _ := b.Buy(mug(3))
	f.poll()
	f.want("at once", order, state{quantity: 3})
	b.clock.Advance(lag)
	f.poll()
	f.want("once the shop had time to lower", order, state{quantity: 3, taken: 3})
}
