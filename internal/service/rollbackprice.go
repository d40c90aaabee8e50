package service

import (
	"context"
	"strconv"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// write plans the way back from a write of a sync plan. Stock needs none: its number follows from the ledger. A price goes
// back to what the channel showed before, by a rule that pins it for this account and item until a person takes it away.
func (r *undo) write(ctx context.Context, row store.PlanRow) error {
	if row.Field != channel.Price {
		r.add(row, "stock follows from the ledger: roll back the counts instead")
		return nil
	}
	names, err := r.tx.Names(ctx, r.who.Tenant, row.Account, channel.Price, []int64{row.Target})
	if err != nil {
		return err
	}
	l, err := r.tx.ListingKeyed(ctx, r.who.Tenant, row.Account, channel.ListingKey(names[row.Target].Key))
	if err != nil {
		return err
	}
	sc := store.RuleScope{Field: RulePrice, Account: row.Account, Item: l.Item}
	h, err := r.tx.RuleHistory(ctx, r.who.Tenant, sc)
	if err != nil {
		return err
	}
	var current store.RuleVersion
	if len(h) > 0 {
		current = h[0]
	}
	old, err := strconv.ParseInt(row.Old, 10, 64)
	switch {
	case err != nil:
		r.add(row, "no price was known before the plan")
		return nil
	case l.Item == 0 || l.Price.Rev != row.Rev || l.Price.Accepted == nil:
		r.add(row, changedSince)
		return nil
	}
	price := money.Of(old, l.Price.Currency)
	why, err := r.guarded(ctx, row.Account, price, money.Of(*l.Price.Accepted, l.Price.Currency))
	if err != nil {
		return err
	}
	body, err := pinned(current.Body, price)
	if err != nil {
		return err
	}
	r.add(store.PlanRow{
		Field: channel.Price, Account: row.Account, Target: int64(l.Item), Action: actionRule, Old: current.Body, New: body, Rev: current.Version,
		Note: "pins the price at " + price.String(),
	}, why)
	return nil
}

// guarded says why a price may not be restored by itself; "" when today's guards let it pass.
func (r *undo) guarded(ctx context.Context, a ident.Account, price, last money.Amount) (string, error) {
	limits, err := r.s.limits(ctx, r.tx, r.who, a)
	if err != nil {
		return "", err
	}
	j := guard.JudgePrice(limits, guard.Price{Value: price, Currency: last.Currency, Last: &last})
	if j.Outcome == guard.Pass {
		return "", nil
	}
	return "a guard holds it: " + j.Note, nil
}

// pinned returns price rules that lead to exactly one price: floor and ceiling meet there.
func pinned(body string, price money.Amount) (string, error) {
	rules := pricing.Rules{Version: pricing.Version}
	if body != "" {
		var err error
		if rules, err = pricing.ParseRules([]byte(body)); err != nil {
			return "", err
		}
	}
	b := pricing.Bound{Sum: pricing.Sum(price)}
	rules.Floor, rules.Ceiling = &b, &b
	return jsonText(rules)
}
