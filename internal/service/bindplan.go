package service

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/catalog/sheet"
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// actionBind is a row that binds a listing.
const actionBind = "bind"

// bindValue is old and new of action bind.
type bindValue struct {
	SKU     string             `json:"sku,omitempty"` // of the item; "": not bound
	Pack    int64              `json:"pack,omitempty"`
	Ignored bool               `json:"ignored,omitempty"`
	Listing channel.ListingKey `json:"listing"`
}

func bindNow(l store.Listing) bindValue {
	v := bindValue{Listing: l.Key, SKU: l.ItemSKU, Ignored: l.Item == 0 && l.BoundBy == store.Ignored}
	if l.Item != 0 {
		v.Pack = l.Pack
	}
	return v
}

// after returns v with what a line says; a pack is 1 unless it is said.
func (v bindValue) after(f catalog.BindingFields) (bindValue, error) {
	switch f.Item.Word {
	case catalog.Set:
		if v.SKU != f.Item.Value || v.Pack == 0 {
			v.Pack = 1
		}
		v.SKU, v.Ignored = f.Item.Value, false
	case catalog.Clear:
		v.SKU, v.Pack = "", 0
	}
	if f.Pack.Word == catalog.Set {
		if v.SKU == "" {
			return v, fault.New(fault.Invalid, "a pack needs an item")
		}
		v.Pack = f.Pack.Value
	}
	if f.Ignore.Word == catalog.Set {
		if v.Ignored = f.Ignore.Value; v.Ignored && f.Item.Word == catalog.Set {
			return v, fault.New(fault.Invalid, "a listing is either bound or ignored")
		}
		if v.Ignored {
			v.SKU, v.Pack = "", 0
		}
	}
	return v, nil
}

// planBindings stores a plan of what a file of bindings changes.
func (s *Service) planBindings(ctx context.Context, who Caller, name, title string, f *sheet.File, o ImportOptions) (out Import, err error) {
	id, err := s.newPlan(ctx, who, store.PlanImport, title)
	if err != nil {
		return out, err
	}
	next := int64(0)
	var pending []catalog.Row
	flush := func() error {
		var rows []store.PlanRow
		var bad []Problem
		err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
			if rows, bad, err = s.bindRows(ctx, tx, who, pending, next); err != nil {
				return err
			}
			return tx.AddRows(ctx, who.Tenant, id, rows)
		})
		next += int64(len(rows))
		for i := range bad {
			bad[i].Where.File = name
		}
		out.Lines += int64(len(pending) - len(bad))
		out.Bad += int64(len(bad))
		out.Problems = append(out.Problems, bad[:min(len(bad), max(0, maxProblems-len(out.Problems)))]...)
		pending = pending[:0]
		return err
	}
	for row, rowErr := range f.Rows() {
		switch {
		case fault.Is(rowErr, fault.Invalid):
			out.Bad++
			if len(out.Problems) < maxProblems {
				out.Problems = append(out.Problems, Problem{fault.WhereOf(rowErr), message(rowErr)})
			}
		case rowErr != nil:
			err = rowErr
		default:
			if pending = append(pending, row); len(pending) == batch {
				err = flush()
			}
		}
		if err != nil {
			break
		}
	}
	if err == nil && len(pending) > 0 {
		err = flush()
	}
	if err == nil && out.Bad > 0 && !o.SkipBad {
		err = refusal(out)
	}
	if err != nil {
		return out, keepFirst(err, s.dropPlan(ctx, who, id))
	}
	out.Plan, err = s.finishPlan(ctx, who, id, store.PlanImport, title, planNotes{}, next)
	return out, err
}

// bindRows computes the rows of lines of a file of bindings.
func (s *Service) bindRows(ctx context.Context, tx *store.Tx, who Caller, lines []catalog.Row, after int64) (rows []store.PlanRow, bad []Problem, err error) {
	var skus []string
	for _, l := range lines {
		skus = append(skus, l.Binding.Item.Value)
	}
	items, err := tx.ItemsSeen(ctx, who.Tenant, skus)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range lines {
		r, err := s.bindRow(ctx, tx, who, line, items)
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
			bad = append(bad, Problem{fault.Place{Line: line.Line}, err.Error()})
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if r != nil {
			after++
			r.No = after
			rows = append(rows, *r)
		}
	}
	return rows, bad, nil
}

// bindRow computes what one line changes; nil for nothing.
func (s *Service) bindRow(ctx context.Context, tx *store.Tx, who Caller, line catalog.Row, items map[string]store.Item) (*store.PlanRow, error) {
	a, err := account(ctx, tx, who.Tenant, line.Binding.Account)
	if err != nil {
		return nil, err
	}
	l, err := tx.ListingKeyed(ctx, who.Tenant, a.ID, channel.ListingKey(line.Binding.Listing))
	if err != nil {
		return nil, err
	}
	old := bindNow(l)
	next, err := old.after(line.Binding)
	if err != nil || next == old {
		return nil, err
	}
	if _, known := items[next.SKU]; next.SKU != "" && next.SKU != old.SKU && !known {
		return nil, fault.New(fault.NotFound, "there is no item with SKU %q", next.SKU)
	}
	r := &store.PlanRow{Account: a.ID, Target: int64(l.ID), Action: actionBind, State: store.RowPlanned, Note: lineNote(line.Line)}
	if r.Old, err = jsonText(old); err != nil {
		return nil, err
	}
	r.New, err = jsonText(next)
	return r, err
}

// bindings binds listings as planned, where they are still bound as they were.
func (a *applier) bindings(ctx context.Context, tx *store.Tx, rows []*store.PlanRow) error {
	for _, r := range rows {
		var v bindValue
		if err := json.Unmarshal([]byte(r.New), &v); err != nil {
			return fault.New(fault.Internal, "row %d cannot be read: %w", r.No, err)
		}
		l, err := tx.ListingKeyed(ctx, a.who.Tenant, r.Account, v.Listing)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || must(bindNow(l)) != r.Old {
			r.State, r.Note = store.RowStale, "the binding changed after the plan was made"
			continue
		}
		b := store.Bind{Listing: l.ID, Pack: 1, By: store.Unbound}
		switch {
		case v.Ignored:
			b.By = store.Ignored
		case v.SKU != "":
			x, err := tx.ItemNamed(ctx, a.who.Tenant, v.SKU)
			if err != nil {
				return err
			}
			b.Item, b.Pack, b.By = x.ID, v.Pack, store.BoundByPerson
		}
		if err := tx.Bind(ctx, a.who.Tenant, r.Account, []store.Bind{b}, a.now); err != nil {
			return err
		}
		if err := rebook(ctx, tx, a.who.Tenant, r.Account, []ident.Listing{l.ID}, a.now); err != nil {
			return err
		}
		a.wake([]ident.Account{r.Account})
		r.State = store.RowApplied
	}
	return nil
}
