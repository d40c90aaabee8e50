package service

import (
	"context"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Binding is a listing with what it is bound to, or what it might be.
type Binding struct {
	store.Listing
	Suggestions []store.Suggestion `json:"suggestions,omitempty"`
}

// BindingFilter chooses listings of an account.
type BindingFilter struct {
	State string // all, bound, unbound, ignored, conflict, suggested; "" is all
	Find  string // a whole SKU, GTIN or channel key
	Paging
}

// Bindings lists the listings of an account with their bindings and suggestions.
func (s *Service) Bindings(ctx context.Context, who Caller, ref string, f BindingFilter) (l List[Binding], err error) {
	after, err := position[ident.Listing](f.Paging)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := account(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		found, err := tx.Listings(ctx, who.Tenant, store.ListingFilter{
			Account: a.ID, State: store.ListingState(f.State), Find: f.Find, After: after, Limit: f.limit() + 1,
		})
		if err != nil {
			return err
		}
		var ids []ident.Listing
		for _, x := range found {
			if x.Item == 0 {
				ids = append(ids, x.ID)
			}
		}
		guesses, err := tx.Suggestions(ctx, who.Tenant, a.ID, ids)
		if err != nil {
			return err
		}
		out := make([]Binding, len(found))
		for i, x := range found {
			out[i] = Binding{x, guesses[x.ID]}
		}
		l = listOf(out, f.limit(), func(b Binding) string { return ident.Text(b.ID) })
		return nil
	})
	return l, err
}

const maxPack = 10_000

// Bind binds a listing, named by its channel key, to an item: one piece takes pack units of it.
func (s *Service) Bind(ctx context.Context, who Caller, ref, key, sku string, pack int64) (Binding, error) {
	if pack < 1 || pack > maxPack {
		return Binding{}, fault.New(fault.Invalid, "a pack has 1 to %d units, not %d", maxPack, pack)
	}
	return s.bind(ctx, who, ref, key, func(tx *store.Tx, l store.Listing) (store.Bind, string, error) {
		x, err := tx.ItemNamed(ctx, who.Tenant, sku)
		return store.Bind{Listing: l.ID, Item: x.ID, Pack: pack, By: store.BoundByPerson}, "was bound to " + sku, err
	})
}

// Confirm binds a listing to the best suggestion for it, or to that for sku.
func (s *Service) Confirm(ctx context.Context, who Caller, ref, key, sku string) (Binding, error) {
	return s.bind(ctx, who, ref, key, func(tx *store.Tx, l store.Listing) (store.Bind, string, error) {
		all, err := tx.Suggestions(ctx, who.Tenant, l.Account, []ident.Listing{l.ID})
		if err != nil {
			return store.Bind{}, "", err
		}
		for _, g := range all[l.ID] {
			if sku == "" || g.SKU == sku {
				return store.Bind{Listing: l.ID, Item: g.Item, Pack: g.Pack, By: store.BoundByPerson}, "was bound to " + g.SKU + " as suggested", nil
			}
		}
		return store.Bind{}, "", fault.New(fault.NotFound, "there is no such suggestion for listing %q: see bindings suggest", key)
	})
}

// Unbind takes a binding away: what the listing shows at the channel stays as it is, and it is not matched again by itself.
func (s *Service) Unbind(ctx context.Context, who Caller, ref, key string) (Binding, error) {
	return s.bind(ctx, who, ref, key, func(_ *store.Tx, l store.Listing) (store.Bind, string, error) {
		return store.Bind{Listing: l.ID, Pack: 1, By: store.Unbound}, "was unbound", nil
	})
}

// Ignore says that a listing is not ours to keep in sync.
func (s *Service) Ignore(ctx context.Context, who Caller, ref, key string) (Binding, error) {
	return s.bind(ctx, who, ref, key, func(_ *store.Tx, l store.Listing) (store.Bind, string, error) {
		return store.Bind{Listing: l.ID, Pack: 1, By: store.Ignored}, "is ignored", nil
	})
}

// bind changes one binding: what its sales and holds did to items moves with it, in the same transaction.
func (s *Service) bind(ctx context.Context, who Caller, ref, key string, choose func(*store.Tx, store.Listing) (store.Bind, string, error)) (out Binding, err error) {
	var a flow.Account
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if a, err = account(ctx, tx, who.Tenant, ref); err != nil {
			return err
		}
		l, err := tx.ListingKeyed(ctx, who.Tenant, a.ID, channel.ListingKey(key))
		if err != nil {
			return err
		}
		b, what, err := choose(tx, l)
		if err != nil {
			return err
		}
		now := s.Now()
		if err := tx.Bind(ctx, who.Tenant, a.ID, []store.Bind{b}, now); err != nil {
			return err
		}
		if err := rebook(ctx, tx, who.Tenant, a.ID, []ident.Listing{l.ID}, now); err != nil {
			return err
		}
		if out.Listing, err = tx.ListingKeyed(ctx, who.Tenant, a.ID, l.Key); err != nil {
			return err
		}
		return s.act(ctx, tx, who, a.ID, "bind", "listing %s of %s %s", key, a.Name, what)
	})
	if err == nil {
		s.Wake(who.Tenant, a.ID)
	}
	return out, err
}
