package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
)

// applyChanges applies a plan of changes to items and rules, batch by batch. When it is cut short the plan stays in state
// applying, and applying it again goes on where it stopped.
func (s *Service) applyChanges(ctx context.Context, who Caller, id ident.Plan, o ApplyOptions) error {
	all, err := s.beginChanges(ctx, who, id, o)
	if err != nil {
		return err
	}
	for done := int64(0); ; {
		n, err := s.applyBatch(ctx, who, id)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if done += int64(n); o.Progress != nil {
			o.Progress(done, all)
		}
	}
	return s.endChanges(ctx, who, id)
}

// beginChanges checks a plan and sets it going; it returns how many rows there are to apply.
func (s *Service) beginChanges(ctx context.Context, who Caller, id ident.Plan, o ApplyOptions) (all int64, err error) {
	var refused error
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPlan(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if all, err = planned(ctx, tx, who, id); err != nil || p.State == store.PlanApplying {
			return err // an apply that was cut short goes on
		}
		fresh := p.State == store.PlanDraft || p.State == store.PlanApproved || p.State == store.PlanStale && o.SkipStale
		if !fresh {
			return fault.New(fault.Conflict, "plan %d is %s already", id, p.State)
		}
		if held := notesOf(p).Held; held != "" && !o.Release {
			return fault.New(fault.Held, "plan %d is held: %s. If that is right, apply it with --release", id, held)
		}
		stale, err := tx.StaleChanges(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if stale > 0 && !o.SkipStale {
			refused, err = s.staleFault(ctx, tx, who, id, stale)
			return err
		}
		all -= stale
		if err := tx.SetPlan(ctx, who.Tenant, id, store.PlanApplying, s.Now()); err != nil {
			return err
		}
		return s.act(ctx, tx, who, 0, "plan-apply", "plan %d is applied: %s", id, p.Title)
	})
	if err == nil {
		err = refused
	}
	return all, err
}

func planned(ctx context.Context, tx *store.Tx, who Caller, id ident.Plan) (n int64, err error) {
	counts, err := tx.RowCounts(ctx, who.Tenant, id)
	for _, c := range counts {
		if c.State == store.RowPlanned {
			n += c.N
		}
	}
	return n, err
}

// endChanges closes a plan whose rows are all done, and lets listings find items that are new.
func (s *Service) endChanges(ctx context.Context, who Caller, id ident.Plan) error {
	match := false
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPlan(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		match = notesOf(p).Match
		return tx.SetPlan(ctx, who.Tenant, id, store.PlanApplied, p.DecidedAt)
	})
	if err == nil && match {
		_, err = s.MatchAll(ctx, who)
	}
	return err
}

// applyBatch applies the next planned rows of a plan in one transaction and returns how many it dealt with.
func (s *Service) applyBatch(ctx context.Context, who Caller, id ident.Plan) (n int, err error) {
	var woken []ident.Account
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockPlan(ctx, who.Tenant, id); err != nil { // two who apply the same plan take turns
			return err
		}
		rows, err := tx.Rows(ctx, who.Tenant, id, store.RowFilter{State: store.RowPlanned, Limit: batch})
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		a := applier{s: s, who: who, plan: id, now: s.Now()}
		if woken, err = a.apply(ctx, tx, rows); err != nil {
			return err
		}
		return tx.SetRows(ctx, who.Tenant, id, rows)
	})
	if err == nil {
		s.Wake(who.Tenant, woken...)
	}
	return n, err
}

// applier applies rows of one plan in one transaction.
type applier struct {
	s     *Service
	who   Caller
	plan  ident.Plan
	now   ident.Micros
	woken []ident.Account
}

