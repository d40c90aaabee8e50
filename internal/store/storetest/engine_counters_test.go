package storetest_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/merge"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func savedCounters(t *testing.T, db *store.DB, f flow.Fence, cs ...flow.Counter) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error { return tx.SaveCounters(t.Context(), f, cs) })
}

func countersOf(t *testing.T, db *store.DB, f flow.Fence, ids ...ident.Counter) (cs []flow.Counter) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		cs, err = tx.Counters(t.Context(), f, ids)
		return err
	})
	return cs
}

// TestACounterIsStoredWithEveryField fills each field of the struct with a value of its own, so a new field that is not
// stored is found here.
func TestACounterIsStoredWithEveryField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		var full flow.Counter
		n := int64(1000)
		fill(reflect.ValueOf(&full).Elem(), &n)
		full.ID, full.Open = 7, nil // the unresolved write is a row of its own
		bare := flow.Counter{ID: 8, Key: channel.StockKey{Key: "k8"}, State: flow.Undecided}
		savedCounters(t, db, f, full, bare)
		if d := cmp.Diff([]flow.Counter{full, bare}, countersOf(t, db, f, 8, 7, 9)); d != "" {
			t.Errorf("Counters (-want +got):\n%s", d)
		}
		// Nothing of it is another account's.
		if got := countersOf(t, db, other, 7, 8); len(got) != 0 {
			t.Errorf("Counters of another account = %+v, want none", got)
		}
		// Everything changes but the key.
		next := full
		n = 5000
		fill(reflect.ValueOf(&next).Elem(), &n)
		next.ID, next.Key, next.Open, next.Known, next.Exact, next.Doubt, next.DoubtAt = 7, full.Key, nil, false, false, false, 0
		savedCounters(t, db, f, next)
		if d := cmp.Diff([]flow.Counter{next, bare}, countersOf(t, db, f, 7, 8)); d != "" {
			t.Errorf("Counters after a change (-want +got):\n%s", d)
		}
		// And back to nothing known: absent is not zero.
		bare.ID, bare.Key = 7, full.Key
		savedCounters(t, db, f, bare)
		if d := cmp.Diff([]flow.Counter{bare}, countersOf(t, db, f, 7)); d != "" {
			t.Errorf("Counters after everything was taken back (-want +got):\n%s", d)
		}
	})
}

func TestZeroIsNotAbsent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		zero := int64(0)
		want := flow.Counter{ID: 1, Key: channel.StockKey{Key: "k"}, Reserved: &zero, Target: &zero, Wire: &zero, State: flow.Pending}
		want.Doubt = true
		want.Holds = merge.Parts{{At: 5, Units: 2}, {At: 6, Units: 1, Doubt: true}}
		savedCounters(t, db, f, want)
		if d := cmp.Diff([]flow.Counter{want}, countersOf(t, db, f, 1)); d != "" {
			t.Errorf("Counters (-want +got):\n%s", d)
		}
	})
}

func TestACounterComesWithItsUnresolvedWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		shown(t, db, f, 1, offer("A"), offer("B"))
		a, b := counter(t, db, f, "A").ID, counter(t, db, f, "B").ID
		var in flow.Intent
		n := int64(100)
		fill(reflect.ValueOf(&in).Elem(), &n)
		in.Field, in.Target, in.State = channel.Stock, int64(a), flow.Accepted
		is := []flow.Intent{in, {Field: channel.Price, Target: int64(b), State: flow.Recorded}, {Field: channel.Stock, Target: int64(b), State: flow.Confirmed}}
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Record(t.Context(), f, is) })
		// What a driver needs of an open write is loaded; the rest is history.
		want := is[0]
		want.Note, want.Currency, want.Decision, want.Plan = "", money.Currency(""), 0, 0
		cs := countersOf(t, db, f, a, b)
		if d := cmp.Diff(&want, cs[0].Open); d != "" {
			t.Errorf("unresolved write (-want +got):\n%s", d)
		}
		if cs[1].Open != nil {
			t.Errorf("unresolved write of a counter that has none = %+v", cs[1].Open)
		}
	})
}

func TestCountersByKeyTellPlacesApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		here, there := channel.StockKey{Key: "k", Location: "here"}, channel.StockKey{Key: "k", Location: "there"}
		savedCounters(t, db, f, flow.Counter{ID: 1, Key: here, State: flow.Undecided}, flow.Counter{ID: 2, Key: there, State: flow.Undecided},
			flow.Counter{ID: 3, Key: channel.StockKey{Key: "other"}, State: flow.Undecided})
		storetest.Write(t, db, func(tx *store.Tx) error {
			cs, err := tx.CountersByKey(t.Context(), f, []channel.StockKey{there, {Key: "other"}, {Key: "none"}})
			if len(cs) != 2 || cs[0].ID != 2 || cs[1].ID != 3 {
				t.Errorf("CountersByKey(there, other, none) = %+v, want 2 and 3", cs)
			}
			return err
		})
	})
}

// TestACounterThatAPageRepeatsIsStoredOnce (F6): the last word counts.
func TestACounterThatAPageRepeatsIsStoredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		c := flow.Counter{ID: 1, Key: channel.StockKey{Key: "k"}, State: flow.Undecided}
		again := c
		again.Observed = 5
		savedCounters(t, db, f, c, again, flow.Counter{ID: 2, Key: channel.StockKey{Key: "l"}, State: flow.Undecided})
		if got := countersOf(t, db, f, 1, 2); len(got) != 2 || got[0].Observed != 5 {
			t.Errorf("Counters = %+v, want the later of two rows", got)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			return tx.Mark(t.Context(), tenant, f.Account, channel.Stock, []int64{2, 2, 1, 2}, false)
		})
		if d := cmp.Diff([]string{"k", "l"}, worked(t, db, f)); d != "" {
			t.Errorf("marked counters (-want +got):\n%s", d)
		}
	})
}

func TestOnlyWhatTheFeedMayHaveExplainedIsProvable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		for i, due := range []ident.Micros{0, 300, 100, 200} {
			savedCounters(t, db, f, flow.Counter{ID: ident.Counter(i + 1), Key: channel.StockKey{Key: string(rune('a' + i))}, ProveDue: due, State: flow.Undecided})
		}
		for _, x := range []struct {
			through ident.Micros
			limit   int
			want    []ident.Counter
		}{{99, 9, nil}, {100, 9, []ident.Counter{3}}, {300, 9, []ident.Counter{3, 4, 2}}, {300, 2, []ident.Counter{3, 4}}} {
			storetest.Write(t, db, func(tx *store.Tx) error {
				cs, err := tx.Provable(t.Context(), f, x.through, x.limit)
				var got []ident.Counter
				for _, c := range cs {
					got = append(got, c.ID)
				}
				if d := cmp.Diff(x.want, got); d != "" {
					t.Errorf("Provable(%d, %d) (-want +got):\n%s", x.through, x.limit, d)
				}
				return err
			})
		}
	})
}

// TestMatesAreTheCountersOfAWholeGroup (consequence 7 of write groups).
func TestMatesAreTheCountersOfAWholeGroup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		inGroup := func(group string, l channel.Listing) channel.Listing {
			l.Group = group
			return l
		}
		shown(t, db, f, 1, inGroup("p", offer("red")), inGroup("p", offer("blue")), inGroup("p", offer("gone")), inGroup("q", offer("other")), offer("alone"), offer("single"))
		id := func(key string) ident.Counter { return counter(t, db, f, key).ID }
		storetest.Exec(t, db, `UPDATE listings SET gone = 1 WHERE sku = 'gone'`)
		for _, x := range []struct{ ask, want []ident.Counter }{
			{[]ident.Counter{id("blue")}, []ident.Counter{id("red"), id("blue")}},
			{[]ident.Counter{id("alone")}, []ident.Counter{id("alone")}}, // no group is not a group
			{[]ident.Counter{id("other"), id("red")}, []ident.Counter{id("red"), id("blue"), id("other")}},
		} {
			storetest.Write(t, db, func(tx *store.Tx) error {
				got, err := tx.Mates(t.Context(), f, x.ask)
				if d := cmp.Diff(x.want, got); d != "" {
					t.Errorf("Mates(%v) (-want +got):\n%s", x.ask, d)
				}
				return err
			})
		}
	})
}
