package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Tenant is one seller organisation.
type Tenant struct {
	ID        ident.Tenant `json:"tenant"`
	Name      string       `json:"name"`
	Settings  string       `json:"-"` // JSON object
	CreatedAt ident.Micros `json:"created_at"`
}

// AddTenant stores a new tenant and returns its id; fault.Exists when the name is taken.
func (t *Tx) AddTenant(ctx context.Context, name string, now ident.Micros) (ident.Tenant, error) {
	id, err := Next[ident.Tenant](ctx, t, nobody, "tenant", 1)
	if err != nil {
		return 0, err
	}
	n, err := t.exec(ctx, `INSERT INTO tenants (tenant, name, settings, created_at) VALUES ($1, $2, '{}', $3) ON CONFLICT (name) DO NOTHING`, id, name, now)
	if err == nil && n == 0 {
		err = fault.New(fault.Exists, "there is a tenant named %q already", name)
	}
	return id, err
}

// Tenants lists up to limit tenants with a number above after, in order.
func (t *Tx) Tenants(ctx context.Context, after ident.Tenant, limit int) (out []Tenant, err error) {
	err = t.each(ctx, `SELECT tenant, name, settings, created_at FROM tenants WHERE tenant > $1 ORDER BY tenant LIMIT $2`, func(rs *sql.Rows) error {
		var x Tenant
		err := rs.Scan(&x.ID, &x.Name, &x.Settings, &x.CreatedAt)
		out = append(out, x)
		return err
	}, after, limit)
	return out, err
}

// TenantNamed returns the tenant of a name; fault.NotFound when there is none.
func (t *Tx) TenantNamed(ctx context.Context, name string) (Tenant, error) {
	var x Tenant
	found, err := t.one(ctx, `SELECT tenant, name, settings, created_at FROM tenants WHERE name = $1`,
		[]any{&x.ID, &x.Name, &x.Settings, &x.CreatedAt}, name)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no tenant named %q", name)
	}
	return x, err
}
