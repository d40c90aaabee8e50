package store

import (
	"context"
	"database/sql"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	// The counters of every listing bound to one of the items, directly or through a bundle.
	markStockText = `
INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent)
SELECT DISTINCT l.tenant, l.account, 'stock', d.counter, 1, 0, CAST($3 AS BIGINT)
FROM listings l JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
WHERE l.tenant = $1 AND l.item <> 0 AND l.item IN
      (SELECT i.item FROM items i WHERE i.tenant = $1 AND i.item IN {ids $2}
       UNION SELECT c.bundle FROM components c WHERE c.tenant = $1 AND c.component IN {ids $2})
ORDER BY l.tenant, l.account, d.counter
ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1, urgent = {greatest marks.urgent excluded.urgent}`

	markPriceText = `
INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent)
SELECT l.tenant, l.account, 'price', l.listing, 1, 0, 0
FROM listings l WHERE l.tenant = $1 AND l.item <> 0 AND l.item IN {ids $2}
ORDER BY l.tenant, l.account, l.listing
ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1`

	wakeItemsText = `
UPDATE drives SET gen = gen + 1 WHERE tenant = $1 AND account IN
      (SELECT l.account FROM listings l WHERE l.tenant = $1 AND l.item <> 0 AND l.item IN
      (SELECT i.item FROM items i WHERE i.tenant = $1 AND i.item IN {ids $2}
       UNION SELECT c.bundle FROM components c WHERE c.tenant = $1 AND c.component IN {ids $2}))
RETURNING account`

	wakeText = `UPDATE drives SET gen = gen + 1 WHERE tenant = $1 AND account IN {ids $2}`

	markHead = `INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent) VALUES `
	markTail = `ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1, urgent = {greatest marks.urgent excluded.urgent}`
)

// MarkItems marks the counters that depend on items and makes their accounts due. It returns those accounts.
func (t *Tx) MarkItems(ctx context.Context, tenant ident.Tenant, items []ident.Item, urgent bool) ([]ident.Account, error) {
	if len(items) == 0 {
		return nil, nil
	}
	ids := list(items)
	if _, err := t.exec(ctx, markStockText, tenant, ids, flag(urgent)); err != nil {
		return nil, err
	}
	return t.wakeItems(ctx, tenant, ids)
}

// MarkPrices marks the prices of the listings bound to items and makes their accounts due. It returns those accounts.
func (t *Tx) MarkPrices(ctx context.Context, tenant ident.Tenant, items []ident.Item) ([]ident.Account, error) {
	if len(items) == 0 {
		return nil, nil
	}
	ids := list(items)
	if _, err := t.exec(ctx, markPriceText, tenant, ids); err != nil {
		return nil, err
	}
	return t.wakeItems(ctx, tenant, ids)
}

func (t *Tx) wakeItems(ctx context.Context, tenant ident.Tenant, ids string) (accounts []ident.Account, err error) {
	err = t.each(ctx, wakeItemsText, func(rs *sql.Rows) error {
		var a ident.Account
		if err := rs.Scan(&a); err != nil {
			return err
		}
		accounts = append(accounts, a)
		return nil
	}, tenant, ids)
	return accounts, err
}

// Mark marks targets of one account (counters for stock, listings for price) and makes the account due. A target may be
// named twice; they are marked in order, so that two transactions cannot wait for each other.
func (t *Tx) Mark(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, targets []int64, urgent bool) error {
	if len(targets) == 0 {
		return nil
	}
	targets = slices.Compact(slices.Sorted(slices.Values(targets)))
	err := t.insert(ctx, markHead, 7, markTail, len(targets), func(i int, args []any) []any {
		return append(args, tenant, account, f, targets[i], 1, 0, flag(urgent))
	})
	if err != nil {
		return err
	}
	return t.Wake(ctx, tenant, account)
}

// Wake makes accounts due: their drivers look again.
func (t *Tx) Wake(ctx context.Context, tenant ident.Tenant, accounts ...ident.Account) error {
	_, err := t.exec(ctx, wakeText, tenant, list(accounts))
	return err
}

const (
	lookStockText = `UPDATE counters SET read_due = 0 WHERE tenant = $1 AND ($2 = 0 OR account = $2) AND lane <> 0 AND read_due <> 0`
	lookPriceText = `UPDATE listings SET price_read = 0 WHERE tenant = $1 AND ($2 = 0 OR account = $2) AND price_lane <> 0 AND price_read <> 0`
	lookWakeText  = `UPDATE drives SET gen = gen + 1 WHERE tenant = $1 AND ($2 = 0 OR account = $2)`
)

// LookNow makes writes that were put off (paused, not approved, over budget) due at once, at one account or, with 0, at
// all: something that kept them back has changed.
func (t *Tx) LookNow(ctx context.Context, tenant ident.Tenant, account ident.Account) error {
	for _, text := range []string{lookStockText, lookPriceText, lookWakeText} {
		if _, err := t.exec(ctx, text, tenant, account); err != nil {
			return err
		}
	}
	return nil
}
