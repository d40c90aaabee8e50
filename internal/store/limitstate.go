package store

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Buckets returns the stored buckets of an account; "" when there are none.
func (t *Tx) Buckets(ctx context.Context, tenant ident.Tenant, account ident.Account) (text string, err error) {
	_, err = t.one(ctx, `SELECT state FROM limits WHERE tenant = $1 AND account = $2`, []any{&text}, tenant, account)
	return text, err
}

const saveLimitsText = `
INSERT INTO limits (tenant, account, state, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant, account) DO UPDATE SET state = excluded.state, at = excluded.at`

// SaveLimits stores the buckets of an account, so that a daily budget does not begin anew with a restart.
func (t *Tx) SaveLimits(ctx context.Context, tenant ident.Tenant, account ident.Account, text string, at ident.Micros) error {
	_, err := t.exec(ctx, saveLimitsText, tenant, account, text, at)
	return err
}
