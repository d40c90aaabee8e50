package fake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

type product struct {
	id, title, group, status string
	created                  time.Time
}

type variant struct {
	id, sku, ean, title string
	product             *product
	managed, backorder  bool
	prices              []*price
	links               []link
	created, updated    time.Time
}

// link says that one piece of a variant takes units of an inventory item.
type link struct {
	item  *item
	units int64
}

// price is one row of a variant's prices. Quantities are "null" or a number.
type price struct {
	id, currency     string
	amount           json.Number
	min, max         json.RawMessage
	rules            map[string]string
	created, updated time.Time
}

type item struct {
	id, sku string
	levels  []*level
	created time.Time
}

// level keeps pieces in thousandths, because the shop takes fractions.
type level struct {
	id, location     string
	item             *item
	stocked          int64
	reserved         int64
	created, updated time.Time
}

const piece = 1000

// decimal writes thousandths.
func decimal(n int64) json.Number {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d", sign, n/piece)
	if rest := n % piece; rest != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%03d", rest), "0")
	}
	return json.Number(text)
}

// doc is the level as every answer shows it. available is told apart because the answer to a write shows it as it was.
func (l *level) doc(available int64) doc {
	return doc{
		"id": l.id, "location_id": l.location, "metadata": nil, "inventory_item_id": l.item.id,
		"raw_stocked_quantity": raw(decimal(l.stocked)), "raw_reserved_quantity": raw(decimal(l.reserved)), "raw_incoming_quantity": raw("0"),
		"created_at": stamp(l.created), "updated_at": stamp(l.updated), "deleted_at": nil,
		"available_quantity": decimal(available), "stocked_quantity": decimal(l.stocked), "reserved_quantity": decimal(l.reserved), "incoming_quantity": decimal(0),
	}
}

func (i *item) doc() doc {
	d := doc{
		"id": i.id, "sku": i.sku, "title": i.sku, "description": i.sku, "requires_shipping": true,
		"created_at": stamp(i.created), "updated_at": stamp(i.created),
	}
	for _, name := range []string{"thumbnail", "origin_country", "hs_code", "mid_code", "material", "unit_of_measure", "weight", "length", "height", "width", "metadata"} {
		d[name] = nil
	}
	var levels many
	stocked, reserved := int64(0), int64(0)
	for _, l := range i.levels {
		levels.docs = append(levels.docs, l.doc(l.stocked-l.reserved))
		stocked, reserved = stocked+l.stocked, reserved+l.reserved
	}
	d["location_levels"], d["stocked_quantity"], d["reserved_quantity"] = levels, decimal(stocked), decimal(reserved)
	return d
}

func (p *price) doc(v *variant, withRules bool) doc {
	rules := map[string]string{}
	if withRules && p.rules != nil {
		rules = p.rules
	}
	return doc{
		"id": p.id, "amount": p.amount, "currency_code": p.currency, "min_quantity": p.min, "max_quantity": p.max,
		"variant_id": v.id, "created_at": stamp(p.created), "updated_at": stamp(p.updated), "rules": rules,
	}
}

