package storetest_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func record(db *store.DB, f flow.Fence, is ...flow.Intent) error {
	return db.Write(context.Background(), func(tx *store.Tx) error { return tx.Record(context.Background(), f, is) })
}

func write(f channel.Field, target int64, s flow.IntentState) flow.Intent {
	return flow.Intent{Field: f, Target: target, Rev: 1, State: s}
}

// TestTheDatabaseRefusesASecondUnresolvedWrite (I6).
func TestTheDatabaseRefusesASecondUnresolvedWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		for _, first := range []flow.IntentState{flow.Recorded, flow.Accepted, flow.Unanswered} {
			for _, second := range []flow.IntentState{flow.Recorded, flow.Accepted, flow.Unanswered} {
				storetest.Exec(t, db, `DELETE FROM intents`)
				if err := record(db, f, write(channel.Stock, 1, first)); err != nil {
					t.Fatal(err)
				}
				err := record(db, f, write(channel.Stock, 2, flow.Recorded), write(channel.Stock, 1, second))
				if err == nil || !strings.Contains(strings.ToLower(err.Error()), "unique") {
					t.Errorf("a write that is %s beside one that is %s = %v, want refused by the unique index", second, first, err)
				}
				if n := storetest.Int(t, db, `SELECT count(*) FROM intents`); n != 1 {
					t.Errorf("%d intents after the refusal, want 1: all of a batch or nothing", n)
				}
			}
		}
		// What is no second write of the same thing.
		if err := record(db, f, write(channel.Price, 1, flow.Recorded), write(channel.Stock, 3, flow.Recorded)); err != nil {
			t.Errorf("writes of another field and another counter = %v", err)
		}
		if err := record(db, other, write(channel.Stock, 1, flow.Recorded)); err != nil {
			t.Errorf("a write of another account = %v", err)
		}
		for _, s := range []flow.IntentState{flow.Applied, flow.Rejected, flow.Superseded, flow.Confirmed, flow.Refuted} {
			if err := record(db, f, write(channel.Stock, 1, s)); err != nil {
				t.Errorf("a write that is %s beside an unresolved one = %v, want nil: it is resolved", s, err)
			}
		}
	})
}

// TestOfManyWritersAtOnceOneRecords (I6 across nodes).
func TestOfManyWritersAtOnceOneRecords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		var group sync.WaitGroup
		var recorded atomic.Int64
		for range 8 {
			group.Go(func() {
				if record(db, f, write(channel.Stock, 1, flow.Recorded)) == nil {
					recorded.Add(1)
				}
			})
		}
		group.Wait()
		if recorded.Load() != 1 {
			t.Errorf("%d of 8 writers recorded the same write, want 1", recorded.Load())
		}
	})
}

func TestIntentsOfADriverThatDiedAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		var full flow.Intent
		n := int64(100)
		fill(reflect.ValueOf(&full).Elem(), &n)
		full.Field, full.State, full.Epoch, full.Plan = channel.Stock, flow.Recorded, f.Epoch, 0
		is := []flow.Intent{full, write(channel.Stock, 2, flow.Recorded), write(channel.Stock, 3, flow.Unanswered), write(channel.Stock, 4, flow.Accepted), write(channel.Stock, 5, flow.Applied)}
		for i := range is {
			is[i].Epoch = f.Epoch
		}
		mine := write(channel.Price, 9, flow.Recorded)
		mine.Epoch = f.Epoch + 1
		theirs := write(channel.Stock, 1, flow.Recorded)
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Record(t.Context(), f, is) })
		if err := record(db, f, mine); err != nil {
			t.Fatal(err)
		}
		if err := record(db, other, theirs); err != nil {
			t.Fatal(err)
		}
		next := f
		next.Epoch++
		storetest.Write(t, db, func(tx *store.Tx) error {
			got, err := tx.Orphans(t.Context(), next)
			want := is[:2]
			want[0].Decision = 0 // history, not loaded
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("Orphans (-want +got):\n%s", d)
			}
			return err
		})
		storetest.Write(t, db, func(tx *store.Tx) error {
			got, err := tx.Orphans(t.Context(), f)
			if len(got) != 0 {
				t.Errorf("Orphans of the driver's own epoch = %+v, want none", got)
			}
			return err
		})
	})
}

