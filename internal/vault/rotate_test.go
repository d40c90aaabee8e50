package vault

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
)

// fill gives three tenants two credentials each.
func (b *bench) fill(t *testing.T) {
	t.Helper()
	b.enroll(t, 1, 2, 3)
	for tenant := ident.Tenant(1); tenant <= 3; tenant++ {
		for _, field := range []string{"id", "token"} {
			if err := b.safe.Put(t.Context(), tenant, 10, field, secret.New(fmt.Sprint(canary, tenant, field))); err != nil {
				t.Fatalf("Put: %v", err)
			}
		}
	}
}

// check opens everything that fill sealed.
func (b *bench) check(t *testing.T) {
	t.Helper()
	for tenant := ident.Tenant(1); tenant <= 3; tenant++ {
		for _, field := range []string{"id", "token"} {
			got, err := b.safe.Get(t.Context(), tenant, 10, field, drive)
			if want := fmt.Sprint(canary, tenant, field); err != nil || got.Reveal() != want {
				t.Errorf("Get(%d, %s) = %v, want its text", tenant, field, err)
			}
		}
	}
}

func (b *bench) masters() map[string]int {
	out := make(map[string]int)
	for _, k := range b.keys {
		if k.Class == TenantKey {
			out[k.By]++
		}
	}
	return out
}

// TestMasterRotationSurvivesEveryCut stops the rotation before and after each change of the key store and restarts.
func TestMasterRotationSurvivesEveryCut(t *testing.T) {
	cuts := 0
	for n := 1; ; n++ {
		whole := 0
		for _, after := range []bool{false, true} {
			b := newBench(t)
			b.fill(t)
			was := b.master.ID()
			b.cutAt, b.after = b.changes+n, after
			_, err := b.vault.RotateMaster(t.Context())
			if err == nil {
				whole++
			} else if !errors.Is(err, errCut) {
				t.Fatalf("cut %d: RotateMaster = %v, want %v", n, err, errCut)
			}
			cuts++
			b.check(t)
			b.start(t)
			b.check(t)
			b.cutAt = 0
			pending := 3 - b.masters()[b.master.ID()]
			r, err := b.vault.RotateMaster(t.Context())
			if err != nil {
				t.Fatalf("cut %d: RotateMaster again = %v", n, err)
			}
			if r.New != (pending == 0) || pending > 0 && r.Rewrapped != pending {
				t.Errorf("cut %d: RotateMaster again = %+v with %d keys pending, want those finished first", n, r, pending)
			}
			if got := b.masters(); got[b.master.ID()] != 3 || b.master.ID() == was {
				t.Errorf("cut %d, then %+v: keys by master %v, want all 3 under a new one", n, r, got)
			}
			b.check(t)
		}
		if whole == 2 {
			break
		}
	}
	if cuts < 8 {
		t.Errorf("%d runs, want one before and after each of 3 changes and a whole one", cuts)
	}
}

func TestMasterRotationReachesARunningNode(t *testing.T) {
	a := newBench(t)
	a.fill(t)
	other := *a // another node over the same files and rows
	other.start(t)
	other.check(t)

	r, err := a.vault.RotateMaster(t.Context())
	if err != nil || !r.New || r.Rewrapped != 3 {
		t.Fatalf("RotateMaster = %+v, %v, want 3 keys under a new master", r, err)
	}
	other.check(t)
	other.now = other.now.Add(keepKeys)
	other.check(t)
	other.enroll(t, 4)
	if got := a.masters(); got[r.Master] != 4 {
		t.Errorf("keys by master %v, want 4 under %s", got, r.Master)
	}
}

func TestFormerMasterStaysUntilItIsRemoved(t *testing.T) {
	b := newBench(t)
	b.fill(t)
	backup := append([]Key(nil), b.keys...)
	was := b.master.ID()
	if _, err := b.vault.RotateMaster(t.Context()); err != nil {
		t.Fatalf("RotateMaster: %v", err)
	}
	b.keys = backup // a restored key store is still under the former master
	b.start(t)
	b.check(t)

	if err := os.Remove(b.path + oldMark + was); err != nil {
		t.Fatalf("former master: %v", err)
	}
	b.start(t)
	if _, err := b.vault.Hasher(t.Context(), 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("Hasher without the former master = %v, want kind %v", err, fault.NotFound)
	}
}

