package fake

import (
	"slices"
	"time"
)

// order is one order. Its version grows with each change of its lines.
type order struct {
	id              string
	status          string // "pending", "completed", "canceled"
	paid            bool
	version         int64
	placed, updated time.Time
	lines           []*line
}

// line is one order line. Parts are what it holds reserved, by counter; quantities are pieces of the variant.
type line struct {
	id        string
	variant   *variant
	quantity  int64
	fulfilled int64
	shipped   int64
	requested int64 // returns asked for
	received  int64 // returned and back in stock
	dismissed int64 // returned and thrown away
	until     int64 // the version it was last part of; 0 while it still is
	parts     []part
	created   time.Time
}

// part is what one piece of a line takes from a counter.
type part struct {
	level *level
	units int64
}

// reserve adds n pieces of the line to what its counters hold reserved; n may be negative.
func (l *line) reserve(n int64, now time.Time) {
	for _, p := range l.parts {
		p.level.reserved += n * p.units * piece
		p.level.updated = now
	}
}

// draw takes n pieces out of stock; n may be negative.
func (l *line) draw(n int64, now time.Time) {
	for _, p := range l.parts {
		p.level.stocked -= n * p.units * piece
		p.level.updated = now
	}
}

// change counts a change of the order's lines.
func (o *order) change(now time.Time) {
	o.version++
	o.updated = now
}

// doc is the order as the feed shows it. Members nobody asks for are there to be asked for: they are what must not leak.
func (o *order) doc(canary []string) doc {
	items := many{keep: []string{}}
	for _, l := range o.lines {
		if l.until == 0 {
			d := l.doc(canary)
			if len(items.keep) == 0 {
				for name := range d {
					items.keep = append(items.keep, name) // the shop adds every column of a line
				}
			}
			items.docs = append(items.docs, d)
		}
	}
	status := "not_fulfilled"
	if slices.ContainsFunc(o.lines, func(l *line) bool { return l.shipped > 0 }) {
		status = "shipped"
	} else if slices.ContainsFunc(o.lines, func(l *line) bool { return l.fulfilled > 0 }) {
		status = "fulfilled"
	}
	payment := "authorized"
	if o.paid {
		payment = "captured"
	}
	address := doc{"first_name": canary[0], "address_1": canary[2]}
	return doc{
		"id": o.id, "status": o.status, "version": o.version, "created_at": stamp(o.placed), "updated_at": stamp(o.updated),
		"items": items, "payment_status": payment, "fulfillment_status": status,
		"email": canary[1], "shipping_address": one{doc: address}, "billing_address": one{doc: address}, "customer": one{doc: doc{"email": canary[1]}},
	}
}

func (l *line) doc(canary []string) doc {
	v := l.variant
	d := doc{
		"id": l.id, "title": v.product.title, "subtitle": v.title, "variant_id": v.id, "product_id": v.product.id, "product_title": v.product.title,
		"product_handle": v.product.id, "variant_sku": orNull(v.sku), "variant_title": v.title, "requires_shipping": true, "is_giftcard": false,
		"is_discountable": true, "is_tax_inclusive": false, "is_custom_price": false,
		"metadata": doc{"note": canary[3]}, "line_item_metadata": doc{"note": canary[3]},
		"raw_unit_price": raw(v.prices[0].amount), "unit_price": v.prices[0].amount, "raw_compare_at_unit_price": nil, "compare_at_unit_price": nil,
		"quantity": l.quantity, "raw_quantity": raw(decimal(l.quantity * piece)),
		"created_at": stamp(l.created), "updated_at": stamp(l.created), "deleted_at": nil,
		"detail": one{doc: doc{
			"fulfilled_quantity": l.fulfilled, "shipped_quantity": l.shipped, "delivered_quantity": int64(0),
			"return_requested_quantity": l.requested, "return_received_quantity": l.received, "return_dismissed_quantity": l.dismissed,
			"written_off_quantity": l.dismissed,
		}},
	}
	for _, name := range []string{"thumbnail", "product_description", "product_subtitle", "product_type", "product_type_id", "product_collection", "variant_barcode", "variant_option_values"} {
		d[name] = nil
	}
	return d
}

// listOrders answers orders. Filters it does not know are ignored, as in the shop; lines and states come unasked.
func listOrders(c call, _ []string) reply {
	q := c.r.URL.Query()
	t := parseFields(q.Get("fields"))
	t.kid("items")
	want, asked := ids(q)
	var rows []row
	for _, o := range c.s.orders {
		in, bad := between(q, "updated_at", o.updated)
		if bad {
			return unknown()
		}
		if in && (!asked || slices.Contains(want, o.id)) {
			rows = append(rows, row{id: o.id, created: o.placed, updated: o.updated, doc: o.doc(c.s.opt.Canary)})
		}
	}
	return spoil(readWindow(q, 15).list("orders", rows, t, "status", "version", "payment_status", "fulfillment_status"), "orders", c.mode)
}

// listOrderItems answers every line an order ever had, each in its last version.
func listOrderItems(c call, args []string) reply {
	t := parseFields(c.r.URL.Query().Get("fields"))
	rows := []map[string]any{}
	for _, o := range c.s.orders {
		if o.id != args[0] {
			continue
		}
		for _, l := range o.lines {
			version := o.version
			if l.until != 0 {
				version = l.until
			}
			d := doc{
				"id": "orditem" + l.id, "order_id": o.id, "item_id": l.id, "version": version, "quantity": l.quantity,
				"item": one{doc: l.doc(c.s.opt.Canary)},
			}
			r := t.pick(d, []string{"id", "item_id", "version"})
			r["history"] = map[string]any{"version": map[string]any{"from": 1, "to": version}}
			rows = append(rows, r)
		}
	}
	return ok(map[string]any{"order_items": rows})
}
