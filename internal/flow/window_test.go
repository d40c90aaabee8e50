package flow_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/sim"
)

// inWindow brings two shops that show 10 to rest, then has a person count 9 and a buyer take two at the first shop after
// the connector has read it and before its write arrives. It returns the place of that write in the calls.
func inWindow(t *testing.T, o model.Options) (w *world, s, other *sim.Shop, at int) {
	t.Helper()
	w = begin(t)
	w.stock(1, 10)
	s = w.shop("first", brisk(o), 1, 10)
	other = w.shop("other", brisk(model.Absolute(model.Options{})), 1, 10)
	w.run(31 * time.Second)
	w.offers(s, sku(0), 10)
	w.offers(other, sku(0), 10)
	if n := len(w.intents(s, sku(0))); n != 0 {
		t.Fatalf("%d writes of a number that was right, want none", n)
	}
	at = -1
	w.before = func(c call) error {
		if at < 0 && c.shop == s.Account.ID && c.op == channel.OpStock {
			at = len(w.calls)
			w.buy(s, sku(0), 2)
		}
		return nil
	}
	w.recount(sku(0), 9)
	w.run(time.Minute)
	if at < 0 {
		t.Fatal("the count was never written")
	}
	w.offers(s, sku(0), 7)
	w.offers(other, sku(0), 7)
	if b := w.balance(sku(0)); b.Held != 0 || b.Reserved != 2 || b.Available() != 7 {
		t.Errorf("balance = %+v, want 2 reserved, nothing held, 7 available", b)
	}
	return w, s, other, at
}

// values returns what intents wrote over what, with how they ended.
func values(is []flow.Intent) (out []flow.Intent) {
	for _, in := range is {
		out = append(out, flow.Intent{Value: in.Value, Base: in.Base, State: in.State})
	}
	return out
}

func TestASaleBetweenReadAndAbsoluteWriteForcesAReadingAndTheNextWriteIsRight(t *testing.T) {
	t.Parallel()
	w, s, _, at := inWindow(t, model.Absolute(model.Options{}))
	overwritten(t, w, s, at)
}

func TestASaleOnASharedCounterBetweenReadAndWriteForcesAReadingAndTheNextWriteIsRight(t *testing.T) {
	t.Parallel()
	w, s, _, at := inWindow(t, model.SharedCounter(model.Options{}))
	if n := len(s.Market.Truth().Stocks); n != 2 {
		t.Fatalf("%d listings, want 2 on one counter", n)
	}
	overwritten(t, w, s, at)
}

// overwritten checks the calls after an absolute write that overwrote a sale: nothing shows it until its line comes; the
// line forces a reading, and only then the right number is written.
func overwritten(t *testing.T, w *world, s *sim.Shop, at int) {
	t.Helper()
	is := values(w.intents(s, sku(0)))
	if len(is) != 2 || is[0] != (flow.Intent{Value: 9, Base: 10, State: flow.Confirmed}) || is[1] != (flow.Intent{Value: 7, Base: 9, State: flow.Confirmed}) {
		t.Errorf("writes = %+v, want 9 over 10, then 7 over 9, both verified", is)
	}
	var booked, read, wrote int
	for i, c := range w.calls[at+1:] {
		switch {
		case c.shop != s.Account.ID:
		case c.op == channel.OpSales && c.lines > 0 && booked == 0:
			booked = i + 1
		case c.op == channel.OpRead && booked > 0 && read == 0:
			read = i + 1
		case c.op == channel.OpStock && wrote == 0:
			wrote = i + 1
		}
	}
	if booked == 0 || read < booked || wrote < read {
		t.Errorf("line at call %d, reading at %d, write at %d; want the reading after the line and the write after the reading", booked, read, wrote)
	}
}

func TestASaleBetweenReadAndCompareAndSetIsHeldBeforeItsOrderLine(t *testing.T) {
	t.Parallel()
	w, s, other, at := inWindow(t, model.CompareAndSet(model.Options{}))
	is := values(w.intents(s, sku(0)))
	if len(is) != 2 || is[0] != (flow.Intent{Value: 9, Base: 10, State: flow.Superseded}) || is[1] != (flow.Intent{Value: 7, Base: 8, State: flow.Confirmed}) {
		t.Errorf("writes = %+v, want 9 over 10 refused as stale, then 7 over 8 verified", is)
	}
	var line, second, elsewhere int
	for i, c := range w.calls[at+1:] {
		switch {
		case c.op == channel.OpSales && c.lines > 0 && line == 0:
			line = i + 1
		case c.op == channel.OpStock && c.shop == s.Account.ID && second == 0:
			second = i + 1
		case c.op == channel.OpStock && c.shop == other.Account.ID && c.writes[0].Quantity == 7:
			elsewhere = i + 1
		}
	}
	if second == 0 || elsewhere == 0 || line < second || line < elsewhere {
		t.Errorf("right write at call %d, other shop lowered at %d, order line at %d; want both before the line", second, elsewhere, line)
	}
	heldThenReserved(t, w.entries(sku(0)))
}

// heldThenReserved checks that two units were held first and that the line then took the hold's place: never both.
func heldThenReserved(t *testing.T, es []ledger.Entry) {
	t.Helper()
	var held, reserved int64
	for _, e := range es {
		held += e.Held
		if reserved += e.Reserved; reserved > 0 && held == 0 && e.Held == 0 && e.Reserved > 0 {
			t.Errorf("a line was reserved before anything was held: %+v", es)
		}
		if held > 2 || reserved > 2 {
			t.Errorf("%d held and %d reserved for a sale of 2: %+v", held, reserved, e)
		}
	}
	if held != 0 || reserved != 2 {
		t.Errorf("in the end %d held and %d reserved, want 0 and 2", held, reserved)
	}
}

func TestADropOnASharedCounterIsConsumedByALineOfAnyOfItsListings(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.stock(1, 10)
	s := w.shop("shared", brisk(model.SharedCounter(model.Options{})), 1, 10)
	other := w.shop("other", brisk(model.Absolute(model.Options{})), 1, 10)
	w.run(31 * time.Second)
	w.buy(s, sku(0), 2)
	from := len(w.calls)
	w.recount(sku(0), 9) // of what is in the store room; the sale is not known yet
	w.run(2 * time.Second)
	if b := w.balance(sku(0)); b.Held != 2 {
		t.Fatalf("held %d after the drop was read, want 2", b.Held)
	}
	w.offers(other, sku(0), 7)
	for _, c := range w.calls[from:] {
		if c.lines > 0 {
			t.Fatal("the order line was read before the drop; the drop should come first")
		}
	}
	w.run(time.Minute)
	w.offers(s, sku(0), 7)
	w.offers(other, sku(0), 7)
	heldThenReserved(t, w.entries(sku(0)))
}
