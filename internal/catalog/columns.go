package catalog

import (
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// column is one thing a file may say. Columns are read in the order they are listed, whatever their order in the file:
// a currency before the amounts in it.
type column struct {
	name     string
	required bool
	read     func(*reader, Cell) error
	write    func(Row) string
	aliases  []string
}

func (c column) named(header string) bool {
	header = strings.ToLower(header)
	return header == c.name || slices.Contains(c.aliases, header)
}

// reader is a row while it is read.
type reader struct {
	row      Row
	currency money.Currency // of the plan, then of the row
	// unclear says that the row's currency was refused: its amounts are not judged, the row is lost anyway.
	unclear bool
}

// columnsOf lists the columns of a kind; nil for an unknown one.
func columnsOf(k Kind) []column {
	switch k {
	case Items:
		return []column{
			sku(),
			optional("gtin", gtin, func(r *Row) *Field[string] { return &r.Item.GTIN }, literal, "ean", "upc", "barcode"),
			optional("title", title, func(r *Row) *Field[string] { return &r.Item.Title }, literal, "name"),
			optional("components", pieces, func(r *Row) *Field[[]Piece] { return &r.Item.Components }, joinPieces, "bundle"),
		}
	case Stock:
		return []column{
			sku(),
			{name: "location", read: func(r *reader, c Cell) error {
				if c.Text == "" {
					return nil
				}
				s, err := key("location", c)
				r.row.Stock.Location = s
				return err
			}, write: func(r Row) string { return Protect(r.Stock.Location) }, aliases: []string{"place", "warehouse"}},
			required(optional("quantity", quantity, func(r *Row) *Field[int64] { return &r.Stock.Quantity }, ident.Text, "qty", "stock")),
		}
	case Prices:
		return append([]column{sku(), {name: "currency", read: readCurrency, write: func(r Row) string { return string(r.Price.Currency) }}},
			amounts()...)
	case Bindings:
		return []column{
			{name: "account", required: true, read: func(r *reader, c Cell) (err error) {
				r.row.Binding.Account, err = key("account", c)
				return err
			}, write: func(r Row) string { return Protect(r.Binding.Account) }},
			{name: "listing", required: true, read: func(r *reader, c Cell) (err error) {
				r.row.Binding.Listing, err = key("listing", c)
				if err == nil {
					err = CheckListing(r.row.Binding.Listing)
				}
				return err
			}, write: func(r Row) string { return Protect(r.Binding.Listing) }},
			optional("sku", boundSKU, func(r *Row) *Field[string] { return &r.Binding.Item }, literal),
			optional("pack", pack, func(r *Row) *Field[int64] { return &r.Binding.Pack }, ident.Text),
			optional("ignore", yesNo, func(r *Row) *Field[bool] { return &r.Binding.Ignore }, showYesNo),
		}
	}
	return nil
}

// amounts are the columns of a file of prices that hold money or belong to it.
func amounts() []column {
	amount := func(name string, at func(*PriceFields) *Field[money.Amount], aliases ...string) column {
		return optional(name, price, func(r *Row) *Field[money.Amount] { return at(&r.Price) }, money.Amount.Text, aliases...)
	}
	instant := func(name string, at func(*PriceFields) *Field[ident.Micros]) column {
		return optional(name, when, func(r *Row) *Field[ident.Micros] { return at(&r.Price) }, ident.Micros.String)
	}
	return []column{
		amount("price", func(p *PriceFields) *Field[money.Amount] { return &p.Price }, "base"),
		amount("cost", func(p *PriceFields) *Field[money.Amount] { return &p.Cost }),
		amount("floor", func(p *PriceFields) *Field[money.Amount] { return &p.Floor }, "minimum"),
		amount("ceiling", func(p *PriceFields) *Field[money.Amount] { return &p.Ceiling }, "maximum"),
		amount("advertised_minimum", func(p *PriceFields) *Field[money.Amount] { return &p.AdvertisedMinimum }, "map"),
		amount("sale_price", func(p *PriceFields) *Field[money.Amount] { return &p.SalePrice }),
		instant("sale_start", func(p *PriceFields) *Field[ident.Micros] { return &p.SaleStart }),
		instant("sale_end", func(p *PriceFields) *Field[ident.Micros] { return &p.SaleEnd }),
	}
}

func sku() column {
	return column{name: "sku", required: true, read: func(r *reader, c Cell) (err error) {
		r.row.SKU, err = key("sku", c)
		if err == nil {
			err = CheckSKU(r.row.SKU)
		}
		return err
	}, write: func(r Row) string { return Protect(r.SKU) }}
}

func required(c column) column {
	c.required = true
	return c
}

// optional is a column of a field with three states.
func optional[T any](name string, parse func(*reader, Cell) (T, error), at func(*Row) *Field[T], text func(T) string, aliases ...string) column {
	return column{
		name: name,
		read: func(r *reader, c Cell) error {
			switch {
			case c.Text == "" && c.Kind == CellText:
				return nil // blank keeps
			case c.Text == null && c.Kind == CellText && !c.Literal:
				*at(&r.row) = Field[T]{Word: Clear}
				return nil
			}
			v, err := parse(r, c)
			if err == nil {
				*at(&r.row) = SetTo(v)
			}
			return err
		},
		write: func(r Row) string {
			switch f := *at(&r); f.Word {
			case Clear:
				return null
			case Set:
				return Protect(text(f.Value))
			}
			return ""
		},
		aliases: aliases,
	}
}

func literal(s string) string { return s }

// readCurrency settles the currency of the row before any amount is read.
func readCurrency(r *reader, c Cell) (err error) {
	if c.Text == "" && c.Kind == CellText {
		return nil
	}
	defer func() { r.unclear = err != nil }()
	text, err := plainText(c)
	if err != nil {
		return err
	}
	currency, err := money.ParseCurrency(text)
	if err != nil {
		return err
	}
	if r.currency != "" && currency != r.currency {
		return fault.New(fault.Invalid, "the row is in %s, the file was declared to be in %s", currency, r.currency)
	}
	r.currency = currency
	return nil
}

// check judges what several columns say together.
func (r *reader) check(k Kind) (field string, err error) {
	switch p := &r.row.Price; k {
	case Prices:
		for _, f := range []Field[money.Amount]{p.Price, p.Cost, p.Floor, p.Ceiling, p.AdvertisedMinimum, p.SalePrice} {
			if f.Word == Set {
				p.Currency = r.currency
			}
		}
		if p.Floor.Word == Set && p.Ceiling.Word == Set && p.Floor.Value.Minor > p.Ceiling.Value.Minor {
			return "floor", fault.New(fault.Invalid, "the floor %v is above the ceiling %v", p.Floor.Value, p.Ceiling.Value)
		}
		if p.SaleStart.Word == Set && p.SaleEnd.Word == Set && p.SaleStart.Value >= p.SaleEnd.Value {
			return "sale_end", fault.New(fault.Invalid, "the sale ends %v, not after it starts %v", p.SaleEnd.Value, p.SaleStart.Value)
		}
	case Items:
		for _, c := range r.row.Item.Components.Value {
			if c.SKU == r.row.SKU {
				return "components", fault.New(fault.Invalid, "%s cannot be a component of itself", show(c.SKU))
			}
		}
	case Bindings:
		b := r.row.Binding
		if b.Ignore.Word == Set && b.Ignore.Value && b.Item.Word == Set {
			return "ignore", fault.New(fault.Invalid, "a listing is either bound to %s or ignored", show(b.Item.Value))
		}
	}
	return "", nil
}

// Cells writes r as the fields of a CSV file, in the order of Columns; CSVCell and Read give r back.
func (r Row) Cells(k Kind) []string {
	columns := columnsOf(k)
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.write(r)
	}
	return out
}
