package medusa

import (
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// order is what is read of one order. bad holds lines that could not be read.
type order struct {
	id        string
	cancelled bool
	version   int64
	placed    time.Time
	updated   time.Time
	lines     []channel.Line
	present   map[string]bool // ids of all its lines, those of unknown goods too
	bad       []channel.Finding
}

// decodeOrders reads a page of orders in the order they came. An order that cannot be read is a finding.
func decodeOrders(body []byte) ([]order, []channel.Finding, int, error) {
	l, err := decodeList(body, "orders")
	if err != nil {
		return nil, nil, 0, err
	}
	var out []order
	var bad []channel.Finding
	for _, row := range l.rows {
		x, err := decodeOrder(row)
		if err != nil {
			bad = append(bad, channel.Finding{Field: channel.Stock, Code: "bad-order", Text: "an order cannot be read: " + err.Error()})
			continue
		}
		out = append(out, x)
	}
	return out, bad, len(l.rows), nil
}

func decodeOrder(row []byte) (order, error) {
	o, err := open(row, "id", "status", "version", "created_at", "updated_at", "items")
	if err != nil {
		return order{}, err
	}
	x := order{present: map[string]bool{}}
	if x.id, err = o.key("id"); err != nil {
		return x, err
	}
	status, err := o.key("status")
	if err != nil {
		return x, err
	}
	x.cancelled = status == "canceled"
	if x.version, err = o.count("version"); err != nil {
		return x, err
	}
	if x.version >= mostVersions {
		return x, fault.New(fault.Invalid, "its version is out of bounds")
	}
	if x.placed, err = o.instant("created_at"); err != nil {
		return x, err
	}
	if x.updated, err = o.instant("updated_at"); err != nil {
		return x, err
	}
	rows, err := o.rows("items")
	if err != nil {
		return x, err
	}
	for _, row := range rows {
		id, line, err := x.line(row)
		switch {
		case id == "":
			return x, fault.New(fault.Invalid, "one of its lines has no usable id")
		case x.present[id]:
			x.bad = append(x.bad, badLine(line.Listing, fault.New(fault.Invalid, "it comes twice")))
		case err != nil:
			x.bad = append(x.bad, badLine(line.Listing, err))
		case line.Listing != "": // a line written by hand names no variant: it takes nothing of ours
			x.lines = append(x.lines, line)
		}
		x.present[id] = true
	}
	return x, nil
}

func badLine(key channel.ListingKey, err error) channel.Finding {
	return channel.Finding{Listing: key, Field: channel.Stock, Code: "bad-line", Text: "an order line cannot be read: " + err.Error()}
}

// line reads one order line.
func (x order) line(row []byte) (string, channel.Line, error) {
	var out channel.Line
	o, err := open(row, "id", "variant_id", "quantity", "detail")
	if err != nil {
		return "", out, err
	}
	id, err := o.key("id")
	if err != nil {
		return "", out, err
	}
	variant, err := o.text("variant_id")
	if err != nil {
		return id, out, err
	}
	out = x.blank(id, variant)
	ordered, err := o.count("quantity")
	if err != nil {
		return id, out, err
	}
	detail, err := o.object("detail", "fulfilled_quantity", "return_received_quantity")
	if err != nil {
		return id, out, err
	}
	fulfilled, err := detail.count("fulfilled_quantity")
	if err != nil {
		return id, out, err
	}
	returned, err := detail.count("return_received_quantity")
	if err != nil {
		return id, out, err
	}
	if fulfilled > ordered || returned > fulfilled {
		return id, out, fault.New(fault.Invalid, "more is sent than ordered, or more has come back than was sent")
	}
	// The shop lowers its counter when the fulfilment is made, and raises it when goods are received back undamaged.
	out.Quantity, out.Shipped, out.Returned, out.Taken = ordered, fulfilled, returned, fulfilled-returned
	if x.cancelled {
		out.Quantity = fulfilled
	}
	return id, out, nil
}

// blank is a line of the order with quantity 0.
func (x order) blank(id, variant string) channel.Line {
	return channel.Line{
		Order: x.id, Line: id, Listing: channel.ListingKey(variant), PlacedAt: x.placed, Version: x.lineVersion(),
	}
}

const (
	timeBits     = 42 // milliseconds until the year 2109
	mostVersions = 1 << (63 - timeBits)
)

// lineVersion orders the states of a line. The order's own version grows with each change of any line; the time below it
// only tells apart what the shop undid and did again under one number.
func (x order) lineVersion() int64 {
	return x.version<<timeBits | x.updated.UnixMilli()&(1<<timeBits-1)
}

// decodeRemoved reads all lines an order ever had and returns those that x no longer has, with quantity 0.
func decodeRemoved(body []byte, x order) ([]channel.Line, []channel.Finding, error) {
	l, err := decodeList(body, "order_items")
	if err != nil {
		return nil, nil, err
	}
	var out []channel.Line
	var bad []channel.Finding
	for _, row := range l.rows {
		line, err := x.removed(row)
		switch {
		case err != nil:
			bad = append(bad, badLine("", err))
		case line.Listing != "":
			out = append(out, line)
		}
	}
	return out, bad, nil
}

// removed reads a line of the order's history; the zero line when it is still there.
func (x order) removed(row []byte) (channel.Line, error) {
	o, err := open(row, "item_id", "version", "item")
	if err != nil {
		return channel.Line{}, err
	}
	id, err := o.key("item_id")
	if err != nil {
		return channel.Line{}, err
	}
	version, err := o.count("version")
	if err != nil {
		return channel.Line{}, err
	}
	if x.present[id] || version >= x.version || !o.has("item") {
		return channel.Line{}, nil // still there, or added after x was read: the next poll brings it
	}
	item, err := o.object("item", "variant_id")
	if err != nil {
		return channel.Line{}, err
	}
	variant, err := item.text("variant_id")
	return x.blank(id, variant), err
}
