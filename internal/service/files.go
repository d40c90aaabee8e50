package service

import (
	"context"
	"io"
	"iter"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/catalog/sheet"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// File is a CSV or XLSX file that a person gives.
type File struct {
	Name     string // for errors
	Data     io.Reader
	Kind     catalog.Kind
	Currency money.Currency // of amounts, where the file has no column for it
}

// ImportFile plans what a file says: everything is read first, and one bad line refuses all of it unless the options skip it.
// With Apply the plan is applied at once.
func (s *Service) ImportFile(ctx context.Context, who Caller, f File, o ImportOptions) (out Import, err error) {
	scope := catalog.Delta
	if o.Complete {
		scope = catalog.Complete
	}
	if f.Kind == catalog.Bindings && o.Complete {
		return out, fault.New(fault.Usage, "a file of bindings is always a delta: what it does not name stays bound")
	}
	opened, bad := sheet.Open(catalog.Plan{File: f.Name, Kind: f.Kind, Scope: scope, Currency: f.Currency}, f.Data, sheet.Defaults())
	if len(bad) > 0 {
		out.Bad = int64(len(bad))
		for _, err := range bad {
			if len(out.Problems) < maxProblems {
				out.Problems = append(out.Problems, Problem{fault.WhereOf(err), message(err)})
			}
		}
		return out, bad[0]
	}
	title := string(f.Kind) + " from " + f.Name
	if f.Kind == catalog.Bindings {
		out, err = s.planBindings(ctx, who, f.Name, title, opened, o)
	} else {
		out, err = s.planChanges(ctx, who, changeSource{kind: store.PlanImport, title: title, changes: changesOf(f, opened), options: o})
	}
	if err != nil || !o.Apply || out.Plan == nil {
		return out, err
	}
	d, err := s.Apply(ctx, who, out.Plan.ID, ApplyOptions{Progress: o.Progress, Release: o.Release})
	if err == nil {
		out.Plan = &d
	}
	return out, err
}

// changesOf turns the rows of a file into changes.
func changesOf(f File, opened *sheet.File) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for row, err := range opened.Rows() {
			c := Change{Where: fault.Place{File: f.Name, Line: row.Line}, SKU: row.SKU}
			if err == nil {
				err = c.read(f.Kind, row)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// read takes the fields of a row: what is blank says nothing, #null clears.
func (c *Change) read(k catalog.Kind, row catalog.Row) error {
	switch k {
	case catalog.Items:
		c.readItem(row.Item)
	case catalog.Stock:
		return c.readStock(row.Stock)
	case catalog.Prices:
		return c.readPrices(row.Price)
	}
	return nil
}

func (c *Change) readItem(f catalog.ItemFields) {
	if f.GTIN.Word != catalog.Keep {
		c.GTIN = &f.GTIN.Value // Clear has the empty value
	}
	if f.Title.Word != catalog.Keep {
		c.Title = &f.Title.Value
	}
	if f.Components.Word != catalog.Keep {
		parts := []store.Component{}
		for _, p := range f.Components.Value {
			parts = append(parts, store.Component{SKU: p.SKU, Quantity: p.Units})
		}
		c.Components = &parts
	}
	c.Make = true // a line of items names one, also when it says no more
}

func (c *Change) readStock(f catalog.StockFields) error {
	c.Place = f.Location
	switch f.Quantity.Word {
	case catalog.Set:
		c.Count = &f.Quantity.Value
	case catalog.Clear:
		at := c.Where
		at.Column = "quantity"
		return fault.At(fault.Invalid, at, "a count cannot be taken away: count 0, or ignore the listings")
	}
	return nil
}

func (c *Change) readPrices(f catalog.PriceFields) error {
	for _, a := range []struct {
		from catalog.Field[money.Amount]
		to   **PriceChange
	}{
		{f.Price, &c.Base}, {f.Cost, &c.Cost}, {f.Floor, &c.Floor}, {f.Ceiling, &c.Ceiling}, {f.AdvertisedMinimum, &c.Advertised},
	} {
		if a.from.Word != catalog.Keep {
			*a.to = &PriceChange{Clear: a.from.Word == catalog.Clear, Amount: a.from.Value}
		}
	}
	switch f.SalePrice.Word {
	case catalog.Clear:
		c.Sale = &SaleChange{Clear: true}
	case catalog.Set:
		price := pricing.Sum(f.SalePrice.Value)
		c.Sale = &SaleChange{Sale: pricing.Sale{Price: &price, Start: f.SaleStart.Value, End: f.SaleEnd.Value}}
	default:
		if f.SaleStart.Word != catalog.Keep || f.SaleEnd.Word != catalog.Keep {
			at := c.Where
			at.Column = "sale_price"
			return fault.At(fault.Invalid, at, "the time of a sale needs its price in the same line")
		}
	}
	return nil
}
