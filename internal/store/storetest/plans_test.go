package storetest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// differing makes an account with three counters that differ, one that is held and one price that differs.
func differing(t *testing.T, db *store.DB) ident.Account {
	t.Helper()
	a := storetest.Account(t, db, "shop", flow.Approve)
	for i, key := range []string{"", "k1", "k2", "k3", "k4", "k5"} {
		if i > 0 {
			storetest.Listing(t, db, a, int64(i), key, "S"+key, "", "", 10)
		}
	}
	storetest.Exec(t, db, `UPDATE counters SET wire = 0, lane = 1, rev = 4, state = 'pending' WHERE counter = 3`)
	storetest.Exec(t, db, `UPDATE counters SET wire = 8, lane = 2, rev = 5, state = 'pending' WHERE counter = 1`)
	storetest.Exec(t, db, `UPDATE counters SET wire = 19, lane = 3, rev = 6, state = 'pending' WHERE counter = 2`)
	storetest.Exec(t, db, `UPDATE counters SET wire = 0, lane = 0, rev = 7, state = 'held' WHERE counter = 4`)
	storetest.Exec(t, db, `UPDATE counters SET wire = 10, lane = 0, rev = 1, state = 'verified' WHERE counter = 5`)
	storetest.Exec(t, db, `UPDATE listings SET price_want = 1500, price_seen = 1000, price_lane = 3, price_rev = 2, price_state = 'pending' WHERE listing = 2`)
	return a
}

func syncPlan(t *testing.T, db *store.DB, a ident.Account) (id ident.Plan) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		if id, err = tx.AddPlan(t.Context(), tenant, store.Plan{Kind: store.PlanSync, Title: "x", State: store.PlanDraft, Counts: "{}", Actor: "ann", CreatedAt: 1}); err != nil {
			return err
		}
		n, err := tx.PlanDifferences(t.Context(), tenant, id, a, channel.Stock, 0)
		if err != nil {
			return err
		}
		m, err := tx.PlanDifferences(t.Context(), tenant, id, a, channel.Price, n)
		if n != 4 || m != 1 {
			t.Errorf("PlanDifferences = %d stock, %d price, want 4 and 1", n, m)
		}
		return err
	})
	return id
}

func TestASyncPlanHoldsEveryDifferenceWithItsRevision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := differing(t, db)
		storetest.Write(t, db, func(tx *store.Tx) error {
			return tx.Raise(t.Context(), tenant, []flow.Finding{{Class: "zero-held", Cause: "c4", Account: a, Field: channel.Stock, Target: 4, Text: "zero waits for a person", Data: "{}", At: 3}})
		})
		p := syncPlan(t, db, a)
		storetest.Write(t, db, func(tx *store.Tx) error {
			got, err := tx.Rows(t.Context(), tenant, p, store.RowFilter{Limit: 10})
			row := func(no int64, f channel.Field, target int64, old, next string, rev int64, state, note string) store.PlanRow {
				return store.PlanRow{No: no, Account: a, Field: f, Target: target, Action: "write", Old: old, New: next, Rev: rev, State: state, Note: note}
			}
			want := []store.PlanRow{
				row(1, channel.Stock, 4, "10", "0", 7, "held", "zero waits for a person"), row(2, channel.Stock, 3, "10", "0", 4, "planned", ""),
				row(3, channel.Stock, 1, "10", "8", 5, "planned", ""), row(4, channel.Stock, 2, "10", "19", 6, "planned", ""),
				row(5, channel.Price, 2, "1000", "1500", 2, "planned", ""),
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			worst, err := tx.WorstRows(t.Context(), tenant, p, channel.Stock, 2)
			if err != nil || len(worst) != 2 || worst[0].Target != 4 || worst[1].Target != 3 {
				t.Errorf("WorstRows = %+v, %v, want counters 4 and 3", worst, err)
			}
			names, err := tx.Names(t.Context(), tenant, a, channel.Stock, []int64{1, 4})
			if d := cmp.Diff(map[int64]store.Name{1: {Key: "k1", SKU: "Sk1"}, 4: {Key: "k4", SKU: "Sk4"}}, names); d != "" {
				t.Errorf("Names (-want +got):\n%s", d)
			}
			names, err = tx.Names(t.Context(), tenant, a, channel.Price, []int64{2})
			if d := cmp.Diff(map[int64]store.Name{2: {Key: "k2", SKU: "Sk2", Currency: "EUR"}}, names); d != "" {
				t.Errorf("Names of prices (-want +got):\n%s", d)
			}
			stock, price, err := tx.Differences(t.Context(), tenant, a)
			if stock != 3 || price != 1 {
				t.Errorf("Differences = %d, %d, want 3, 1", stock, price)
			}
			return err
		})
	})
}

