package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/dispatch"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func claim(t *testing.T, db *store.DB, owner string, now ident.Micros, limit int) []dispatch.Claim {
	t.Helper()
	cs, err := store.Leases{DB: db}.Claim(t.Context(), owner, now, limit)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// lapse lets every lease end, as time would.
func lapse(t *testing.T, db *store.DB) {
	t.Helper()
	storetest.Exec(t, db, `UPDATE drives SET lease_until = {now} - 1 WHERE lease_until <> 0`)
}

// written tries to write under a fence.
func written(db *store.DB, f flow.Fence) error {
	return store.Port{DB: db}.Write(context.Background(), f, func(tx flow.Tx) error {
		return tx.Log(context.Background(), tenant, flow.Event{Account: f.Account, Kind: f.Owner, Text: fmt.Sprint(f.Epoch)})
	})
}

// TestOnlyTheNewestEpochWrites (I7, I18).
func TestOnlyTheNewestEpochWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		account := storetest.Account(t, db, "shop", flow.Live)
		a := claim(t, db, "a", 100, 9)
		if len(a) != 1 || a[0].Account != account || a[0].Epoch != 1 || a[0].Gen != 1 || a[0].Owner != "a" {
			t.Fatalf("Claim = %+v, want account %d under epoch 1", a, account)
		}
		if again := claim(t, db, "b", 100, 9); len(again) != 0 {
			t.Fatalf("Claim of an account that is driven = %+v, want none", again)
		}
		if err := written(db, a[0].Fence); err != nil {
			t.Errorf("the driver's write = %v, want nil", err)
		}
		lapse(t, db)
		if err := written(db, a[0].Fence); err != nil {
			t.Errorf("a write under a lapsed lease that nobody took = %v, want nil", err)
		}
		if got := claim(t, db, "b", 100, 9); len(got) != 0 {
			t.Errorf("Claim after the write = %+v, want none: a write extends the lease", got)
		}
		lapse(t, db)
		b := claim(t, db, "b", 100, 9)
		if len(b) != 1 || b[0].Epoch != 2 {
			t.Fatalf("Claim of a lapsed lease = %+v, want epoch 2", b)
		}
		stolen := a[0].Fence
		stolen.Epoch = 2 // the epoch alone is not the right: the owner counts
		for name, f := range map[string]flow.Fence{"older epoch": a[0].Fence, "another owner": stolen} {
			if err := written(db, f); !fault.Is(err, fault.Fenced) {
				t.Errorf("a write under %s = %v, want fenced", name, err)
			}
		}
		if err := written(db, b[0].Fence); err != nil {
			t.Errorf("the new driver's write = %v, want nil", err)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM events WHERE kind = 'a'`); n != 2 {
			t.Errorf("the old driver wrote %d times, want the 2 before it was fenced", n)
		}
		// What the old driver gives back or extends is not its own any more.
		l := store.Leases{DB: db}
		if err := errors.Join(l.Release(t.Context(), a[0], 9999), l.Abandon(t.Context(), "a"), l.Extend(t.Context(), "a")); err != nil {
			t.Fatal(err)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM drives WHERE owner = 'b' AND epoch = 2 AND done_gen = 0 AND lease_until > {now}`); n != 1 {
			t.Error("the old driver changed the new one's lease")
		}
	})
}

func TestALeaseThatLapsedIsNotRevivedByTheBeat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.Account(t, db, "shop", flow.Live)
		claim(t, db, "a", 100, 9)
		l := store.Leases{DB: db}
		storetest.Exec(t, db, `UPDATE drives SET lease_until = {now} + 1000000`) // nearly over
		before := storetest.Int(t, db, `SELECT lease_until FROM drives`)
		if err := l.Extend(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if after := storetest.Int(t, db, `SELECT lease_until FROM drives`); after <= before {
			t.Errorf("lease until %d after the beat, want later than %d", after, before)
		}
		lapse(t, db)
		if err := l.Extend(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, db, "b", 100, 9); len(got) != 1 {
			t.Errorf("Claim after the beat of a driver that had paused = %+v, want one", got)
		}
	})
}

