package service

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// batch is how many changes travel in one transaction.
const batch = 1000

// Problem is one thing that is wrong with a file or an edit.
type Problem struct {
	Where fault.Place `json:"where"`
	Text  string      `json:"text"`
}

// maxProblems is how many problems are told one by one.
const maxProblems = 1000

// builder turns changes into rows of a plan, each with what it replaces and on which revision.
type builder struct {
	s        *Service
	who      Caller
	plan     ident.Plan
	next     int64
	pending  []Change
	seen     map[string]struct{} // SKUs; a file's reader has refused lines that are there twice
	problems []Problem
	bad      int64 // lines that were refused
	lines    int64 // lines that were taken
	added    int64 // new items
	zeroed   int64 // counts that become 0
	// hasCounts says that some line counted: then a complete file speaks of stock.
	hasCounts bool
}

// build reads changes to the end and stores their rows. An element with an error is a problem of the input; another error
// ends the reading.
func (b *builder) build(ctx context.Context, changes iter.Seq2[Change, error], progress func(done, all int64)) error {
	for c, err := range changes {
		switch {
		case fault.Is(err, fault.Invalid):
			b.problem(err)
			continue
		case err != nil:
			return err
		}
		if err := b.take(c); err != nil {
			b.problem(err)
			continue
		}
		if b.pending = append(b.pending, c); len(b.pending) == batch {
			if err := b.flush(ctx); err != nil {
				return err
			}
			if progress != nil {
				progress(b.lines, 0)
			}
		}
	}
	return b.flush(ctx)
}

func (b *builder) problem(err error) {
	b.bad++
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, Problem{fault.WhereOf(err), message(err)})
	}
}

// message returns the text of an error without its place, which is told beside it.
func message(err error) string {
	if e, ok := err.(*fault.Error); ok && e.Op == "" && e.Msg != "" {
		return e.Msg
	}
	return err.Error()
}

// take checks a change by itself and against those before it.
func (b *builder) take(c Change) error {
	if err := catalog.CheckSKU(c.SKU); err != nil {
		return fault.At(fault.Invalid, c.Where, "%w", err)
	}
	if _, twice := b.seen[c.SKU]; twice && c.Place == "" {
		return fault.At(fault.Invalid, c.Where, "SKU %q is said twice: which counts is not guessed", c.SKU)
	}
	b.seen[c.SKU] = struct{}{}
	return nil
}

// flush stores the rows of the pending changes.
func (b *builder) flush(ctx context.Context) error {
	if len(b.pending) == 0 {
		return nil
	}
	err := b.s.Store.Write(ctx, func(tx *store.Tx) error {
		at := *b // the transaction may run again
		rows, err := at.rows(ctx, tx)
		if err != nil {
			return err
		}
		if err := tx.AddRows(ctx, b.who.Tenant, b.plan, rows); err != nil {
			return err
		}
		at.pending = at.pending[:0]
		tx.After(func() { *b = at })
		return nil
	})
	return err
}

