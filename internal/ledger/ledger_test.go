package ledger_test

import (
	"testing"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

// book applies facts of one line in the order given, as the engine does, and returns the item's balance and the entries.
func book(start ledger.Balance, r ledger.Recipe, backfill bool, facts []channel.Line) (ledger.Balance, []ledger.Entry) {
	var line ledger.Line
	line.Backfill = backfill
	var had []ledger.Effect
	var all []ledger.Entry
	for i, f := range facts {
		var changed bool
		line, changed = line.Newer(f, ident.Micros(100+i))
		if !changed {
			continue
		}
		line = line.Meet(start.Counted)
		want := line.Effects(r)
		for _, e := range ledger.Differences(had, want) {
			start = start.Add(e)
			all = append(all, e)
		}
		had = want
	}
	return start, all
}

func TestEveryOrderOfTheVersionsOfALineHasTheSameEffect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "versions")
		facts := make([]channel.Line, n)
		for i := range facts {
			q := rapid.Int64Range(0, 5).Draw(t, "quantity")
			s := rapid.Int64Range(0, q).Draw(t, "shipped")
			facts[i] = channel.Line{Quantity: q, Shipped: s, Returned: rapid.Int64Range(0, s).Draw(t, "returned"), Version: int64(i + 1)}
		}
		unit := rapid.Int64Range(1, 4).Draw(t, "pack")
		r := ledger.Recipe{{Item: 1, Units: unit}}
		start := ledger.Balance{OnHand: 50, Counted: 1}
		want, _ := book(start, r, false, facts)
		mixed := append([]channel.Line(nil), facts...)
		mixed = append(mixed, rapid.Permutation(facts).Draw(t, "again")...)
		got, entries := book(start, r, false, mixed)
		last := facts[n-1]
		if got != want || got.Reserved != (last.Quantity-last.Shipped)*unit {
			t.Fatalf("balance = %+v, want %+v with reserved %d (I2)", got, want, (last.Quantity-last.Shipped)*unit)
		}
		var fold ledger.Balance
		for _, e := range entries {
			fold = fold.Add(e)
			switch e.Kind {
			case ledger.Reserve:
				if e.OnHand != 0 {
					t.Fatalf("a reservation moves on hand: %+v (I1)", e)
				}
			case ledger.Ship:
				if e.OnHand >= 0 {
					t.Fatalf("a shipment raises on hand: %+v (I1)", e)
				}
			}
		}
		if fold.OnHand != got.OnHand-start.OnHand || fold.Reserved != got.Reserved {
			t.Fatalf("fold = %+v, balance moved from %+v to %+v (I1)", fold, start, got)
		}
	})
}

func TestALineOlderThanTheCountDoesNotLowerAvailable(t *testing.T) {
	start := ledger.Balance{OnHand: 7, Counted: 1}
	r := ledger.Recipe{{Item: 1, Units: 1}}
	got, _ := book(start, r, true, []channel.Line{{Quantity: 3, Version: 1}})
	if got.Available() != 7 || got.Reserved != 3 || got.OnHand != 10 {
		t.Errorf("after an old open line of 3: %+v, want on hand 10, reserved 3, available 7", got)
	}
	got, _ = book(start, r, true, []channel.Line{{Quantity: 3, Version: 1}, {Quantity: 3, Shipped: 3, Version: 2}})
	if got.Available() != 7 || got.OnHand != 7 {
		t.Errorf("after it shipped: %+v, want on hand 7, available 7", got)
	}
	got, _ = book(start, r, true, []channel.Line{{Quantity: 3, Version: 1}, {Quantity: 0, Version: 2}})
	if got.Available() != 10 {
		t.Errorf("after it was cancelled: available %d, want 10: the goods are back", got.Available())
	}
	got, _ = book(start, r, true, []channel.Line{{Quantity: 3, Shipped: 3, Version: 1}})
	if got != start {
		t.Errorf("an old shipped line: %+v, want %+v", got, start)
	}
}

func TestACountMeansSellableNow(t *testing.T) {
	b := ledger.Balance{OnHand: 20, Reserved: 3, Held: 2, Counted: 1}
	if got := b.Add(b.CountTo(9)); got.Available() != 9 || got.Reserved != 3 || got.Held != 2 {
		t.Errorf("CountTo(9) on %+v = %+v, want available 9", b, got)
	}
}

func TestShippedGoodsThatComeBackRaiseOnHandByTheChannelsWordOnly(t *testing.T) {
	start := ledger.Balance{OnHand: 10, Counted: 1}
	r := ledger.Recipe{{Item: 1, Units: 1}}
	shipped := channel.Line{Quantity: 2, Shipped: 2, Version: 2}
	back := shipped
	back.Returned, back.Version = 2, 3
	if got, _ := book(start, r, false, []channel.Line{{Quantity: 2, Version: 1}, shipped}); got.Available() != 8 || got.OnHand != 8 {
		t.Errorf("after shipping 2 of 10: %+v, want on hand 8", got)
	}
	if got, _ := book(start, r, false, []channel.Line{{Quantity: 2, Version: 1}, shipped, back}); got.Available() != 10 {
		t.Errorf("after the return: available %d, want 10", got.Available())
	}
}
