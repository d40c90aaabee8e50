package service

import (
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// What a row of a plan does.
const (
	actionWrite  = "write"  // a driver writes it to the channel
	actionItem   = "item"   // names of an item, or a new item
	actionCount  = "count"  // how many are sellable now
	actionAdjust = "adjust" // an entry of the ledger is reversed
	actionPrice  = "price"  // base price, cost, sale price of an item
	actionRule   = "rule"   // a version of a rule
)

// Change is what an edit or a line of a file says about one SKU. A nil field says nothing: what is stored stays (N19).
type Change struct {
	Where      fault.Place
	SKU        string
	GTIN       *string // "" clears
	Title      *string
	Components *[]store.Component // none: a plain item
	Place      string             // of Count; "" is the main place
	Count      *int64             // sellable now
	Base, Cost *PriceChange
	// Floor, Ceiling and Advertised bound the prices of the item's listings, in their currency.
	Floor, Ceiling, Advertised *PriceChange
	Sale                       *SaleChange
	// Make makes the item where there is none of this SKU; without it an unknown SKU is refused unless names are said.
	Make bool
}

// PriceChange is a new amount, or none with Clear.
type PriceChange struct {
	Clear  bool
	Amount money.Amount
}

// SaleChange is a new sale price with its time, or none with Clear.
type SaleChange struct {
	Clear bool
	Sale  pricing.Sale
}

// itemValue is old and new of action item. Old is empty for a new item.
type itemValue struct {
	SKU        string            `json:"sku"`
	GTIN       string            `json:"gtin,omitempty"`
	Title      string            `json:"title,omitempty"`
	Components []store.Component `json:"components,omitempty"`
}

// countValue is old and new of actions count and adjust. Sellable is absent where nobody had counted.
type countValue struct {
	SKU      string `json:"sku"`
	Place    string `json:"place,omitempty"`
	Sellable *int64 `json:"sellable,omitempty"`
	Adjust   int64  `json:"adjust,omitempty"`
}

// priceValue is old and new of action price; absent amounts are absent.
type priceValue struct {
	SKU        string         `json:"sku"`
	Base       *pricing.Sum   `json:"base,omitempty"`
	Cost       *pricing.Sum   `json:"cost,omitempty"`
	Floor      *pricing.Bound `json:"floor,omitempty"`
	Ceiling    *pricing.Bound `json:"ceiling,omitempty"`
	Advertised *pricing.Bound `json:"advertised_minimum,omitempty"`
	Sale       *pricing.Sale  `json:"sale,omitempty"`
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fault.New(fault.Internal, "encode a plan's row: %w", err)
	}
	return string(b), nil
}

// now returns the values of an item that a plan may change.
func itemNow(x store.Item, cs []store.Component) itemValue {
	return itemValue{SKU: x.SKU, GTIN: x.GTIN, Title: x.Title, Components: cs}
}

// after returns v with what c says.
func (v itemValue) after(c Change) itemValue {
	v.SKU = c.SKU
	if c.GTIN != nil {
		v.GTIN = *c.GTIN
	}
	if c.Title != nil {
		v.Title = *c.Title
	}
	if c.Components != nil {
		v.Components = *c.Components
	}
	return v
}

func (v itemValue) same(w itemValue) bool {
	if v.SKU != w.SKU || v.GTIN != w.GTIN || v.Title != w.Title || len(v.Components) != len(w.Components) {
		return false
	}
	for i := range v.Components {
		if v.Components[i].SKU != w.Components[i].SKU || v.Components[i].Quantity != w.Components[i].Quantity {
			return false
		}
	}
	return true
}

// sellable returns what an item offers by its own balance; nil when nobody has counted it: absent is not zero.
func sellable(b ledger.Balance) *int64 {
	if b.Counted == 0 {
		return nil
	}
	n := b.Available()
	return &n
}

