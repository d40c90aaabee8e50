package store

import (
	"context"
	"database/sql"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

const (
	lineColumns = `line, source, listing, quantity, shipped, returned, taken, version, opening, met, backfill, first_seen, updated_at`

	linesText = `SELECT ` + lineColumns + ` FROM lines WHERE tenant = $1 AND account = $2 AND source IN {texts $3}`

	effectsText = `SELECT line, item, reserved, on_hand FROM effects WHERE tenant = $1 AND account = $2 AND line IN {ids $3} ORDER BY line, item`

	saveLineHead = `INSERT INTO lines (tenant, account, ` + lineColumns + `) VALUES `
	saveLineTail = `ON CONFLICT (tenant, account, line) DO UPDATE SET quantity = excluded.quantity, shipped = excluded.shipped,
  returned = excluded.returned, taken = excluded.taken, version = excluded.version, opening = excluded.opening, met = excluded.met,
  updated_at = excluded.updated_at`

	dropEffectsText = `DELETE FROM effects WHERE tenant = $1 AND account = $2 AND line IN {ids $3}`
	effectHead      = `INSERT INTO effects (tenant, account, line, item, reserved, on_hand) VALUES `

	orderRefHead = `INSERT INTO order_refs (tenant, account, line, order_ref, expires_at) VALUES `
	orderRefTail = `ON CONFLICT (tenant, account, line) DO NOTHING`
	keepRefsText = `UPDATE order_refs SET expires_at = $4 WHERE tenant = $1 AND account = $2 AND line IN {ids $3} AND expires_at < $4`
)

// Lines returns the stored lines of sources with their effects.
func (t *Tx) Lines(ctx context.Context, f flow.Fence, sources []string) (map[string]flow.Line, error) {
	return t.lines(ctx, f, linesText, f.Tenant, f.Account, list(sources))
}

func (t *Tx) lines(ctx context.Context, f flow.Fence, text string, args ...any) (map[string]flow.Line, error) {
	out := map[string]flow.Line{}
	source := map[ident.Line]string{}
	err := t.each(ctx, text, func(rs *sql.Rows) error {
		var l flow.Line
		var met, backfill int64
		if err := rs.Scan(&l.ID, &l.Source, &l.Listing, &l.Quantity, &l.Shipped, &l.Returned, &l.Taken, &l.Version, &l.Opening, &met, &backfill, &l.FirstSeen, &l.UpdatedAt); err != nil {
			return err
		}
		l.Met, l.Backfill = met != 0, backfill != 0
		out[l.Source], source[l.ID] = l, l.Source
		return nil
	}, args...)
	if err != nil || len(out) == 0 {
		return out, err
	}
	ids := make([]ident.Line, 0, len(source))
	for id := range source {
		ids = append(ids, id)
	}
	err = t.each(ctx, effectsText, func(rs *sql.Rows) error {
		var id ident.Line
		var e ledger.Effect
		if err := rs.Scan(&id, &e.Item, &e.Reserved, &e.OnHand); err != nil {
			return err
		}
		l := out[source[id]]
		l.Effects = append(l.Effects, e)
		out[source[id]] = l
		return nil
	}, f.Tenant, f.Account, list(ids))
	return out, err
}

// SaveLines stores lines with their effects and gives new ones their ids. The plain reference of a new line goes to its
// own table, where it ends at refsUntil; a line that changed keeps the one it still has until then (C05).
func (t *Tx) SaveLines(ctx context.Context, f flow.Fence, ls []flow.Line, refsUntil ident.Micros) error {
	if len(ls) == 0 {
		return nil
	}
	var fresh int
	for _, l := range ls {
		if l.Fresh {
			fresh++
		}
	}
	if fresh > 0 {
		next, err := Next[ident.Line](ctx, t, f.Tenant, "line", fresh)
		if err != nil {
			return err
		}
		for i := range ls {
			if ls[i].Fresh {
				ls[i].ID = next
				next++
			}
		}
	}
	err := t.insert(ctx, saveLineHead, 15, saveLineTail, len(ls), func(i int, args []any) []any {
		l := ls[i]
		return append(args, f.Tenant, f.Account, l.ID, l.Source, l.Listing, l.Quantity, l.Shipped, l.Returned, l.Taken, l.Version,
			l.Opening, flag(l.Met), flag(l.Backfill), l.FirstSeen, l.UpdatedAt)
	})
	if err != nil {
		return err
	}
	var known []ident.Line
	for _, l := range ls {
		if !l.Fresh {
			known = append(known, l.ID)
		}
	}
	if err := t.saveEffects(ctx, f, ls, known); err != nil {
		return err
	}
	return t.saveRefs(ctx, f, ls, known, refsUntil)
}

func (t *Tx) saveEffects(ctx context.Context, f flow.Fence, ls []flow.Line, known []ident.Line) error {
	type row struct {
		line ident.Line
		ledger.Effect
	}
	var rows []row
	for _, l := range ls {
		for _, e := range l.Effects {
			if e.Reserved != 0 || e.OnHand != 0 {
				rows = append(rows, row{l.ID, e})
			}
		}
	}
	if len(known) > 0 {
		if _, err := t.exec(ctx, dropEffectsText, f.Tenant, f.Account, list(known)); err != nil {
			return err
		}
	}
	return t.insert(ctx, effectHead, 6, "", len(rows), func(i int, args []any) []any {
		return append(args, f.Tenant, f.Account, rows[i].line, rows[i].Item, rows[i].Reserved, rows[i].OnHand)
	})
}

func (t *Tx) saveRefs(ctx context.Context, f flow.Fence, ls []flow.Line, known []ident.Line, until ident.Micros) error {
	if len(known) > 0 {
		if _, err := t.exec(ctx, keepRefsText, f.Tenant, f.Account, list(known), until); err != nil {
			return err
		}
	}
	named := slices.DeleteFunc(slices.Clone(ls), func(l flow.Line) bool { return !l.Fresh || l.Order == "" })
	return t.insert(ctx, orderRefHead, 5, orderRefTail, len(named), func(i int, args []any) []any {
		return append(args, f.Tenant, f.Account, named[i].ID, named[i].Order, until)
	})
}

const (
	boundsText = `
SELECT l.listing, l.channel_key, l.item, l.pack, i.bundle, i.counted_at
FROM listings l LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item
WHERE l.tenant = $1 AND l.account = $2 AND l.channel_key IN {texts $3}`

	componentsText = `
SELECT c.bundle, c.component, c.quantity, i.counted_at
FROM components c JOIN items i ON i.tenant = c.tenant AND i.item = c.component
WHERE c.tenant = $1 AND c.bundle IN {ids $2} ORDER BY c.bundle, c.component`

	drawsText = `
SELECT d.listing, d.counter, d.units, c.stock_key
FROM draws d JOIN counters c ON c.tenant = d.tenant AND c.account = d.account AND c.counter = d.counter
WHERE d.tenant = $1 AND d.account = $2 AND d.listing IN {ids $3} ORDER BY d.listing, d.counter`
)

// Bounds returns the listings with these channel keys, with recipe and counters: of several places of one stock key only
// the first.
func (t *Tx) Bounds(ctx context.Context, f flow.Fence, keys []channel.ListingKey) (map[channel.ListingKey]flow.Bound, error) {
	out := make(map[channel.ListingKey]flow.Bound, len(keys))
	packs := map[channel.ListingKey]int64{}
	byID := map[ident.Listing]channel.ListingKey{}
	var bundles []ident.Item
	err := t.each(ctx, boundsText, func(rs *sql.Rows) error {
		var b flow.Bound
		var pack int64
		var bundle, counted sql.NullInt64
		if err := rs.Scan(&b.Listing, &b.Key, &b.Item, &pack, &bundle, &counted); err != nil {
			return err
		}
		switch {
		case bundle.Int64 != 0:
			bundles = append(bundles, b.Item)
		case b.Item != 0:
			b.Recipe, b.Counted = ledger.Recipe{{Item: b.Item, Units: pack}}, ident.Micros(counted.Int64)
		}
		out[b.Key], packs[b.Key], byID[b.Listing] = b, pack, b.Key
		return nil
	}, f.Tenant, f.Account, list(keys))
	if err != nil || len(out) == 0 {
		return out, err
	}
	parts, err := t.components(ctx, f.Tenant, bundles)
	if err != nil {
		return nil, err
	}
	for k, b := range out {
		if p, ok := parts[b.Item]; ok {
			b.Recipe, b.Counted = p.recipe(packs[k]), p.counted
			out[k] = b
		}
	}
	return out, t.draws(ctx, f, out, byID)
}

func (t *Tx) draws(ctx context.Context, f flow.Fence, out map[channel.ListingKey]flow.Bound, byID map[ident.Listing]channel.ListingKey) error {
	ids := make([]ident.Listing, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	seen := map[ident.Listing][]string{}
	return t.each(ctx, drawsText, func(rs *sql.Rows) error {
		var id ident.Listing
		var d flow.Draw
		var key string
		if err := rs.Scan(&id, &d.Counter, &d.Units, &key); err != nil {
			return err
		}
		if slices.Contains(seen[id], key) {
			return nil // another place of the same stock
		}
		seen[id] = append(seen[id], key)
		b := out[byID[id]]
		b.Draws = append(b.Draws, d)
		out[byID[id]] = b
		return nil
	}, f.Tenant, f.Account, list(ids))
}

// bundle is the components of one bundle.
type bundle struct {
	parts   []ledger.Part
	counted ident.Micros // latest first count; 0 when a component was never counted
}

// recipe multiplies the components by the pack size of the listing.
func (b bundle) recipe(pack int64) ledger.Recipe {
	out := make(ledger.Recipe, len(b.parts))
	for i, p := range b.parts {
		out[i] = ledger.Part{Item: p.Item, Units: p.Units * max(1, pack)}
	}
	return out
}

func (t *Tx) components(ctx context.Context, tenant ident.Tenant, bundles []ident.Item) (map[ident.Item]bundle, error) {
	out := map[ident.Item]bundle{}
	if len(bundles) == 0 {
		return out, nil
	}
	missing := map[ident.Item]bool{}
	err := t.each(ctx, componentsText, func(rs *sql.Rows) error {
		var id ident.Item
		var p ledger.Part
		var counted ident.Micros
		if err := rs.Scan(&id, &p.Item, &p.Units, &counted); err != nil {
			return err
		}
		b := out[id]
		b.parts = append(b.parts, p)
		b.counted = max(b.counted, counted)
		missing[id] = missing[id] || counted == 0
		out[id] = b
		return nil
	}, tenant, list(bundles))
	for id := range missing {
		if missing[id] {
			b := out[id]
			b.counted = 0
			out[id] = b
		}
	}
	return out, err
}
