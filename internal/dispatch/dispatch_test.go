package dispatch_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"carpediemstore.it/sync-connector/internal/dispatch"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

type clock struct{}

func (clock) Now() ident.Micros { return ident.At(time.Now()) }

// driver does what a test says for each drive, the n-th of its account counted from 1.
type driver struct {
	mu    sync.Mutex
	n     map[ident.Account]int
	drove chan flow.Fence
	do    func(ctx context.Context, f flow.Fence, n int) (ident.Micros, error)
}

func (d *driver) Drive(ctx context.Context, f flow.Fence) (ident.Micros, error) {
	d.mu.Lock()
	d.n[f.Account]++
	n := d.n[f.Account]
	d.mu.Unlock()
	next, err := d.do(ctx, f, n)
	d.drove <- f
	return next, err
}

const never = 24 * time.Hour

func later() ident.Micros { return clock{}.Now().Add(never) }

// start runs a dispatcher on db; the returned function stops it and waits.
func start(t *testing.T, db *store.DB, owner string, do func(context.Context, flow.Fence, int) (ident.Micros, error)) (*dispatch.Dispatcher, *driver, func()) {
	t.Helper()
	d := dispatch.New(store.Leases{DB: db}, clock{}, slog.New(slog.DiscardHandler), dispatch.Options{
		Owner: owner, Workers: 4, Poll: 20 * time.Millisecond, Linger: 10 * time.Millisecond, Beat: 50 * time.Millisecond,
	})
	drv := &driver{n: map[ident.Account]int{}, drove: make(chan flow.Fence, 100), do: do}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, drv) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run = %v, want nil", err)
			}
		})
	}
	t.Cleanup(stop)
	return d, drv, stop
}

// await waits for the next drive.
func (d *driver) await(t *testing.T) flow.Fence {
	t.Helper()
	select {
	case f := <-d.drove:
		return f
	case <-time.After(20 * time.Second):
		t.Fatal("no drive within 20 s")
		return flow.Fence{}
	}
}

// mark makes an account due as a booking elsewhere would.
func mark(t *testing.T, db *store.DB, a ident.Account) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error { return tx.Wake(t.Context(), storetest.Tenant, a) })
}

func TestAnAccountMarkedWhileItIsDrivenIsDrivenAgain(t *testing.T) {
	db := storetest.SQLite(t)
	a := storetest.Account(t, db, "shop", flow.Live)
	_, drv, _ := start(t, db, "one", func(_ context.Context, _ flow.Fence, n int) (ident.Micros, error) {
		if n == 1 {
			mark(t, db, a) // by somebody who wakes nobody: the database alone must remember it
		}
		return later(), nil
	})
	drv.await(t)
	drv.await(t)
}

func TestAPanicInADriveReleasesTheAccountAndLeavesOthersAlone(t *testing.T) {
	db := storetest.SQLite(t)
	bad, good := storetest.Account(t, db, "bad", flow.Live), storetest.Account(t, db, "good", flow.Live)
	panicked := make(chan struct{})
	_, drv, stop := start(t, db, "one", func(_ context.Context, f flow.Fence, _ int) (ident.Micros, error) {
		if f.Account == bad {
			close(panicked) // a second drive of it within this test would panic on its own
			panic("a defect")
		}
		return later(), nil
	})
	<-panicked
	if f := drv.await(t); f.Account != good {
		t.Errorf("drove account %d, want %d", f.Account, good)
	}
	stop()
	if n := storetest.Int(t, db, `SELECT count(*) FROM drives WHERE lease_until <> 0 OR owner <> ''`); n != 0 {
		t.Errorf("%d accounts still leased, want none", n)
	}
}

func TestALingeringDriverTakesTheNextWorkUnderTheSameLease(t *testing.T) {
	db := storetest.SQLite(t)
	a := storetest.Account(t, db, "shop", flow.Live)
	_, drv, _ := start(t, db, "one", func(_ context.Context, _ flow.Fence, n int) (ident.Micros, error) {
		if n < 3 {
			return clock{}.Now(), nil // more at once
		}
		return later(), nil
	})
	first, second, third := drv.await(t), drv.await(t), drv.await(t)
	if first.Account != a || second.Epoch != first.Epoch || third.Epoch != first.Epoch {
		t.Errorf("epochs %d, %d, %d; want one lease for work that follows at once", first.Epoch, second.Epoch, third.Epoch)
	}
}

func TestStopWaitsForDrivesAndGivesLeasesBack(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	db := storetest.SQLite(t)
	storetest.Account(t, db, "shop", flow.Live)
	began, mayEnd, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	_, _, stop := start(t, db, "one", func(ctx context.Context, _ flow.Fence, _ int) (ident.Micros, error) {
		close(began)
		<-ctx.Done()
		<-mayEnd
		close(ended)
		return 0, ctx.Err()
	})
	<-began
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Fatal("Run returned while a drive was under way")
	default:
	}
	close(mayEnd)
	<-stopped
	select {
	case <-ended:
	default:
		t.Error("Run returned before the drive had ended")
	}
	if n := storetest.Int(t, db, `SELECT count(*) FROM drives WHERE lease_until <> 0`); n != 0 {
		t.Errorf("%d leases left, want none", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestALapsedLeaseIsTakenOverAndTheOldDriverCanRecordNothing(t *testing.T) {
	db := storetest.SQLite(t)
	a := storetest.Account(t, db, "shop", flow.Live)
	leases := store.Leases{DB: db}
	old, err := leases.Claim(t.Context(), "dead", clock{}.Now(), 10)
	if err != nil || len(old) != 1 {
		t.Fatalf("Claim = %v, %v; want one account", old, err)
	}
	if again, err := leases.Claim(t.Context(), "other", clock{}.Now(), 10); err != nil || len(again) != 0 {
		t.Fatalf("Claim of a leased account = %v, %v; want none", again, err)
	}
	storetest.Exec(t, db, `UPDATE drives SET lease_until = 1`) // its owner died long ago
	_, drv, _ := start(t, db, "two", func(context.Context, flow.Fence, int) (ident.Micros, error) { return later(), nil })
	f := drv.await(t)
	if f.Account != a || f.Epoch <= old[0].Epoch || f.Owner != "two" {
		t.Errorf("drove under %+v, want a higher epoch than %d", f, old[0].Epoch)
	}
	err = store.Port{DB: db}.Write(t.Context(), old[0].Fence, func(flow.Tx) error { return nil })
	if !fault.Is(err, fault.Fenced) {
		t.Errorf("a write under the old epoch = %v, want a %v fault", err, fault.Fenced)
	}
}
