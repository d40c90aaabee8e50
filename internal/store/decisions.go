package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

const decideHead = `INSERT INTO decisions (tenant, decision, account, field, target, at, outcome, value, record) VALUES `

// Decide appends decision records and returns their ids.
func (t *Tx) Decide(ctx context.Context, tenant ident.Tenant, ds []flow.Decision) ([]ident.Decision, error) {
	if len(ds) == 0 {
		return nil, nil
	}
	first, err := Next[ident.Decision](ctx, t, tenant, "decision", len(ds))
	if err != nil {
		return nil, err
	}
	ids := make([]ident.Decision, len(ds))
	return ids, t.insert(ctx, decideHead, 9, "", len(ds), func(i int, args []any) []any {
		d := &ds[i]
		ids[i] = first + ident.Decision(i)
		return append(args, tenant, ids[i], d.Account, d.Field, d.Target, d.At, d.Outcome, null(d.Value), d.Record)
	})
}

const (
	holdingsText    = `SELECT counter, item, units FROM holdings WHERE tenant = $1 AND account = $2 AND counter IN {ids $3} ORDER BY counter, item`
	dropHoldingText = `DELETE FROM holdings WHERE tenant = $1 AND account = $2 AND counter IN {ids $3}`
	holdingHead     = `INSERT INTO holdings (tenant, account, counter, item, units) VALUES `
)

// SetHoldings makes the item units held for counters what they should be and returns the entries that lead there.
func (t *Tx) SetHoldings(ctx context.Context, f flow.Fence, want []flow.Holding) ([]ledger.Entry, error) {
	if len(want) == 0 {
		return nil, nil
	}
	ids := make([]ident.Counter, len(want))
	for i, h := range want {
		ids[i] = h.Counter
	}
	had := map[ident.Counter][]ledger.Part{}
	err := t.each(ctx, holdingsText, func(rs *sql.Rows) error {
		var c ident.Counter
		var p ledger.Part
		err := rs.Scan(&c, &p.Item, &p.Units)
		had[c] = append(had[c], p)
		return err
	}, f.Tenant, f.Account, list(ids))
	if err != nil {
		return nil, err
	}
	var out []ledger.Entry
	type row struct {
		counter ident.Counter
		ledger.Part
	}
	var rows []row
	for _, h := range want {
		for _, e := range ledger.Holds(had[h.Counter], h.Want) {
			e.Account, e.Counter, e.At, e.Actor = f.Account, h.Counter, h.At, "sync"
			out = append(out, e)
		}
		for _, p := range h.Want {
			rows = append(rows, row{h.Counter, p})
		}
	}
	if _, err := t.exec(ctx, dropHoldingText, f.Tenant, f.Account, list(ids)); err != nil {
		return nil, err
	}
	return out, t.insert(ctx, holdingHead, 5, "", len(rows), func(i int, args []any) []any {
		return append(args, f.Tenant, f.Account, rows[i].counter, rows[i].Item, rows[i].Units)
	})
}