func TestACanaryKeepsTheRestWaitingAndAPlanOnOldStateIsStale(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := differing(t, db)
		p := syncPlan(t, db, a)
		storetest.Write(t, db, func(tx *store.Tx) error {
			waiting, err := tx.KeepCanary(t.Context(), tenant, p, 2)
			if waiting != 2 {
				t.Errorf("KeepCanary(2) lets %d wait, want 2", waiting)
			}
			if err := tx.SetPlan(t.Context(), tenant, p, store.PlanApplying, 9); err != nil {
				return err
			}
			if n, _ := tx.Unverified(t.Context(), tenant, p); n != 2 {
				t.Errorf("Unverified = %d, want 2", n)
			}
			return err
		})
		// The first canary row is verified, the second was decided anew.
		storetest.Exec(t, db, `UPDATE counters SET state = 'verified', lane = 0, observed = 0 WHERE counter = 3`)
		storetest.Exec(t, db, `UPDATE counters SET rev = 99 WHERE counter = 1`)
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := tx.FinishSync(t.Context(), tenant, p); err != nil {
				return err
			}
			counts, err := tx.RowCounts(t.Context(), tenant, p)
			want := []store.RowCount{
				{Field: "price", Action: "write", State: "waiting", N: 1},
				{Field: "stock", Action: "write", State: "applied", N: 1},
				{Field: "stock", Action: "write", State: "held", N: 1},
				{Field: "stock", Action: "write", State: "stale", N: 1},
				{Field: "stock", Action: "write", State: "waiting", N: 1},
			}
			if d := cmp.Diff(want, counts); d != "" {
				t.Errorf("RowCounts (-want +got):\n%s", d)
			}
			if n, _ := tx.Unverified(t.Context(), tenant, p); n != 0 {
				t.Errorf("Unverified = %d, want 0", n)
			}
			if n, _ := tx.ReleaseRest(t.Context(), tenant, p); n != 2 {
				t.Errorf("ReleaseRest = %d, want 2", n)
			}
			if x, _ := tx.Plan(t.Context(), tenant, p); x.State != store.PlanApplying {
				t.Errorf("plan = %s, want applying", x.State)
			}
			return err
		})
		storetest.Exec(t, db, `UPDATE counters SET state = 'verified', lane = 0 WHERE counter = 2`)
		storetest.Exec(t, db, `UPDATE listings SET price_state = 'verified', price_lane = 0 WHERE listing = 2`)
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := tx.FinishSync(t.Context(), tenant, p); err != nil {
				return err
			}
			if x, _ := tx.Plan(t.Context(), tenant, p); x.State != store.PlanApplied {
				t.Errorf("plan = %s, want applied", x.State)
			}
			id, err := tx.AppliedSync(t.Context(), tenant, a, 9)
			if id != p {
				t.Errorf("AppliedSync since 9 = %d, want %d", id, p)
			}
			if id, _ = tx.AppliedSync(t.Context(), tenant, a, 10); id != 0 {
				t.Errorf("AppliedSync since 10 = %d, want none", id)
			}
			as, err := tx.PlanAccounts(t.Context(), tenant, p)
			if d := cmp.Diff([]ident.Account{a}, as); d != "" {
				t.Errorf("PlanAccounts (-want +got):\n%s", d)
			}
			ps, err := tx.PlansSince(t.Context(), tenant, 9)
			if len(ps) != 1 || ps[0].ID != p {
				t.Errorf("PlansSince(9) = %v", ps)
			}
			if all, _ := tx.Plans(t.Context(), tenant, 0, 5); len(all) != 1 {
				t.Errorf("Plans = %v, want one", all)
			}
			if err := tx.DropPlan(t.Context(), tenant, p); err != nil {
				return err
			}
			if _, err := tx.LockPlan(t.Context(), tenant, p); !fault.Is(err, fault.NotFound) {
				t.Errorf("LockPlan of a dropped plan = %v, want not found", err)
			}
			return err
		})
	})
}
