package store

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
)

const nextText = `
INSERT INTO sequences (tenant, name, next) VALUES ($1, $2, $3 + 1)
ON CONFLICT (tenant, name) DO UPDATE SET next = sequences.next + $3
RETURNING next`

// nobody owns what is counted over all tenants: tenants themselves and accounts.
const nobody ident.Tenant = 0

// Next takes n ids of a tenant's sequence and returns the first of them. Ids are never given out twice; a rolled back
// transaction leaves no gap. The row stays locked until commit, which keeps no other tenant waiting.
func Next[T ~int64](ctx context.Context, t *Tx, tenant ident.Tenant, name string, n int) (T, error) {
	var next int64
	if _, err := t.one(ctx, nextText, []any{&next}, tenant, name, int64(n)); err != nil {
		return 0, err
	}
	return T(next - int64(n)), nil
}
