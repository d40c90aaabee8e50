package fake

import (
	"fmt"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// hold is how long a checkout keeps goods aside, the shop's default.
const hold = time.Hour

// Add puts products on sale: one without a group is a simple product, those of a group are variations of one.
func (s *Server) Add(products ...farside.Product) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range products {
		s.add(x, true)
	}
}

// AddPool puts products on sale that share the number of their group's variable product.
func (s *Server) AddPool(group string, stock int64, products ...farside.Product) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range products {
		x.Group = group
		s.add(x, false)
	}
	above := s.products[s.groups[group]]
	above.manage, above.quantity = true, &stock
}

func (s *Server) add(x farside.Product, manage bool) {
	p := &product{kind: "simple", name: x.Title, sku: x.SKU, gtin: x.GTIN, regular: x.Price.Text(), manage: manage}
	if manage {
		n := x.Stock
		p.quantity = &n
	}
	if x.Group != "" {
		if s.groups[x.Group] == 0 {
			s.groups[x.Group] = s.insert(&product{kind: "variable", name: "Group " + x.Group, sku: strings.ToUpper(x.Group)}).id
		}
		p.kind, p.parent = "variation", s.groups[x.Group]
		p.option = fmt.Sprintf("Option %d", len(s.products[p.parent].children)+1)
	}
	s.insert(p)
}

// Buy places an order as a checkout does.
func (s *Server) Buy(items ...farside.Item) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := map[*product]int64{}
	var lines []*line
	for _, item := range items {
		p := s.bySKU(item.SKU)
		if p == nil {
			return "", false
		}
		if h := s.holder(p); h != nil {
			if wanted[h] += item.Quantity; h.backorders == "no" && wanted[h] > s.sellable(h) {
				return "", false
			}
		}
		l := &line{product: p.id, quantity: item.Quantity}
		if p.parent != 0 {
			l.product, l.variation = p.parent, p.id
		}
		s.describe(l)
		lines = append(lines, l)
	}
	status := "on-hold"
	if s.opt.Moment == channel.AtPaid {
		status = "pending"
	}
	o := s.newOrder(status, lines...)
	if status == "pending" {
		o.reservedUntil = s.opt.Now().Add(hold)
	}
	return decimal(o.id), true
}

func (s *Server) bySKU(sku string) *product {
	for _, id := range s.order {
		if p := s.products[id]; p.sku == sku && p.kind != "variable" {
			return p
		}
	}
	return nil
}

// sellable is what buyers can still get of h's number.
func (s *Server) sellable(h *product) int64 {
	if h.quantity == nil {
		return 0
	}
	return *h.quantity - s.reserved(h)
}

// Pay makes an order one whose payment has come.
func (s *Server) Pay(order string) { s.advance(order, "processing", "paid") }

// Ship completes an order.
func (s *Server) Ship(order string) { s.advance(order, "completed", "shipped") }

// Cancel cancels an order, which puts its goods back.
func (s *Server) Cancel(order string) { s.advance(order, "cancelled", "cancelled") }

// SetStatus puts an order into any status, also one of a plugin.
func (s *Server) SetStatus(order, status string) { s.advance(order, status, "placed") }

func (s *Server) advance(order, status, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(id(order)); o != nil {
		o.state = state
		s.setStatus(o, status)
	}
}

// Refund gives n units of the line of sku back, to stock too when restock is set.
func (s *Server) Refund(order, sku string, n int64, restock bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id(order))
	if o == nil {
		return
	}
	for _, l := range o.lines {
		if l.sku == sku {
			s.refund(o, map[int64]int64{l.id: n}, restock)
		}
	}
}

// Trash throws an order away, which moves no stock.
func (s *Server) Trash(order string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(id(order)); o != nil {
		o.trashed, o.modified = true, s.now()
	}
}

// SetStock is a hand edit of a counter: "58", or "59:60" for a variation.
func (s *Server) SetStock(key channel.StockKey, n int64) {
	s.edit(key.Key, func(p *product) { p.manage, p.quantity = true, &n })
}

// SetPrice is a hand edit of a regular price.
func (s *Server) SetPrice(key channel.ListingKey, price money.Amount) {
	s.edit(string(key), func(p *product) { p.regular = price.Text() })
}

// Edit changes a product by hand.
func (s *Server) Edit(key string, e Edit) {
	s.edit(key, func(p *product) {
		if e.Regular != nil {
			p.regular = *e.Regular
		}
		if e.Sale != nil {
			p.sale = *e.Sale
		}
		if e.Manage != nil {
			p.manage = *e.Manage
			p.quantity = nil // the shop forgets the number either way
		}
		if e.Status != "" {
			p.status = e.Status
		}
		if e.Kind != "" {
			p.kind = e.Kind
		}
		if e.Backorders != "" {
			p.backorders = e.Backorders
		}
	})
}

// Edit is a hand edit; what is nil or empty stays.
type Edit struct {
	Regular, Sale            *string
	Manage                   *bool
	Status, Kind, Backorders string
}

// Delete removes a product or variation for good.
func (s *Server) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(s.at(key))
}

// at is the id of a key.
func (s *Server) at(key string) int64 {
	return id(key[strings.IndexByte(key, ':')+1:])
}

func (s *Server) edit(key string, change func(*product)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.products[s.at(key)]; p != nil {
		change(p)
		s.touch(p)
		s.fireProduct(p)
	}
}

// Key returns the listing key of the first product with sku.
func (s *Server) Key(sku string) channel.ListingKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.bySKU(sku); p != nil {
		return channel.ListingKey(p.key())
	}
	return ""
}

func (p *product) key() string {
	if p.parent == 0 {
		return decimal(p.id)
	}
	return decimal(p.parent) + ":" + decimal(p.id)
}

// Truth is what the shop holds.
func (s *Server) Truth() farside.Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := farside.Truth{
		Counts: map[channel.StockKey]int64{}, Sellable: map[string]int64{}, Prices: map[channel.ListingKey]money.Amount{},
		SKUs: map[channel.ListingKey]string{}, Stocks: map[channel.ListingKey][]channel.StockKey{},
	}
	for _, id := range s.order {
		p := s.products[id]
		if p.kind != "simple" && p.kind != "variation" {
			continue
		}
		key := channel.ListingKey(p.key())
		t.SKUs[key] = p.sku
		if amount, err := money.ParseAmount(p.regular, s.opt.Currency); err == nil && amount.Minor >= 0 {
			t.Prices[key] = amount
		}
		if h := s.holder(p); h != nil {
			counter := channel.StockKey{Key: h.key()}
			t.Stocks[key] = []channel.StockKey{counter}
			if h.quantity != nil {
				t.Counts[counter] = *h.quantity
			}
			t.Sellable[p.sku] += max(0, s.sellable(h))
		}
	}
	for _, o := range s.orders {
		x := farside.Order{ID: decimal(o.id), State: o.state, PlacedAt: o.created, Cancelled: o.status == "cancelled"}
		for _, l := range o.lines {
			x.Items = append(x.Items, farside.Item{SKU: l.sku, Quantity: l.quantity})
		}
		t.Orders = append(t.Orders, x)
	}
	return t
}
