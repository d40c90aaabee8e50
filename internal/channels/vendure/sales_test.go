package vendure

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/vendure/fake"
)

func TestTheFactsOfALineThroughItsLife(t *testing.T) {
	f := newBench(t, 2, fake.Options{}, nil).feed()
	f.poll(t)
	id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 5})
	f.expect(t, "placed", id, facts{5, 0, 0, 0})
	f.far.Pay(id)
	f.expect(t, "paid", id, facts{5, 0, 0, 0})
	line := f.far.Lines(id)[0]
	x := f.far.Fulfil(id, map[string]int64{line: 2})
	f.expect(t, "2 are being prepared: the counter is down", id, facts{5, 0, 0, 2})
	f.far.Advance(id, x, "Shipped")
	f.expect(t, "2 were sent", id, facts{5, 2, 0, 2})
	f.far.Advance(id, x, "Cancelled")
	f.expect(t, "the fulfillment was cancelled: the goods are back", id, facts{5, 0, 0, 0})
	f.far.Modify(id, 3)
	f.expect(t, "the order was cut to 3", id, facts{3, 0, 0, 0})
	f.far.Modify(id, 4)
	f.expect(t, "the order was raised to 4", id, facts{4, 0, 0, 0})
	x = f.far.Fulfil(id, map[string]int64{line: 4})
	f.far.Advance(id, x, "Shipped")
	f.far.Advance(id, x, "Delivered")
	f.expect(t, "all were sent and delivered between two polls", id, facts{4, 4, 0, 4})
	f.clock.Advance(40 * 24 * time.Hour)
	f.far.CancelUnits(id, 1)
	f.expect(t, "1 came back after 40 days", id, facts{4, 4, 1, 3})
	f.far.Cancel(id)
	f.expect(t, "all came back", id, facts{4, 4, 4, 0})
}

func TestUnitsCancelledBesideSentOnesDidNotComeBack(t *testing.T) {
	f := newBench(t, 1, fake.Options{}, nil).feed()
	id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 3})
	f.far.Advance(id, f.far.Fulfil(id, map[string]int64{f.far.Lines(id)[0]: 2}), "Shipped")
	f.far.CancelUnits(id, 1)
	// The store credits its stock for the unsent unit too, so its counter is one higher than the lines explain.
	f.expect(t, "2 sent, the third cancelled", id, facts{2, 2, 0, 2})
	if n := f.far.Truth().Counts[channel.StockKey{Key: "1", Location: "1"}]; n != 999 {
		t.Errorf("the store's stock on hand = %d, want 999 (it lost 2 and credited 1)", n)
	}
}

func TestACartIsNoOrderUntilItIsPlacedHoweverOldItIs(t *testing.T) {
	f := newBench(t, 1, fake.Options{}, nil).feed()
	f.far.Cart(channeltest.Item{SKU: "A0", Quantity: 3})
	f.settle(t)
	if len(f.lines) != 0 {
		t.Errorf("a cart gave lines %v, want none", f.lines)
	}
	// The order's updatedAt is the cart's last edit, 20 minutes before it was placed: a feed by updatedAt misses it.
	f.far.Ship(f.buy(t, channeltest.Item{SKU: "A0", Quantity: 1}))
	f.clock.Advance(time.Hour)
	id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 2})
	f.expect(t, "placed from an old cart", id, facts{2, 0, 0, 0})
}

func TestNotesAreNoNews(t *testing.T) {
	f := newBench(t, 1, fake.Options{}, nil).feed()
	id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 2})
	f.settle(t)
	before := f.lines[f.far.Lines(id)[0]]
	f.far.Note(id)
	f.settle(t)
	if diff := cmp.Diff(before, f.lines[f.far.Lines(id)[0]]); diff != "" {
		t.Errorf("a note changed the line (-before +after):\n%s", diff)
	}
}

// TestABacklogOfOpenOrders: more open orders than the bookmark names, over more days than each poll looks back.
func TestABacklogOfOpenOrders(t *testing.T) {
	f := newBench(t, 1, fake.Options{}, nil).feed()
	var ids []string
	for range 260 {
		ids = append(ids, f.buy(t, channeltest.Item{SKU: "A0", Quantity: 1}))
		f.clock.Advance(4 * time.Hour) // 43 days
	}
	f.settle(t)
	if len(f.lines) != len(ids) {
		t.Fatalf("%d open orders gave %d lines", len(ids), len(f.lines))
	}
	ship := func(i, polls int) {
		t.Helper()
		f.far.Ship(ids[i])
		for n := 1; ; n++ {
			if f.settle(t); f.facts(ids[i])[0].Taken == 1 {
				if n > polls {
					t.Errorf("order %d of %d shipped: seen after %d polls, want at most %d", i, len(ids), n, polls)
				}
				return
			}
			if n > polls {
				t.Fatalf("order %d of %d shipped: not seen after %d polls", i, len(ids), n)
			}
		}
	}
	ship(0, 1)         // among those the bookmark names
	ship(99, 1)        // the last of them
	ship(259, 1)       // the newest
	ship(150, farPoll) // 18 days old
	ship(250, 1)       // two days old
	before := f.pages
	f.settle(t)
	if n := f.pages - before; n > 4 {
		t.Errorf("an ordinary poll took %d pages, want at most 4", n)
	}
}

