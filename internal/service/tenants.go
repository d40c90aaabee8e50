package service

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// DefaultTenant is the name of the tenant that the first start makes.
const DefaultTenant = "default"

// Begin makes the default tenant and its keys when there is no tenant yet, and returns it otherwise. Call it at start.
func (s *Service) Begin(ctx context.Context) (store.Tenant, error) {
	t, err := s.Tenant(ctx, DefaultTenant)
	if fault.Is(err, fault.NotFound) {
		t, err = s.AddTenant(ctx, "setup", DefaultTenant)
	}
	if err != nil {
		return t, err
	}
	if err := s.Keys.Enroll(ctx, t.ID); err != nil { // a start that was cut short made none
		return t, fault.Wrap("keys of the default tenant", err)
	}
	return t, s.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropBuilding(ctx, s.Now().Add(-buildingFor)) })
}

// buildingFor is how long the rows of a plan may be collected: what is older was left by an import that was cut short.
const buildingFor = 24 * time.Hour

// AddTenant makes a tenant. Its keys are made first: a row without keys could not keep a secret.
func (s *Service) AddTenant(ctx context.Context, by, name string) (t store.Tenant, err error) {
	if err := checkName(name); err != nil {
		return t, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		now := s.Now()
		id, err := tx.AddTenant(ctx, name, now)
		if err != nil {
			return err
		}
		t = store.Tenant{ID: id, Name: name, CreatedAt: now}
		return s.act(ctx, tx, Caller{id, by}, 0, "tenant", "tenant %s was made", name)
	})
	if err != nil {
		return t, err
	}
	return t, fault.Wrap("keys of a tenant", s.Keys.Enroll(ctx, t.ID))
}

// Tenant returns the tenant of a name or an id.
func (s *Service) Tenant(ctx context.Context, ref string) (t store.Tenant, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		if n, ok := number(ref); ok {
			found, err := tx.Tenants(ctx, ident.Tenant(n-1), 1)
			if err == nil && (len(found) == 0 || found[0].ID != ident.Tenant(n)) {
				return fault.New(fault.NotFound, "there is no tenant %d", n)
			}
			if err == nil {
				t = found[0]
			}
			return err
		}
		var err error
		t, err = tx.TenantNamed(ctx, ref)
		return err
	})
	return t, err
}
