package fake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// Add puts products on sale, stocked at the first location.
func (s *Server) Add(products ...farside.Product) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range products {
		i := &item{id: s.id("iitem"), sku: p.SKU, created: s.now()}
		for n, at := range s.locations {
			l := &level{id: s.id("ilev"), location: at, item: i, created: s.now(), updated: s.now()}
			if n == 0 {
				l.stocked = p.Stock * piece
			}
			i.levels = append(i.levels, l)
		}
		s.items = append(s.items, i)
		v := s.offer(p)
		v.links = []link{{item: i, units: 1}}
	}
}

// Kit puts a product on sale that takes pieces of others: units by SKU.
func (s *Server) Kit(p farside.Product, units map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.offer(p)
	for _, i := range s.items {
		if n := units[i.sku]; n > 0 {
			v.links = append(v.links, link{item: i, units: n})
		}
	}
}

// offer makes a variant with one price. Variants of one group are of one product.
func (s *Server) offer(p farside.Product) *variant {
	at := slices.IndexFunc(s.products, func(x *product) bool { return p.Group != "" && x.group == p.Group })
	if at < 0 {
		at = len(s.products)
		s.products = append(s.products, &product{id: s.id("prod"), title: p.Title, group: p.Group, status: "published", created: s.now()})
	}
	v := &variant{
		id: s.id("variant"), sku: p.SKU, ean: p.GTIN, title: "one size", product: s.products[at], managed: true, created: s.now(), updated: s.now(),
	}
	v.prices = []*price{s.price(p.Price)}
	s.variants = append(s.variants, v)
	return v
}

func (s *Server) price(a money.Amount) *price {
	return &price{
		id: s.id("price"), currency: strings.ToLower(string(a.Currency)), amount: plainNumber([]byte(a.Text())),
		min: json.RawMessage("null"), max: json.RawMessage("null"), created: s.now(), updated: s.now(),
	}
}

// bySKU returns the first variant with the SKU; nil when there is none.
func (s *Server) bySKU(sku string) *variant {
	for _, v := range s.variants {
		if v.sku == sku {
			return v
		}
	}
	return nil
}

// Buy places an order. What is managed and not sold on backorder must be free at one location, else the shop refuses.
func (s *Server) Buy(items ...farside.Item) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &order{id: s.id("order"), status: "pending", version: 1, placed: s.now(), updated: s.now()}
	for _, it := range items {
		v := s.bySKU(it.SKU)
		if v == nil || it.Quantity < 1 {
			return "", false
		}
		l := &line{id: s.id("ordli"), variant: v, quantity: it.Quantity, created: s.now()}
		for _, k := range v.links {
			from := k.item.levels[0]
			for _, lv := range slices.Backward(k.item.levels) {
				if lv.stocked-lv.reserved >= it.Quantity*k.units*piece {
					from = lv
				}
			}
			if v.managed {
				if !v.backorder && from.stocked-from.reserved < it.Quantity*k.units*piece {
					return "", false
				}
				l.parts = append(l.parts, part{from, k.units})
			}
		}
		o.lines = append(o.lines, l)
	}
	for _, l := range o.lines {
		l.reserve(l.quantity, s.now())
	}
	s.orders = append(s.orders, o)
	return o.id, true
}

// find returns an order; an unknown id is a mistake of the test.
func (s *Server) find(id string) *order {
	for _, o := range s.orders {
		if o.id == id {
			return o
		}
	}
	panic(fmt.Sprintf("fake: there is no order %q", id))
}

// Pay captures the payment, which moves no goods.
func (s *Server) Pay(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(id).paid = true
}

// Ship fulfils what is open, which lowers the stock, and ships it.
func (s *Server) Ship(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	for _, l := range o.lines {
		s.fulfil(o, l, l.quantity-l.fulfilled)
	}
	for _, l := range o.lines {
		l.shipped = l.fulfilled
	}
	o.change(s.now())
}

func (s *Server) fulfil(o *order, l *line, n int64) {
	if o.status == "canceled" || n <= 0 {
		return
	}
	l.draw(n, s.now())
	l.reserve(-n, s.now())
	l.fulfilled += n
	o.change(s.now())
}

