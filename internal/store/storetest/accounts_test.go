package storetest_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/vault"
)

func TestTenantNamesAreUnique(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.Write(t, db, func(tx *store.Tx) error {
			id, err := tx.AddTenant(t.Context(), "default", 5)
			if id != 1 {
				t.Errorf("first tenant = %d, want 1", id)
			}
			return err
		})
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.AddTenant(t.Context(), "default", 6)
			return err
		})
		if !fault.Is(err, fault.Exists) {
			t.Errorf("AddTenant of a taken name = %v, want exists", err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			if _, err := tx.TenantNamed(t.Context(), "none"); !fault.Is(err, fault.NotFound) {
				t.Errorf("TenantNamed(none) = %v, want not found", err)
			}
			x, err := tx.TenantNamed(t.Context(), "default")
			if err != nil || x.ID != 1 || x.CreatedAt != 5 {
				t.Errorf("TenantNamed(default) = %+v, %v", x, err)
			}
			all, err := tx.Tenants(t.Context(), 0, 10)
			if d := cmp.Diff([]store.Tenant{x}, all); d != "" {
				t.Errorf("Tenants (-want +got):\n%s", d)
			}
			return err
		})
	})
}

func TestAnAccountComesWithItsDriveAndFeedsAndGoesFenced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Observe)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			id, err := tx.NextAccount(t.Context())
			if err != nil {
				return err
			}
			return tx.AddAccount(t.Context(), flow.Account{Tenant: tenant, ID: id, Name: "shop"}, "{}")
		})
		if !fault.Is(err, fault.Exists) {
			t.Errorf("AddAccount of a taken name = %v, want exists", err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			p, err := tx.Progress(t.Context(), tenant, a)
			if want := (store.Progress{SweepTotal: -1}); p != want || err != nil {
				t.Errorf("Progress = %+v, %v, want %+v", p, err, want)
			}
			if err := tx.SetMode(t.Context(), tenant, a, flow.Live); err != nil {
				return err
			}
			if err := tx.SetRole(t.Context(), tenant, a, flow.Master, flow.Adopt); err != nil {
				return err
			}
			if err := tx.SetConnected(t.Context(), tenant, a, map[string]string{"u": "x"}, `{"stock":{}}`); err != nil {
				return err
			}
			got, err := tx.AccountNamed(t.Context(), tenant, "shop")
			want := flow.Account{
				Tenant: tenant, ID: a, Name: "shop", Kind: "model", Mode: flow.Live, Role: flow.Master, OnDrift: flow.Adopt,
				Settings: map[string]string{"u": "x"}, State: "connected", CreatedAt: 1,
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("AccountNamed (-want +got):\n%s", d)
			}
			if caps, _ := tx.Capabilities(t.Context(), tenant, a); caps != `{"stock":{}}` {
				t.Errorf("Capabilities = %s", caps)
			}
			if err := tx.SetMode(t.Context(), tenant, a+1, flow.Live); !fault.Is(err, fault.NotFound) {
				t.Errorf("SetMode of no account = %v, want not found", err)
			}
			return err
		})
		storetest.Write(t, db, func(tx *store.Tx) error { return tx.Disconnect(t.Context(), tenant, a) })
		if n := storetest.Int(t, db, `SELECT epoch FROM drives WHERE account = $1`, a); n != 1 {
			t.Errorf("epoch after Disconnect = %d, want 1: a driver that is still at work is fenced off", n)
		}
		if n := storetest.Int(t, db, `SELECT gen FROM drives WHERE account = $1`, a); n < 2 {
			t.Errorf("gen after changes = %d, want more than 1", n)
		}
	})
}

func TestCredentialPortsKeepTheirPromises(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		now := ident.Micros(3_600_000_000*500_000 + 17)
		keys, records, uses := store.Keys{DB: db}, store.Records{DB: db, Now: func() ident.Micros { return now }}, store.Uses{DB: db, Now: func() ident.Micros { return now }}
		k := vault.Key{Tenant: 7, Class: vault.TenantKey, Version: 1, By: "aa", Wrapped: []byte{1, 2}, Made: 3}
		d := vault.Key{Tenant: 7, Class: vault.Credential, Version: 1, By: "bb", Wrapped: []byte{4}, Made: 3}
		if err := keys.Insert(ctx, k, d); err != nil {
			t.Fatal(err)
		}
		other := d
		other.Version = 2
		if err := keys.Insert(ctx, other, k); !fault.Is(err, fault.Exists) {
			t.Errorf("Insert again = %v, want exists", err)
		}
		next := k
		next.By, next.Wrapped = "cc", []byte{9}
		if err := keys.Replace(ctx, k, next); err != nil {
			t.Error(err)
		}
		if err := keys.Replace(ctx, k, next); !fault.Is(err, fault.Conflict) {
			t.Errorf("Replace of a changed key = %v, want conflict", err)
		}
		got, err := keys.Load(ctx, 7)
		if diff := cmp.Diff([]vault.Key{d, next}, got); diff != "" || err != nil {
			t.Errorf("Load (-want +got), a refused Insert must store nothing:\n%s%v", diff, err)
		}
		if ts, err := keys.Tenants(ctx, -1, 10); err != nil || !cmp.Equal(ts, []ident.Tenant{7}) {
			t.Errorf("Tenants = %v, %v, want [7]", ts, err)
		}
		if err := keys.Delete(ctx, d, d); err != nil {
			t.Error(err)
		}

		for _, f := range []string{"b", "a"} {
			if err := records.Put(ctx, vault.Record{Tenant: 7, Account: 2, Field: f, Sealed: []byte(f)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := records.Get(ctx, 7, 2, "c"); !fault.Is(err, fault.NotFound) {
			t.Errorf("Get of nothing = %v, want not found", err)
		}
		if err := records.Replace(ctx, vault.Record{Tenant: 7, Account: 2, Field: "a", Sealed: []byte("x")}, []byte("y")); !fault.Is(err, fault.Conflict) {
			t.Errorf("Replace of a changed record = %v, want conflict", err)
		}
		page, err := records.After(ctx, 7, 2, "a", 5)
		if err != nil || len(page) != 1 || page[0].Field != "b" || !bytes.Equal(page[0].Sealed, []byte("b")) {
			t.Errorf("After(2, a) = %v, %v, want field b", page, err)
		}
		if err := records.Delete(ctx, 7, 2); err != nil {
			t.Error(err)
		}

		use := vault.Use{Tenant: 7, Account: 2, Field: "a", Version: 1, Reason: vault.Reason{By: "node", Purpose: "drive"}}
		person := use
		person.Person, person.By = true, "ann"
		for range 3 {
			now++
			for _, u := range []vault.Use{use, person} {
				if err := uses.Note(ctx, u); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := storetest.Int(t, db, `SELECT n FROM credential_uses WHERE person = 0`); n != 3 {
			t.Errorf("uses of the node = %d in one row, want 3 (C15)", n)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM credential_uses WHERE person = 1 AND n = 1`); n != 3 {
			t.Errorf("uses of the person = %d rows, want a row each, 3 (C15)", n)
		}
	})
}
