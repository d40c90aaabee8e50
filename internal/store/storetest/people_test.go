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

func intent(t *testing.T, db *store.DB, a ident.Account, id int64, field, state string, created, notAfter int64) {
	t.Helper()
	storetest.Exec(t, db, `
INSERT INTO intents (tenant, intent, account, field, target, rev, value, base, currency, idem_key, epoch, not_after, state, code, note, ticket, decision, plan, created_at, settled_at)
VALUES (1, $1, $2, $3, $1, 1, 5, 4, '', 'k', 1, $4, $5, '', '', '', 0, 0, $6, 0)`, id, a, field, notAfter, state, created)
}

func TestAPauseIsPausedOnceNothingOfItsScopeIsOnItsWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Live)
		b := storetest.Account(t, db, "other", flow.Live)
		intent(t, db, a, 1, "stock", "recorded", 10, 100)
		intent(t, db, b, 2, "price", "verified", 10, 100)
		var ids [3]ident.Pause
		storetest.Write(t, db, func(tx *store.Tx) (err error) {
			for i, p := range []store.PauseRow{{Mode: flow.PauseAll}, {Account: a, Field: channel.Price, Mode: flow.PauseAll}, {Account: a, Mode: flow.NoIncreases}} {
				p.At = 20
				if ids[i], err = tx.AddPause(t.Context(), tenant, p); err != nil {
					return err
				}
			}
			if err := tx.SettlePauses(t.Context(), tenant, 50); err != nil {
				return err
			}
			if n, _ := tx.InFlight(t.Context(), tenant, a, "", 50); n != 1 {
				t.Errorf("InFlight = %d, want 1", n)
			}
			return nil
		})
		states := func() (out []string) {
			storetest.Write(t, db, func(tx *store.Tx) error {
				ps, err := tx.PauseList(t.Context(), tenant, true, 10)
				for i := range ps {
					out = append(out, ps[len(ps)-1-i].State)
				}
				return err
			})
			return out
		}
		if d := cmp.Diff([]string{"pausing", "paused", "pausing"}, states()); d != "" {
			t.Errorf("with one intent on its way (-want +got):\n%s", d)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := tx.SettlePauses(t.Context(), tenant, 101); err != nil { // past not_after
				return err
			}
			if err := tx.LiftPause(t.Context(), tenant, ids[1], 102); err != nil {
				return err
			}
			if err := tx.LiftPause(t.Context(), tenant, ids[1], 102); !fault.Is(err, fault.NotFound) {
				t.Errorf("LiftPause again = %v, want not found", err)
			}
			if ps, _ := tx.PauseList(t.Context(), tenant, false, 10); len(ps) != 2 {
				t.Errorf("pauses in force = %d, want 2", len(ps))
			}
			return nil
		})
		if d := cmp.Diff([]string{"paused", "lifted", "paused"}, states()); d != "" {
			t.Errorf("past not_after (-want +got):\n%s", d)
		}
	})
}

func TestFindingsAreGroupedFilteredAndClosedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Live)
		storetest.Listing(t, db, a, 1, "k1", "S", "", "", 5)
		storetest.Exec(t, db, `UPDATE counters SET state = 'asked', prove_due = 7, holds = '[{"at":"2026-01-01T00:00:00Z","units":2}]' WHERE counter = 1`)
		storetest.Write(t, db, func(tx *store.Tx) error {
			f := func(class, cause string, at ident.Micros) flow.Finding {
				return flow.Finding{Class: class, Cause: cause, Account: a, Field: channel.Stock, Target: 1, Text: cause, Data: `{"n":1}`, At: at}
			}
			return tx.Raise(t.Context(), tenant, []flow.Finding{f("edit", "e1", 1), f("edit", "e2", 2), f("lost", "l1", 3), f("edit", "e1", 4)})
		})
		storetest.Write(t, db, func(tx *store.Tx) error {
			gs, err := tx.FindingGroups(t.Context(), tenant)
			want := []store.FindingGroup{{Class: "edit", Account: a, N: 2, FirstAt: 1, LastAt: 4, Example: "e1"}, {Class: "lost", Account: a, N: 1, FirstAt: 3, LastAt: 3, Example: "l1"}}
			if d := cmp.Diff(want, gs); d != "" || err != nil {
				t.Errorf("FindingGroups (-want +got):\n%s", d)
			}
			fs, err := tx.Findings(t.Context(), tenant, store.FindingFilter{Class: "edit", Limit: 10})
			if err != nil || len(fs) != 2 || fs[1].Count != 2 || fs[1].Cause != "e1" {
				t.Errorf("Findings(edit) = %+v", fs)
			}
			if fs, _ = tx.Findings(t.Context(), tenant, store.FindingFilter{Before: fs[0].ID, Field: channel.Stock, Account: a, Limit: 10}); len(fs) != 1 {
				t.Errorf("Findings before the second = %+v, want one", fs)
			}
			id := fs[0].ID
			if err := tx.CloseFinding(t.Context(), tenant, id, "ann", 9); err != nil {
				return err
			}
			if err := tx.CloseFinding(t.Context(), tenant, id, "ann", 9); !fault.Is(err, fault.Conflict) {
				t.Errorf("CloseFinding again = %v, want conflict", err)
			}
			if x, _ := tx.Finding(t.Context(), tenant, id); x.State != "done" || x.ClosedBy != "ann" {
				t.Errorf("Finding = %+v", x)
			}
			if all, _ := tx.Findings(t.Context(), tenant, store.FindingFilter{Done: true, Limit: 10}); len(all) != 3 {
				t.Errorf("Findings with closed ones = %d, want 3", len(all))
			}
			if of, _ := tx.FindingsOf(t.Context(), tenant, a, channel.Stock, []int64{1}); len(of) != 2 {
				t.Errorf("FindingsOf = %d, want the 2 open ones", len(of))
			}
			drift, err := tx.Drifting(t.Context(), tenant, a, 10)
			if err != nil || len(drift) != 1 || drift[0].SKU != "S" || drift[0].Holds == "" || drift[0].State != "asked" {
				t.Errorf("Drifting = %+v", drift)
			}
			if err := tx.Answered(t.Context(), tenant, a, channel.Stock, 1, 10); err != nil {
				return err
			}
			return tx.Answered(t.Context(), tenant, a, channel.Price, 1, 10)
		})
		if n := storetest.Int(t, db, `SELECT count(*) FROM counters WHERE state = 'pending' AND since = 10`); n != 1 {
			t.Errorf("the counter still waits for an answer")
		}
	})
}