func TestAnAccountMarkedWhileItWasDrivenStaysDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Live)
		l := store.Leases{DB: db}
		next := func(want ident.Micros, found bool) {
			t.Helper()
			due, got, err := l.Next(t.Context())
			if err != nil || got != found || due != want {
				t.Errorf("Next() = %d, %v, %v, want %d, %v", due, got, err, want, found)
			}
		}
		next(0, true) // a new account is due at once
		c := claim(t, db, "a", 100, 9)[0]
		next(0, false) // everybody is driven
		if gen, err := l.Due(t.Context(), c.Fence); gen != 1 || err != nil {
			t.Errorf("Due() = %d, %v, want 1", gen, err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Wake(t.Context(), tenant, a) })
		if err := l.Release(t.Context(), c, 5000); err != nil {
			t.Fatal(err)
		}
		next(0, true)
		c = claim(t, db, "a", 100, 9)[0] // long before 5000
		if c.Gen != 2 {
			t.Errorf("generation = %d, want 2", c.Gen)
		}
		if err := l.Release(t.Context(), c, 5000); err != nil {
			t.Fatal(err)
		}
		next(5000, true)
		if got := claim(t, db, "a", 4999, 9); len(got) != 0 {
			t.Errorf("Claim before the account is due = %+v", got)
		}
		if got := claim(t, db, "a", 5000, 9); len(got) != 1 {
			t.Errorf("Claim when the account is due = %+v, want it", got)
		}
	})
}

func TestClaimsTakeTheLongestDueFirstAndNoDisconnectedAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var all []ident.Account
		for i := range 6 {
			all = append(all, storetest.Account(t, db, fmt.Sprint("shop ", i), flow.Live))
		}
		storetest.Exec(t, db, `UPDATE drives SET done_gen = gen, next_due = 1000 - account * 100`)
		storetest.Exec(t, db, `UPDATE accounts SET state = 'disconnected' WHERE account = $1`, all[5])
		var got []ident.Account
		for range 3 {
			cs := claim(t, db, "a", 2000, 2)
			for _, c := range cs {
				got = append(got, c.Account)
			}
		}
		want := map[int][]ident.Account{0: {all[3], all[4]}, 2: {all[1], all[2]}, 4: {all[0]}}
		for i, w := range want {
			have := got[i:min(i+2, len(got))]
			if len(have) == 2 && have[0] > have[1] { // a claim returns its accounts in no order
				have = []ident.Account{have[1], have[0]}
			}
			if d := cmp.Diff(w, have); d != "" {
				t.Errorf("claim %d (-want +got):\n%s", i/2, d)
			}
		}
	})
}

// TestClaimersAtOnceNeverShareAnAccount: two nodes claim the same accounts at the same moment, again and again.
func TestClaimersAtOnceNeverShareAnAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const accounts, rounds = 20, 15
		for i := range accounts {
			storetest.Account(t, db, fmt.Sprint("shop ", i), flow.Live)
		}
		for round := range rounds {
			var group sync.WaitGroup
			var mu sync.Mutex
			owners := map[ident.Account][]string{}
			start := make(chan struct{})
			for _, owner := range []string{"a", "b", "c"} {
				group.Go(func() {
					<-start
					for range accounts {
						cs, err := store.Leases{DB: db}.Claim(context.Background(), owner, 100, 2)
						if err != nil {
							t.Errorf("Claim of %s = %v", owner, err)
							return
						}
						mu.Lock()
						if len(cs) > 2 {
							t.Errorf("Claim of %s took %d accounts, want at most 2", owner, len(cs))
						}
						for _, c := range cs {
							owners[c.Account] = append(owners[c.Account], owner)
						}
						mu.Unlock()
					}
				})
			}
			close(start)
			group.Wait()
			if len(owners) != accounts {
				t.Errorf("round %d: %d of %d accounts were claimed", round, len(owners), accounts)
			}
			for a, os := range owners {
				if len(os) != 1 {
					t.Errorf("round %d: account %d was claimed by %v, want one owner", round, a, os)
				}
			}
			storetest.Exec(t, db, `UPDATE drives SET lease_until = 0`)
		}
	})
}

// TestTwoDriversOfOneAccountNeverInterleave: whoever is fenced in the middle of its transaction leaves nothing.
func TestTwoDriversOfOneAccountNeverInterleave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.Account(t, db, "shop", flow.Live)
		old := claim(t, db, "a", 100, 9)[0].Fence
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				f := flow.Fence{Tenant: tenant, Account: old.Account, Owner: fmt.Sprint("driver-", i)}
				err := db.Write(context.Background(), func(tx *store.Tx) error { return tx.Lease(context.Background(), &f) })
				if err != nil {
					t.Error(err)
					return
				}
				for range 20 {
					if err := written(db, f); err != nil && !fault.Is(err, fault.Fenced) {
						t.Errorf("write of %s = %v, want nil or fenced", f.Owner, err)
					}
				}
			})
		}
		group.Wait()
		if err := written(db, old); !fault.Is(err, fault.Fenced) {
			t.Errorf("the first driver's write = %v, want fenced", err)
		}
		// In the order in which they were committed, epochs only grow.
		n := storetest.Int(t, db, `
SELECT count(*) FROM events x JOIN events y ON y.tenant = x.tenant AND y.event > x.event AND CAST(y.text AS BIGINT) < CAST(x.text AS BIGINT)`)
		if n != 0 {
			t.Errorf("%d writes of an older epoch came after one of a newer", n)
		}
	})
}
