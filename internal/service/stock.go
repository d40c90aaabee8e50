package service

import (
	"context"
	"fmt"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/store"
)

// Movement is a person's word about the stock of one item.
type Movement struct {
	SKU   string
	Units int64  // sellable now (Count), arrived (Receive), found or lost (Adjust)
	Place string // of goods that arrived or were lost; "" is the main place
	Note  string
	// Key makes the movement happen once, however often it is asked for; "" takes a new one.
	Key string
}

// Count says that so many units are sellable now: open orders and holds come on top of it on hand. With a place it says
// how many lie there.
func (s *Service) Count(ctx context.Context, who Caller, m Movement) (ItemDetail, error) {
	if err := money.CheckQuantity(m.Units); err != nil {
		return ItemDetail{}, fault.New(fault.Invalid, "%d is not a count: %w", m.Units, err)
	}
	return s.move(ctx, who, m, ledger.Count, func(b ledger.Balance, places map[string]int64) ledger.Entry {
		return countAt(b, places, m.Place, m.Units)
	})
}

// Receive books goods that arrived.
func (s *Service) Receive(ctx context.Context, who Caller, m Movement) (ItemDetail, error) {
	if err := money.CheckQuantity(m.Units); err != nil || m.Units == 0 {
		return ItemDetail{}, fault.New(fault.Invalid, "%d units cannot arrive: it is at least 1", m.Units)
	}
	return s.move(ctx, who, m, ledger.Receipt, func(ledger.Balance, map[string]int64) ledger.Entry {
		return ledger.Entry{Kind: ledger.Receipt, OnHand: m.Units}
	})
}

// Adjust books units that were found (positive), or lost or broken (negative).
func (s *Service) Adjust(ctx context.Context, who Caller, m Movement) (ItemDetail, error) {
	if m.Units == 0 || money.CheckQuantity(max(m.Units, -m.Units)) != nil {
		return ItemDetail{}, fault.New(fault.Invalid, "an adjustment is a number of units other than 0")
	}
	return s.move(ctx, who, m, ledger.Adjust, func(ledger.Balance, map[string]int64) ledger.Entry {
		return ledger.Entry{Kind: ledger.Adjust, OnHand: m.Units}
	})
}

// move books one entry that is computed on the locked balance.
func (s *Service) move(ctx context.Context, who Caller, m Movement, kind ledger.Kind, entry func(ledger.Balance, map[string]int64) ledger.Entry) (ItemDetail, error) {
	var woken []ident.Account
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		x, err := tx.ItemNamed(ctx, who.Tenant, m.SKU)
		if err != nil {
			return err
		}
		if x.Bundle {
			return fault.New(fault.Invalid, "%s is a bundle: its stock follows from its components, move those", m.SKU)
		}
		source, err := actSource(ctx, tx, who.Tenant, m.Key)
		if err != nil {
			return err
		}
		locked, err := tx.Balances(ctx, who.Tenant, []ident.Item{x.ID})
		if err != nil {
			return err
		}
		places, err := tx.Places(ctx, who.Tenant, []ident.Item{x.ID})
		if err != nil {
			return err
		}
		e := entry(locked[x.ID], places[x.ID])
		e.Source, e.Item, e.Place, e.At, e.Actor, e.Note = source, x.ID, m.Place, s.Now(), who.Name, m.Note
		if woken, err = tx.Book(ctx, who.Tenant, []ledger.Entry{e}, false); err != nil {
			return err
		}
		return s.act(ctx, tx, who, 0, "stock-"+string(kind), "%s of %s: %+d on hand", kind, m.SKU, e.OnHand)
	})
	if err != nil {
		return ItemDetail{}, err
	}
	s.Wake(who.Tenant, woken...)
	return s.Item(ctx, who, m.SKU)
}

// actSource is the source key of a person's movement.
func actSource(ctx context.Context, tx *store.Tx, tenant ident.Tenant, key string) (string, error) {
	if key != "" {
		if len(key) > maxName {
			return "", fault.New(fault.Invalid, "a key has at most %d bytes", maxName)
		}
		return "key:" + key, nil
	}
	n, err := store.Next[int64](ctx, tx, tenant, "act", 1)
	return fmt.Sprintf("act:%d", n), err
}

// StockCounts is what Adopt planned from the numbers of a channel.
type StockCounts struct {
	Import
	Skipped []Problem `json:"skipped,omitempty"`
}

// AdoptStock plans counts from what a channel shows of the listings that are bound: for an item, the sum over the places of
// its one listing, without what open orders of the channel still hold. Items with several listings there are skipped.
func (s *Service) AdoptStock(ctx context.Context, who Caller, ref string, o ImportOptions) (out StockCounts, err error) {
	a, err := s.account(ctx, who, ref)
	if err != nil {
		return out, err
	}
	changes := func(yield func(Change, error) bool) {
		err := s.eachShown(ctx, who, a.ID, func(x store.Item, shown []store.Shown) bool {
			n, why := adoptable(shown)
			if why != "" {
				out.Skipped = append(out.Skipped, Problem{Text: x.SKU + ": " + why})
				return true
			}
			return yield(Change{SKU: x.SKU, Count: &n}, nil)
		})
		if err != nil {
			yield(Change{}, err)
		}
	}
	out.Import, err = s.planChanges(ctx, who, changeSource{
		kind: store.PlanImport, title: "counts as " + a.Name + " shows them", changes: changes, options: o,
	})
	if err != nil || !o.Apply || out.Plan == nil {
		return out, err
	}
	d, err := s.Apply(ctx, who, out.Plan.ID, ApplyOptions{Progress: o.Progress, Release: o.Release})
	out.Plan = &d
	return out, err
}

// adoptable returns the count that what a channel shows makes, or why it makes none.
func adoptable(shown []store.Shown) (n int64, why string) {
	x := shown[0]
	switch {
	case len(shown) > 1 || x.Listings > 1:
		return 0, "several listings show it: which number counts is not guessed"
	case !x.Known:
		return 0, "its number was not read yet"
	case !x.OneEach:
		return 0, "the channel keeps it in units of its own"
	}
	n = max(0, x.Pieces) * x.Pack
	if money.CheckQuantity(n) != nil {
		return 0, "the number is too large"
	}
	return n, ""
}

// eachShown calls fn for every item that an account shows, in the order of ids, until it returns false.
func (s *Service) eachShown(ctx context.Context, who Caller, account ident.Account, fn func(store.Item, []store.Shown) bool) error {
	for after := ident.Item(0); ; {
		var shown []store.Shown
		items := map[ident.Item]store.Item{}
		err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
			if shown, err = tx.ShownStock(ctx, who.Tenant, account, after, batch); err != nil {
				return err
			}
			ids := make([]ident.Item, len(shown))
			for i, x := range shown {
				ids[i] = x.Item
			}
			found, err := tx.ItemsOf(ctx, who.Tenant, ids)
			for _, x := range found {
				items[x.ID] = x
			}
			return err
		})
		if err != nil || len(shown) == 0 {
			return err
		}
		full := len(shown) == batch
		for len(shown) > 0 {
			n := 1
			for n < len(shown) && shown[n].Item == shown[0].Item {
				n++
			}
			if full && n == len(shown) && n < batch {
				break // the rest of this item is on the next page
			}
			if !fn(items[shown[0].Item], shown[:n]) {
				return nil
			}
			after, shown = shown[0].Item, shown[n:]
		}
		if !full {
			return nil
		}
	}
}
