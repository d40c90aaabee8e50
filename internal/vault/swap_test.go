package vault

import (
	"bytes"
	"testing"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
)

func TestC13_SwappedRecordsDoNotOpen(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1, 2, Installation)
	seal := func(tenant ident.Tenant, account ident.Account, field string) []byte {
		t.Helper()
		sealed, err := b.vault.Seal(t.Context(), tenant, account, field, secret.New(canary))
		if err != nil {
			t.Fatalf("Seal: %v", err)
		}
		return sealed
	}
	home := seal(1, 10, "token")
	if err := b.vault.Renew(t.Context(), 1); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	newer := seal(1, 10, "token")

	withHeader := func(head, body []byte) []byte {
		return append(bytes.Clone(head[:headerSize]), body[headerSize:]...)
	}
	moves := []struct {
		name    string
		tenant  ident.Tenant
		account ident.Account
		field   string
		sealed  []byte
	}{
		{"other account", 1, 11, "token", home},
		{"other field", 1, 10, "secret", home},
		{"field with a longer name", 1, 10, "token2", home},
		{"other tenant", 2, 10, "token", home},
		{"installation", Installation, 10, "token", home},
		{"other tenant under its own header", 2, 10, "token", withHeader(seal(2, 10, "token"), home)},
		{"newer key version", 1, 10, "token", withHeader(newer, home)},
		{"older key version", 1, 10, "token", withHeader(home, newer)},
		{"account and tenant swapped", 2, 1, "token", seal(1, 2, "token")},
	}
	for _, tt := range moves {
		if _, err := b.vault.Open(t.Context(), tt.tenant, tt.account, tt.field, tt.sealed, drive); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Open = %v, want kind %v", tt.name, err, fault.Invalid)
		}
	}
	for i := range home {
		bad := bytes.Clone(home)
		bad[i] ^= 1
		if _, err := b.vault.Open(t.Context(), 1, 10, "token", bad, drive); !fault.Is(err, fault.Invalid) {
			t.Errorf("byte %d changed: Open = %v, want kind %v", i, err, fault.Invalid)
		}
	}
	if got, err := b.vault.Open(t.Context(), 1, 10, "token", home, drive); err != nil || got.Reveal() != canary {
		t.Errorf("Open at its own place = %v, want the text", err)
	}
}

func TestC13_SwappedKeyRowsDoNotOpen(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1, 2)
	if err := b.vault.Renew(t.Context(), 1); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	good := append([]Key(nil), b.keys...) // tenant 1, its data key, tenant 2, its data key, newer data key of 1
	swaps := map[string]func(k []Key){
		"all keys of two tenants": func(k []Key) {
			k[0].Wrapped, k[2].Wrapped, k[1].Wrapped, k[3].Wrapped = k[2].Wrapped, k[0].Wrapped, k[3].Wrapped, k[1].Wrapped
			k[1].By, k[3].By = k[3].By, k[1].By
			k[4] = k[3]
			k[4].Tenant = 9
		},
		"tenant keys of two tenants":    func(k []Key) { k[0].Wrapped, k[2].Wrapped = k[2].Wrapped, k[0].Wrapped },
		"data keys of two tenants":      func(k []Key) { k[1].Wrapped, k[3].Wrapped = k[3].Wrapped, k[1].Wrapped },
		"versions of one tenant":        func(k []Key) { k[1].Wrapped, k[4].Wrapped = k[4].Wrapped, k[1].Wrapped },
		"data key in the tenant's row":  func(k []Key) { k[0].Wrapped = k[1].Wrapped },
		"tenant key in a data key row":  func(k []Key) { k[1].Wrapped = k[0].Wrapped },
		"row cut short":                 func(k []Key) { k[0].Wrapped = k[0].Wrapped[:10] },
		"data key under another parent": func(k []Key) { k[1].By = k[3].By },
	}
	for name, swap := range swaps {
		b.keys = append([]Key(nil), good...)
		swap(b.keys)
		b.vault.Forget(1)
		if _, err := b.vault.Seal(t.Context(), 1, 1, "token", secret.New(canary)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Seal = %v, want kind %v", name, err, fault.Invalid)
		}
	}
}

func TestC13_EachPartOfABindingCounts(t *testing.T) {
	base := Key{Tenant: 1, Class: TenantKey, Version: 1, By: "a"}
	for _, k := range []Key{
		{Tenant: 2, Class: TenantKey, Version: 1, By: "a"},
		{Tenant: 1, Class: Credential, Version: 1, By: "a"},
		{Tenant: 1, Class: TenantKey, Version: 2, By: "a"},
		{Tenant: 1, Class: TenantKey, Version: 1, By: "b"},
	} {
		if bytes.Equal(k.binding(), base.binding()) {
			t.Errorf("binding(%+v) = binding(%+v), want another", k, base)
		}
	}
	head := []byte("header")
	record := recordBinding(1, 2, "token", head)
	for name, other := range map[string][]byte{
		"tenant": recordBinding(2, 2, "token", head), "account": recordBinding(1, 3, "token", head),
		"field": recordBinding(1, 2, "toke", append([]byte("n"), head...)), "header": recordBinding(1, 2, "token", []byte("Header")),
	} {
		if bytes.Equal(other, record) {
			t.Errorf("record binding with another %s is the same", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	m := newMaterial()
	data, err := newLock(m.bytes()[:])
	if err != nil {
		f.Fatal(err)
	}
	k := &keyset{id: "0123456789abcdef", current: 1, data: map[uint32]lock{1: data}}
	sealed, err := k.seal(1, 2, "token", []byte(canary))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{})
	f.Add(sealed[:headerSize+overhead])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := parse(b)
		if err != nil {
			return
		}
		head, err := h.append(nil)
		if err != nil || !bytes.Equal(append(head, body...), b) {
			t.Fatalf("parse(%x) does not give the bytes back: %v", b, err)
		}
		if !k.opens(h) {
			return
		}
		if _, err := k.data[1]().Open(nil, nil, body, recordBinding(1, 2, "token", b[:headerSize])); err == nil && !bytes.Equal(b, sealed) {
			t.Fatalf("forged record %x opens", b)
		}
	})
}
