package fake

import (
	"slices"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// order is one order or cart.
type order struct {
	id, state     string
	made, at      time.Time     // createdAt, updatedAt: the latter is not moved by changes of state
	placed        time.Time     // zero for a cart
	commit        time.Duration // how long after that it can be read
	lines         []*orderLine
	fulfillments  []*fulfillment
	modifications int
	history       int // entries, notes among them
	notes         int
}

type orderLine struct {
	id               string
	variant          *variant
	place            string // location the units were allocated at
	quantity, placed int64
	at               time.Time
	// Sums of the line's stock movements, kept as the store keeps them.
	allocated, sold, released, cancelled, fulfilled int64
}

type fulfillment struct {
	id, state string
	at        time.Time
	units     map[string]int64 // by line id
}

// cartAge is how long before its payment a cart was last edited: updatedAt stays that old.
const cartAge = 20 * time.Minute

// Buy places an order that is authorised, not yet paid; ok is false when there is not enough to sell.
func (s *Server) Buy(items ...farside.Item) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.cart(items)
	if o == nil {
		return "", false
	}
	o.state, o.placed = "PaymentAuthorized", s.opt.Now()
	o.history += 2
	if o.commit = s.opt.Commit; len(s.orders)%3 == 0 {
		o.commit *= 4 // some payments take longer, so that a later order may be seen first
	}
	for _, l := range o.lines {
		l.placed = l.quantity
		s.allocate(l, l.quantity)
	}
	s.orders = append(s.orders, o)
	return o.id, true
}

// Cart leaves a cart in the state ArrangingPayment: it is no order.
func (s *Server) Cart(items ...farside.Item) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.cart(items)
	if o == nil {
		return ""
	}
	o.state = "ArrangingPayment"
	s.orders = append(s.orders, o)
	return o.id
}

func (s *Server) cart(items []farside.Item) *order {
	edited := s.opt.Now().Add(-cartAge)
	o := &order{id: s.id(), state: "AddingItems", made: edited, at: edited, history: 2}
	want := map[*variant]int64{}
	for _, item := range items {
		v := s.bySKU(item.SKU)
		if v == nil || item.Quantity < 1 {
			return nil
		}
		if want[v] += item.Quantity; want[v] > s.saleable(v) {
			return nil
		}
		o.lines = append(o.lines, &orderLine{id: s.id(), variant: v, quantity: item.Quantity, at: edited, place: s.source(v, item.Quantity)})
	}
	return o
}

// source is the location that has n units, else the first.
func (s *Server) source(v *variant, n int64) string {
	for i := range s.opt.Locations {
		if l := v.levels[s.place(i)]; l.onHand-l.allocated >= n {
			return s.place(i)
		}
	}
	return s.place(0)
}

// move changes the level a line draws from, if its variant is counted.
func (s *Server) move(l *orderLine, onHand, allocated int64) {
	if s.counts(l.variant) {
		x := l.variant.levels[l.place]
		x.onHand, x.allocated = x.onHand+onHand, x.allocated+allocated
		l.variant.levels[l.place] = x
	}
}

func (s *Server) allocate(l *orderLine, n int64) {
	l.allocated += n
	s.move(l, 0, n)
}

func (s *Server) find(id string) *order {
	for _, o := range s.orders {
		if o.id == id {
			return o
		}
	}
	return nil
}

// Pay settles the payment. It moves a state, so it moves no time.
func (s *Server) Pay(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(id); o != nil && o.state == "PaymentAuthorized" {
		o.state = "PaymentSettled"
		o.history += 2
	}
}

// Ship fulfils all that is left of an order and marks it as shipped.
func (s *Server) Ship(id string) {
	s.mu.Lock()
	o := s.find(id)
	left := map[string]int64{}
	if o != nil && o.state != "Cancelled" {
		for _, l := range o.lines {
			if n := l.quantity - o.done(l.id, ""); n > 0 {
				left[l.id] = n
			}
		}
	}
	s.mu.Unlock()
	if len(left) > 0 {
		s.Advance(id, s.Fulfil(id, left), "Shipped")
	}
}

