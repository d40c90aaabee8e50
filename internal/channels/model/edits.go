package model

import "slices"

// The changes an order can go through after it was placed (F30, F31). Lines are named by their row in the order,
// counted from 0, as Order returns them. Each returns false when the order cannot be changed so.

// Edit sets the quantity of a line that has not shipped.
func (m *Market) Edit(order string, row int, quantity int64) bool {
	defer m.enter()()
	l := m.line(order, row)
	if l == nil || l.order.state == "cancelled" || quantity < l.shipped || quantity < 1 || quantity == l.quantity {
		return false
	}
	if more := quantity - l.quantity; more > m.sellable(l.counter) && !m.o.Backorders {
		return false
	}
	m.resize(l, quantity-l.quantity)
	m.changed(l)
	return true
}

// Split moves n units of a line that has not shipped to a new line.
func (m *Market) Split(order string, row int, n int64) bool {
	defer m.enter()()
	l := m.line(order, row)
	if l == nil || l.order.state == "cancelled" || l.shipped > 0 || n < 1 || n >= l.quantity {
		return false
	}
	part := *l
	part.id, part.num, part.newest, part.served = m.next(), m.feed.number(), -1, false
	part.quantity, part.taken = n, min(l.taken, n)
	l.quantity, l.taken = l.quantity-n, l.taken-part.taken
	l.order.lines = append(l.order.lines, &part)
	m.changed(l)
	m.changed(&part)
	return true
}

// Merge puts two lines of the same listing and place, not shipped, into the first.
func (m *Market) Merge(order string, first, second int) bool {
	defer m.enter()()
	a, b := m.line(order, first), m.line(order, second)
	if a == nil || b == nil || a == b || a.order.state == "cancelled" || a.listing != b.listing || a.counter != b.counter ||
		a.shipped+b.shipped > 0 || b.quantity == 0 {
		return false
	}
	a.quantity, a.taken = a.quantity+b.quantity, a.taken+b.taken
	b.quantity, b.taken = 0, 0
	m.changed(a)
	m.changed(b)
	return true
}

// ShipPart sends n units of one line.
func (m *Market) ShipPart(order string, row int, n int64) bool {
	defer m.enter()()
	l := m.line(order, row)
	if l == nil || l.order.state == "cancelled" || l.order.state == "shipped" || n < 1 || n > l.open() {
		return false
	}
	m.ship(l, n)
	if !slices.ContainsFunc(l.order.lines, func(x *line) bool { return x.open() > 0 }) {
		l.order.state = "shipped"
	}
	return true
}

// Refund gives money back for n shipped units; with restock the goods are for sale again.
func (m *Market) Refund(order string, row int, n int64, restock bool) bool {
	defer m.enter()()
	l := m.line(order, row)
	if l == nil || n < 1 || n > l.shipped-l.returned {
		return false
	}
	m.back(l, n, restock)
	m.changed(l)
	return true
}

// Reopen takes back the cancellation of an order whose goods never left, if they can still be had.
func (m *Market) Reopen(order string) bool {
	defer m.enter()()
	o := m.byOrder[order]
	if o == nil || o.state != "cancelled" {
		return false
	}
	for _, l := range o.lines {
		if l.shipped > 0 || l.vanished || l.before > m.sellable(l.counter) && !m.o.Backorders {
			return false
		}
	}
	o.state = "placed"
	if o.paid {
		o.state = "paid"
	}
	for _, l := range o.lines {
		m.resize(l, l.before)
		m.changed(l)
	}
	return true
}

// Vanish takes an unpaid order out of the channel as if it had never been: the feed no longer holds it, no cancellation
// is ever stated.
func (m *Market) Vanish(order string) bool {
	defer m.enter()()
	o := m.byOrder[order]
	if o == nil || o.state != "placed" {
		return false
	}
	for _, l := range o.lines {
		if l.shipped > 0 {
			return false
		}
	}
	for _, l := range o.lines {
		m.resize(l, -l.quantity)
		l.vanished = true
	}
	o.state = "cancelled"
	return true
}

func (m *Market) line(order string, n int) *line {
	o := m.byOrder[order]
	if o == nil || n < 0 || n >= len(o.lines) {
		return nil
	}
	return o.lines[n]
}
