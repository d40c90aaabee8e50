package catalog

import (
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// Kind says what the rows of a file are about.
type Kind string

// The kinds of files.
const (
	Items    Kind = "items"
	Stock    Kind = "stock"
	Prices   Kind = "prices"
	Bindings Kind = "bindings"
)

// ParseKind reads the name of a kind.
func ParseKind(text string) (Kind, error) {
	switch k := Kind(text); k {
	case Items, Stock, Prices, Bindings:
		return k, nil
	}
	return "", fault.New(fault.Invalid, "%q is not a kind of file: write items, stock, prices or bindings", text)
}

// Scope says what a file claims to be. It is declared by the person, never guessed.
type Scope string

// The scopes. What a complete file lacks is a finding of its own, held when it covers too little (guard.Covering); what a
// delta lacks says nothing.
const (
	Delta    Scope = "delta"
	Complete Scope = "complete"
)

// ParseScope reads the name of a scope.
func ParseScope(text string) (Scope, error) {
	switch s := Scope(text); s {
	case Delta, Complete:
		return s, nil
	}
	return "", fault.New(fault.Invalid, "%q does not say what the file is: write delta or complete", text)
}

// Row is one line of a file. SKU is set but in bindings, where it may be kept; the other fields are those of the kind.
type Row struct {
	Line int // in the file, from 1
	SKU  string

	Item    ItemFields
	Stock   StockFields
	Price   PriceFields
	Binding BindingFields
}

// ItemFields are those of a row of items.
type ItemFields struct {
	GTIN, Title Field[string]
	// Components are "SKU*units" of other items; Clear makes a plain item of a bundle.
	Components Field[[]Piece]
}

// Piece is a component as a file names it.
type Piece struct {
	SKU   string
	Units int64
}

// StockFields are those of a row of stock.
type StockFields struct {
	Location string // "" is the main place
	// Quantity is how many are sellable now. Clear says that nobody knows any more: absent, not zero.
	Quantity Field[int64]
}

// PriceFields are those of a row of prices. All amounts are in Currency and more than nothing.
type PriceFields struct {
	Currency money.Currency // "" when no amount is set

	Price, Cost, Floor, Ceiling, AdvertisedMinimum, SalePrice Field[money.Amount]

	SaleStart, SaleEnd Field[ident.Micros]
}

// BindingFields are those of a row of bindings.
type BindingFields struct {
	Account string // name or id
	Listing string // the channel's own id
	// Item is the SKU the listing sells; Clear unbinds it.
	Item   Field[string]
	Pack   Field[int64]
	Ignore Field[bool] // on the ignore list
}

// Key is what a row is about within its file: two rows with the same key contradict each other.
func (r Row) Key(k Kind) string {
	switch k {
	case Stock:
		return r.SKU + "\x00" + r.Stock.Location
	case Bindings:
		return r.Binding.Account + "\x00" + r.Binding.Listing
	}
	return r.SKU
}
