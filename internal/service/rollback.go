package service

import (
	"context"
	"encoding/json"
	"fmt"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// A rollback is always a plan. What changed since is skipped and named. Prices are restored where the restored price passes
// today's guards; stock is re-derived: what a person booked is reversed by a new entry, sales stay.

// RollbackPlan plans the way back from an applied plan.
func (s *Service) RollbackPlan(ctx context.Context, who Caller, id ident.Plan) (PlanDetail, error) {
	return s.rollback(ctx, who, fmt.Sprintf("rollback of plan %d", id), func(r *undo) error {
		p, err := r.tx.Plan(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if p.State != store.PlanApplied && p.State != store.PlanApplying {
			return fault.New(fault.Conflict, "plan %d is %s: there is nothing to roll back", id, p.State)
		}
		return r.plan(ctx, p)
	})
}

// RollbackRule plans the way back from a version of a rule to the one before it.
func (s *Service) RollbackRule(ctx context.Context, who Caller, id ident.Rule) (PlanDetail, error) {
	return s.rollback(ctx, who, fmt.Sprintf("rollback of rule %d", id), func(r *undo) error {
		v, err := r.tx.RuleByID(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		h, err := r.tx.RuleHistory(ctx, who.Tenant, store.RuleScope{Field: v.Field, Account: v.Account, Item: v.Item})
		if err != nil {
			return err
		}
		body := ""
		for _, x := range h {
			if x.Version == v.Version-1 {
				body = x.Body
			}
		}
		return r.rule(h[0], v.ID, body)
	})
}

// RollbackSince plans the way back to a time: counts, receipts and adjustments, prices of items, and rules. Empty f is
// everything; ref restricts rules to those of one account.
func (s *Service) RollbackSince(ctx context.Context, who Caller, since ident.Micros, f, ref string) (PlanDetail, error) {
	fld, err := field(f)
	if err != nil {
		return PlanDetail{}, err
	}
	return s.rollback(ctx, who, "rollback to "+since.String(), func(r *undo) error {
		a, err := scope(ctx, r.tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		if fld != channel.Price && a == 0 {
			if err := r.movements(ctx, since); err != nil {
				return err
			}
		}
		if fld != channel.Stock && a == 0 {
			if err := r.prices(ctx, since); err != nil {
				return err
			}
		}
		return r.rules(ctx, since, fld, a)
	})
}

// undo collects the rows of a rollback.
type undo struct {
	s    *Service
	tx   *store.Tx
	who  Caller
	rows []store.PlanRow
}

func (s *Service) rollback(ctx context.Context, who Caller, title string, collect func(*undo) error) (d PlanDetail, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		r := &undo{s: s, tx: tx, who: who}
		if err := collect(r); err != nil {
			return err
		}
		if len(r.rows) == 0 {
			return fault.New(fault.NotFound, "%s: there is nothing to roll back", title)
		}
		skipped := 0
		for i := range r.rows {
			r.rows[i].No = int64(i + 1)
			if r.rows[i].State == store.RowSkipped {
				skipped++
			}
		}
		notes := planNotes{}
		if skipped > 0 {
			notes.Notes = append(notes.Notes, fmt.Sprintf("%d rows are skipped; each says why", skipped))
		}
		id, err := tx.AddPlan(ctx, who.Tenant, store.Plan{
			Kind: store.PlanRollback, Title: title, State: store.PlanDraft, Counts: notes.text(), Actor: who.Name, CreatedAt: s.Now(),
		})
		if err != nil {
			return err
		}
		if err := tx.AddRows(ctx, who.Tenant, id, r.rows); err != nil {
			return err
		}
		if err := s.act(ctx, tx, who, 0, "rollback", "plan %d: %s, %d rows", id, title, len(r.rows)-skipped); err != nil {
			return err
		}
		d, err = s.planDetail(ctx, tx, who, id)
		return err
	})
	return d, err
}

// add appends a row; why, when given, skips it.
func (r *undo) add(row store.PlanRow, why string) {
	row.State = store.RowPlanned
	if why != "" {
		row.State, row.Note = store.RowSkipped, why
	}
	r.rows = append(r.rows, row)
}

const changedSince = "it changed since"

// plan collects the way back from every applied row of a plan, the last first.
func (r *undo) plan(ctx context.Context, p store.Plan) error {
	for after := int64(0); ; {
		rows, err := r.tx.Rows(ctx, r.who.Tenant, p.ID, store.RowFilter{State: store.RowApplied, After: after, Limit: batch})
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].No
		for _, row := range rows {
			if err := r.row(ctx, p, row); err != nil {
				return fault.Wrap(fmt.Sprintf("row %d", row.No), err)
			}
		}
	}
}

func (r *undo) row(ctx context.Context, p store.Plan, row store.PlanRow) error {
	switch row.Action {
	case actionItem:
		return r.item(ctx, row)
	case actionPrice:
		return r.price(ctx, row.Old, row.New)
	case actionCount, actionAdjust:
		es, err := r.tx.EntriesFrom(ctx, r.who.Tenant, []string{rowSource(p.ID, row.No)})
		if err != nil || len(es) == 0 {
			return err
		}
		return r.reverse(ctx, es[0].Item, es[0].ID, es[0].OnHand)
	case actionRule:
		h, err := r.tx.RuleHistory(ctx, r.who.Tenant, store.RuleScope{Field: string(row.Field), Account: row.Account, Item: ident.Item(row.Target)})
		if err != nil || len(h) == 0 {
			return err
		}
		why := ident.Rule(0)
		if h[0].Body == row.New {
			why = h[0].ID
		}
		return r.rule(h[0], why, row.Old)
	case actionBind:
		return r.binding(ctx, row)
	case actionWrite:
		return r.write(ctx, row)
	}
	return nil
}

// binding restores what a listing was bound to.
func (r *undo) binding(ctx context.Context, row store.PlanRow) error {
	var is bindValue
	if err := json.Unmarshal([]byte(row.New), &is); err != nil {
		return fault.New(fault.Internal, "read a binding: %w", err)
	}
	l, err := r.tx.ListingKeyed(ctx, r.who.Tenant, row.Account, is.Listing)
	if err != nil {
		return err
	}
	why := ""
	if must(bindNow(l)) != row.New {
		why = changedSince
	}
	r.add(store.PlanRow{Account: row.Account, Target: row.Target, Action: actionBind, Old: row.New, New: row.Old}, why)
	return nil
}

// item restores names. An item that the plan made stays: it may have been bound or sold since.
func (r *undo) item(ctx context.Context, row store.PlanRow) error {
	out := store.PlanRow{Action: actionItem, Target: row.Target, Old: row.New, New: row.Old}
	if row.Old == "" {
		out.New = row.New
		r.add(out, "the plan made this item: it stays, count it to 0 or ignore its listings")
		return nil
	}
	found, err := r.tx.ItemsOf(ctx, r.who.Tenant, []ident.Item{ident.Item(row.Target)})
	if err != nil || len(found) == 0 {
		return err
	}
	parts, err := r.tx.Components(ctx, r.who.Tenant, []ident.Item{found[0].ID})
	if err != nil {
		return err
	}
	why := ""
	if must(itemNow(found[0], parts[found[0].ID])) != row.New {
		why = changedSince
	}
	r.add(out, why)
	return nil
}

// price restores the prices of an item from next to old.
func (r *undo) price(ctx context.Context, old, next string) error {
	var was, is priceValue
	if err := json.Unmarshal([]byte(old), &was); err != nil {
		return fault.New(fault.Internal, "read an old price: %w", err)
	}
	if err := json.Unmarshal([]byte(next), &is); err != nil {
		return fault.New(fault.Internal, "read a new price: %w", err)
	}
	x, err := r.tx.ItemNamed(ctx, r.who.Tenant, is.SKU)
	if err != nil {
		return err
	}
	now, err := priceNow(x)
	if err != nil {
		return err
	}
	why := ""
	if must(now) != next {
		why = changedSince
	}
	r.add(store.PlanRow{Field: channel.Price, Target: int64(x.ID), Action: actionPrice, Old: must(now), New: old, Rev: x.Price.Rev}, why)
	return nil
}

// reverse plans the opposite entry of what a person booked. Sales since are untouched: stock is re-derived, not restored.
func (r *undo) reverse(ctx context.Context, item ident.Item, entry ident.Entry, onHand int64) error {
	found, err := r.tx.ItemsOf(ctx, r.who.Tenant, []ident.Item{item})
	if err != nil || len(found) == 0 {
		return err
	}
	x := found[0]
	old, err := jsonText(countValue{SKU: x.SKU, Sellable: sellable(x.Balance)})
	if err != nil {
		return err
	}
	next, err := jsonText(countValue{SKU: x.SKU, Adjust: -onHand})
	if err != nil {
		return err
	}
	counted, err := r.tx.CountedAfter(ctx, r.who.Tenant, item, entry)
	why := ""
	if counted {
		why = "it was counted again since"
	}
	r.add(store.PlanRow{Field: channel.Stock, Target: int64(item), Action: actionAdjust, Old: old, New: next, Rev: int64(entry)}, why)
	return err
}

// rule restores a body. made is the version that is undone; when a newer one is in force the rule is left alone.
func (r *undo) rule(current store.RuleVersion, made ident.Rule, body string) error {
	why := ""
	if current.ID != made {
		why = changedSince
	}
	r.add(store.PlanRow{
		Field: channel.Field(current.Field), Account: current.Account, Target: int64(current.Item), Action: actionRule,
		Old: current.Body, New: body, Rev: current.Version,
	}, why)
	return nil
}

// movements collects what people booked since a time, an entry an item.
func (r *undo) movements(ctx context.Context, since ident.Micros) error {
	type sum struct {
		onHand int64
		last   ident.Entry
	}
	sums := map[ident.Item]sum{}
	var order []ident.Item
	for after := ident.Entry(0); ; {
		es, err := r.tx.CountsSince(ctx, r.who.Tenant, since, after, batch)
		if err != nil {
			return err
		}
		for _, e := range es {
			x, known := sums[e.Item]
			if !known {
				order = append(order, e.Item)
			}
			sums[e.Item] = sum{x.onHand + e.OnHand, e.ID}
			after = e.ID
		}
		if len(es) < batch {
			break
		}
	}
	for _, item := range order {
		if x := sums[item]; x.onHand != 0 {
			if err := r.reverse(ctx, item, x.last, x.onHand); err != nil {
				return err
			}
		}
	}
	return nil
}

// prices collects the prices of items that plans changed since a time: the oldest value of each is restored.
func (r *undo) prices(ctx context.Context, since ident.Micros) error {
	plans, err := r.tx.PlansSince(ctx, r.who.Tenant, since)
	if err != nil {
		return err
	}
	type change struct{ old, next string }
	changes := map[int64]change{}
	var order []int64
	for _, p := range plans {
		for after := int64(0); ; {
			rows, err := r.tx.Rows(ctx, r.who.Tenant, p.ID, store.RowFilter{State: store.RowApplied, After: after, Limit: batch})
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			after = rows[len(rows)-1].No
			for _, row := range rows {
				if row.Action != actionPrice {
					continue
				}
				c, known := changes[row.Target]
				if !known {
					order = append(order, row.Target)
					c.old = row.Old
				}
				c.next = row.New
				changes[row.Target] = c
			}
		}
	}
	for _, item := range order {
		if c := changes[item]; c.old != c.next {
			if err := r.price(ctx, c.old, c.next); err != nil {
				return err
			}
		}
	}
	return nil
}

// rules collects the rules that changed since a time: the version before it is restored.
func (r *undo) rules(ctx context.Context, since ident.Micros, f channel.Field, a ident.Account) error {
	scopes, err := r.tx.RulesSince(ctx, r.who.Tenant, since)
	if err != nil {
		return err
	}
	for _, sc := range scopes {
		if f != "" && sc.Field != string(f) || a != 0 && sc.Account != a {
			continue
		}
		h, err := r.tx.RuleHistory(ctx, r.who.Tenant, sc)
		if err != nil {
			return err
		}
		body := ""
		for _, v := range h {
			if v.At < since {
				body = v.Body
				break
			}
		}
		if h[0].Body != body {
			if err := r.rule(h[0], h[0].ID, body); err != nil {
				return err
			}
		}
	}
	return nil
}
