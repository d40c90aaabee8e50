package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/dispatch"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

const claimText = `
UPDATE drives SET owner = $1, epoch = epoch + 1, lease_until = {now} + $2
WHERE (tenant, account) IN (
  SELECT d.tenant, d.account FROM drives d JOIN accounts a ON a.tenant = d.tenant AND a.account = d.account
  WHERE (d.gen > d.done_gen OR d.next_due <= $3) AND d.lease_until < {now} AND a.state <> 'disconnected'
  ORDER BY d.next_due, d.account LIMIT $4 {skip locked})
RETURNING tenant, account, epoch, gen`

// Claim takes up to limit due accounts for owner. A lease that its owner let lapse is taken over under a new epoch.
func (t *Tx) Claim(ctx context.Context, owner string, now ident.Micros, limit int) (out []dispatch.Claim, err error) {
	err = t.each(ctx, claimText, func(rs *sql.Rows) error {
		c := dispatch.Claim{Fence: flow.Fence{Owner: owner}}
		err := rs.Scan(&c.Tenant, &c.Account, &c.Epoch, &c.Gen)
		out = append(out, c)
		return err
	}, owner, int64(LeaseFor), now, limit)
	return out, err
}

const releaseText = `
UPDATE drives SET owner = '', lease_until = 0, done_gen = $4, next_due = $5
WHERE tenant = $1 AND account = $2 AND epoch = $3`

// Release gives a lease back: the generation that was worked and when the account is due next. An account marked while
// it was driven stays due, by arithmetic.
func (t *Tx) Release(ctx context.Context, c dispatch.Claim, next ident.Micros) error {
	_, err := t.exec(ctx, releaseText, c.Tenant, c.Account, c.Epoch, c.Gen, next)
	return err
}

// A row that is locked is being written by its driver, which extends the lease itself (Fence).
const heartbeatText = `
UPDATE drives SET lease_until = {now} + $2 WHERE (tenant, account) IN
  (SELECT d.tenant, d.account FROM drives d WHERE d.owner = $1 AND d.lease_until >= {now} {skip locked})`

// Extend keeps the leases of owner while its drivers wait for the network. A lease that has lapsed is not revived.
func (t *Tx) Extend(ctx context.Context, owner string) error {
	_, err := t.exec(ctx, heartbeatText, owner, int64(LeaseFor))
	return err
}

// Due returns the generation of an account's marks.
func (t *Tx) Due(ctx context.Context, f flow.Fence) (gen int64, err error) {
	_, err = t.one(ctx, `SELECT gen FROM drives WHERE tenant = $1 AND account = $2`, []any{&gen}, f.Tenant, f.Account)
	return gen, err
}

const idleText = `
SELECT CASE WHEN gen > done_gen THEN 0 ELSE next_due END FROM drives d JOIN accounts a ON a.tenant = d.tenant AND a.account = d.account
WHERE d.lease_until < {now} AND a.state <> 'disconnected' ORDER BY 1 LIMIT 1`

// NextDrive returns when the next account nobody drives is due; found is false when there is none.
func (t *Tx) NextDrive(ctx context.Context) (due ident.Micros, found bool, err error) {
	found, err = t.one(ctx, idleText, []any{&due})
	return due, found, err
}

const abandonText = `UPDATE drives SET lease_until = 0 WHERE owner = $1 OR $1 = ''`

// Abandon ends every lease of an owner that has stopped; the epochs still fence it. The owner "" means everybody: the
// start of the only process that a SQLite database can have.
func (t *Tx) Abandon(ctx context.Context, owner string) error {
	_, err := t.exec(ctx, abandonText, owner)
	return err
}

// Leases is the store as the dispatcher sees it: each call is a transaction.
type Leases struct{ DB *DB }

var _ dispatch.Leases = Leases{}

// Claim implements dispatch.Leases.
func (l Leases) Claim(ctx context.Context, owner string, now ident.Micros, limit int) (out []dispatch.Claim, err error) {
	due, found, err := l.Next(ctx)
	if err != nil || !found || due > now {
		return nil, err // reading is cheaper than a write that finds nothing
	}
	err = l.DB.Write(ctx, func(t *Tx) error {
		out, err = t.Claim(ctx, owner, now, limit)
		return err
	})
	return out, err
}

// Due implements dispatch.Leases.
func (l Leases) Due(ctx context.Context, f flow.Fence) (gen int64, err error) {
	err = l.DB.Read(ctx, func(t *Tx) error {
		gen, err = t.Due(ctx, f)
		return err
	})
	return gen, err
}

// Release implements dispatch.Leases.
func (l Leases) Release(ctx context.Context, c dispatch.Claim, next ident.Micros) error {
	return l.DB.Write(ctx, func(t *Tx) error { return t.Release(ctx, c, next) })
}

// Extend implements dispatch.Leases.
func (l Leases) Extend(ctx context.Context, owner string) error {
	return l.DB.Write(ctx, func(t *Tx) error { return t.Extend(ctx, owner) })
}

// Abandon implements dispatch.Leases.
func (l Leases) Abandon(ctx context.Context, owner string) error {
	return l.DB.Write(ctx, func(t *Tx) error { return t.Abandon(ctx, owner) })
}

// Next implements dispatch.Leases.
func (l Leases) Next(ctx context.Context) (due ident.Micros, found bool, err error) {
	err = l.DB.Read(ctx, func(t *Tx) error {
		due, found, err = t.NextDrive(ctx)
		return err
	})
	return due, found, err
}

// Lease takes an account for f.Owner under a new epoch, whoever had it before, and sets f.Epoch: for one process that
// drives in the foreground on its own data.
func (t *Tx) Lease(ctx context.Context, f *flow.Fence) error {
	found, err := t.one(ctx, `
UPDATE drives SET owner = $3, epoch = epoch + 1, lease_until = {now} + $4 WHERE tenant = $1 AND account = $2 RETURNING epoch`,
		[]any{&f.Epoch}, f.Tenant, f.Account, f.Owner, int64(LeaseFor))
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no account %d", f.Account)
	}
	return err
}
