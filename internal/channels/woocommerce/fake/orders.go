package fake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// order is one order with its refunds.
type order struct {
	id                int64
	status            string
	created, modified time.Time
	completed         time.Time // zero: never
	reservedUntil     time.Time // a checkout keeps goods aside without lowering the number
	lowered           bool      // the shop's own mark that stock was reduced
	lines             []*line
	refunds           []refund
	trashed           bool
	state             string // in channeltest's words
}

type line struct {
	id, product, variation int64
	name, sku              string
	quantity               int64
	reduced, restocked     *int64
	price                  string
}

type refund struct {
	id    int64
	units map[int64]int64 // by order line
}

// target is the product or variation of a line; nil when it was deleted.
func (s *Server) target(l *line) *product {
	if l.variation != 0 {
		return s.products[l.variation]
	}
	return s.products[l.product]
}

// newOrder makes an order in status.
func (s *Server) newOrder(status string, lines ...*line) *order {
	o := &order{id: s.newID(), created: s.now(), modified: s.now(), lines: lines, state: "placed"}
	for _, l := range lines {
		s.lastItem++
		l.id = s.lastItem
	}
	s.orders = append(s.orders, o)
	s.setStatus(o, status)
	return o
}

// setStatus moves an order on and moves stock as the shop does on that transition.
func (s *Server) setStatus(o *order, status string) {
	o.status, o.modified = status, s.now()
	switch status {
	case "processing", "on-hold", "completed":
		s.lower(o)
	case "cancelled", "pending":
		s.raise(o)
	}
	if status == "completed" {
		o.completed = s.now()
	}
	if status != "pending" {
		o.reservedUntil = time.Time{}
	}
	s.fireOrder(o)
}

// lower takes the goods of an order from stock, once.
func (s *Server) lower(o *order) {
	if o.lowered || s.traps.NeverLowers {
		return
	}
	for _, l := range o.lines {
		p := s.target(l)
		if l.reduced != nil && *l.reduced != 0 || p == nil || s.holder(p) == nil {
			continue
		}
		s.move(p, -l.quantity)
		n := l.quantity
		l.reduced = &n
		p.sold += n
	}
	o.lowered = true
}

// raise puts back what an order holds.
func (s *Server) raise(o *order) {
	if !o.lowered {
		return
	}
	for _, l := range o.lines {
		if p := s.target(l); l.reduced != nil && *l.reduced != 0 && p != nil && s.holder(p) != nil {
			s.move(p, *l.reduced)
			l.reduced = nil
		}
	}
	o.lowered = false
}

// move changes the number p draws from.
func (s *Server) move(p *product, by int64) {
	h := s.holder(p)
	n := by
	if h.quantity != nil {
		n += *h.quantity
	}
	h.quantity = &n
	s.touch(h)
	s.fireStock(h)
	s.fireProduct(h)
}

// refund gives units of lines back to the buyer, and to stock when restock is set.
func (s *Server) refund(o *order, units map[int64]int64, restock bool) {
	o.refunds = append(o.refunds, refund{id: s.newID(), units: units})
	all := true
	for _, l := range o.lines {
		n := units[l.id]
		if p := s.target(l); restock && n != 0 && l.reduced != nil && p != nil && s.holder(p) != nil {
			s.move(p, n)
			*l.reduced -= n
			if !s.opt.NoTally {
				sum := n
				if l.restocked != nil {
					sum += *l.restocked
				}
				l.restocked = &sum
			}
		}
		given := int64(0)
		for _, r := range o.refunds {
			given += r.units[l.id]
		}
		all = all && given >= l.quantity
	}
	if all {
		o.status = "refunded"
	}
	o.modified = s.now()
	s.fireOrder(o)
}

// reserved is how many units of h running checkouts keep aside.
func (s *Server) reserved(h *product) int64 {
	n := int64(0)
	for _, o := range s.orders {
		if !o.reservedUntil.After(s.opt.Now()) {
			continue
		}
		for _, l := range o.lines {
			if p := s.target(l); p != nil && s.holder(p) == h {
				n += l.quantity
			}
		}
	}
	return n
}

// listOrders answers GET /orders.
func (s *Server) listOrders(c call) answer {
	if a := s.may(s.opt.Rights.ReadOrders, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."); a != nil {
		return *a
	}
	p, bad := readPaging(c)
	if bad != nil {
		return *bad
	}
	statuses, bad := readStatuses(c, append(slices.Clone(orderStatuses), s.traps.Statuses...))
	if bad != nil {
		return *bad
	}
	after, bad := s.readAfter(c)
	if bad != nil {
		return *bad
	}
	var found []*order
	for _, o := range s.orders {
		switch {
		case !after(o.modified):
		case statuses == nil && (o.trashed || o.status == "checkout-draft"):
		case statuses != nil && (o.trashed && !slices.Contains(statuses, "trash") || !o.trashed && !slices.Contains(statuses, o.status)):
		default:
			found = append(found, o)
		}
	}
	sortBy(p, found, func(o *order) (int64, time.Time, time.Time) { return o.id, o.created, o.modified })
	rows := []any{}
	for _, o := range cut(p, found) {
		rows = append(rows, fields(c, s.asOrder(o), false))
	}
	return answer{status: 200, body: rows, list: true, total: int64(len(found))}
}

func (s *Server) find(id int64) *order {
	i, ok := slices.BinarySearchFunc(s.orders, id, func(o *order, id int64) int { return cmp.Compare(o.id, id) })
	if !ok {
		return nil
	}
	return s.orders[i]
}

// oneOrder answers GET /orders/{id}.
func (s *Server) oneOrder(c call, id int64) answer {
	if a := s.may(s.opt.Rights.ReadOrders, "woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."); a != nil {
		return *a
	}
	o := s.find(id)
	if o == nil {
		return refuse(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
	}
	return answer{status: 200, body: fields(c, s.asOrder(o), true)}
}

// listRefunds answers GET /orders/{id}/refunds.
func (s *Server) listRefunds(c call, id int64) answer {
	if a := s.may(s.opt.Rights.ReadOrders, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."); a != nil {
		return *a
	}
	o := s.find(id)
	if o == nil {
		return refuse(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
	}
	rows := []any{}
	for _, r := range o.refunds {
		rows = append(rows, fields(c, s.asRefund(o, r), false))
	}
	return answer{status: 200, body: rows, list: true, total: int64(len(rows))}
}

// createOrder answers POST /orders.
func (s *Server) createOrder(c call) answer {
	if a := s.may(s.opt.Rights.ManageShop, "woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."); a != nil {
		return *a
	}
	var row object
	if !parse(c.body, &row) {
		return badJSON()
	}
	status, _ := row["status"].(string)
	if status == "" {
		status = "pending"
	}
	items, _ := row["line_items"].([]any)
	var lines []*line
	for _, item := range items {
		o, _ := item.(object)
		l := &line{product: phpInt(o["product_id"]), quantity: phpInt(o["quantity"])}
		if v, there := o["variation_id"]; there {
			l.variation = phpInt(v)
		}
		s.describe(l)
		lines = append(lines, l)
	}
	return answer{status: http.StatusCreated, body: fields(c, s.asOrder(s.newOrder(status, lines...)), true)}
}

// describe copies name, SKU and price of a line's product into the line, as the shop does at checkout.
func (s *Server) describe(l *line) {
	p := s.target(l)
	if p == nil {
		return
	}
	l.name, l.sku, l.price = p.name, p.sku, p.price()
	if p.parent != 0 {
		l.product, l.variation = p.parent, p.id
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
