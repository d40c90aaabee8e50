package store

import (
	"context"
	"database/sql"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/vault"
)

// Keys keeps wrapped keys (vault.Keys). Give it a database of its own where erasure must not wait for the backups of the
// main one to expire (C12).
type Keys struct{ DB *DB }

// Records keeps sealed credentials (vault.Records).
type Records struct {
	DB  *DB
	Now func() ident.Micros
}

// Uses is the ledger of openings (vault.Uses). Now is the clock of its slots.
type Uses struct {
	DB  *DB
	Now func() ident.Micros
}

// Load returns all keys of a tenant.
func (k Keys) Load(ctx context.Context, tenant ident.Tenant) (out []vault.Key, err error) {
	err = k.DB.Read(ctx, func(t *Tx) error {
		out = nil
		return t.each(ctx, `SELECT class, version, wrapped_by, wrapped, created_at FROM tenant_keys WHERE tenant = $1 ORDER BY class, version`, func(rs *sql.Rows) error {
			x := vault.Key{Tenant: tenant}
			err := rs.Scan(&x.Class, &x.Version, &x.By, &x.Wrapped, &x.Made)
			out = append(out, x)
			return err
		}, tenant)
	})
	return out, err
}

// Insert stores all of keys or none; fault.Exists when one is there already.
func (k Keys) Insert(ctx context.Context, keys ...vault.Key) error {
	return k.DB.Write(ctx, func(t *Tx) error {
		for _, x := range keys {
			n, err := t.exec(ctx, `
INSERT INTO tenant_keys (tenant, class, version, wrapped_by, wrapped, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, class, version) DO NOTHING`, x.Tenant, x.Class, int64(x.Version), x.By, x.Wrapped, x.Made)
			if err != nil {
				return err
			}
			if n == 0 {
				return fault.New(fault.Exists, "tenant %d has %s key %d already", x.Tenant, x.Class, x.Version)
			}
		}
		return nil
	})
}

// Replace stores next where the row still holds old.Wrapped; fault.Conflict when it does not.
func (k Keys) Replace(ctx context.Context, old, next vault.Key) error {
	return k.DB.Write(ctx, func(t *Tx) error {
		n, err := t.exec(ctx, `
UPDATE tenant_keys SET wrapped_by = $4, wrapped = $5 WHERE tenant = $1 AND class = $2 AND version = $3 AND wrapped = $6`,
			old.Tenant, old.Class, int64(old.Version), next.By, next.Wrapped, old.Wrapped)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "%s key %d of tenant %d changed meanwhile", old.Class, old.Version, old.Tenant)
		}
		return err
	})
}

// Delete removes keys; those that are not there are no error.
func (k Keys) Delete(ctx context.Context, keys ...vault.Key) error {
	return k.DB.Write(ctx, func(t *Tx) error {
		for _, x := range keys {
			if _, err := t.exec(ctx, `DELETE FROM tenant_keys WHERE tenant = $1 AND class = $2 AND version = $3`, x.Tenant, x.Class, int64(x.Version)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tenants lists up to limit tenants that have keys and a number above after, in order.
func (k Keys) Tenants(ctx context.Context, after ident.Tenant, limit int) (out []ident.Tenant, err error) {
	err = k.DB.Read(ctx, func(t *Tx) error {
		out = nil
		return t.each(ctx, `SELECT DISTINCT tenant FROM tenant_keys WHERE tenant > $1 ORDER BY tenant LIMIT $2`, func(rs *sql.Rows) error {
			var id ident.Tenant
			err := rs.Scan(&id)
			out = append(out, id)
			return err
		}, after, limit)
	})
	return out, err
}

// Get returns the sealed bytes of one field; fault.NotFound when there are none.
func (r Records) Get(ctx context.Context, tenant ident.Tenant, account ident.Account, field string) (sealed []byte, err error) {
	err = r.DB.Read(ctx, func(t *Tx) error {
		found, err := t.one(ctx, `SELECT sealed FROM credentials WHERE tenant = $1 AND account = $2 AND field = $3`, []any{&sealed}, tenant, account, field)
		if err == nil && !found {
			err = fault.New(fault.NotFound, "account %d has no credential %q; give it with accounts reconnect", account, field)
		}
		return err
	})
	return sealed, err
}

// Put inserts x or replaces what is there.
func (r Records) Put(ctx context.Context, x vault.Record) error {
	return r.DB.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `
INSERT INTO credentials (tenant, account, field, sealed, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, account, field) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at`,
			x.Tenant, x.Account, x.Field, x.Sealed, r.Now())
		return err
	})
}

// Replace stores x where the row still holds old; fault.Conflict when it does not.
func (r Records) Replace(ctx context.Context, x vault.Record, old []byte) error {
	return r.DB.Write(ctx, func(t *Tx) error {
		n, err := t.exec(ctx, `UPDATE credentials SET sealed = $4 WHERE tenant = $1 AND account = $2 AND field = $3 AND sealed = $5`,
			x.Tenant, x.Account, x.Field, x.Sealed, old)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "credential %q of account %d changed meanwhile", x.Field, x.Account)
		}
		return err
	})
}

// Delete removes all records of an account.
func (r Records) Delete(ctx context.Context, tenant ident.Tenant, account ident.Account) error {
	return r.DB.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `DELETE FROM credentials WHERE tenant = $1 AND account = $2`, tenant, account)
		return err
	})
}

// After lists up to limit records of a tenant that follow (account, field) in that order.
func (r Records) After(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, limit int) (out []vault.Record, err error) {
	err = r.DB.Read(ctx, func(t *Tx) error {
		out = nil
		return t.each(ctx, `
SELECT account, field, sealed FROM credentials WHERE tenant = $1 AND (account > $2 OR account = $2 AND field > $3)
ORDER BY account, field LIMIT $4`, func(rs *sql.Rows) error {
			x := vault.Record{Tenant: tenant}
			err := rs.Scan(&x.Account, &x.Field, &x.Sealed)
			out = append(out, x)
			return err
		}, tenant, account, field, limit)
	})
	return out, err
}

// CredentialNames lists what an account has sealed, never the values.
func (t *Tx) CredentialNames(ctx context.Context, tenant ident.Tenant, account ident.Account) (out []string, err error) {
	err = t.each(ctx, `SELECT field FROM credentials WHERE tenant = $1 AND account = $2 ORDER BY field`, func(rs *sql.Rows) error {
		var f string
		err := rs.Scan(&f)
		out = append(out, f)
		return err
	}, tenant, account)
	return out, err
}

const noteText = `
INSERT INTO credential_uses (tenant, account, slot, field, actor, person, purpose, version, n, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)
ON CONFLICT (tenant, account, slot, field, actor, person, purpose, version) DO UPDATE SET n = credential_uses.n + 1, last_at = excluded.last_at`

// Note commits the use of a credential before it is opened (C15). Uses of a node are counted per hour.
func (u Uses) Note(ctx context.Context, x vault.Use) error {
	now := u.Now()
	slot := now
	if !x.Person {
		slot -= now % ident.Micros(time.Hour/time.Microsecond)
	}
	return u.DB.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, noteText, x.Tenant, x.Account, slot, x.Field, x.By, flag(x.Person), x.Purpose, int64(x.Version), now)
		return err
	})
}
