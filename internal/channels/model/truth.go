package model

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// Truth is what the market really holds now. It walks everything: ask Count, Price and Sellable for single values.
func (m *Market) Truth() farside.Truth {
	defer m.enter()()
	t := farside.Truth{
		Counts: make(map[channel.StockKey]int64, len(m.counters)), Sellable: make(map[string]int64, len(m.counters)),
		Prices: make(map[channel.ListingKey]money.Amount, len(m.listings)),
		SKUs:   make(map[channel.ListingKey]string, len(m.listings)),
		Stocks: make(map[channel.ListingKey][]channel.StockKey, len(m.listings)),
	}
	counted := map[*counter]bool{}
	for _, x := range m.listings {
		t.Prices[x.key], t.SKUs[x.key] = x.price, x.sku
		for _, c := range x.counters {
			t.Counts[c.key] = c.n
			t.Stocks[x.key] = append(t.Stocks[x.key], c.key)
			if !counted[c] {
				counted[c] = true
				t.Sellable[x.sku] += m.sellable(c)
			}
		}
	}
	for _, o := range m.orders {
		t.Orders = append(t.Orders, farside.Order{
			ID: o.id, State: o.state, Items: o.items, PlacedAt: o.placed, Cancelled: o.state == "cancelled",
		})
	}
	return t
}

// Count returns the true number of a counter.
func (m *Market) Count(key channel.StockKey) (n int64, ok bool) {
	defer m.enter()()
	c := m.byStock[key]
	if c == nil {
		return 0, false
	}
	return c.n, true
}

// Price returns the true price of a listing.
func (m *Market) Price(key channel.ListingKey) (p money.Amount, ok bool) {
	defer m.enter()()
	x := m.byKey[key]
	if x == nil || x.gone {
		return money.Amount{}, false
	}
	return x.price, true
}

// Sellable returns how many pieces of sku a buyer could still get.
func (m *Market) Sellable(sku string) int64 {
	defer m.enter()()
	x := m.onSale(sku)
	if x == nil {
		return 0
	}
	n := int64(0)
	for _, c := range x.counters {
		n += m.sellable(c)
	}
	return n
}

// Lines returns the true order list: every line in its newest version, visible or not, in the order of the orders. A
// vanished order has no lines.
func (m *Market) Lines() []channel.Line {
	defer m.enter()()
	var out []channel.Line
	for _, o := range m.orders {
		for _, l := range o.lines {
			if !l.vanished {
				out = append(out, l.fact(m.o.Skew))
			}
		}
	}
	return out
}

// Order returns the lines of one order in their newest version; row i is line i of the methods that change orders.
func (m *Market) Order(id string) []channel.Line {
	defer m.enter()()
	o := m.byOrder[id]
	if o == nil {
		return nil
	}
	var out []channel.Line
	for _, l := range o.lines {
		out = append(out, l.fact(m.o.Skew))
	}
	return out
}