func TestTwoMasterRotationsDoNotMix(t *testing.T) {
	b := newBench(t)
	b.fill(t)
	if err := createMaster(b.path + ".new"); err != nil {
		t.Fatal(err)
	}
	was := b.master.ID()
	if _, err := b.vault.RotateMaster(t.Context()); !fault.Is(err, fault.Exists) {
		t.Errorf("RotateMaster beside another = %v, want kind %v", err, fault.Exists)
	}
	b.start(t)
	if b.master.ID() != was {
		t.Errorf("master is %s, want %s", b.master.ID(), was)
	}
	b.check(t)
}

// TestDataKeyRotationSurvivesEveryCut goes through renew, reseal and retire with a cut at each change.
func TestDataKeyRotationSurvivesEveryCut(t *testing.T) {
	rotate := func(b *bench) error {
		ctx := t.Context()
		if err := b.vault.Renew(ctx, 2); err != nil {
			return err
		}
		b.now = b.now.Add(2 * keepKeys)
		if _, err := b.safe.Reseal(ctx, 2, Reason{By: "node-1", Purpose: "reseal"}); err != nil {
			return err
		}
		_, err := b.safe.Retire(ctx, 2)
		return err
	}
	for n := 1; ; n++ {
		whole := 0
		for _, after := range []bool{false, true} {
			b := newBench(t)
			b.fill(t)
			b.cutAt, b.after = b.changes+n, after
			err := rotate(b)
			if err == nil {
				whole++
			} else if !errors.Is(err, errCut) {
				t.Fatalf("cut %d: %v, want %v", n, err, errCut)
			}
			b.check(t)
			b.start(t)
			b.check(t)
			b.cutAt = 0
			if err := rotate(b); err != nil {
				t.Fatalf("cut %d: second time = %v", n, err)
			}
			b.check(t)
			if got := len(b.keys); got != 6 {
				t.Errorf("cut %d: %d key rows, want 2 for each of 3 tenants", n, got)
			}
		}
		if whole == 2 {
			break
		}
	}
}

func TestRetireWaitsForNodesAndRecords(t *testing.T) {
	b := newBench(t)
	b.fill(t)
	stale := *b
	stale.start(t)
	stale.check(t) // knows version 1 only
	if err := b.vault.Renew(t.Context(), 1); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	if _, err := b.safe.Retire(t.Context(), 1); !fault.Is(err, fault.Conflict) || fault.AfterOf(err) != 2*keepKeys {
		t.Errorf("Retire at once = %v after %v, want kind %v after %v", err, fault.AfterOf(err), fault.Conflict, 2*keepKeys)
	}
	if n, err := b.safe.Reseal(t.Context(), 1, drive); err != nil || n != 2 {
		t.Errorf("Reseal = %d, %v, want 2", n, err)
	}
	if n, err := b.safe.Reseal(t.Context(), 1, drive); err != nil || n != 0 {
		t.Errorf("Reseal again = %d, %v, want 0", n, err)
	}
	stale.check(t) // meets version 2 and learns it

	again := *b
	again.start(t)
	if err := b.vault.Renew(t.Context(), 1); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	b.now = b.now.Add(2*keepKeys + time.Second)
	if _, err := b.safe.Retire(t.Context(), 1); !fault.Is(err, fault.Conflict) {
		t.Errorf("Retire with records under older keys = %v, want kind %v", err, fault.Conflict)
	}
	if _, err := b.safe.Reseal(t.Context(), 1, drive); err != nil {
		t.Fatalf("Reseal: %v", err)
	}
	if n, err := b.safe.Retire(t.Context(), 1); err != nil || n != 2 {
		t.Errorf("Retire = %d, %v, want 2", n, err)
	}
	b.check(t)
	if n, err := b.safe.Retire(t.Context(), 1); err != nil || n != 0 {
		t.Errorf("Retire again = %d, %v, want 0", n, err)
	}
}
