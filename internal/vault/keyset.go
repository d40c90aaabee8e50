package vault

import (
	"context"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Forget drops the tenant's unwrapped keys from memory.
func (v *Vault) Forget(tenant ident.Tenant) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.cache, tenant)
}

// Destroy deletes all keys of a tenant: what was sealed or hashed under them is lost for good, here and in every copy
// of the data. Copies of the key store keep them until they expire (C12). Other nodes forget them within ten minutes.
func (v *Vault) Destroy(ctx context.Context, tenant ident.Tenant) error {
	defer v.Forget(tenant)
	rows, err := v.keys.Load(ctx, tenant)
	if err != nil {
		return fault.Wrap("load keys", err)
	}
	return fault.Wrap("destroy keys", v.keys.Delete(ctx, rows...))
}

// keyset returns the tenant's unwrapped keys, from memory where they are fresh.
func (v *Vault) keyset(ctx context.Context, tenant ident.Tenant) (*keyset, error) {
	now := v.now()
	v.mu.Lock()
	k := v.cache[tenant]
	v.mu.Unlock()
	if k != nil && now.Before(k.until) {
		return k, nil
	}
	rows, err := v.keys.Load(ctx, tenant)
	if err != nil {
		return nil, fault.Wrap("load keys", err)
	}
	if k, err = v.unwrapAll(tenant, rows); err != nil {
		return nil, err
	}
	k.until = now.Add(keepKeys)

	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.cache) >= keepTenants {
		v.makeRoom(tenant)
	}
	v.cache[tenant] = k
	return k, nil
}

// makeRoom drops what is stale, or anything when nothing is: it costs one read of the key store.
func (v *Vault) makeRoom(tenant ident.Tenant) {
	now := v.now()
	for t, k := range v.cache {
		if !now.Before(k.until) {
			delete(v.cache, t)
		}
	}
	for t := range v.cache {
		if len(v.cache) < keepTenants || t == tenant {
			return
		}
		delete(v.cache, t)
	}
}

// unwrapAll opens a tenant's rows: its own key under the master, then its data keys under that.
func (v *Vault) unwrapAll(tenant ident.Tenant, rows []Key) (*keyset, error) {
	top, found := tenantRow(rows)
	if !found {
		return nil, fault.New(fault.NotFound, "tenant %d has no key: it was erased, or the key store is not the one that belongs to this database", tenant)
	}
	master, err := v.master.find(top.By)
	if err != nil {
		return nil, err
	}
	k := &keyset{}
	if k.root, err = unwrap(master, top); err != nil {
		return nil, err
	}
	if k.id, err = k.root.id(); err != nil {
		return nil, err
	}
	if k.wrapper, err = k.root.wrapper(); err != nil {
		return nil, err
	}
	if err := k.unwrapData(rows); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *keyset) unwrapData(rows []Key) error {
	k.data = make(map[uint32]lock)
	for _, row := range rows {
		if row.Class != Credential {
			continue
		}
		m, err := unwrap(k.wrapper, row)
		if err != nil {
			return err
		}
		if k.data[row.Version], err = newLock(m.bytes()[:]); err != nil {
			return err
		}
		k.current = max(k.current, row.Version)
	}
	if k.current == 0 {
		return fault.New(fault.NotFound, "there is no data key under key %s: restore the key store from its backup", k.id)
	}
	return nil
}

func tenantRow(rows []Key) (Key, bool) {
	for _, row := range rows {
		if row.Class == TenantKey {
			return row, true
		}
	}
	return Key{}, false
}
