package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	blindText = `SELECT count(*) FROM feeds WHERE tenant = $1 AND account <> $2 AND blind_since <> 0`

	elsewhereText = `
SELECT l.item, sum(` + maySell + `)
FROM feeds b JOIN listings l ON l.tenant = b.tenant AND l.account = b.account
     JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
     JOIN counters c ON c.tenant = d.tenant AND c.account = d.account AND c.counter = d.counter
WHERE b.tenant = $1 AND b.account <> $2 AND b.blind_since <> 0 AND l.item <> 0 AND l.item IN {ids $3}
GROUP BY l.item`

	shownText = `
SELECT l.item, sum(` + maySell + `)
FROM listings l JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
     JOIN counters c ON c.tenant = d.tenant AND c.account = d.account AND c.counter = d.counter
WHERE l.tenant = $1 AND l.item <> 0 AND l.item IN {ids $2}
GROUP BY l.item`

	// What a counter may be showing at most, in units of its item; bundles are not counted here.
	maySell = `(CASE WHEN c.known = 0 THEN 0 WHEN c.observed > c.expected + c.above THEN c.observed ELSE c.expected + c.above END) * d.units * l.pack`

	accountItemsText = `SELECT DISTINCT item FROM listings WHERE tenant = $1 AND account = $2 AND item <> 0 ORDER BY item`
)

// Elsewhere sets, for each item, how many units blind accounts other than the fence's may still be selling.
func (t *Tx) Elsewhere(ctx context.Context, f flow.Fence, items map[ident.Item]flow.Stored) error {
	var blind int64
	if _, err := t.one(ctx, blindText, []any{&blind}, f.Tenant, f.Account); err != nil || blind == 0 || len(items) == 0 {
		return err
	}
	return t.each(ctx, elsewhereText, func(rs *sql.Rows) error {
		var id ident.Item
		var n int64
		err := rs.Scan(&id, &n)
		s := items[id]
		s.Elsewhere = max(0, n)
		items[id] = s
		return err
	}, f.Tenant, f.Account, list(keysOf(items)))
}

// Shown sets, for each item, the most units that all counters together may be showing.
func (t *Tx) Shown(ctx context.Context, f flow.Fence, items map[ident.Item]flow.Stored) error {
	if len(items) == 0 {
		return nil
	}
	return t.each(ctx, shownText, func(rs *sql.Rows) error {
		var id ident.Item
		var n int64
		err := rs.Scan(&id, &n)
		s := items[id]
		s.Shown = max(0, n)
		items[id] = s
		return err
	}, f.Tenant, list(keysOf(items)))
}

func keysOf(items map[ident.Item]flow.Stored) []ident.Item {
	out := make([]ident.Item, 0, len(items))
	for id := range items {
		out = append(out, id)
	}
	return out
}

// MarkAccountItems marks every counter that depends on what the fence's account sells: it went blind, or sees again.
func (t *Tx) MarkAccountItems(ctx context.Context, f flow.Fence) ([]ident.Account, error) {
	var items []ident.Item
	err := t.each(ctx, accountItemsText, func(rs *sql.Rows) error {
		var id ident.Item
		err := rs.Scan(&id)
		items = append(items, id)
		return err
	}, f.Tenant, f.Account)
	if err != nil {
		return nil, err
	}
	return t.MarkItems(ctx, f.Tenant, items, true)
}

const reservedText = `
SELECT item, coalesce(sum(CASE WHEN reserved > 0 THEN reserved ELSE 0 END), 0) FROM entries
WHERE tenant = $1 AND item IN {ids $2} AND kind = 'reserve' AND at >= $3 GROUP BY item`

// Reserved sets, for each item, how many units order lines reserved since a time.
func (t *Tx) Reserved(ctx context.Context, f flow.Fence, items map[ident.Item]flow.Stored, since ident.Micros) error {
	sold := make(map[ident.Item]int64, len(items))
	err := t.each(ctx, reservedText, func(rs *sql.Rows) error {
		var id ident.Item
		var n int64
		err := rs.Scan(&id, &n)
		sold[id] = n
		return err
	}, f.Tenant, list(keysOf(items)), since)
	for id, s := range items {
		n := sold[id]
		s.Sold = &n
		items[id] = s
	}
	return err
}

const editsText = `
SELECT target, count(*) FROM findings
WHERE tenant = $1 AND account = $2 AND field = $3 AND target IN {ids $4} AND class = 'external-edit' AND last_at >= $5
GROUP BY target`

// Edits returns how many external edits of targets were found since a time.
func (t *Tx) Edits(ctx context.Context, f flow.Fence, field channel.Field, targets []int64, since ident.Micros) (map[int64]int64, error) {
	out := map[int64]int64{}
	err := t.each(ctx, editsText, func(rs *sql.Rows) error {
		var target, n int64
		err := rs.Scan(&target, &n)
		out[target] = n
		return err
	}, f.Tenant, f.Account, field, list(targets), since)
	return out, err
}
