package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Claim is a lease on an account, with the generation of its marks when it was taken.
type Claim struct {
	flow.Fence
	Gen int64
}

const claimText = `
UPDATE drives SET owner = $1, epoch = epoch + 1, lease_until = {now} + $2
WHERE (tenant, account) IN (
  SELECT d.tenant, d.account FROM drives d JOIN accounts a ON a.tenant = d.tenant AND a.account = d.account
  WHERE (d.gen > d.done_gen OR d.next_due <= $3) AND d.lease_until < {now} AND a.state <> 'disconnected'
  ORDER BY d.next_due, d.account LIMIT $4 {skip locked})
RETURNING tenant, account, epoch, gen`

// Claim takes up to limit due accounts for owner. A lease that its owner let lapse is taken over under a new epoch.
func (t *Tx) Claim(ctx context.Context, owner string, now ident.Micros, limit int) (out []Claim, err error) {
	err = t.each(ctx, claimText, func(rs *sql.Rows) error {
		c := Claim{Fence: flow.Fence{Owner: owner}}
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
func (t *Tx) Release(ctx context.Context, c Claim, next ident.Micros) error {
	_, err := t.exec(ctx, releaseText, c.Tenant, c.Account, c.Epoch, c.Gen, next)
	return err
}

const heartbeatText = `UPDATE drives SET lease_until = {now} + $4 WHERE tenant = $1 AND account = $2 AND epoch = $3`

// Extend keeps a lease while its driver waits for the network.
func (t *Tx) Extend(ctx context.Context, f flow.Fence) error {
	_, err := t.exec(ctx, heartbeatText, f.Tenant, f.Account, f.Epoch, int64(LeaseFor))
	return err
}

const idleText = `
SELECT CASE WHEN gen > done_gen THEN 0 ELSE next_due END FROM drives d JOIN accounts a ON a.tenant = d.tenant AND a.account = d.account
WHERE d.lease_until < {now} AND a.state <> 'disconnected' ORDER BY 1 LIMIT 1`

// NextDrive returns when the next account nobody drives is due; found is false when there is none.
func (t *Tx) NextDrive(ctx context.Context) (due ident.Micros, found bool, err error) {
	found, err = t.one(ctx, idleText, []any{&due})
	return due, found, err
}

const abandonText = `UPDATE drives SET lease_until = 0 WHERE owner = $1`

// Abandon ends every lease of an owner that is known to be dead or has stopped; the epochs still fence it.
func (t *Tx) Abandon(ctx context.Context, owner string) error {
	_, err := t.exec(ctx, abandonText, owner)
	return err
}