// TestAFulfillmentCancelledOnADoneOrderIsFoundInTheEnd: no time and no state of the order moves.
func TestAFulfillmentCancelledOnADoneOrderIsFoundInTheEnd(t *testing.T) {
	f := newBench(t, 1, fake.Options{}, nil).feed()
	f.poll(t)
	id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 2})
	x := f.far.Fulfil(id, map[string]int64{f.far.Lines(id)[0]: 2})
	f.far.Advance(id, x, "Shipped")
	f.expect(t, "sent", id, facts{2, 2, 0, 2})
	f.clock.Advance(3 * 24 * time.Hour)
	f.far.Ship(f.buy(t, channeltest.Item{SKU: "A0", Quantity: 1}))
	f.settle(t)
	f.settle(t)
	f.far.Advance(id, x, "Cancelled")
	for range allPoll {
		f.settle(t)
	}
	f.expect(t, "the parcel came back unsent", id, facts{2, 0, 0, 0})
}

func TestAPageOfTheFeedIsBoundedWhateverTheOrders(t *testing.T) {
	f := newBench(t, 2, fake.Options{}, nil).feed()
	items := make([]channeltest.Item, 90)
	for i := range items {
		items[i] = channeltest.Item{SKU: fmt.Sprintf("A%d", i%2), Quantity: 1}
	}
	for range 11 { // 990 lines, all in one millisecond
		f.buy(t, items...)
	}
	for range 3 {
		f.clock.Advance(time.Second)
		f.buy(t, items[:30]...)
	}
	f.clock.Advance(time.Minute)
	oldest := ""
	for _, o := range f.far.Truth().Orders {
		if oldest == "" {
			oldest = o.ID
		}
	}
	for range 3 { // from the start, and again by id, and when they lie far behind
		for more := true; more; {
			p, err := f.Sales(t.Context(), f.at)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Lines) > mostLines {
				t.Errorf("a page holds %d lines, want at most %d", len(p.Lines), mostLines)
			}
			for _, x := range p.Lines {
				f.lines[x.Line] = x
			}
			f.at, more = p.Next, p.More
		}
		f.clock.Advance(20 * 24 * time.Hour)
		f.far.Ship(f.buy(t, channeltest.Item{SKU: "A0", Quantity: 1}))
		f.clock.Advance(time.Minute)
	}
	f.far.Ship(oldest)
	f.settle(t)
	if got := f.facts(oldest)[0]; got.Taken != 1 {
		t.Errorf("the oldest of many long orders was shipped: %+v, want it taken", got)
	}
	if want := 11*90 + 3*30 + 3; len(f.lines) != want {
		t.Errorf("%d lines came, want %d", len(f.lines), want)
	}
}

func TestManyOrdersInOneMillisecondAreAllRead(t *testing.T) {
	f := newBench(t, 1, fake.Options{}, nil).feed()
	f.poll(t)
	for range 350 {
		f.far.Ship(f.buy(t, channeltest.Item{SKU: "A0", Quantity: 1}))
	}
	f.settle(t)
	if len(f.lines) != 350 {
		t.Errorf("350 orders of one millisecond gave %d lines", len(f.lines))
	}
}

