package vendure

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// orderRow is one order: states, quantities, times. There is no member a buyer's data could be read into (C02).
type orderRow struct {
	ID           string           `json:"id"`
	Type         string           `json:"type"`
	PlacedAt     string           `json:"orderPlacedAt"`
	UpdatedAt    string           `json:"updatedAt"`
	Lines        []lineRow        `json:"lines"`
	Fulfillments []fulfillmentRow `json:"fulfillments"`
	History      struct {
		Total json.RawMessage `json:"totalItems"`
	} `json:"history"`
}

type lineRow struct {
	ID       string          `json:"id"`
	Quantity json.RawMessage `json:"quantity"`
	Variant  struct {
		ID string `json:"id"`
	} `json:"productVariant"`
}

type fulfillmentRow struct {
	State string `json:"state"`
	Lines []struct {
		Line     string          `json:"orderLineId"`
		Quantity json.RawMessage `json:"quantity"`
	} `json:"lines"`
}

// order is what the feed knows of one order. Times are milliseconds since 1970 on the store's clock.
type order struct {
	id      string
	placed  int64
	changed int64
	lines   []channel.Line
	open    bool // some unit has not left yet: what becomes of it must be watched
	finding *channel.Finding
}

// decodeOrders reads a page of orders, in the answer's order; unreadable ones carry a finding.
func decodeOrders(data json.RawMessage) ([]order, error) {
	l, err := decodeList(data, "orders")
	if err != nil {
		return nil, err
	}
	out := make([]order, len(l.Items))
	for i, raw := range l.Items {
		out[i] = decodeOrder(raw)
	}
	return out, nil
}

func decodeOrder(raw json.RawMessage) order {
	var r orderRow
	err := json.Unmarshal(raw, &r)
	placed, ok1 := millis(r.PlacedAt)
	changed, ok2 := millis(r.UpdatedAt)
	version, ok3 := whole(r.History.Total)
	o := order{placed: placed, changed: changed}
	if goodID(r.ID) {
		o.id = r.ID
	}
	switch {
	case o.id == "" || err != nil || !utf8.Valid(raw):
		o.bad("", "an order cannot be read")
	case repeats(raw):
		o.bad("", "an order names a member twice")
	case !ok1 || !ok2 || !ok3 || r.Lines == nil:
		o.bad("", "an order lacks its times, its lines or the length of its history")
	case r.Type == "Aggregate":
		// An order over several sellers: its lines stand in the sellers' own orders, which the feed holds too.
	default:
		o.read(r, version)
	}
	return o
}

func (o *order) bad(listing channel.ListingKey, text string) {
	o.lines, o.open = nil, true // whether it is open cannot be told
	o.finding = &channel.Finding{Listing: listing, Code: "bad-order", Text: text}
}

// units of one line in fulfillments that are not cancelled.
type units struct {
	moved int64 // the store's counter is down for them
	left  int64 // and they have been sent
}

// read fills in the lines of r.
func (o *order) read(r orderRow, version int64) {
	done := map[string]units{}
	for _, f := range r.Fulfillments {
		if f.State == "Cancelled" || f.State == "Created" {
			continue // put back, or not yet booked
		}
		for _, l := range f.Lines {
			n, ok := whole(l.Quantity)
			u := done[l.Line]
			if !ok || n < 0 || n > money.MaxQuantity || u.moved+n > money.MaxQuantity {
				o.bad("", "a fulfillment of an order has no usable quantity")
				return
			}
			u.moved += n
			if f.State != "Pending" { // Shipped, Delivered, or a state of the shop's own after being prepared
				u.left += n
			}
			done[l.Line] = u
		}
	}
	seen := map[string]bool{}
	for _, l := range r.Lines {
		n, ok := whole(l.Quantity)
		if !ok || n < 0 || n > money.MaxQuantity || !goodID(l.ID) || !goodID(l.Variant.ID) || seen[l.ID] {
			o.bad(channel.ListingKey(l.Variant.ID), "a line of an order cannot be read")
			return
		}
		seen[l.ID] = true
		o.lines = append(o.lines, line(r.ID, l, n, done[l.ID], version, o.placed))
		o.open = o.open || n > done[l.ID].left
	}
}

// line states the facts of one line. n is the store's quantity: it falls when units are cancelled, whether they had
// left or not; a fulfillment keeps its own quantity. So what left beyond n came back into stock.
func line(order string, l lineRow, n int64, u units, version, placed int64) channel.Line {
	returned := max(0, u.left-n)
	return channel.Line{
		Order: order, Line: l.ID, Listing: channel.ListingKey(l.Variant.ID),
		Quantity: n + returned,
		Shipped:  u.left,
		Returned: returned,
		Taken:    min(u.moved, n),
		Version:  version,
		PlacedAt: time.UnixMilli(placed).UTC(),
	}
}

// millis reads a time of the store.
func millis(text string) (int64, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1971 || t.Year() > 9999 {
		return 0, false
	}
	return t.UnixMilli(), true
}

// decodeNewest reads the time of the newest order and of the newest change; 0 where the store has none.
func decodeNewest(data json.RawMessage) (placed, changed int64, err error) {
	var a map[string]struct {
		Items []struct {
			PlacedAt  string `json:"orderPlacedAt"`
			UpdatedAt string `json:"updatedAt"`
		} `json:"items"`
	}
	if err := json.Unmarshal(data, &a); err != nil || a["placed"].Items == nil || a["changed"].Items == nil {
		return 0, 0, broken("the store's answer about its newest order cannot be read")
	}
	ok1, ok2 := true, true
	for _, x := range a["placed"].Items {
		placed, ok1 = millis(x.PlacedAt)
	}
	for _, x := range a["changed"].Items {
		changed, ok2 = millis(x.UpdatedAt)
	}
	if !ok1 || !ok2 {
		return 0, 0, broken("the store's newest order has no usable time")
	}
	return placed, changed, nil
}
