package storetest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func stockWork(t *testing.T, db *store.DB, f flow.Fence, now ident.Micros, limit int, sending bool) (ms []flow.Mark) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		ms, err = tx.StockWork(t.Context(), f, now, limit, sending)
		return err
	})
	return ms
}

func mark(t *testing.T, db *store.DB, f flow.Fence, urgent bool, targets ...int64) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		return tx.Mark(t.Context(), tenant, f.Account, channel.Stock, targets, urgent)
	})
}

func done(t *testing.T, db *store.DB, f flow.Fence, ms []flow.Mark) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error { return tx.MarksDone(t.Context(), f, channel.Stock, ms) })
}

// TestMarkedWhileWorkedIsWorkedAgain: the three sentences of the drive, by arithmetic.
func TestMarkedWhileWorkedIsWorkedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		for range 10 { // marked ten times, worked once
			mark(t, db, f, false, 5, 6)
		}
		mark(t, db, other, false, 5)
		work := stockWork(t, db, f, 0, 9, false)
		if len(work) != 2 {
			t.Fatalf("StockWork = %+v, want two counters", work)
		}
		mark(t, db, f, true, 6) // while it is worked
		done(t, db, f, work)
		again := stockWork(t, db, f, 0, 9, false)
		if d := cmp.Diff([]flow.Mark{{Target: 6, Gen: 11, Urgent: true}}, again); d != "" {
			t.Errorf("StockWork after a mark meanwhile (-want +got):\n%s", d)
		}
		done(t, db, f, again)
		done(t, db, f, work) // an answer that comes late takes nothing back
		if left := stockWork(t, db, f, 0, 9, false); len(left) != 0 {
			t.Errorf("StockWork after everything was worked = %+v", left)
		}
		if left := stockWork(t, db, other, 0, 9, false); len(left) != 1 {
			t.Errorf("the other account's work = %+v, want its own mark", left)
		}
		// An urgency that was worked is over.
		mark(t, db, f, false, 6)
		if d := cmp.Diff([]flow.Mark{{Target: 6, Gen: 12}}, stockWork(t, db, f, 0, 9, false)); d != "" {
			t.Errorf("StockWork after an ordinary mark (-want +got):\n%s", d)
		}
	})
}

// TestUrgencyOutlivesAnOrdinaryMark: a later edit does not push a sale back.
func TestUrgencyOutlivesAnOrdinaryMark(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		mark(t, db, f, false, 1)
		mark(t, db, f, true, 2)
		mark(t, db, f, false, 2)
		if d := cmp.Diff([]flow.Mark{{Target: 2, Gen: 2, Urgent: true}, {Target: 1, Gen: 1}}, stockWork(t, db, f, 0, 9, false)); d != "" {
			t.Errorf("StockWork (-want +got):\n%s", d)
		}
	})
}

// TestWorkComesInTheOrderOfItsLanes: sales, to zero, decreases, readings, edits, increases; each counter once.
func TestWorkComesInTheOrderOfItsLanes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		c := func(id ident.Counter, lane flow.Lane, readDue ident.Micros) flow.Counter {
			return flow.Counter{ID: id, Key: channel.StockKey{Key: string(rune('a' + id))}, Lane: lane, ReadDue: readDue, State: flow.Pending}
		}
		savedCounters(t, db, f,
			c(1, flow.Increase, 0), c(2, flow.Quiet, 50), c(3, flow.Decrease, 0), c(4, flow.ToZero, 0), c(5, flow.Quiet, 0), c(6, flow.Quiet, 0),
			c(7, flow.ToZero, 900), // put off
			c(8, flow.Quiet, 900),
			c(9, flow.Increase, 40))
		mark(t, db, f, false, 5, 3)
		mark(t, db, f, true, 6, 4)
		targets := func(now ident.Micros, limit int, sending bool) (out []int64) {
			for _, m := range stockWork(t, db, f, now, limit, sending) {
				out = append(out, m.Target)
			}
			return out
		}
		for _, x := range []struct {
			now     ident.Micros
			limit   int
			sending bool
			want    []int64
		}{
			{100, 99, true, []int64{4, 6, 3, 9, 2, 5, 1}},
			{100, 3, true, []int64{4, 6, 3}},
			{1000, 99, true, []int64{4, 6, 7, 3, 9, 2, 8, 5, 1}},
			{100, 99, false, []int64{4, 6, 9, 2, 3, 5}}, // an observed account writes nothing
		} {
			if d := cmp.Diff(x.want, targets(x.now, x.limit, x.sending)); d != "" {
				t.Errorf("StockWork(now %d, limit %d, sending %v) (-want +got):\n%s", x.now, x.limit, x.sending, d)
			}
		}
	})
}

func TestLookNowEndsWhatWasPutOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		for _, x := range []flow.Fence{f, other} {
			savedCounters(t, db, x, flow.Counter{ID: ident.Counter(x.Account) * 10, Key: channel.StockKey{Key: "k"}, Lane: flow.Decrease, ReadDue: 900, State: flow.Pending})
		}
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.LookNow(t.Context(), tenant, f.Account) })
		if n := len(stockWork(t, db, f, 100, 9, true)); n != 1 {
			t.Errorf("work at the account = %d, want 1", n)
		}
		if n := len(stockWork(t, db, other, 100, 9, true)); n != 0 {
			t.Errorf("work at another account = %d, want 0", n)
		}
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.LookNow(t.Context(), tenant, 0) })
		if n := len(stockWork(t, db, other, 100, 9, true)); n != 1 {
			t.Errorf("work at another account after looking at all = %d, want 1", n)
		}
	})
}

func TestNextDueNamesTheEarliestReadingAndWhatIsLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		next := func(now ident.Micros, sending bool, wantDue ident.Micros, wantPending bool) {
			t.Helper()
			storetest.Write(t, db, func(tx *store.Tx) error {
				due, pending, err := tx.NextDue(t.Context(), f, now, sending)
				if due != wantDue || pending != wantPending {
					t.Errorf("NextDue(%d, sending %v) = %d, %v, want %d, %v", now, sending, due, pending, wantDue, wantPending)
				}
				return err
			})
		}
		next(100, true, 0, false)
		savedCounters(t, db, f, flow.Counter{ID: 1, Key: channel.StockKey{Key: "a"}, ReadDue: 500, State: flow.Pending})
		savedCounters(t, db, f, flow.Counter{ID: 2, Key: channel.StockKey{Key: "b"}, ReadDue: 400, State: flow.Pending})
		next(100, true, 400, false)
		storetest.BareListing(t, db, f.Account, 9, "k", "k", "", "")
		storetest.Exec(t, db, `UPDATE listings SET price_read = 300 WHERE listing = 9`)
		next(100, true, 300, false)
		is := []flow.Intent{{Field: channel.Stock, Target: 1, State: flow.Accepted, NotAfter: 200}, {Field: channel.Stock, Target: 2, State: flow.Confirmed, NotAfter: 10}}
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Record(t.Context(), f, is) })
		next(100, true, 200, false)
		savedCounters(t, db, f, flow.Counter{ID: 2, Key: channel.StockKey{Key: "b"}, ReadDue: 0, Lane: flow.Increase, State: flow.Pending})
		next(100, true, 200, true)
		next(100, false, 200, false) // nothing leaves an observed account
		mark(t, db, f, false, 1)
		next(100, false, 200, true)
		done(t, db, f, stockWork(t, db, f, 0, 9, false))
		storetest.Exec(t, db, `UPDATE listings SET price_lane = 2, price_read = 0 WHERE listing = 9`)
		savedCounters(t, db, f, flow.Counter{ID: 2, Key: channel.StockKey{Key: "b"}, State: flow.Verified})
		next(100, true, 200, true)
		storetest.Exec(t, db, `UPDATE listings SET price_read = 800 WHERE listing = 9`) // put off
		next(100, true, 200, false)
	})
}
