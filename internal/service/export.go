package service

import (
	"context"
	"io"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/catalog/sheet"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// Export writes what is stored as a CSV file that ImportFile reads back as the same: items, stock, prices, or the bindings
// of an account ("" for all accounts). It reads page by page, so a change meanwhile may or may not be in the file.
func (s *Service) Export(ctx context.Context, who Caller, kind catalog.Kind, ref string, to io.Writer) (rows int64, err error) {
	w, err := sheet.NewWriter(to, kind)
	if err != nil {
		return 0, err
	}
	put := func(r catalog.Row) error {
		rows++
		return w.Write(r)
	}
	if kind == catalog.Bindings {
		err = s.exportBindings(ctx, who, ref, put)
	} else {
		err = s.exportItems(ctx, who, kind, put)
	}
	if err != nil {
		return rows, err
	}
	return rows, w.Close()
}

func (s *Service) exportItems(ctx context.Context, who Caller, kind catalog.Kind, put func(catalog.Row) error) error {
	for after := ident.Item(0); ; {
		var page []Item
		err := s.Store.Read(ctx, func(tx *store.Tx) error {
			found, err := tx.Items(ctx, who.Tenant, store.ItemFilter{After: after, Limit: batch})
			if err != nil {
				return err
			}
			page, err = itemsOf(ctx, tx, who, found)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, x := range page {
			for _, r := range x.rows(kind) {
				if err := put(r); err != nil {
					return err
				}
			}
			after = x.ID
		}
	}
}

// rows returns the lines of an item in a file of a kind. What is absent is blank, so that it stays absent when read back.
func (x Item) rows(kind catalog.Kind) []catalog.Row {
	r := catalog.Row{SKU: x.SKU}
	switch kind {
	case catalog.Items:
		r.Item = x.itemFields()
	case catalog.Stock:
		return x.stockRows()
	case catalog.Prices:
		r.Price = x.priceFields()
	}
	return []catalog.Row{r}
}

func (x Item) itemFields() (f catalog.ItemFields) {
	if x.GTIN != "" {
		f.GTIN = catalog.SetTo(x.GTIN)
	}
	if x.Title != "" {
		f.Title = catalog.SetTo(x.Title)
	}
	if len(x.Components) > 0 {
		var ps []catalog.Piece
		for _, c := range x.Components {
			ps = append(ps, catalog.Piece{SKU: c.SKU, Units: c.Quantity})
		}
		f.Components = catalog.SetTo(ps)
	}
	return f
}

// stockRows writes what is sellable, as a count means; never below zero, which no file can say.
func (x Item) stockRows() []catalog.Row {
	if x.Bundle || x.Stock.Available == nil {
		return nil
	}
	at := func(place string, n int64) catalog.Row {
		return catalog.Row{SKU: x.SKU, Stock: catalog.StockFields{Location: place, Quantity: catalog.SetTo(max(0, n))}}
	}
	main := *x.Stock.Available
	var out []catalog.Row
	for _, place := range sortedKeys(x.Stock.Places) {
		main -= x.Stock.Places[place]
		out = append(out, at(place, x.Stock.Places[place]))
	}
	return append([]catalog.Row{at("", main)}, out...)
}

func (x Item) priceFields() (f catalog.PriceFields) {
	set := func(to *catalog.Field[money.Amount], s *pricing.Sum) {
		if s != nil && (f.Currency == "" || f.Currency == s.Currency) {
			f.Currency = s.Currency
			*to = catalog.SetTo(money.Amount(*s))
		}
	}
	bound := func(b *pricing.Bound) *pricing.Sum {
		if b == nil || b.None {
			return nil
		}
		return &b.Sum
	}
	p := x.Prices
	set(&f.Price, p.Base)
	set(&f.Cost, p.Cost)
	set(&f.Floor, bound(p.Floor))
	set(&f.Ceiling, bound(p.Ceiling))
	set(&f.AdvertisedMinimum, bound(p.Advertised))
	if p.Sale != nil {
		set(&f.SalePrice, p.Sale.Price)
		if p.Sale.Start != 0 {
			f.SaleStart = catalog.SetTo(p.Sale.Start)
		}
		if p.Sale.End != 0 {
			f.SaleEnd = catalog.SetTo(p.Sale.End)
		}
	}
	return f
}

// exportBindings writes every listing that somebody or something decided on.
func (s *Service) exportBindings(ctx context.Context, who Caller, ref string, put func(catalog.Row) error) error {
	accounts, err := s.Accounts(ctx, who)
	if err != nil {
		return err
	}
	if ref != "" {
		a, err := s.account(ctx, who, ref)
		if err != nil {
			return err
		}
		accounts = []Account{accountOf(a)}
	}
	for _, a := range accounts {
		for after := ""; ; {
			page, err := s.Bindings(ctx, who, ident.Text(a.ID), BindingFilter{Paging: Paging{After: after, Limit: maxLimit}})
			if err != nil {
				return err
			}
			for _, b := range page.Rows {
				if r, decided := b.row(a.Name); decided {
					if err := put(r); err != nil {
						return err
					}
				}
			}
			if after = page.Next; after == "" {
				break
			}
		}
	}
	return nil
}

// row returns the line of a binding; false for a listing that nobody decided on.
func (b Binding) row(account string) (catalog.Row, bool) {
	r := catalog.Row{Binding: catalog.BindingFields{Account: account, Listing: string(b.Key)}}
	switch {
	case b.Item != 0:
		r.Binding.Item, r.Binding.Pack = catalog.SetTo(b.ItemSKU), catalog.SetTo(b.Pack)
	case b.BoundBy == store.Ignored:
		r.Binding.Ignore = catalog.SetTo(true)
	default:
		return r, false
	}
	return r, true
}