// doc is the variant. Rules of prices are there only when price_rules was asked for.
func (v *variant) doc(t *tree) doc {
	rules := t.kids["prices"] != nil && t.kids["prices"].kids["price_rules"] != nil
	prices := many{keep: []string{"id", "variant_id", "rules"}}
	for _, p := range v.prices {
		prices.docs = append(prices.docs, p.doc(v, rules))
	}
	links := many{keep: []string{"variant_id"}}
	for _, l := range v.links {
		links.docs = append(links.docs, doc{
			"variant_id": v.id, "inventory_item_id": l.item.id, "id": "pv" + l.item.id, "required_quantity": l.units,
			"created_at": stamp(v.created), "updated_at": stamp(v.created), "deleted_at": nil,
			"inventory": one{doc: l.item.doc(), keep: []string{"id"}},
		})
	}
	d := doc{
		"id": v.id, "sku": orNull(v.sku), "ean": orNull(v.ean), "upc": nil, "barcode": nil, "title": v.title, "product_id": v.product.id,
		"manage_inventory": v.managed, "allow_backorder": v.backorder, "variant_rank": 0,
		"created_at": stamp(v.created), "updated_at": stamp(v.updated), "deleted_at": nil,
		"product": one{doc: doc{"id": v.product.id, "title": v.product.title, "status": v.product.status}, keep: []string{"id"}},
		"prices":  prices, "inventory_items": links,
	}
	for _, name := range []string{"thumbnail", "hs_code", "origin_country", "mid_code", "material", "weight", "length", "height", "width", "metadata"} {
		d[name] = nil
	}
	return d
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// strict refuses filters that a list does not know; lists of orders do not refuse any.
func strict(q url.Values, known ...string) *reply {
	known = append(known, "fields", "offset", "limit", "order", "id", "id[]", "sku", "sku[]", "q")
	for name := range q {
		base, _, _ := strings.Cut(name, "[")
		if !slices.Contains(known, name) && !slices.Contains(known, base+"[]") {
			no := invalid("Invalid request: Unrecognized fields: '%s'", base)
			return &no
		}
	}
	return nil
}

func listVariants(c call, _ []string) reply {
	q := c.r.URL.Query()
	if no := strict(q, "manage_inventory", "updated_at[]", "created_at[]"); no != nil {
		return *no
	}
	t := parseFields(q.Get("fields"))
	want, asked := ids(q)
	var rows []row
	for _, v := range c.s.variants {
		in, bad := between(q, "updated_at", v.updated)
		if bad {
			return unknown()
		}
		if in && (!asked || slices.Contains(want, v.id)) {
			rows = append(rows, row{id: v.id, created: v.created, updated: v.updated, doc: v.doc(t)})
		}
	}
	return spoil(readWindow(q, 50).list("variants", rows, t), "variants", c.mode)
}

func listItems(c call, _ []string) reply {
	q := c.r.URL.Query()
	if no := strict(q, "location_levels[]"); no != nil {
		return *no
	}
	t := parseFields(q.Get("fields"))
	want, asked := ids(q)
	var rows []row
	for _, i := range c.s.items {
		if (!asked || slices.Contains(want, i.id)) && (!q.Has("sku") || q.Get("sku") == i.sku) {
			rows = append(rows, row{id: i.id, created: i.created, updated: i.created, doc: i.doc()})
		}
	}
	return spoil(readWindow(q, 20).list("inventory_items", rows, t), "inventory_items", c.mode)
}

func listLocations(c call, _ []string) reply {
	q := c.r.URL.Query()
	want, asked := ids(q)
	var rows []row
	for i, id := range c.s.locations {
		if !asked || slices.Contains(want, id) {
			rows = append(rows, row{id: id, doc: doc{"id": id, "name": fmt.Sprintf("location %d", i+1)}})
		}
	}
	return readWindow(q, 20).list("stock_locations", rows, parseFields(q.Get("fields")))
}

func listPreferences(c call, _ []string) reply {
	q := c.r.URL.Query()
	var rows []row
	code := strings.ToLower(string(c.s.opt.Currency))
	if c.s.opt.TaxIncluded != nil && (!q.Has("value") || q.Get("value") == code) {
		rows = append(rows, row{id: "prpref_1", doc: doc{"id": "prpref_1", "attribute": "currency_code", "value": code, "is_tax_inclusive": *c.s.opt.TaxIncluded}})
	}
	return readWindow(q, 300).list("price_preferences", rows, parseFields(q.Get("fields")))
}

func listStores(c call, _ []string) reply {
	q := c.r.URL.Query()
	var codes many
	for _, code := range []string{strings.ToLower(string(c.s.opt.Currency)), "usd"} {
		codes.docs = append(codes.docs, doc{"id": "stocur_" + code, "currency_code": code})
	}
	rows := []row{{id: "store_1", doc: doc{"id": "store_1", "name": "Fake Medusa shop", "supported_currencies": codes}}}
	return readWindow(q, 50).list("stores", rows, parseFields(q.Get("fields")))
}

// spoil makes a list lie the way a planted fault says.
func spoil(rp reply, name string, mode farside.FaultKind) reply {
	body, is := rp.body.(map[string]any)
	if !is {
		return rp
	}
	rows, is := body[name].([]map[string]any)
	if !is || len(rows) == 0 {
		return rp
	}
	switch mode {
	case farside.FaultShortList:
		body[name] = slices.Delete(rows, len(rows)/2, len(rows)/2+1)
	case farside.FaultDuplicate:
		body[name] = append(rows, rows[0])
	case farside.FaultWrongType:
		for i := range min(4, (len(rows)+2)/3) {
			spoilRow(rows[i], i)
		}
	}
	return rp
}

// spoilRow gives numbers a wrong form; the form depends on n.
func spoilRow(r map[string]any, n int) {
	wrong := func(m map[string]any, name string) {
		switch _, there := m[name]; {
		case !there:
		case n == 3:
			delete(m, name)
		default:
			m[name] = []any{"12", nil, json.Number("5.125")}[n]
		}
	}
	each(r["prices"], func(p map[string]any) { wrong(p, "amount") })
	each(r["location_levels"], func(l map[string]any) { wrong(l, "stocked_quantity") })
	each(r["inventory_items"], func(l map[string]any) {
		if in, is := l["inventory"].(map[string]any); is {
			each(in["location_levels"], func(l map[string]any) { wrong(l, "stocked_quantity") })
		}
	})
}

func each(v any, do func(map[string]any)) {
	rows, _ := v.([]map[string]any)
	for _, r := range rows {
		do(r)
	}
}