// apply applies rows in the order that lets later ones build on earlier ones: names, prices, counts, the rest. Each row
// says in place what became of it.
func (a *applier) apply(ctx context.Context, tx *store.Tx, rows []store.PlanRow) ([]ident.Account, error) {
	steps := []struct {
		action string
		run    func(context.Context, *store.Tx, []*store.PlanRow) error
	}{
		{actionItem, a.items},
		{actionPrice, a.prices},
		{actionCount, a.countRows},
		{actionAdjust, a.adjustments},
		{actionRule, a.rules},
		{actionBind, a.bindings},
	}
	for _, step := range steps {
		var mine []*store.PlanRow
		for i := range rows {
			if rows[i].Action == step.action {
				mine = append(mine, &rows[i])
			}
		}
		if len(mine) == 0 {
			continue
		}
		if err := step.run(ctx, tx, mine); err != nil {
			return nil, fault.Wrap(fmt.Sprintf("apply plan %d", a.plan), err)
		}
	}
	for i := range rows {
		if rows[i].State == store.RowPlanned {
			return nil, fault.New(fault.Internal, "row %d of plan %d has action %q, which nothing applies", rows[i].No, a.plan, rows[i].Action)
		}
	}
	slices.Sort(a.woken)
	return slices.Compact(a.woken), nil
}

func (a *applier) wake(accounts []ident.Account) { a.woken = append(a.woken, accounts...) }

// decode reads new values of rows and the items they name, locked.
func decode[T any](ctx context.Context, tx *store.Tx, who Caller, rows []*store.PlanRow, sku func(T) []string) (map[*store.PlanRow]T, map[string]store.Item, error) {
	values := make(map[*store.PlanRow]T, len(rows))
	var skus []string
	for _, r := range rows {
		var v T
		if err := json.Unmarshal([]byte(r.New), &v); err != nil {
			return nil, nil, fault.New(fault.Internal, "row %d cannot be read: %w", r.No, err)
		}
		values[r] = v
		skus = append(skus, sku(v)...)
	}
	items, err := tx.ItemsNamed(ctx, who.Tenant, skus)
	return values, items, err
}

// items makes items and changes names. A row whose item is not what it was planned on is stale.
func (a *applier) items(ctx context.Context, tx *store.Tx, rows []*store.PlanRow) error {
	values, known, err := decode(ctx, tx, a.who, rows, func(v itemValue) []string { return []string{v.SKU} })
	if err != nil {
		return err
	}
	var ids []ident.Item
	for _, x := range known {
		ids = append(ids, x.ID)
	}
	parts, err := tx.Components(ctx, a.who.Tenant, ids)
	if err != nil {
		return err
	}
	var save []store.Item
	var saved []*store.PlanRow
	for _, r := range rows {
		v := values[r]
		x, exists := known[v.SKU]
		if r.Old == "" && exists || r.Old != "" && (!exists || must(itemNow(x, parts[x.ID])) != r.Old) {
			r.State, r.Note = store.RowStale, "the item changed after the plan was made"
			continue
		}
		x.SKU, x.GTIN, x.Title = v.SKU, v.GTIN, v.Title
		if !exists {
			x.UpdatedAt = a.now
		}
		save, saved = append(save, x), append(saved, r)
	}
	if err := tx.SaveItems(ctx, a.who.Tenant, save); err != nil {
		return err
	}
	for i, r := range saved {
		r.State, r.Target = store.RowApplied, int64(save[i].ID)
		if err := a.components(ctx, tx, save[i], values[r].Components, parts[save[i].ID]); err != nil {
			return err
		}
	}
	return nil
}

// components stores what a bundle is made of, where that changed, and books the sales of its listings anew.
func (a *applier) components(ctx context.Context, tx *store.Tx, x store.Item, next, old []store.Component) error {
	if must(next) == must(old) {
		return nil
	}
	var skus []string
	for _, p := range next {
		skus = append(skus, p.SKU)
	}
	found, err := tx.ItemsNamed(ctx, a.who.Tenant, skus)
	if err != nil {
		return err
	}
	for i := range next {
		y, ok := found[next[i].SKU]
		if !ok {
			return fault.New(fault.Conflict, "component %q of bundle %s is gone", next[i].SKU, x.SKU)
		}
		next[i].Item = y.ID
	}
	if err := tx.SetComponents(ctx, a.who.Tenant, x.ID, next); err != nil {
		return err
	}
	ls, err := tx.ListingsOf(ctx, a.who.Tenant, []ident.Item{x.ID})
	if err != nil {
		return err
	}
	byAccount := map[ident.Account][]ident.Listing{}
	for _, l := range ls {
		byAccount[l.Account] = append(byAccount[l.Account], l.ID)
	}
	for _, l := range ls { // in the order of accounts, each once
		if ids := byAccount[l.Account]; ids != nil {
			delete(byAccount, l.Account)
			if err := rebook(ctx, tx, a.who.Tenant, l.Account, ids, a.now); err != nil {
				return err
			}
		}
	}
	woken, err := tx.MarkItems(ctx, a.who.Tenant, []ident.Item{x.ID}, false)
	a.wake(woken)
	return err
}

