package store

import (
	"context"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

// LeaseFor is how long a driver owns an account without writing anything.
const LeaseFor = 8_000_000 // microseconds; a driver that waits for the network extends it every quarter

const fenceText = `
UPDATE drives SET lease_until = {now} + $5
WHERE tenant = $1 AND account = $2 AND epoch = $3 AND owner = $4`

// Fence extends the lease of f, or fails with Fenced when another driver has taken the account (I7, I18). On PostgreSQL
// it also locks the row, so that the transactions of two drivers of one account never interleave.
func (t *Tx) Fence(ctx context.Context, f flow.Fence) error {
	n, err := t.exec(ctx, fenceText, f.Tenant, f.Account, f.Epoch, f.Owner, int64(LeaseFor))
	if err == nil && n == 0 {
		err = fault.New(fault.Fenced, "another driver took account %d; nothing of this step was kept", f.Account)
	}
	return err
}

const feedText = `
SELECT sales_cursor, backfilled, poll_started, sales_through, sales_due, sweep, sweep_cursor, sweep_started, sweep_seen,
       sweep_total, sweep_began, sweep_done, sweep_due, read_asked, match_from, blind_since, run_started, run_prices, run_zeroed,
       failures, wait_until
FROM feeds WHERE tenant = $1 AND account = $2`

// Feed returns how far the account's feeds have been read.
func (t *Tx) Feed(ctx context.Context, f flow.Fence) (x flow.Feed, err error) {
	var backfilled int64
	_, err = t.one(ctx, feedText, []any{
		&x.SalesCursor, &backfilled, &x.PollStarted, &x.SalesThrough, &x.SalesDue, &x.Sweep, &x.SweepCursor, &x.SweepStarted,
		&x.SweepSeen, &x.SweepTotal, &x.SweepBegan, &x.SweepDone, &x.SweepDue, &x.ReadAsked, &x.MatchFrom, &x.BlindSince, &x.RunStarted, &x.RunPrices, &x.RunZeroed, &x.Failures, &x.WaitUntil,
	}, f.Tenant, f.Account)
	x.Backfilled = backfilled != 0
	return x, err
}

const saveFeedText = `
UPDATE feeds SET sales_cursor = $3, backfilled = $4, poll_started = $5, sales_through = $6, sales_due = $7, sweep = $8,
       sweep_cursor = $9, sweep_started = $10, sweep_seen = $11, sweep_total = $12, sweep_done = $13, sweep_due = $14,
       match_from = $15, blind_since = $16, failures = $17, wait_until = $18, run_started = $19, run_prices = $20, run_zeroed = $21, sweep_began = $22
WHERE tenant = $1 AND account = $2`

// SaveFeed stores how far the account's feeds have been read.
func (t *Tx) SaveFeed(ctx context.Context, f flow.Fence, x flow.Feed) error {
	_, err := t.exec(ctx, saveFeedText, f.Tenant, f.Account, x.SalesCursor, flag(x.Backfilled), x.PollStarted, x.SalesThrough,
		x.SalesDue, x.Sweep, x.SweepCursor, x.SweepStarted, x.SweepSeen, x.SweepTotal, x.SweepDone, x.SweepDue, x.MatchFrom, x.BlindSince,
		x.Failures, x.WaitUntil, x.RunStarted, x.RunPrices, x.RunZeroed, x.SweepBegan)
	return err
}

// ReadNow makes accounts read their orders and their whole catalogue as soon as they are driven.
func (t *Tx) ReadNow(ctx context.Context, tenant ident.Tenant, accounts []ident.Account, now ident.Micros) error {
	const text = `UPDATE feeds SET read_asked = $3 WHERE tenant = $1 AND account IN {ids $2}`
	if _, err := t.exec(ctx, text, tenant, list(accounts), now); err != nil {
		return err
	}
	return t.Wake(ctx, tenant, accounts...)
}
