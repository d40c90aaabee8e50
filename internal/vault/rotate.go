package vault

import (
	"context"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// page is how many tenants or records a rotation reads at a time.
const page = 200

// Rotation says what RotateMaster did.
type Rotation struct {
	Master    string `json:"master"`    // id of the current master key
	New       bool   `json:"new"`       // false: an earlier rotation was finished instead
	Rewrapped int    `json:"rewrapped"` // tenants' keys that moved to it
}

// RotateMaster puts a new master key in place and re-wraps every tenant's key under it. When an earlier rotation was cut
// short it finishes that one instead of starting another, so calling it again is safe. The former master key stays beside
// the new one; remove it when no key backup older than now is needed.
func (v *Vault) RotateMaster(ctx context.Context) (Rotation, error) {
	var r Rotation
	n, err := v.Rewrap(ctx)
	if err == nil && n == 0 {
		r.New = true
		if err = v.master.replace(); err == nil {
			n, err = v.Rewrap(ctx)
		}
	}
	r.Master, r.Rewrapped = v.master.ID(), n
	return r, fault.Wrap("rotate the master key", err)
}

// Rewrap wraps every tenant's key that is not under the current master key again under it, and returns how many. Data
// keys and records stay as they are.
func (v *Vault) Rewrap(ctx context.Context) (int, error) {
	id, with, err := v.master.wrapper()
	if err != nil {
		return 0, err
	}
	done := 0
	for after := ident.Tenant(-1); ; {
		tenants, err := v.keys.Tenants(ctx, after, page)
		if err != nil {
			return done, fault.Wrap("list tenants with keys", err)
		}
		if len(tenants) == 0 {
			return done, nil
		}
		for _, t := range tenants {
			changed, err := v.rewrap(ctx, t, id, with)
			if err != nil {
				return done, fault.Wrap("re-wrap a tenant's key", err)
			}
			if changed {
				done++
			}
		}
		after = tenants[len(tenants)-1]
	}
}

func (v *Vault) rewrap(ctx context.Context, tenant ident.Tenant, id string, with lock) (bool, error) {
	rows, err := v.keys.Load(ctx, tenant)
	if err != nil {
		return false, err
	}
	old, found := tenantRow(rows)
	if !found || old.By == id {
		return false, nil
	}
	former, err := v.master.find(old.By)
	if err != nil {
		return false, err
	}
	root, err := unwrap(former, old)
	if err != nil {
		return false, err
	}
	next := old
	next.By = id
	next.Wrapped = root.wrap(with, next)
	err = v.keys.Replace(ctx, old, next)
	if fault.Is(err, fault.Conflict) {
		return false, nil // another node did it, or the tenant was erased meanwhile
	}
	return err == nil, err
}

// Renew gives a tenant a new data key: from now on it seals, and older ones only open. Other nodes use it within ten
// minutes.
func (v *Vault) Renew(ctx context.Context, tenant ident.Tenant) error {
	v.Forget(tenant)
	defer v.Forget(tenant)
	k, err := v.keyset(ctx, tenant)
	if err != nil {
		return err
	}
	next := Key{Tenant: tenant, Class: Credential, Version: k.current + 1, By: k.id, Made: ident.At(v.now())}
	next.Wrapped = newMaterial().wrap(k.wrapper, next)
	err = v.keys.Insert(ctx, next)
	if fault.Is(err, fault.Exists) {
		return nil // another node renewed it at the same moment
	}
	return fault.Wrap("store a new data key", err)
}
