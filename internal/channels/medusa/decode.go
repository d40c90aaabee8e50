package medusa

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// view is what of an answer belongs to the account: the currency it keeps in sync and, when set, the one location.
type view struct {
	currency money.Currency
	location string
}

// variant is one row of the catalogue. id is "" when not even that could be read.
type variant struct {
	id       string
	listing  *channel.Listing
	counts   []channel.Count
	findings []channel.Finding
}

// list is the frame of every list answer: the raw rows and how many rows there are in all.
type list struct {
	rows  []json.RawMessage
	total *int64
}

// whole reports whether the answer holds every row there is: only then does a missing row mean anything (F11).
func (l list) whole() bool { return l.total == nil || int64(len(l.rows)) >= *l.total }

// decodeList reads the frame of a list whose rows are in the member name.
func decodeList(body []byte, name string) (list, error) {
	doc, err := open(body, name, "count")
	if err != nil {
		return list{}, badAnswer(err)
	}
	rows, err := doc.rows(name)
	if err != nil {
		return list{}, badAnswer(err)
	}
	total, err := doc.whole("count")
	if err != nil {
		return list{}, badAnswer(err)
	}
	return list{rows: rows, total: total}, nil
}

// decodeVariants reads a page of the catalogue. A bad row becomes findings of that row; a bad frame is an error.
func decodeVariants(body []byte, v view) ([]variant, *int64, error) {
	l, err := decodeList(body, "variants")
	if err != nil {
		return nil, nil, err
	}
	out := make([]variant, len(l.rows))
	for i, row := range l.rows {
		out[i] = decodeVariant(row, v)
	}
	return out, l.total, nil
}

func decodeVariant(row []byte, v view) variant {
	o, err := open(row, "id", "sku", "ean", "upc", "barcode", "title", "product_id", "manage_inventory", "product", "prices", "inventory_items")
	if err != nil {
		return variant{findings: []channel.Finding{{Code: "bad-row", Text: "a row of the catalogue cannot be read: " + err.Error()}}}
	}
	id, err := o.key("id")
	if err != nil {
		return variant{findings: []channel.Finding{{Code: "bad-row", Text: "a row of the catalogue has no usable id: " + err.Error()}}}
	}
	out := variant{id: id}
	x := channel.Listing{Key: channel.ListingKey(id), Pool: channel.Merchant}
	if err := describe(o, &x); err != nil {
		out.complain(x.Key, "", "bad-row", "the row of this variant cannot be read: "+err.Error())
		return out
	}
	if x.Price, err = ownPrice(o, v.currency); err != nil {
		out.complain(x.Key, channel.Price, "bad-price", "the price is not usable: "+err.Error())
	}
	if err := out.stock(o, &x, v); err != nil {
		out.complain(x.Key, channel.Stock, "bad-stock", "the inventory items cannot be read: "+err.Error())
		x.Stock = nil
	}
	out.listing = &x
	return out
}

func (v *variant) complain(key channel.ListingKey, f channel.Field, code, text string) {
	v.findings = append(v.findings, channel.Finding{Listing: key, Field: f, Code: code, Text: text})
}

// describe fills in what a person matches by.
func describe(o object, x *channel.Listing) error {
	var err error
	if x.Group, err = o.key("product_id"); err != nil {
		return err
	}
	if x.SKU, err = o.text("sku"); err != nil {
		return err
	}
	for _, name := range []string{"ean", "upc", "barcode"} {
		if x.GTIN == "" {
			if x.GTIN, err = o.text(name); err != nil {
				return err
			}
		}
	}
	title, err := o.text("title")
	if err != nil {
		title = ""
	}
	if o.has("product") {
		p, err := o.object("product", "title", "status")
		if err != nil {
			return err
		}
		name, err := p.text("title")
		if err != nil {
			name = ""
		}
		status, err := p.text("status")
		if err != nil {
			return err
		}
		x.Active = status == "published"
		title = strings.TrimSpace(name + " " + title)
	}
	x.Title = shorten(title, 200)
	return nil
}

// shorten cuts s after n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// stock reads the counters of a variant: each inventory item at each location, with the pieces one sold unit takes. A
// kit lacking one of its items here has no counters at all, for no number could be right.
func (v *variant) stock(o object, x *channel.Listing, in view) error {
	managed, err := o.flag("manage_inventory")
	if err != nil || !managed {
		return err
	}
	rows, err := o.rows("inventory_items")
	if err != nil {
		return err
	}
	var draws []channel.Draw
	for _, row := range rows {
		link, err := open(row, "inventory_item_id", "required_quantity", "inventory")
		if err != nil {
			return err
		}
		item, err := link.key("inventory_item_id")
		if err != nil {
			return err
		}
		units, err := link.count("required_quantity")
		if err != nil || units == 0 {
			return fault.New(fault.Invalid, "required_quantity is not a number of pieces")
		}
		var here []level
		if link.has("inventory") {
			inventory, err := link.object("inventory", "location_levels")
			if err != nil {
				return err
			}
			if here, err = levels(inventory, item, in.location); err != nil {
				return err
			}
		}
		if len(here) == 0 {
			v.complain(x.Key, channel.Stock, "not-stocked", "inventory item "+item+" is kept at none of the locations in sync; add a location to it in the shop")
			draws = nil
			break
		}
		for _, l := range here {
			draws = append(draws, channel.Draw{StockKey: l.key, Units: units})
			v.count(l)
		}
	}
	slices.SortFunc(draws, func(a, b channel.Draw) int { // the shop promises no order
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Location, b.Location))
	})
	x.Stock = draws
	return nil
}

// count keeps the reading of a level, or says why there is none.
func (v *variant) count(l level) {
	if l.err != nil {
		v.findings = append(v.findings, l.finding())
		return
	}
	v.counts = append(v.counts, l.count)
}