func TestTicketsOutcomesAndTheBudget(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		ctx := t.Context()
		is := make([]flow.Intent, 6)
		for i := range is {
			is[i] = write(channel.Stock, int64(i+1), flow.Accepted)
			is[i].Ticket, is[i].CreatedAt = "t1", ident.Micros(100*(i+1))
		}
		is[2].Ticket = "t2"
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Record(ctx, f, is) })
		storetest.Write(t, db, func(tx *store.Tx) error {
			got, err := tx.Tickets(ctx, f)
			if len(got) != 2 || len(got["t1"]) != 5 || len(got["t2"]) != 1 || got["t2"][0].Target != 3 {
				t.Errorf("Tickets = %+v", got)
			}
			return err
		})
		is[0].State, is[0].Code, is[0].Note, is[0].SettledAt, is[0].Ticket = flow.Applied, "ok", "fine", 700, ""
		is[1].State = flow.Applied
		is[2].State = flow.Rejected
		is[3].State, is[3].Code = flow.Superseded, "not-sent"
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.SaveIntents(ctx, f, is) })
		storetest.Write(t, db, func(tx *store.Tx) error {
			return tx.CloseApplied(ctx, f, channel.Stock, []int64{1, 3}, []int64{2, 5}, 800)
		})
		want := []string{"verified", "refuted", "rejected", "superseded", "accepted", "accepted"}
		storetest.Write(t, db, func(tx *store.Tx) error {
			for i, s := range want {
				got, err := tx.IntentsOf(ctx, tenant, f.Account, channel.Stock, int64(i+1), 0, 9)
				if err != nil || len(got) != 1 || string(got[0].State) != s {
					t.Errorf("intent of counter %d = %+v, %v, want %s: only what was applied is closed", i+1, got, err, s)
				}
				if i == 0 && (got[0].Code != "ok" || got[0].Note != "fine" || got[0].SettledAt != 800) {
					t.Errorf("verified intent = %+v", got[0])
				}
			}
			return nil
		})
		storetest.Write(t, db, func(tx *store.Tx) error {
			// What was not sent costs nothing; what left before the window is forgotten.
			got, err := tx.Spent(ctx, f, channel.Stock, []int64{1, 2, 3, 4, 6, 99}, 200)
			if d := cmp.Diff(map[int64]int{2: 1, 3: 1, 6: 1}, got); d != "" {
				t.Errorf("Spent (-want +got):\n%s", d)
			}
			return err
		})
	})
}

func TestAPlanAllowsExactlyTheRevisionsItWasMadeOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := differing(t, db)
		p := syncPlan(t, db, a)
		f := flow.Fence{Tenant: tenant, Account: a}
		approved := func(when string, revs map[int64]int64, want map[int64]ident.Plan) {
			t.Helper()
			storetest.Write(t, db, func(tx *store.Tx) error {
				got, err := tx.Approved(t.Context(), f, channel.Stock, revs)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("Approved %s (-want +got):\n%s", when, d)
				}
				return err
			})
		}
		revs := map[int64]int64{3: 4, 1: 5, 2: 99, 4: 7, 5: 1}
		approved("before the plan is applied", revs, map[int64]ident.Plan{})
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.SetPlan(t.Context(), tenant, p, store.PlanApplying, 9) })
		approved("while it is applied", revs, map[int64]ident.Plan{3: p, 1: p}) // 2 was decided anew, 4 is held, 5 does not differ
		sent := write(channel.Stock, 3, flow.Recorded)
		sent.Plan = p
		is := []flow.Intent{sent}
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Record(t.Context(), f, is) })
		is[0].State = flow.Applied
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.SaveIntents(t.Context(), f, is) })
		approved("after the row was written", revs, map[int64]ident.Plan{1: p})
	})
}
