package vault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
)

const (
	// keepKeys is how long unwrapped keys stay in memory.
	keepKeys = 10 * time.Minute
	// keepTenants is for how many tenants.
	keepTenants = 1024
)

// Vault seals and opens credentials. Its methods may be called at the same time.
type Vault struct {
	master *Master
	keys   Keys
	uses   Uses
	now    func() time.Time

	mu    sync.Mutex
	cache map[ident.Tenant]*keyset
}

// keyset holds the unwrapped keys of one tenant.
type keyset struct {
	id      string // of the tenant's key
	root    material
	wrapper lock
	data    map[uint32]lock // by version
	current uint32
	until   time.Time
}

// New returns a vault; all four are required.
func New(master *Master, keys Keys, uses Uses, now func() time.Time) *Vault {
	return &Vault{master: master, keys: keys, uses: uses, now: now, cache: make(map[ident.Tenant]*keyset)}
}

// Format prints the name of the type alone, whatever the verb (C14).
func (v *Vault) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("[vault]")) }

// Enroll makes the keys of a new tenant; a tenant that has keys keeps them. Call it before the tenant's first row is
// stored.
func (v *Vault) Enroll(ctx context.Context, tenant ident.Tenant) error {
	by, wrapper, err := v.master.wrapper()
	if err != nil {
		return fault.Wrap("new tenant's key", err)
	}
	root := newMaterial()
	id, err := root.id()
	if err != nil {
		return err
	}
	made := ident.At(v.now())
	top := Key{Tenant: tenant, Class: TenantKey, Version: 1, By: by, Made: made}
	top.Wrapped = root.wrap(wrapper, top)

	under, err := root.wrapper()
	if err != nil {
		return err
	}
	data := Key{Tenant: tenant, Class: Credential, Version: 1, By: id, Made: made}
	data.Wrapped = newMaterial().wrap(under, data)

	err = v.keys.Insert(ctx, top, data)
	if fault.Is(err, fault.Exists) {
		return nil
	}
	return fault.Wrap("store a new tenant's key", err)
}

// Seal returns text sealed for one field of one account; only Open with the same three opens it.
func (v *Vault) Seal(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, text secret.Text) ([]byte, error) {
	k, err := v.keyset(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return k.seal(tenant, account, field, []byte(text.Reveal()))
}

// Open returns the text that Seal was given, after the use is on record (C15).
func (v *Vault) Open(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, sealed []byte, why Reason) (secret.Text, error) {
	_, plain, err := v.open(ctx, Record{Tenant: tenant, Account: account, Field: field, Sealed: sealed}, why)
	if err != nil {
		return secret.Text{}, err
	}
	defer clear(plain)
	return secret.New(string(plain)), nil
}

// Reseal returns sealed under the newest data key, and false when it is so already. The plain text does not leave.
func (v *Vault) Reseal(ctx context.Context, r Record, why Reason) ([]byte, bool, error) {
	h, _, err := parse(r.Sealed)
	if err != nil {
		return nil, false, err
	}
	k, err := v.keyset(ctx, r.Tenant)
	if err != nil {
		return nil, false, err
	}
	if h.version == k.current && h.tenantKey == k.id {
		return r.Sealed, false, nil
	}
	k, plain, err := v.open(ctx, r, why)
	if err != nil {
		return nil, false, err
	}
	defer clear(plain)
	sealed, err := k.seal(r.Tenant, r.Account, r.Field, plain)
	return sealed, err == nil, err
}

func (v *Vault) open(ctx context.Context, r Record, why Reason) (*keyset, []byte, error) {
	h, body, err := parse(r.Sealed)
	if err != nil {
		return nil, nil, err
	}
	k, err := v.keyset(ctx, r.Tenant)
	if err != nil {
		return nil, nil, err
	}
	if !k.opens(h) {
		// Another node may have renewed the data key a moment ago.
		v.Forget(r.Tenant)
		if k, err = v.keyset(ctx, r.Tenant); err != nil {
			return nil, nil, err
		}
	}
	if !k.opens(h) {
		return nil, nil, fault.New(fault.Invalid, "sealed record of tenant %d names key %s version %d, which this tenant does not have: "+
			"it comes from another tenant or from before a key was destroyed; connect the account again", r.Tenant, h.tenantKey, h.version)
	}
	// C15, F39: no row, no decrypt.
	use := Use{Tenant: r.Tenant, Account: r.Account, Field: r.Field, Version: h.version, Reason: why}
	if err := v.uses.Note(ctx, use); err != nil {
		return nil, nil, fault.Wrap("note the use of a credential", err)
	}
	plain, err := k.data[h.version]().Open(nil, nil, body, recordBinding(r.Tenant, r.Account, r.Field, r.Sealed[:headerSize]))
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "sealed record of tenant %d, account %d does not open: it was changed or moved from another account, "+
			"field or key version; connect the account again", r.Tenant, r.Account)
	}
	return k, plain, nil
}

func (k *keyset) opens(h header) bool {
	return k.id == h.tenantKey && k.data[h.version] != nil
}

func (k *keyset) seal(tenant ident.Tenant, account ident.Account, field string, plain []byte) ([]byte, error) {
	if field == "" || len(field) > maxField {
		return nil, fault.New(fault.Invalid, "field name of %d bytes: a sealed field has a name of 1 to %d", len(field), maxField)
	}
	if len(plain) > maxPlain {
		return nil, fault.New(fault.TooLarge, "secret of %d bytes: at most %d are kept", len(plain), maxPlain)
	}
	head, err := header{k.id, k.current}.append(make([]byte, 0, headerSize+overhead+len(plain)))
	if err != nil {
		return nil, err
	}
	return k.data[k.current]().Seal(head, nil, plain, recordBinding(tenant, account, field, head)), nil
}