// prices writes prices of items and marks the listings that show them.
func (a *applier) prices(ctx context.Context, tx *store.Tx, rows []*store.PlanRow) error {
	values, known, err := decode(ctx, tx, a.who, rows, func(v priceValue) []string { return []string{v.SKU} })
	if err != nil {
		return err
	}
	var save []store.Item
	var ids []ident.Item
	for _, r := range rows {
		v := values[r]
		x, exists := known[v.SKU]
		if !exists || x.Price.Rev != r.Rev {
			r.State, r.Note = store.RowStale, "the price changed after the plan was made"
			continue
		}
		if err := v.put(&x); err != nil {
			return err
		}
		r.State, r.Target = store.RowApplied, int64(x.ID)
		save, ids = append(save, x), append(ids, x.ID)
	}
	slices.SortFunc(save, func(x, y store.Item) int { return int(x.ID - y.ID) }) // lock order
	if err := tx.SaveItems(ctx, a.who.Tenant, save); err != nil {
		return err
	}
	woken, err := tx.MarkPrices(ctx, a.who.Tenant, ids)
	a.wake(woken)
	return err
}

// countRows books counts: each makes its item's available the planned number at this instant.
func (a *applier) countRows(ctx context.Context, tx *store.Tx, rows []*store.PlanRow) error {
	values, known, err := decode(ctx, tx, a.who, rows, func(v countValue) []string { return []string{v.SKU} })
	if err != nil {
		return err
	}
	var ids []ident.Item
	for _, x := range known {
		ids = append(ids, x.ID)
	}
	slices.Sort(ids)
	last, err := tx.LastEntries(ctx, a.who.Tenant, ids, planSources(a.plan)) // another place of the same plan is no news
	if err != nil {
		return err
	}
	places, err := tx.Places(ctx, a.who.Tenant, ids)
	if err != nil {
		return err
	}
	var entries []ledger.Entry
	for _, r := range rows {
		v := values[r]
		x, exists := known[v.SKU]
		if !exists || x.Bundle || v.Sellable == nil || int64(last[x.ID]) != r.Rev {
			r.State, r.Note = store.RowStale, "the stock moved after the plan was made"
			continue
		}
		e := countAt(x.Balance, places[x.ID], v.Place, *v.Sellable)
		e.Source, e.Item, e.At, e.Actor, e.Note = rowSource(a.plan, r.No), x.ID, a.now, a.who.Name, fmt.Sprintf("plan %d", a.plan)
		entries = append(entries, e)
		r.State, r.Target = store.RowApplied, int64(x.ID)
	}
	return a.book(ctx, tx, entries)
}

// countAt returns the entry of a count. At the main place it means sellable now: what is reserved or held comes on top.
// At another place it is what lies there: orders are not kept by place.
func countAt(b ledger.Balance, places map[string]int64, place string, n int64) ledger.Entry {
	if place != "" {
		return ledger.Entry{Kind: ledger.Count, Place: place, OnHand: n - places[place]}
	}
	e := b.CountTo(n)
	for _, elsewhere := range places {
		e.OnHand += elsewhere
	}
	return e
}

// planSources begins the source keys of a plan's entries.
func planSources(plan ident.Plan) string { return fmt.Sprintf("plan:%d:", plan) }

// rowSource is the source key of the entry of a plan's row: booked once, however often the row is applied.
func rowSource(plan ident.Plan, no int64) string { return planSources(plan) + fmt.Sprint(no) }

func (a *applier) book(ctx context.Context, tx *store.Tx, entries []ledger.Entry) error {
	woken, err := tx.Book(ctx, a.who.Tenant, entries, false)
	a.wake(woken)
	return err
}

// rebook books what sales did to listings by what they are bound to now.
func rebook(ctx context.Context, tx *store.Tx, tenant ident.Tenant, account ident.Account, ids []ident.Listing, now ident.Micros) error {
	sold, err := tx.Sold(ctx, tenant, account, ids)
	if err != nil || len(sold) == 0 {
		return err
	}
	return tx.Rebook(ctx, tenant, account, sold, now)
}
