package fake

import (
	"encoding/json"
	"math/big"
	"strings"
)

// canary returns the i-th piece of buyer data, going round.
func (s *Server) canary(i int) string {
	if len(s.opt.Canary) == 0 {
		return ""
	}
	return s.opt.Canary[i%len(s.opt.Canary)]
}

// asOrder is the whole order, buyer and all.
func (s *Server) asOrder(o *order) object {
	address := object{
		"first_name": s.canary(0), "last_name": s.canary(1), "company": "", "address_1": s.canary(2), "address_2": "",
		"city": s.canary(3), "state": "", "postcode": s.canary(4), "country": "IT", "phone": s.canary(5),
	}
	billing := object{"email": s.canary(6)}
	for name, v := range address {
		billing[name] = v
	}
	items, total := []any{}, new(big.Rat)
	for _, l := range o.lines {
		items = append(items, s.asLine(l))
		if price, ok := new(big.Rat).SetString(l.price); ok {
			total.Add(total, price.Mul(price, big.NewRat(l.quantity, 1)))
		}
	}
	refunds := []any{}
	for _, r := range o.refunds {
		refunds = append(refunds, object{"id": r.id, "reason": s.canary(7), "total": "-1.00"})
	}
	completed, completedLocal := any(nil), any(nil)
	if !o.completed.IsZero() {
		completed, completedLocal = o.completed.Format(timeForm), o.completed.Add(s.opt.Zone).Format(timeForm)
	}
	amount := total.FloatString(s.opt.Currency.Digits())
	return object{
		"id": o.id, "parent_id": 0, "status": o.status, "currency": string(s.opt.Currency), "version": "10.0.2",
		"prices_include_tax": true, "date_created": o.created.Add(s.opt.Zone).Format(timeForm),
		"date_modified": o.modified.Add(s.opt.Zone).Format(timeForm), "discount_total": "0.00", "discount_tax": "0.00",
		"shipping_total": "0.00", "shipping_tax": "0.00", "cart_tax": "0.00", "total": amount, "total_tax": "0.00",
		"customer_id": 1, "order_key": "wc_order_" + decimal(o.id), "billing": billing, "shipping": address,
		"payment_method": "bacs", "payment_method_title": "Bank", "transaction_id": "", "customer_ip_address": "203.0.113.7",
		"customer_user_agent": "Browser", "created_via": "checkout", "customer_note": s.canary(8), "date_completed": completedLocal,
		"date_paid": nil, "cart_hash": "", "number": decimal(o.id), "meta_data": []any{}, "line_items": items,
		"tax_lines": []any{}, "shipping_lines": []any{}, "fee_lines": []any{}, "coupon_lines": []any{}, "refunds": refunds,
		"payment_url": "https://shop.example/checkout/order-pay/" + decimal(o.id), "is_editable": o.status == "pending",
		"needs_payment": o.status == "pending", "needs_processing": true, "date_created_gmt": o.created.Format(timeForm),
		"date_modified_gmt": o.modified.Format(timeForm), "date_completed_gmt": completed, "date_paid_gmt": nil,
		"_links": links("orders/"+decimal(o.id), "orders", ""),
	}
}

// asLine is one line item. The engraving is what a buyer typed; the tallies are the shop's own.
func (s *Server) asLine(l *line) object {
	o := s.item(l, l.quantity)
	var meta []any
	add := func(key, value string) {
		meta = append(meta, object{"id": 1000 + int64(len(meta)) + 10*l.id, "key": key, "value": value, "display_key": key, "display_value": value})
	}
	if p := s.products[l.variation]; p != nil {
		add("size", p.option)
	}
	if text := s.canary(9); text != "" {
		add("Engraving", text)
	}
	if l.reduced != nil {
		add("_reduced_stock", decimal(*l.reduced))
	}
	if l.restocked != nil {
		add("_restock_refunded_items", decimal(*l.restocked))
	}
	if meta == nil {
		meta = []any{}
	}
	o["meta_data"] = meta
	return o
}

// item is what line items of orders and refunds have in common.
func (s *Server) item(l *line, quantity int64) object {
	total := new(big.Rat)
	if price, ok := new(big.Rat).SetString(l.price); ok {
		total.Mul(price, big.NewRat(quantity, 1))
	}
	amount := total.FloatString(s.opt.Currency.Digits())
	product, variation := l.product, l.variation
	if s.products[product] == nil {
		product = 0
	}
	if s.products[variation] == nil {
		variation = 0
	}
	parent := any(nil)
	if p := s.products[product]; p != nil && variation != 0 {
		parent = p.name
	}
	number := "0"
	if price, ok := new(big.Rat).SetString(l.price); ok {
		number = strings.TrimSuffix(price.FloatString(s.opt.Currency.Digits()), ".00")
	}
	return object{
		"id": l.id, "name": l.name, "product_id": product, "variation_id": variation, "quantity": quantity, "tax_class": "",
		"subtotal": amount, "subtotal_tax": "0.00", "total": amount, "total_tax": "0.00", "taxes": []any{}, "meta_data": []any{},
		"sku": l.sku, "price": json.Number(number), "image": object{"id": "", "src": ""}, "parent_name": parent,
	}
}

// asRefund is one refund; its quantities are negative and each line names the order line it belongs to.
func (s *Server) asRefund(o *order, r refund) object {
	items := []any{}
	for _, l := range o.lines {
		n := r.units[l.id]
		if n == 0 {
			continue
		}
		item := s.item(l, -n)
		item["id"] = l.id + 100_000
		item["meta_data"] = []any{object{"id": l.id, "key": "_refunded_item_id", "value": decimal(l.id), "display_key": "_refunded_item_id", "display_value": decimal(l.id)}}
		items = append(items, item)
	}
	return object{
		"id": r.id, "parent_id": o.id, "date_created": s.now().Format(timeForm), "date_created_gmt": s.now().Format(timeForm),
		"amount": "1.00", "reason": s.canary(7), "refunded_by": 1, "refunded_payment": false, "meta_data": []any{},
		"line_items": items, "shipping_lines": []any{}, "tax_lines": []any{}, "fee_lines": []any{},
		"_links": links("orders/"+decimal(o.id)+"/refunds/"+decimal(r.id), "orders/"+decimal(o.id)+"/refunds", "orders/"+decimal(o.id)),
	}
}
