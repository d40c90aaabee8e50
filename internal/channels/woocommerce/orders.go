package woocommerce

import (
	"encoding/json"
)

// order is what may be known of an order: numbers, times and states.
type order struct {
	id        int64
	status    string
	created   int64 // Unix seconds
	modified  int64
	completed bool // it was completed at some time: its goods have left
	refunds   int
	lines     []orderLine
}

// orderLine is one line with the shop's own tally of its stock.
type orderLine struct {
	id       int64
	at       place
	quantity int64
	// reduced is by how many units the shop's number is down for this line now (_reduced_stock); nil when the shop never
	// lowered it or has put all back on cancellation.
	reduced *int64
	// restocked is how many units refunds have put back (_restock_refunded_items); nil when none, or before the shop kept
	// that tally.
	restocked *int64
	err       error // the line cannot be read
}

// decodeOrder reads one row of orders. An error means the order cannot be used; a bad line harms itself only.
func decodeOrder(raw []byte) (order, error) {
	m, err := object(raw, orderMembers...)
	o := order{}
	o.id, _ = m.id("id") // also of an order that cannot be used: its place in the list is known
	switch {
	case err != nil:
		return o, err
	case o.id == 0:
		return o, errPositive
	}
	if o.status, err = m.text("status"); err != nil || o.status == "" {
		return o, errMissing
	}
	for name, into := range map[string]*int64{"date_created_gmt": &o.created, "date_modified_gmt": &o.modified} {
		t, err := m.text(name)
		if err != nil {
			return o, err
		}
		if *into, err = parseTime(t); err != nil {
			return o, err
		}
	}
	done, err := m.text("date_completed_gmt")
	o.completed = err == nil && done != ""
	o.refunds = len(list(m["refunds"]))
	if _, there := m["line_items"]; !there {
		return o, errMissing
	}
	for _, line := range list(m["line_items"]) {
		o.lines = append(o.lines, decodeLine(line))
	}
	return o, nil
}

func decodeLine(raw json.RawMessage) orderLine {
	m, err := object(raw, lineMembers...)
	if err != nil {
		return orderLine{err: err}
	}
	l := orderLine{}
	if l.id, err = m.id("id"); err != nil {
		return orderLine{err: err}
	}
	quantity, err := m.whole("quantity")
	switch {
	case err != nil:
		l.err = err
	case quantity == nil:
		l.err = errMissing
	case *quantity < 0:
		l.err = errNegative
	default:
		l.quantity = *quantity
	}
	// A product that was deleted since shows as 0: then the line names no listing of the shop, but still ends.
	product, variation := m.whole64("product_id"), m.whole64("variation_id")
	if l.at = (place{id: product}); variation > 0 {
		l.at = place{parent: product, id: variation}
	}
	for name, into := range map[string]**int64{reducedKey: &l.reduced, restockedKey: &l.restocked} {
		if *into, err = tally(m["meta_data"], name); err != nil && l.err == nil {
			l.err = err
		}
	}
	return l
}

// The shop's tallies on an order line.
const (
	reducedKey   = "_reduced_stock"
	restockedKey = "_restock_refunded_items"
	refundedKey  = "_refunded_item_id"
)

// tally returns the whole number kept under name in a meta list; nil when it is not there. Other entries may hold what
// the buyer typed (an engraving): their values are never parsed.
func tally(meta json.RawMessage, name string) (*int64, error) {
	for _, raw := range list(meta) {
		m, err := object(raw, metaMembers...)
		if err != nil {
			return nil, err
		}
		if key, err := m.text("key"); err != nil || key != name {
			continue
		}
		value := string(m["value"])
		if text, err := m.text("value"); err == nil {
			value = text // kept as text by the shop, as a number by some plugins
		}
		if value == "" {
			return nil, nil
		}
		n, err := whole(value)
		switch {
		case err != nil:
			return nil, err
		case *n < 0:
			return nil, errNegative
		}
		return n, nil
	}
	return nil, nil
}

// whole64 returns an id of 64 bits; 0 when it is absent or not one.
func (m members) whole64(name string) int64 {
	n, err := m.id(name)
	if err != nil {
		return 0
	}
	return n
}

// decodeRefunds adds up the units refunded per order line. What cannot be read is not counted: then these units did not
// come back, which only keeps them from being sold.
func decodeRefunds(doc []byte) (map[int64]int64, error) {
	refunds, ok := rows(doc)
	if !ok {
		return nil, errShape
	}
	out := map[int64]int64{}
	for _, raw := range refunds {
		m, err := object(raw, refundMembers...)
		if err != nil {
			continue
		}
		for _, line := range list(m["line_items"]) {
			l, err := object(line, refundedMembers...)
			if err != nil {
				continue
			}
			n, err := l.whole("quantity")
			at, bad := tally(l["meta_data"], refundedKey)
			if err == nil && bad == nil && n != nil && at != nil {
				out[*at] += max(0, -*n) // the shop writes them as negative quantities
			}
		}
	}
	return out, nil
}