func TestRulesAreVersionedAndMarkWhatTheyDecide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Live)
		b := storetest.Account(t, db, "other", flow.Live)
		it := items(t, db, "A", "", "B", "", "SET", "")
		storetest.Listing(t, db, a, 1, "k1", "A", "", "", 5)
		storetest.Listing(t, db, a, 2, "k2", "B", "", "", 5)
		storetest.Listing(t, db, b, 3, "k3", "SET", "", "", 5)
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := tx.SetComponents(t.Context(), tenant, it["SET"], []store.Component{{Item: it["A"], Quantity: 1}}); err != nil {
				return err
			}
			if err := tx.Bind(t.Context(), tenant, a, []store.Bind{{Listing: 1, Item: it["A"], Pack: 1}, {Listing: 2, Item: it["B"], Pack: 1}}, 1); err != nil {
				return err
			}
			return tx.Bind(t.Context(), tenant, b, []store.Bind{{Listing: 3, Item: it["SET"], Pack: 1}}, 1)
		})
		for _, c := range []struct {
			name  string
			scope store.RuleScope
			marks int64
		}{
			{"everything's stock", store.RuleScope{Field: "stock"}, 3},
			{"one account's stock", store.RuleScope{Field: "stock", Account: a}, 2},
			{"one item's stock, and the bundle it is in", store.RuleScope{Field: "stock", Item: it["A"]}, 2},
			{"one item's price", store.RuleScope{Field: "price", Item: it["A"]}, 1},
			{"a guard holds both fields", store.RuleScope{Field: "guard", Account: b}, 2},
		} {
			storetest.Exec(t, db, `UPDATE marks SET done_gen = gen`)
			storetest.Write(t, db, func(tx *store.Tx) error {
				_, err := tx.AddRule(t.Context(), tenant, c.scope, `{"version":1}`, "ann", 5)
				return err
			})
			if n := storetest.Int(t, db, `SELECT count(*) FROM marks WHERE gen > done_gen`); n != c.marks {
				t.Errorf("%s: %d marks, want %d", c.name, n, c.marks)
			}
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			s := store.RuleScope{Field: "stock", Item: it["A"]}
			id, err := tx.AddRule(t.Context(), tenant, s, "", "ann", 6)
			if err != nil {
				return err
			}
			h, err := tx.RuleHistory(t.Context(), tenant, s)
			if len(h) != 2 || h[0].ID != id || h[0].Version != 2 || h[0].Body != "" || h[1].SKU != "A" {
				t.Errorf("RuleHistory = %+v", h)
			}
			if r, _ := tx.RuleByID(t.Context(), tenant, id); r.Version != 2 {
				t.Errorf("RuleByID = %+v", r)
			}
			all, err := tx.RuleList(t.Context(), tenant, 0, 10)
			if len(all) != 4 {
				t.Errorf("RuleList = %d rules, want 4: a removed one is not in force", len(all))
			}
			since, err := tx.RulesSince(t.Context(), tenant, 6)
			if d := cmp.Diff([]store.RuleScope{s}, since); d != "" {
				t.Errorf("RulesSince (-want +got):\n%s", d)
			}
			return err
		})
	})
}

