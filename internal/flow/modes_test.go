package flow_test

import (
	"context"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/sim"
	"carpediemstore.it/sync-connector/internal/store"
)

// rested is a world with one shop that shows units of n items and is right.
func rested(t *testing.T, o model.Options, n int, units int64) (*world, *sim.Shop) {
	t.Helper()
	w := begin(t)
	w.stock(n, units)
	s := w.shop("shop", o, n, units)
	w.run(31 * time.Second)
	for i := range n {
		w.offers(s, sku(i), units)
	}
	return w, s
}

func (w *world) mode(s *sim.Shop, m flow.Mode) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetMode(ctx, sim.Tenant, s.Account.ID, m) })
}

func TestObserveNeverWrites(t *testing.T) {
	t.Parallel()
	w, s := rested(t, brisk(model.Absolute(model.Options{})), 2, 10)
	w.mode(s, flow.Observe)
	from := len(w.calls)
	w.recount(sku(0), 0)
	w.recount(sku(1), 25)
	w.run(5 * time.Minute)
	if n := w.submits(s, from); n != 0 {
		t.Errorf("%d writes in mode observe, want none", n)
	}
	if got := s.Market.Sellable(sku(0)); got != 10 {
		t.Errorf("the shop sells %d, want 10 as before", got)
	}
	w.mode(s, flow.Live)
	w.Wake(sim.Tenant, s.Account.ID)
	w.run(5 * time.Minute)
	w.offers(s, sku(1), 25)
}

func TestApproveWritesExactlyThePlannedRowsAtTheirRevision(t *testing.T) {
	t.Parallel()
	w, s := rested(t, brisk(model.Absolute(model.Options{})), 3, 10)
	w.mode(s, flow.Approve)
	for i := range 3 {
		w.recount(sku(i), 6)
	}
	w.run(15 * time.Second)
	if got := s.Market.Sellable(sku(0)); got != 10 {
		t.Fatalf("the shop sells %d before anything was approved, want 10", got)
	}
	// Row 0 is planned at the revision that is due, row 1 at an older one, row 2 not at all.
	cs := w.counters(s)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		id, err := tx.AddPlan(ctx, sim.Tenant, store.Plan{Kind: store.PlanSync, State: store.PlanApplying, Counts: "{}", CreatedAt: w.Now()})
		if err != nil {
			return err
		}
		var rows []store.PlanRow
		for i, older := range []int64{0, 1} {
			c := cs[sku(i)]
			rows = append(rows, store.PlanRow{
				No: int64(i + 1), Account: s.Account.ID, Field: channel.Stock, Target: int64(c.ID), Action: "write", Old: "10", New: "6",
				Rev: c.Rev - older, State: store.RowPlanned,
			})
		}
		if err := tx.AddRows(ctx, sim.Tenant, id, rows); err != nil {
			return err
		}
		return tx.Mark(ctx, sim.Tenant, s.Account.ID, channel.Stock, []int64{int64(cs[sku(0)].ID), int64(cs[sku(1)].ID), int64(cs[sku(2)].ID)}, false)
	})
	w.Wake(sim.Tenant, s.Account.ID)
	w.run(3 * time.Minute)
	for i, want := range []int64{6, 10, 10} {
		if got := s.Market.Sellable(sku(i)); got != want {
			t.Errorf("%s: the shop sells %d, want %d", sku(i), got, want)
		}
	}
}

func TestAPauseHoldsTheNextWriteOfItsScope(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		mode flow.PauseMode
		want [3]int64 // of what is counted as 20, 6 and 0, from 10
	}{
		{flow.PauseAll, [3]int64{10, 10, 10}},
		{flow.NoIncreases, [3]int64{10, 6, 0}},
		{flow.ToZeroOnly, [3]int64{10, 10, 0}},
	} {
		t.Run(string(x.mode), func(t *testing.T) {
			t.Parallel()
			w, s := rested(t, brisk(model.Absolute(model.Options{})), 3, 10)
			var pause ident.Pause
			w.write(func(ctx context.Context, tx *store.Tx) (err error) {
				pause, err = tx.AddPause(ctx, sim.Tenant, store.PauseRow{Account: s.Account.ID, Mode: x.mode, Actor: "test", At: w.Now()})
				return err
			})
			for i, n := range []int64{20, 6, 0} {
				w.recount(sku(i), n)
			}
			w.run(3 * time.Minute)
			for i, want := range x.want {
				if got := s.Market.Sellable(sku(i)); got != want {
					t.Errorf("%s: the shop sells %d while paused, want %d", sku(i), got, want)
				}
			}
			w.write(func(ctx context.Context, tx *store.Tx) error { return tx.LiftPause(ctx, sim.Tenant, pause, w.Now()) })
			w.Wake(sim.Tenant, s.Account.ID)
			w.run(3 * time.Minute)
			for i, want := range []int64{20, 6, 0} {
				w.offers(s, sku(i), want)
			}
		})
	}
}

