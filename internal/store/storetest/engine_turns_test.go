package storetest_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/postgres"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

// collisions counts transactions that had to be run again.
type collisions struct {
	store.Engine

	n atomic.Int64
}

func (c *collisions) Transient(err error) bool {
	again := c.Engine.Transient(err)
	if again {
		c.n.Add(1)
	}
	return again
}

// TestDriversNeverWaitForEachOtherInACircle: six accounts sell the same items at the same time. Each driver holds its own
// lease, books, and wakes the accounts of the others, who do the same; each also works marks off and raises findings, in an
// order of its own. A circle would be broken by the database after a second, every time.
func TestDriversNeverWaitForEachOtherInACircle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, plain *store.DB) {
		e := &collisions{Engine: plain.Engine()}
		db := store.New(e)
		it := items(t, db, "A", "", "B", "", "C", "")
		names := []string{"A", "B", "C"}
		const accounts, rounds = 6, 15
		var fences []flow.Fence
		for i := range accounts {
			f := driven(t, db, fmt.Sprint("shop ", i))
			shown(t, db, f, 1, offer("A"), offer("B"), offer("C"))
			for _, n := range names {
				bindTo(t, db, f, offer(n).Key, it[n], 1)
			}
			fences = append(fences, f)
		}
		ctx := context.Background()
		drive := func(i, round int) error {
			f := fences[i]
			return store.Port{DB: db}.Write(ctx, f, func(tx flow.Tx) error {
				work, err := tx.StockWork(ctx, f, 0, 2, false)
				if err != nil {
					return err
				}
				steps := []func() error{
					func() error {
						_, err := tx.Book(ctx, tenant, []ledger.Entry{{Source: fmt.Sprint(i, "-", round), Item: it[names[(i+round)%3]], Kind: ledger.Reserve, Reserved: 1, At: 9}}, true)
						return err
					},
					func() error { return tx.MarksDone(ctx, f, channel.Stock, work) },
					func() error {
						return tx.Raise(ctx, tenant, []flow.Finding{{Class: "c", Cause: fmt.Sprint("c", i), Account: f.Account, Data: "{}"}})
					},
					func() error {
						_, err := tx.Decide(ctx, tenant, []flow.Decision{{Account: f.Account, Field: channel.Stock, Target: 1, Record: "{}"}})
						return err
					},
				}
				for k := range steps {
					if err := steps[(k+i)%len(steps)](); err != nil {
						return err
					}
				}
				return nil
			})
		}
		var group sync.WaitGroup
		for i := range accounts {
			group.Go(func() {
				for round := range rounds {
					if err := drive(i, round); err != nil {
						t.Errorf("driver %d = %v, want nil", i, err)
						return
					}
				}
			})
		}
		group.Go(func() { // every owner's beat, all the while
			for range rounds {
				if err := (store.Leases{DB: db}).Extend(ctx, "test"); err != nil {
					t.Errorf("Extend() = %v", err)
				}
			}
		})
		group.Wait()
		if n := e.n.Load(); n != 0 {
			t.Errorf("%d transactions had to be run again, want 0", n)
		}
		var total int64
		for _, n := range names {
			total += balance(t, db, it[n]).Reserved
		}
		if total != accounts*rounds {
			t.Errorf("reserved over all items = %d, want %d", total, accounts*rounds)
		}
	})
}

// TestAProcessThatStandsStillKeepsNobodyWaitingForLong (F23): it stopped in the middle of a transaction.
func TestAProcessThatStandsStillKeepsNobodyWaitingForLong(t *testing.T) {
	t.Parallel()
	url := pg.Database(t)
	open := func() *store.DB {
		e, err := postgres.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		db := store.New(e)
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
	paused, other := open(), open()
	f := driven(t, paused, "shop")
	held, resume, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- store.Port{DB: paused}.Write(context.Background(), f, func(tx flow.Tx) error {
			close(held)
			<-resume
			return tx.Log(context.Background(), tenant, flow.Event{Text: "from the past"})
		})
	}()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := other.Write(ctx, func(tx *store.Tx) error { return tx.Log(ctx, tenant, flow.Event{Text: "from another process"}) })
	if err != nil {
		t.Errorf("a write beside a process that stands still = %v, want nil within 30 s", err)
	}
	close(resume)
	if err := <-ended; err == nil {
		t.Error("the process that stood still committed what it had begun, want an error")
	}
	if n := storetest.Int(t, other, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events, want the other process's alone", n)
	}
}