// TestTheFeedExplainsTheStoresCounters is the property behind all: whatever happens to orders, and whenever a poll
// falls in between, in the end the lines say by how much each counter is down and how much is still to leave.
func TestTheFeedExplainsTheStoresCounters(t *testing.T) {
	b := newBench(t, 0, fake.Options{}, nil)
	rapid.Check(t, func(rt *rapid.T) {
		b.far = fake.New(fake.Options{Now: b.clock.Now, Username: "u", Password: "p"})
		for i := range 3 {
			b.far.Add(channeltest.Product{SKU: fmt.Sprintf("A%d", i), Stock: 1000})
		}
		f := b.feed()
		start := b.far.Truth().Counts
		var open []string
		pick := func() string {
			if len(open) == 0 {
				return ""
			}
			return rapid.SampledFrom(open).Draw(rt, "order")
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"buy", "buy", "pay", "ship", "fulfil", "cancel", "modify", "wait", "long", "poll"}).Draw(rt, "step") {
			case "buy":
				id, _ := b.far.Buy(channeltest.Item{SKU: "A0", Quantity: rapid.Int64Range(1, 4).Draw(rt, "n")}, channeltest.Item{SKU: "A1", Quantity: 1})
				open = append(open, id)
			case "pay":
				b.far.Pay(pick())
			case "ship":
				b.far.Ship(pick())
			case "fulfil":
				if id := pick(); id != "" && room(b.far, id) > 0 {
					b.far.Advance(id, b.far.Fulfil(id, nil), rapid.SampledFrom([]string{"Pending", "Shipped", "Cancelled"}).Draw(rt, "state"))
				}
			case "cancel":
				if id := pick(); id != "" && !partly(b.far, id) {
					b.far.Cancel(id)
				}
			case "modify":
				if id := pick(); id != "" && room(b.far, id) > 0 && !partly(b.far, id) {
					b.far.Modify(id, rapid.Int64Range(1, 6).Draw(rt, "n"))
				}
			case "wait":
				b.clock.Advance(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "ms")) * time.Millisecond)
			case "long":
				b.clock.Advance(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
			case "poll":
				f.poll(rt)
			}
		}
		f.settle(rt)
		f.settle(rt)
		truth := b.far.Truth()
		taken, ordered := map[string]int64{}, map[string]int64{}
		for _, x := range f.lines {
			taken[string(x.Listing)] += x.Taken
			ordered[x.Order] += x.Quantity - x.Returned
		}
		for key, n := range truth.Counts {
			if down := start[key] - n; taken[key.Key] != down {
				rt.Fatalf("counter %v is down by %d, the lines say %d", key, down, taken[key.Key])
			}
		}
		for _, o := range truth.Orders {
			want := int64(0)
			for _, item := range o.Items {
				want += item.Quantity
			}
			if ordered[o.ID] != want {
				rt.Fatalf("order %s has %d units, the lines say %d", o.ID, want, ordered[o.ID])
			}
		}
	})
}

// room is how many units of the first line have no fulfillment yet; partly says that some have and some have not.
func room(s *fake.Server, id string) int64 {
	done, all := s.Progress(id)
	return all - done
}

func partly(s *fake.Server, id string) bool {
	done, all := s.Progress(id)
	return done > 0 && done < all
}

// TestAStoreWhoseClockWasAhead: what it sold in its future must not hide what it sells in its present (F13).
func TestAStoreWhoseClockWasAhead(t *testing.T) {
	for _, ahead := range []time.Duration{2 * time.Hour, 9 * 365 * 24 * time.Hour} {
		f := newBench(t, 1, fake.Options{Commit: time.Nanosecond}, nil).feed()
		f.settle(t)
		f.clock.Advance(ahead)
		f.far.Ship(f.buy(t, channeltest.Item{SKU: "A0", Quantity: 1}))
		f.settle(t)
		f.clock.Advance(-ahead)
		id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 3})
		f.far.Ship(id)
		f.clock.Advance(time.Hour) // nobody polls meanwhile
		f.expect(t, "sold while nobody looked", id, facts{3, 3, 0, 3})
		for range 3 {
			f.settle(t)
			id := f.buy(t, channeltest.Item{SKU: "A0", Quantity: 2})
			f.far.Ship(id)
			f.expect(t, "sold after the clock was set right", id, facts{2, 2, 0, 2})
		}
	}
}

func TestABookmarkThatIsNotOursIsRefused(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	for _, c := range []channel.Cursor{"x", "{}", `{"pass":"other"}`, `{"pass":"again","skip":3}`, `{"pass":"placed","skip":-1}`} {
		if _, err := b.Sales(t.Context(), c); err == nil || strings.Contains(err.Error(), "rows") {
			t.Errorf("Sales(%q) = %v, want it refused", c, err)
		}
	}
	for _, c := range []channel.Cursor{"x", "{}", `{"skip":-1,"last":"1"}`} {
		if _, err := b.List(t.Context(), c); err == nil {
			t.Errorf("List(%q) = nil, want it refused", c)
		}
	}
}

func TestAnAggregateOrderCountsOnceOnly(t *testing.T) {
	o := decodeOrder(json.RawMessage(`{"id":"9","type":"Aggregate","orderPlacedAt":"2026-11-23T12:00:00.000Z","updatedAt":"2026-11-23T12:00:00.000Z",
		"lines":[{"id":"1","quantity":2,"productVariant":{"id":"1"}}],"fulfillments":[],"history":{"totalItems":3}}`))
	if len(o.lines) != 0 || o.finding != nil || o.open {
		t.Errorf("an order over several sellers = %+v, want no lines: they stand in the sellers' orders", o)
	}
}