func TestTooManyZerosAtOnceAreHeldAndSellOutsGoThrough(t *testing.T) {
	t.Parallel()
	const items = 20
	w := begin(t)
	w.stock(items, 5)
	s := w.shop("shop", brisk(model.Absolute(model.Options{})), items, 5)
	other := w.shop("other", brisk(model.Absolute(model.Options{})), items, 5)
	w.run(31 * time.Second)
	for i := range 8 { // sold out elsewhere
		w.buy(other, sku(i), 5)
	}
	w.run(30 * time.Second)
	for i := range 8 {
		w.offers(s, sku(i), 0)
	}
	for i := 8; i < items; i++ { // a bad file says that the rest is gone
		w.recount(sku(i), 0)
	}
	w.run(time.Minute)
	held := 0
	for i := 8; i < items; i++ {
		if s.Market.Sellable(sku(i)) == 5 {
			held++
		}
	}
	if fs := w.findings("zero-held", false); held == 0 || len(fs) < held {
		t.Errorf("%d of 12 zeros held, %d findings; want the guard to hold and tell", held, len(fs))
	}
}

func TestWhatWasNeverCountedOrIsKeptByTheChannelIsNotWritten(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.stock(1, 10)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.SaveItems(ctx, sim.Tenant, []store.Item{{SKU: sku(1), Title: sku(1), Price: store.ItemPrice{Currency: "EUR", Extra: "{}"}}})
	})
	o := brisk(model.Absolute(model.Options{}))
	o.Caps.Read.Sweep = 20 * time.Second
	s := w.shop("shop", o, 2, 10)
	w.run(31 * time.Second)
	for key, name := range s.Market.Truth().SKUs {
		if name == sku(0) {
			s.Market.Move(key, channel.ByChannel)
		}
	}
	w.run(time.Minute)
	w.recount(sku(0), 3)
	w.run(2 * time.Minute)
	if n := w.submits(s, 0); n != 0 {
		t.Errorf("%d writes, want none: one item was never counted, the other is in the channel's warehouse", n)
	}
	cs := w.counters(s)
	if a, b := cs[sku(0)].State, cs[sku(1)].State; a != flow.Foreign || b != flow.Absent {
		t.Errorf("states = %s, %s; want %s, %s", a, b, flow.Foreign, flow.Absent)
	}
}

func TestTheRevisionBudgetKeepsAReserveForZero(t *testing.T) {
	t.Parallel()
	o := brisk(model.Absolute(model.Options{}))
	o.Caps.Stock.Budget = 10
	w, s := rested(t, o, 1, 50)
	for i := range int64(12) {
		w.recount(sku(0), 49-i)
		w.run(3 * time.Second)
	}
	n := len(w.intents(s, sku(0)))
	if n < 7 || n > 9 {
		t.Errorf("%d writes in a day with a budget of 10, want a fifth kept for zero", n)
	}
	w.recount(sku(0), 0)
	w.run(2 * time.Minute)
	w.offers(s, sku(0), 0)
}

func TestAnIntentThatHasGrownOldIsNotSent(t *testing.T) {
	t.Parallel()
	o := brisk(model.Absolute(model.Options{}))
	o.Caps.Stock.MaxBatch = 1
	w, s := rested(t, o, 2, 10)
	var stalled bool
	w.before = func(c call) error {
		if c.op != channel.OpStock || c.shop != s.Account.ID || stalled {
			return nil
		}
		stalled = true
		w.stall(15 * time.Second) // longer than an intent lives
		return nil
	}
	w.recount(sku(0), 7)
	w.recount(sku(1), 7)
	from := len(w.calls)
	w.run(2 * time.Minute)
	var sent []ident.Micros
	for _, c := range w.calls[from:] {
		if c.op == channel.OpStock {
			sent = append(sent, c.at)
		}
	}
	superseded := 0
	for i := range 2 {
		for _, in := range w.intents(s, sku(i)) {
			if in.State == flow.Superseded && in.Code == "not-sent" {
				superseded++
			}
		}
		w.offers(s, sku(i), 7)
	}
	if !stalled || superseded == 0 || len(sent) < 2 {
		t.Errorf("stalled %v, %d intents not sent, sent at %v; want the second intent of the stalled drive not sent (I7)", stalled, superseded, sent)
	}
}

func TestAStaleEpochRecordsNothing(t *testing.T) {
	t.Parallel()
	w, s := rested(t, brisk(model.Absolute(model.Options{})), 1, 10)
	var old flow.Fence
	w.write(func(ctx context.Context, tx *store.Tx) error {
		old = flow.Fence{Tenant: sim.Tenant, Account: s.Account.ID, Owner: "old"}
		if err := tx.Lease(ctx, &old); err != nil {
			return err
		}
		next := flow.Fence{Tenant: sim.Tenant, Account: s.Account.ID, Owner: "new"}
		return tx.Lease(ctx, &next)
	})
	w.recount(sku(0), 3)
	from := len(w.calls)
	_, err := w.Loop.Drive(t.Context(), old)
	if !fault.Is(err, fault.Fenced) {
		t.Errorf("Drive under an old epoch = %v, want a %v fault", err, fault.Fenced)
	}
	if n := w.submits(s, from); n != 0 || len(w.intents(s, sku(0))) != 0 {
		t.Errorf("%d writes and intents %+v under an old epoch, want none", n, w.intents(s, sku(0)))
	}
}