// priceNow returns the prices of an item.
func priceNow(x store.Item) (v priceValue, err error) {
	v.SKU = x.SKU
	if x.Price.Base != nil {
		v.Base = sum(*x.Price.Base, x.Price.Currency)
	}
	if x.Price.Cost != nil {
		v.Cost = sum(*x.Price.Cost, x.Price.Currency)
	}
	if !blank(x.Price.Extra) {
		r, err := pricing.ParseRules([]byte(x.Price.Extra))
		if err != nil {
			return v, fault.Wrap("sale price of "+x.SKU, err)
		}
		v.Floor, v.Ceiling, v.Advertised, v.Sale = r.Floor, r.Ceiling, r.AdvertisedMinimum, r.Sale
	}
	return v, nil
}

// blank reports whether an item has no price rules of its own.
func blank(extra string) bool { return extra == "" || extra == "{}" }

func sum(minor int64, c money.Currency) *pricing.Sum {
	s := pricing.Sum(money.Of(minor, c))
	return &s
}

// after returns v with what c says. An item's amounts are in one currency (S7).
func (v priceValue) after(c Change) (priceValue, error) {
	v.SKU = c.SKU
	if p := c.Base; p != nil {
		v.Base = p.sum()
	}
	if p := c.Cost; p != nil {
		v.Cost = p.sum()
	}
	for _, b := range []struct {
		change *PriceChange
		to     **pricing.Bound
	}{{c.Floor, &v.Floor}, {c.Ceiling, &v.Ceiling}, {c.Advertised, &v.Advertised}} {
		if b.change == nil {
			continue
		}
		if *b.to = nil; !b.change.Clear {
			*b.to = &pricing.Bound{Sum: pricing.Sum(b.change.Amount)}
		}
	}
	if p := c.Sale; p != nil {
		if v.Sale = nil; !p.Clear {
			sale := p.Sale
			v.Sale = &sale
		}
	}
	for _, s := range []*pricing.Sum{v.Base, v.Cost} {
		if s != nil && s.Minor <= 0 {
			return v, fault.At(fault.Invalid, c.Where, "%v is not a price of %s: a price is more than nothing; clear it to have none", money.Amount(*s), c.SKU)
		}
	}
	if v.Base != nil && v.Cost != nil && v.Base.Currency != v.Cost.Currency {
		return v, fault.At(fault.Invalid, c.Where, "%s would have a base price in %s and a cost in %s: give both in one currency", c.SKU, v.Base.Currency, v.Cost.Currency)
	}
	if _, err := v.extra(); err != nil {
		return v, fault.At(fault.Invalid, c.Where, "%w", err)
	}
	return v, nil
}

// prices reports whether c says anything of prices.
func (c Change) prices() bool {
	return c.Base != nil || c.Cost != nil || c.Floor != nil || c.Ceiling != nil || c.Advertised != nil || c.Sale != nil
}

// key is what a change is about: two changes with the same key contradict each other.
func (c Change) key() string { return c.SKU + "\x00" + c.Place }

func (p PriceChange) sum() *pricing.Sum {
	if p.Clear {
		return nil
	}
	s := pricing.Sum(p.Amount)
	return &s
}

// extra renders bounds and sale price as the item's own level of price rules; "" for none.
func (v priceValue) extra() (string, error) {
	if v.Sale == nil && v.Floor == nil && v.Ceiling == nil && v.Advertised == nil {
		return "", nil
	}
	r := pricing.Rules{Version: pricing.Version, Floor: v.Floor, Ceiling: v.Ceiling, AdvertisedMinimum: v.Advertised, Sale: v.Sale}
	if err := r.Check(); err != nil {
		return "", fault.Wrap("prices of "+v.SKU, err)
	}
	return jsonText(r)
}

// put writes v into an item and counts its revision up.
func (v priceValue) put(x *store.Item) error {
	x.Price.Base, x.Price.Cost, x.Price.Currency = nil, nil, ""
	if v.Base != nil {
		x.Price.Base, x.Price.Currency = &v.Base.Minor, v.Base.Currency
	}
	if v.Cost != nil {
		x.Price.Cost, x.Price.Currency = &v.Cost.Minor, v.Cost.Currency
	}
	var err error
	x.Price.Extra, err = v.extra()
	x.Price.Rev++
	return err
}
