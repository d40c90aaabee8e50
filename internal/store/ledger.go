package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

const (
	entryHead = `INSERT INTO entries (tenant, entry, source, item, kind, place, on_hand, reserved, held, account, counter, line, at, actor, note) VALUES `

	// I2: a source that was booked before is not booked again. RETURNING tells which rows are new.
	entryTail = `ON CONFLICT (tenant, source) DO NOTHING RETURNING entry`

	moveText = `
UPDATE items SET on_hand = on_hand + $3, reserved = reserved + $4, held = held + $5, updated_at = $6,
       counted_at = CASE WHEN counted_at = 0 AND $7 = 1 THEN $6 ELSE counted_at END
WHERE tenant = $1 AND item = $2`

	placeText = `
INSERT INTO places (tenant, item, place, on_hand) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant, item, place) DO UPDATE SET on_hand = places.on_hand + excluded.on_hand`
)

// Book appends entries, moves the balances of their items and marks every counter that depends on them (fan-out), in
// this transaction. An entry whose source exists already has no effect. urgent entries (sales, holds) are decided first.
// It returns the accounts to wake.
func (t *Tx) Book(ctx context.Context, tenant ident.Tenant, entries []ledger.Entry, urgent bool) ([]ident.Account, error) {
	fresh, err := t.append(ctx, tenant, entries)
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	type move struct {
		ledger.Entry
		counted bool
	}
	moves := map[ident.Item]*move{}
	for _, e := range fresh {
		m := moves[e.Item]
		if m == nil {
			m = &move{Entry: ledger.Entry{Item: e.Item, At: e.At}}
			moves[e.Item] = m
		}
		m.OnHand += e.OnHand
		m.Reserved += e.Reserved
		m.Held += e.Held
		m.At = max(m.At, e.At)
		m.counted = m.counted || ledger.Balance{}.Add(e).Counted != 0
		if e.Place != "" && e.OnHand != 0 {
			if _, err := t.exec(ctx, placeText, tenant, e.Item, e.Place, e.OnHand); err != nil {
				return nil, err
			}
		}
	}
	items := make([]ident.Item, 0, len(moves))
	for id := range moves {
		items = append(items, id)
	}
	slices.Sort(items) // lock order
	for _, id := range items {
		m := moves[id]
		if _, err := t.exec(ctx, moveText, tenant, id, m.OnHand, m.Reserved, m.Held, m.At, flag(m.counted)); err != nil {
			return nil, err
		}
	}
	return t.MarkItems(ctx, tenant, items, urgent)
}

// append inserts entries and returns those that were not there yet.
func (t *Tx) append(ctx context.Context, tenant ident.Tenant, entries []ledger.Entry) ([]ledger.Entry, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	first, err := Next[ident.Entry](ctx, t, tenant, "entry", len(entries))
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].ID = first + ident.Entry(i)
		if entries[i].Source == "" { // it follows from a state in this transaction, so it cannot come twice
			entries[i].Source = "entry:" + ident.Text(entries[i].ID)
		}
	}
	fresh := make([]ledger.Entry, 0, len(entries))
	err = t.inserted(ctx, entryHead, 15, entryTail, len(entries), func(i int, args []any) []any {
		e := &entries[i]
		return append(args, tenant, e.ID, e.Source, e.Item, e.Kind, e.Place, e.OnHand, e.Reserved, e.Held, e.Account, e.Counter, e.Line, e.At, e.Actor, e.Note)
	}, func(rs *sql.Rows) error {
		var id ident.Entry
		err := rs.Scan(&id)
		fresh = append(fresh, entries[id-first])
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(fresh, func(a, b ledger.Entry) int { return cmp.Compare(a.ID, b.ID) })
	return fresh, nil
}

const balancesText = `
SELECT item, on_hand, reserved, held, counted_at FROM items
WHERE tenant = $1 AND item IN {ids $2} ORDER BY item {for update}`

// Balances returns the balances of items and, on PostgreSQL, locks them until the transaction ends.
func (t *Tx) Balances(ctx context.Context, tenant ident.Tenant, items []ident.Item) (map[ident.Item]ledger.Balance, error) {
	out := make(map[ident.Item]ledger.Balance, len(items))
	err := t.each(ctx, balancesText, func(rs *sql.Rows) error {
		var id ident.Item
		var b ledger.Balance
		if err := rs.Scan(&id, &b.OnHand, &b.Reserved, &b.Held, &b.Counted); err != nil {
			return err
		}
		out[id] = b
		return nil
	}, tenant, list(items))
	return out, err
}