func TestHistoryOverviewAndDelays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		a := differing(t, db)
		it := items(t, db, "A", "")
		intent(t, db, a, 3, "stock", "accepted", 10, 100)
		storetest.Exec(t, db, `INSERT INTO lines (tenant, account, line, source, listing, quantity, shipped, returned, taken, version, opening, met, backfill, first_seen, updated_at)
VALUES (1, $1, 1, 's1', 'k2', 1, 0, 0, 0, 1, 0, 0, 0, 4, 1), (1, $1, 2, 's2', 'nowhere', 2, 1, 0, 0, 1, 0, 0, 0, 5, 1)`, a)
		storetest.Exec(t, db, `INSERT INTO latency (tenant, account, stage, hour, upto, n) VALUES (1, $1, 'x', 1, 500, 3), (1, $1, 'x', 2, 500, 4), (1, $1, 'x', 0, 500, 9)`, a)
		storetest.Exec(t, db, `INSERT INTO limits (tenant, account, state, at) VALUES (1, $1, '[]', 5)`, a)
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := tx.Bind(ctx, tenant, a, []store.Bind{{Listing: 2, Item: it["A"], Pack: 1, By: "person"}}, 1); err != nil {
				return err
			}
			if err := tx.Log(ctx, tenant, flow.Event{Kind: "k", Text: "one", At: 1}, flow.Event{Account: a, Kind: "k", Text: "two", At: 2}); err != nil {
				return err
			}
			v := int64(8)
			_, err := tx.Decide(ctx, tenant, []flow.Decision{{Account: a, Field: channel.Stock, Target: 1, At: 5, Outcome: "value", Value: &v, Record: "{}"}})
			return err
		})
		storetest.Write(t, db, func(tx *store.Tx) error {
			if es, err := tx.Events(ctx, tenant, 0, 0, 10); err != nil || len(es) != 2 || es[0].Text != "two" {
				t.Errorf("Events = %+v, %v", es, err)
			}
			if es, err := tx.Events(ctx, tenant, a, 0, 10); err != nil || len(es) != 1 {
				t.Errorf("Events of the account = %+v, %v", es, err)
			}
			if ds, err := tx.DecisionsOf(ctx, tenant, a, channel.Stock, 1, 5, 10); err != nil || len(ds) != 1 || *ds[0].Value != 8 {
				t.Errorf("DecisionsOf = %+v, %v", ds, err)
			}
			if ds, _ := tx.DecisionsOf(ctx, tenant, a, channel.Stock, 1, 4, 10); len(ds) != 0 {
				t.Errorf("DecisionsOf before it was made = %+v", ds)
			}
			if is, err := tx.IntentsOf(ctx, tenant, a, channel.Stock, 3, 0, 10); err != nil || len(is) != 1 || is[0].Value != 5 || is[0].State != flow.Accepted {
				t.Errorf("IntentsOf = %+v, %v", is, err)
			}
			cs, err := tx.CountersOf(ctx, tenant, a, []ident.Listing{2})
			if err != nil || len(cs) != 1 || *cs[0].Wire != 19 || cs[0].Target != nil || cs[0].Units != 1 {
				t.Errorf("CountersOf = %+v, %v", cs, err)
			}
			open, err := tx.OpenCounters(ctx, tenant)
			if d := cmp.Diff([]store.Tally{{Account: a, State: "held", N: 1}, {Account: a, State: "pending", N: 3}}, open); d != "" {
				t.Errorf("OpenCounters (-want +got):\n%s", d)
			}
			prices, err := tx.OpenPrices(ctx, tenant)
			if d := cmp.Diff([]store.Tally{{Account: a, State: "new", N: 4}, {Account: a, State: "pending", N: 1}}, prices); d != "" {
				t.Errorf("OpenPrices (-want +got):\n%s", d)
			}
			sizes, err := tx.Sizes(ctx, tenant)
			if d := cmp.Diff([]store.Size{{Account: a, Counters: 5, Listings: 5}}, sizes); d != "" {
				t.Errorf("Sizes (-want +got):\n%s", d)
			}
			qs, err := tx.Queues(ctx, tenant)
			if d := cmp.Diff([]store.Queue{{Account: a, Marked: 2, Stock: 3, Price: 1, Flight: 1}}, qs); d != "" {
				t.Errorf("Queues (-want +got):\n%s", d)
			}
			sales, err := tx.LastSales(ctx, tenant, 10)
			want := []store.Sale{{Account: a, Key: "nowhere", Quantity: 2, Shipped: 1, SeenAt: 5}, {Account: a, Key: "k2", SKU: "A", Quantity: 1, SeenAt: 4, Booked: true}}
			if d := cmp.Diff(want, sales); d != "" {
				t.Errorf("LastSales (-want +got):\n%s", d)
			}
			delays, err := tx.Delays(ctx, tenant, 0, 3_600_000_000+5)
			if d := cmp.Diff([]store.Bucket{{Account: a, Stage: "x", Upto: 500, N: 7}}, delays); d != "" {
				t.Errorf("Delays (-want +got):\n%s", d)
			}
			if ls, err := tx.LimitRows(ctx, tenant, a); err != nil || len(ls) != 1 || ls[0].State != "[]" {
				t.Errorf("LimitRows = %+v, %v", ls, err)
			}
			return err
		})
	})
}