// Fulfil creates a fulfillment, state Pending, of units by line id; nil stands for one unit of the first line. The
// stock on hand falls here.
func (s *Server) Fulfil(id string, units map[string]int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	if units == nil {
		units = map[string]int64{o.lines[0].id: 1}
	}
	f := &fulfillment{id: strconv.Itoa(len(o.fulfillments) + 1), state: "Pending", at: s.opt.Now(), units: units}
	for _, l := range o.lines {
		if n := units[l.id]; n > 0 {
			l.fulfilled += n
			l.sold += n
			s.move(l, -n, -n)
		}
	}
	o.fulfillments = append(o.fulfillments, f)
	o.history += 2
	return f.id
}

// Advance moves a fulfillment on, to Shipped, Delivered or Cancelled. Cancelling one puts its units back and allocates
// them anew; the order's state stays what it is.
func (s *Server) Advance(id, fulfillment, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	for _, f := range o.fulfillments {
		if f.id != fulfillment {
			continue
		}
		f.state, f.at = state, s.opt.Now()
		o.history++
		if state == "Cancelled" {
			for _, l := range o.lines {
				n := f.units[l.id]
				l.cancelled += n
				s.move(l, n, 0)
				s.allocate(l, n)
			}
			return
		}
		all := true
		for _, l := range o.lines {
			all = all && o.done(l.id, state) >= l.quantity
		}
		o.state = "Partially" + state
		if all {
			o.state = state
		}
		o.history++
	}
}

// done counts the units of a line in fulfillments that are not cancelled; state "" means any other.
func (o *order) done(line, state string) int64 {
	n := int64(0)
	for _, f := range o.fulfillments {
		if f.state != "Cancelled" && (state == "" || f.state == state) {
			n += f.units[line]
		}
	}
	return n
}

// Cancel cancels all that is left of an order.
func (s *Server) Cancel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	if o == nil || o.state == "Cancelled" {
		return
	}
	for _, l := range o.lines {
		s.cancel(l, l.quantity)
	}
	o.at = s.opt.Now()
	o.state = "Cancelled"
	o.history += 2
}

// CancelUnits cancels n units of the first line of an order, whose state stays.
func (s *Server) CancelUnits(id string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	s.cancel(o.lines[0], n)
	o.at = s.opt.Now()
	o.history++
}

// cancel does what the store does: units it holds as fulfilled go back on hand and units it holds as allocated are
// released, each up to n. A partly fulfilled line is credited for both.
func (s *Server) cancel(l *orderLine, n int64) {
	if back := min(n, l.fulfilled-l.cancelled); back > 0 {
		l.cancelled += back
		s.move(l, back, 0)
	}
	if free := min(n, l.allocated-l.sold-l.released); free > 0 {
		l.released += free
		s.move(l, 0, -free)
	}
	l.quantity -= n
	l.at = s.opt.Now()
}

// Modify sets the quantity of the first line to n, more or less than before. No time moves when it falls.
func (s *Server) Modify(id string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(id)
	l := o.lines[0]
	if n >= l.quantity {
		s.allocate(l, n-l.quantity)
		l.at, o.at = s.opt.Now(), s.opt.Now()
	} else {
		l.released += l.quantity - n
		s.move(l, 0, n-l.quantity)
	}
	l.quantity = n
	o.modifications++
	o.history += 3
}

// Note adds a note to an order's history, which is no news.
func (s *Server) Note(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(id).notes++
}

// Lines returns the line ids of an order.
func (s *Server) Lines(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.find(id).lines {
		out = append(out, l.id)
	}
	return out
}

// Progress says how many units of an order's first line stand in fulfillments, cancelled ones among them, and how many
// the line has.
func (s *Server) Progress(id string) (done, all int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.find(id).lines[0]
	return l.fulfilled, l.quantity
}

func (o *order) truth() farside.Order {
	t := farside.Order{ID: o.id, PlacedAt: o.placed, Cancelled: o.state == "Cancelled"}
	for _, l := range o.lines {
		t.Items = append(t.Items, farside.Item{SKU: l.variant.sku, Quantity: l.quantity})
	}
	switch {
	case t.Cancelled:
		t.State = "cancelled"
	case o.state == "PaymentAuthorized":
		t.State = "placed"
	case slices.Contains([]string{"Shipped", "Delivered"}, o.state):
		t.State = "shipped"
	default:
		t.State = "paid"
	}
	return t
}
