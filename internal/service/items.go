package service

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// Stock is the balance of an item. Available is absent until somebody counted: absent is not zero.
type Stock struct {
	OnHand    int64            `json:"on_hand"`
	Reserved  int64            `json:"reserved"`
	Held      int64            `json:"held"`
	Available *int64           `json:"available"`
	CountedAt ident.Micros     `json:"counted_at"`
	Places    map[string]int64 `json:"places,omitempty"`
}

// ItemPrices is what an item's prices start from; absent amounts are left out.
type ItemPrices struct {
	Base       *pricing.Sum   `json:"base,omitempty"`
	Cost       *pricing.Sum   `json:"cost,omitempty"`
	Floor      *pricing.Bound `json:"floor,omitempty"`
	Ceiling    *pricing.Bound `json:"ceiling,omitempty"`
	Advertised *pricing.Bound `json:"advertised_minimum,omitempty"`
	Sale       *pricing.Sale  `json:"sale,omitempty"`
}

// Item is the seller's own SKU.
type Item struct {
	ID         ident.Item        `json:"item"`
	SKU        string            `json:"sku"`
	GTIN       string            `json:"gtin,omitempty"`
	Title      string            `json:"title"`
	Bundle     bool              `json:"bundle"`
	Components []store.Component `json:"components,omitempty"`
	Stock      Stock             `json:"stock"`
	Prices     ItemPrices        `json:"prices"`
}

// ItemDetail is an item with the listings that sell it.
type ItemDetail struct {
	Item
	Listings []ItemListing `json:"listings"`
}

// ItemListing is a listing of an item with how its number and its price stand.
type ItemListing struct {
	store.Listing
	AccountName string             `json:"account_name"`
	Counters    []store.CounterRow `json:"counters"`
}

// ItemFilter chooses items: Find is the beginning of a SKU or a whole GTIN.
type ItemFilter struct {
	Find string
	Paging
}

// Items lists items.
func (s *Service) Items(ctx context.Context, who Caller, f ItemFilter) (l List[Item], err error) {
	after, err := position[ident.Item](f.Paging)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Items(ctx, who.Tenant, store.ItemFilter{Find: f.Find, After: after, Limit: f.limit() + 1})
		if err != nil {
			return err
		}
		out, err := itemsOf(ctx, tx, who, found)
		l = listOf(out, f.limit(), func(x Item) string { return ident.Text(x.ID) })
		return err
	})
	return l, err
}

// itemsOf completes stored items with their parts and places.
func itemsOf(ctx context.Context, tx *store.Tx, who Caller, found []store.Item) ([]Item, error) {
	ids := make([]ident.Item, len(found))
	for i, x := range found {
		ids[i] = x.ID
	}
	parts, err := tx.Components(ctx, who.Tenant, ids)
	if err != nil {
		return nil, err
	}
	places, err := tx.Places(ctx, who.Tenant, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(found))
	for i, x := range found {
		p, err := priceNow(x)
		if err != nil {
			return nil, err
		}
		out[i] = Item{
			ID: x.ID, SKU: x.SKU, GTIN: x.GTIN, Title: x.Title, Bundle: x.Bundle, Components: parts[x.ID],
			Stock: Stock{
				OnHand: x.Balance.OnHand, Reserved: x.Balance.Reserved, Held: x.Balance.Held, Available: sellable(x.Balance),
				CountedAt: x.Balance.Counted, Places: places[x.ID],
			},
			Prices: ItemPrices{p.Base, p.Cost, p.Floor, p.Ceiling, p.Advertised, p.Sale},
		}
	}
	return out, nil
}

// Item returns one item with its listings.
func (s *Service) Item(ctx context.Context, who Caller, sku string) (d ItemDetail, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		x, err := tx.ItemNamed(ctx, who.Tenant, sku)
		if err != nil {
			return err
		}
		all, err := itemsOf(ctx, tx, who, []store.Item{x})
		if err != nil {
			return err
		}
		d.Item = all[0]
		d.Listings, err = listingsOf(ctx, tx, who, x.ID)
		return err
	})
	return d, err
}

// listingsOf returns the listings bound to an item with their counters.
func listingsOf(ctx context.Context, tx *store.Tx, who Caller, item ident.Item) ([]ItemListing, error) {
	names, err := accountNames(ctx, tx, who.Tenant)
	if err != nil {
		return nil, err
	}
	ls, err := tx.ListingsOf(ctx, who.Tenant, []ident.Item{item})
	if err != nil {
		return nil, err
	}
	out := make([]ItemListing, 0, len(ls))
	for _, l := range ls {
		drawn, err := tx.CountersOf(ctx, who.Tenant, l.Account, []ident.Listing{l.ID})
		if err != nil {
			return nil, err
		}
		v := ItemListing{Listing: l, AccountName: names[l.Account], Counters: []store.CounterRow{}}
		for _, c := range drawn {
			v.Counters = append(v.Counters, c.CounterRow)
		}
		out = append(out, v)
	}
	return out, nil
}

// Edit applies one change to one item at once, as a plan of its own, so that it can be rolled back.
func (s *Service) Edit(ctx context.Context, who Caller, c Change) (ItemDetail, error) {
	res, err := s.planChanges(ctx, who, changeSource{kind: store.PlanEdit, title: "edit of " + c.SKU, changes: func(yield func(Change, error) bool) { yield(c, nil) }})
	if err != nil {
		return ItemDetail{}, err
	}
	if res.Plan != nil {
		if _, err := s.Apply(ctx, who, res.Plan.ID, ApplyOptions{}); err != nil {
			return ItemDetail{}, err
		}
	}
	return s.Item(ctx, who, c.SKU)
}
