package service

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
)

// adjustments books entries that reverse others. Revision is the entry that is reversed: a count after it wins.
func (a *applier) adjustments(ctx context.Context, tx *store.Tx, rows []*store.PlanRow) error {
	values, known, err := decode(ctx, tx, a.who, rows, func(v countValue) []string { return []string{v.SKU} })
	if err != nil {
		return err
	}
	var entries []ledger.Entry
	for _, r := range rows {
		v := values[r]
		x, exists := known[v.SKU]
		counted := !exists
		if exists {
			if counted, err = tx.CountedAfter(ctx, a.who.Tenant, x.ID, ident.Entry(r.Rev)); err != nil {
				return err
			}
		}
		if counted {
			r.State, r.Note = store.RowStale, "it was counted again after the plan was made"
			continue
		}
		entries = append(entries, ledger.Entry{
			Source: rowSource(a.plan, r.No), Item: x.ID, Kind: ledger.Adjust, OnHand: v.Adjust, At: a.now, Actor: a.who.Name,
			Note: "rollback, plan " + ident.Text(a.plan),
		})
		r.State, r.Target = store.RowApplied, int64(x.ID)
	}
	return a.book(ctx, tx, entries)
}

// rules stores versions of rules where the one they were planned on is still in force.
func (a *applier) rules(ctx context.Context, tx *store.Tx, rows []*store.PlanRow) error {
	for _, r := range rows {
		sc := store.RuleScope{Field: string(r.Field), Account: r.Account, Item: ident.Item(r.Target)}
		h, err := tx.RuleHistory(ctx, a.who.Tenant, sc)
		if err != nil {
			return err
		}
		if len(h) > 0 && h[0].Version != r.Rev || len(h) == 0 && r.Rev != 0 {
			r.State, r.Note = store.RowStale, "the rule changed after the plan was made"
			continue
		}
		if _, err := tx.AddRule(ctx, a.who.Tenant, sc, r.New, a.who.Name, a.now); err != nil {
			return err
		}
		accounts, err := ruleAccounts(ctx, tx, a.who, sc)
		if err != nil {
			return err
		}
		a.wake(accounts)
		r.State = store.RowApplied
	}
	return nil
}