// rows computes the rows of the pending changes. A change that changes nothing has none.
func (b *builder) rows(ctx context.Context, tx *store.Tx) ([]store.PlanRow, error) {
	b.problems = slices.Clone(b.problems)
	known, err := b.known(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []store.PlanRow
	for _, c := range b.pending {
		rs, err := b.row(c, known)
		if fault.Is(err, fault.Invalid) {
			b.problem(err)
			continue
		}
		if err != nil {
			return nil, err
		}
		b.lines++
		for _, r := range rs {
			b.next++
			r.No = b.next
			out = append(out, r)
		}
	}
	return out, nil
}

// knowledge is what is stored of the items that changes are about.
type knowledge struct {
	items      map[string]store.Item
	components map[ident.Item][]store.Component
	places     map[ident.Item]map[string]int64
	part       map[ident.Item]bool // a component of some bundle
	last       map[ident.Item]ident.Entry
}

func (b *builder) known(ctx context.Context, tx *store.Tx) (k knowledge, err error) {
	var skus []string
	for _, c := range b.pending {
		skus = append(skus, c.SKU)
		if c.Components != nil {
			for _, p := range *c.Components {
				skus = append(skus, p.SKU)
			}
		}
	}
	if k.items, err = tx.ItemsSeen(ctx, b.who.Tenant, skus); err != nil {
		return k, err
	}
	var ids, bundles []ident.Item
	for _, x := range k.items {
		ids = append(ids, x.ID)
		if x.Bundle {
			bundles = append(bundles, x.ID)
		}
	}
	slices.Sort(ids)
	if k.components, err = tx.Components(ctx, b.who.Tenant, bundles); err != nil {
		return k, err
	}
	if k.part, err = tx.PartsOfBundles(ctx, b.who.Tenant, ids); err != nil {
		return k, err
	}
	if k.places, err = tx.Places(ctx, b.who.Tenant, ids); err != nil {
		return k, err
	}
	k.last, err = tx.LastEntries(ctx, b.who.Tenant, ids, "")
	return k, err
}

// row computes what one change does: names first, then prices, then the count.
func (b *builder) row(c Change, k knowledge) (out []store.PlanRow, err error) {
	x, exists := k.items[c.SKU]
	note := lineNote(c.Where.Line)
	add := func(action string, f channel.Field, old, next any, rev int64) error {
		r := store.PlanRow{Field: f, Target: int64(x.ID), Action: action, Rev: rev, State: store.RowPlanned, Note: note}
		if old != nil {
			if r.Old, err = jsonText(old); err != nil {
				return err
			}
		}
		r.New, err = jsonText(next)
		out = append(out, r)
		return err
	}
	if err := b.names(c, x, exists, k, add); err != nil {
		return nil, err
	}
	if c.prices() {
		old, err := priceNow(x)
		if err != nil {
			return nil, err
		}
		next, err := old.after(c)
		if err != nil {
			return nil, err
		}
		if a, b := must(old), must(next); a != b {
			if err := add(actionPrice, channel.Price, old, next, x.Price.Rev); err != nil {
				return nil, err
			}
		}
	}
	if c.Count == nil {
		return out, nil
	}
	bundle := x.Bundle
	if c.Components != nil {
		bundle = len(*c.Components) > 0
	}
	if bundle {
		return nil, fault.At(fault.Invalid, c.Where, "%s is a bundle: its stock follows from its components, count those", c.SKU)
	}
	b.hasCounts = true
	old := countNow(x, k.places[x.ID], c.Place)
	if old != nil && *old == *c.Count {
		return out, nil
	}
	if *c.Count == 0 {
		b.zeroed++
	}
	return out, add(actionCount, channel.Stock, countValue{SKU: c.SKU, Place: c.Place, Sellable: old},
		countValue{SKU: c.SKU, Place: c.Place, Sellable: c.Count}, int64(k.last[x.ID]))
}

// lineNote says which line of a file a row is from; "" for none.
func lineNote(line int) string {
	if line <= 0 {
		return ""
	}
	return fmt.Sprintf("line %d", line)
}

// countNow returns what a count of a place would have to say to change nothing; nil when nobody counted there.
func countNow(x store.Item, places map[string]int64, place string) *int64 {
	if place != "" {
		n, ok := places[place]
		if !ok {
			return nil
		}
		return &n
	}
	main := sellable(x.Balance)
	if main != nil {
		for _, elsewhere := range places {
			*main -= elsewhere
		}
	}
	return main
}

// must renders a value for comparison; what cannot be rendered differs from everything.
func must(v any) string {
	s, err := jsonText(v)
	if err != nil {
		return err.Error()
	}
	return s
}

// names adds the row that makes an item or changes its names.
func (b *builder) names(c Change, x store.Item, exists bool, k knowledge, add func(string, channel.Field, any, any, int64) error) error {
	named := c.GTIN != nil || c.Title != nil || c.Components != nil || c.Make
	if !exists && !named {
		return fault.At(fault.Invalid, c.Where, "there is no item with SKU %q: make it with items set or items import first", c.SKU)
	}
	if !named {
		return nil
	}
	if err := checkNames(c); err != nil {
		return fault.At(fault.Invalid, c.Where, "%w", err)
	}
	if c.Components != nil {
		if err := b.bundle(c, x, k); err != nil {
			return fault.At(fault.Invalid, c.Where, "%w", err)
		}
		if exists && len(*c.Components) > 0 && !x.Bundle && x.Balance.Counted != 0 {
			return fault.At(fault.Invalid, c.Where, "%s has stock of its own: count it to 0 under another SKU before it becomes a bundle", c.SKU)
		}
	}
	old := itemNow(x, k.components[x.ID])
	next := old.after(c)
	switch {
	case !exists:
		b.added++
		return add(actionItem, "", nil, next, 0)
	case !old.same(next):
		return add(actionItem, "", old, next, 0)
	}
	return nil
}

// checkNames refuses what cannot name an item.
func checkNames(c Change) error {
	if c.GTIN != nil && *c.GTIN != "" {
		if err := catalog.CheckGTIN(*c.GTIN); err != nil {
			return err
		}
	}
	if c.Title != nil {
		return catalog.CheckTitle(*c.Title)
	}
	return nil
}

// bundle checks what a bundle is to be made of: plain items that exist, or that the file has named before.
func (b *builder) bundle(c Change, x store.Item, k knowledge) error {
	if len(*c.Components) == 0 {
		return nil // a plain item again
	}
	parts := make([]catalog.Component, len(*c.Components))
	for i, p := range *c.Components {
		y, known := k.items[p.SKU]
		if _, named := b.seen[p.SKU]; !known && !named {
			return fault.New(fault.Invalid, "component %q of bundle %s does not exist: a component comes before its bundles", p.SKU, c.SKU)
		}
		if y.ID == 0 {
			y.ID = -ident.Item(i + 1) // made by this file: told apart, and no bundle yet
		}
		parts[i] = catalog.Component{Item: y.ID, Units: p.Quantity}
	}
	return catalog.CheckBundle(x.ID, parts, catalog.Composition{
		Bundle: func(id ident.Item) bool {
			for _, y := range k.items {
				if y.ID == id {
					return y.Bundle
				}
			}
			return false
		},
		Part: func(id ident.Item) bool { return id != 0 && k.part[id] },
	})
}