// Cancel takes an order back. Before shipping the fulfilments are undone and the order is cancelled. A shipped order
// cannot be cancelled: its goods are returned and put back, and the order stays.
func (s *Server) Cancel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	if o.status == "canceled" {
		return
	}
	if slices.ContainsFunc(o.lines, func(l *line) bool { return l.shipped > 0 }) {
		for _, l := range o.lines {
			n := l.fulfilled - l.received - l.dismissed
			l.draw(-n, s.now())
			l.received += n
		}
		o.change(s.now())
		return
	}
	s.unfulfil(o)
	for _, l := range o.lines {
		l.reserve(-l.quantity, s.now())
	}
	o.status = "canceled"
	o.change(s.now())
}

// unfulfil puts back what was fulfilled and not shipped.
func (s *Server) unfulfil(o *order) {
	for _, l := range o.lines {
		if n := l.fulfilled - l.shipped; n > 0 {
			l.draw(-n, s.now())
			l.reserve(n, s.now())
			l.fulfilled -= n
			o.change(s.now())
		}
	}
}

// SetStock is a hand edit of a counter.
func (s *Server) SetStock(key channel.StockKey, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.level(key.Key, key.Location); l != nil {
		l.stocked, l.updated = n*piece, s.now()
	}
}

// SetPrice is a hand edit of the plain price in p's currency.
func (s *Server) SetPrice(key channel.ListingKey, p money.Amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.variant(string(key))
	for _, row := range v.prices {
		if strings.EqualFold(row.currency, string(p.Currency)) && len(row.rules) == 0 {
			row.amount, row.updated = plainNumber([]byte(p.Text())), s.now()
			v.updated = s.now()
			return
		}
	}
	v.prices, v.updated = append(v.prices, s.price(p)), s.now()
}

// Truth is what the shop holds now. Prices are the plain ones in the shop's currency.
func (s *Server) Truth() farside.Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := farside.Truth{
		Counts: map[channel.StockKey]int64{}, Sellable: map[string]int64{}, Prices: map[channel.ListingKey]money.Amount{},
		SKUs: map[channel.ListingKey]string{}, Stocks: map[channel.ListingKey][]channel.StockKey{},
	}
	for _, i := range s.items {
		for _, l := range i.levels {
			t.Counts[channel.StockKey{Key: i.id, Location: l.location}] = l.stocked / piece
		}
	}
	for _, v := range s.variants {
		key := channel.ListingKey(v.id)
		t.SKUs[key] = v.sku
		for _, p := range v.prices {
			if strings.EqualFold(p.currency, string(s.opt.Currency)) && len(p.rules) == 0 && string(p.min) == "null" {
				if a, err := money.ParseAmount(p.amount.String(), s.opt.Currency); err == nil {
					t.Prices[key] = a
				}
			}
		}
		if v.managed {
			t.Sellable[v.sku] += v.sellable()
			for _, k := range v.links {
				for _, l := range k.item.levels {
					t.Stocks[key] = append(t.Stocks[key], channel.StockKey{Key: k.item.id, Location: l.location})
				}
			}
		}
	}
	for _, o := range s.orders {
		t.Orders = append(t.Orders, o.truth())
	}
	return t
}

// sellable is how many pieces a buyer could get from the best location of each part.
func (v *variant) sellable() int64 {
	most := int64(-1)
	for _, k := range v.links {
		best := int64(0)
		for _, l := range k.item.levels {
			best = max(best, (l.stocked-l.reserved)/piece/k.units)
		}
		if most < 0 || best < most {
			most = best
		}
	}
	return max(most, 0)
}

func (o *order) truth() farside.Order {
	t := farside.Order{ID: o.id, State: "placed", PlacedAt: o.placed, Cancelled: o.status == "canceled"}
	shipped := len(o.lines) > 0
	for _, l := range o.lines {
		if l.until == 0 {
			t.Items = append(t.Items, farside.Item{SKU: l.variant.sku, Quantity: l.quantity})
			shipped = shipped && l.shipped == l.quantity
		}
	}
	switch {
	case t.Cancelled:
		t.State = "cancelled"
	case shipped:
		t.State = "shipped"
	case o.paid:
		t.State = "paid"
	}
	return t
}
