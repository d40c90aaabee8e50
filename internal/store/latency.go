package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Bucket is how many delays of a stage were at most Upto long and longer than the bucket before.
type Bucket struct {
	Account ident.Account
	Stage   string
	Upto    int64 // microseconds
	N       int64
}

// Delays sums the measured delays since an hour, by account, stage and bucket; account 0 is all of them, each by itself.
func (t *Tx) Delays(ctx context.Context, tenant ident.Tenant, account ident.Account, since ident.Micros) (out []Bucket, err error) {
	const hour = 3_600_000_000 // the table counts whole hours
	err = t.each(ctx, `
SELECT account, stage, upto, sum(n) FROM latency WHERE tenant = $1 AND ($2 = 0 OR account = $2) AND hour >= $3
GROUP BY account, stage, upto ORDER BY account, stage, upto`, func(rs *sql.Rows) error {
		var b Bucket
		err := rs.Scan(&b.Account, &b.Stage, &b.Upto, &b.N)
		out = append(out, b)
		return err
	}, tenant, account, since/hour)
	return out, err
}

// LimitRow is the stored state of an account's rate limits.
type LimitRow struct {
	Account ident.Account
	State   string // JSON of buckets
	At      ident.Micros
}

// LimitRows returns the stored rate limits of a tenant's accounts; account 0 is all.
func (t *Tx) LimitRows(ctx context.Context, tenant ident.Tenant, account ident.Account) (out []LimitRow, err error) {
	err = t.each(ctx, `SELECT account, state, at FROM limits WHERE tenant = $1 AND ($2 = 0 OR account = $2) ORDER BY account`, func(rs *sql.Rows) error {
		var l LimitRow
		err := rs.Scan(&l.Account, &l.State, &l.At)
		out = append(out, l)
		return err
	}, tenant, account)
	return out, err
}
