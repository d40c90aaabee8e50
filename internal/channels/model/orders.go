package model

import (
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// order is one order of the true list.
type order struct {
	id     string
	state  string // "placed", "paid", "shipped", "cancelled"
	paid   bool
	lines  []*line
	items  []farside.Item
	placed time.Time
}

// line is one order line in its newest version.
type line struct {
	id       string
	num      int64 // counts all lines of the market
	order    *order
	listing  *listing
	counter  *counter // the place it draws from
	quantity int64    // ordered − cancelled before shipping
	shipped  int64
	returned int64
	taken    int64
	before   int64 // the quantity before a cancellation, for reopening
	version  int64
	first    int // its first and its newest change in the feed; newest is -1 before the first
	newest   int
	served   bool
	vanished bool
}

// open is how many units are still to be shipped.
func (l *line) open() int64 { return l.quantity - l.shipped }

// untaken is how many of its units its counter has not moved for, though they are sold.
func (l *line) untaken() int64 { return l.quantity - l.returned - l.taken }

// fact is the line as the feed states it.
func (l *line) fact(skew time.Duration) channel.Line {
	return channel.Line{
		Order: l.order.id, Line: l.id, Listing: l.listing.key, Quantity: l.quantity, Shipped: l.shipped, Returned: l.returned,
		Taken: l.taken, Version: l.version, PlacedAt: l.order.placed.Add(skew),
	}
}

// sellable is what a buyer can still get from c. A market that never moves its number sells what the number says.
func (m *Market) sellable(c *counter) int64 {
	if m.o.Caps.Stock.Moment == channel.Never {
		return max(0, c.n)
	}
	return max(0, c.n-c.untaken)
}

// Buy places an order: all of it or nothing. It takes each item from the first place that has enough, from several when
// none has. The listing is the first one on sale with that SKU.
func (m *Market) Buy(items ...farside.Item) (id string, ok bool) {
	defer m.enter()()
	if len(items) == 0 {
		return "", false
	}
	o := &order{state: "placed", placed: m.now, items: append([]farside.Item(nil), items...)}
	wanted := map[*counter]int64{}
	for _, item := range items {
		x := m.onSale(item.SKU)
		if x == nil || item.Quantity < 1 || !m.pick(o, x, item.Quantity, wanted) {
			m.stats.Refused++
			return "", false
		}
	}
	o.id = m.o.Name + "O" + m.next()
	m.orders, m.byOrder[o.id] = append(m.orders, o), o
	m.stats.Orders++
	for _, l := range o.lines {
		l.order, l.num = o, m.feed.number()
		m.stats.Units += l.quantity
		m.stats.Oversold += min(l.quantity, max(0, l.quantity-m.sellable(l.counter)))
		l.counter.untaken += l.untaken()
		if m.o.Caps.Stock.Moment == channel.AtPlaced {
			m.take(l, l.quantity)
		}
		m.changed(l)
	}
	return o.id, true
}

// onSale returns the listing a buyer of sku gets.
func (m *Market) onSale(sku string) *listing {
	for _, x := range m.bySKU[sku] {
		if x.active && !x.gone {
			return x
		}
	}
	return nil
}

// pick adds lines for n pieces of x to o; wanted holds what the order takes from each counter already.
func (m *Market) pick(o *order, x *listing, n int64, wanted map[*counter]int64) bool {
	add := func(c *counter, n int64) {
		wanted[c] += n
		o.lines = append(o.lines, &line{id: m.next(), listing: x, counter: c, quantity: n, newest: -1})
	}
	total := int64(0)
	for _, c := range x.counters {
		free := m.sellable(c) - wanted[c]
		if free >= n {
			add(c, n)
			return true
		}
		total += free
	}
	if total < n {
		if m.o.Backorders {
			add(x.counters[0], n)
		}
		return m.o.Backorders
	}
	for _, c := range x.counters {
		if free := min(n, m.sellable(c)-wanted[c]); free > 0 {
			add(c, free)
			n -= free
		}
	}
	return true
}

// take moves the counter of l by n units: down, or up when n is negative.
func (m *Market) take(l *line, n int64) {
	if n == 0 || m.o.Caps.Stock.Moment == channel.Never {
		return
	}
	l.taken += n
	l.counter.untaken -= n
	m.set(l.counter, l.counter.n-n, 0)
}

// resize changes the net quantity of l by d, and the counter with it when its moment has passed.
func (m *Market) resize(l *line, d int64) {
	l.quantity += d
	l.counter.untaken += d
	if m.passed(l.order) {
		m.take(l, d)
	}
}

// passed reports whether the decrement moment of an order that has not shipped is over.
func (m *Market) passed(o *order) bool {
	return m.o.Caps.Stock.Moment == channel.AtPlaced || m.o.Caps.Stock.Moment == channel.AtPaid && o.paid
}

// Pay moves a placed order on.
func (m *Market) Pay(id string) {
	defer m.enter()()
	o := m.byOrder[id]
	if o == nil || o.state != "placed" {
		return
	}
	o.state, o.paid = "paid", true
	for _, l := range o.lines {
		if m.o.Caps.Stock.Moment == channel.AtPaid {
			m.take(l, l.untaken())
		}
		m.changed(l)
	}
}

// Ship sends all that is left of an order.
func (m *Market) Ship(id string) {
	defer m.enter()()
	o := m.byOrder[id]
	if o == nil || o.state != "placed" && o.state != "paid" {
		return
	}
	for _, l := range o.lines {
		m.ship(l, l.open())
	}
	o.state = "shipped"
}

func (m *Market) ship(l *line, n int64) {
	l.shipped += n
	switch m.o.Caps.Stock.Moment {
	case channel.AtShipped:
		m.take(l, n)
	case channel.AtPaid:
		m.take(l, max(0, l.shipped-l.taken)) // goods that leave unpaid leave all the same
	}
	m.changed(l)
}

// Cancel ends an order. Goods that have not left are sold no more; goods that have come back into stock.
func (m *Market) Cancel(id string) {
	defer m.enter()()
	o := m.byOrder[id]
	if o == nil || o.state == "cancelled" {
		return
	}
	for _, l := range o.lines {
		l.before = l.quantity
		if n := l.open(); n > 0 {
			m.resize(l, -n)
		}
		m.back(l, l.shipped-l.returned, true)
		m.changed(l)
	}
	o.state = "cancelled"
}

// back books n shipped units as come back; with restock they are for sale again.
func (m *Market) back(l *line, n int64, restock bool) {
	if n <= 0 || !restock {
		return
	}
	l.returned += n
	l.counter.untaken -= n
	if l.taken >= n {
		m.take(l, -n)
	}
}

// changed gives l a new version and appends it to the feed.
func (m *Market) changed(l *line) {
	m.serial++
	l.version = m.serial
	m.feed.append(m, l)
	m.hint("orders", l.listing.key)
}
