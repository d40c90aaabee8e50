package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// mostRows is the shop's limit of rows a batch.
const mostRows = 100

// parse reads a JSON body without losing digits.
func parse(body []byte, into any) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return dec.Decode(into) == nil
}

func badJSON() answer { return refuse(400, "rest_invalid_json", "Invalid JSON body passed.") }

// put answers a PUT, POST or PATCH of one product (parent 0) or variation: types are checked here.
func (s *Server) put(c call, id, parent int64) answer {
	var row object
	if !parse(c.body, &row) {
		return badJSON()
	}
	if bad := checkTypes(row); bad != nil {
		return *bad
	}
	row["id"] = json.Number(strconv.FormatInt(id, 10))
	p, bad := s.update(row, parent)
	if bad != nil {
		return *bad
	}
	if parent == 0 {
		return answer{status: 200, body: fields(c, s.asProduct(p), true)}
	}
	return answer{status: 200, body: fields(c, s.asVariation(p), true)}
}

// checkTypes is what single writes check and batch rows do not.
func checkTypes(row object) *answer {
	for _, name := range []string{"regular_price", "sale_price"} {
		if v, there := row[name]; there {
			if _, text := v.(string); !text {
				return fail(invalid(name, "rest_invalid_type", name+" is not of type string."))
			}
		}
	}
	switch v := row["stock_quantity"].(type) {
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return fail(invalid("stock_quantity", "rest_invalid_type", "stock_quantity is not of type integer."))
		}
	case string:
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return fail(invalid("stock_quantity", "rest_invalid_type", "stock_quantity is not of type integer."))
		}
	}
	return nil
}

// update does what one row says. parent is 0 for the products routes.
func (s *Server) update(row object, parent int64) (*product, *answer) {
	id := phpInt(row["id"])
	p := s.products[id]
	switch {
	case parent != 0 && (p == nil || p.parent != parent):
		return nil, fail(refuse(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID."))
	case p == nil:
		return nil, fail(refuse(400, "woocommerce_rest_product_invalid_id", "Invalid ID."))
	case parent == 0 && p.parent != 0:
		return nil, fail(refuse(404, "woocommerce_rest_invalid_product_id", "To manipulate product variations you should use the /products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint."))
	case parent == 0 && !s.opt.Rights.EditProducts || parent != 0 && !s.opt.Rights.EditVariations:
		return nil, fail(refuse(403, "woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."))
	}
	s.apply(p, row)
	s.touch(p)
	s.fireProduct(p)
	return p, nil
}

// apply sets what row names, with the shop's own way of reading odd values.
func (s *Server) apply(p *product, row object) {
	if v, there := row["manage_stock"]; there && !s.traps.KeepsManage {
		p.manage = v == true || v == "yes" || v == "true"
	}
	if v, there := row["stock_status"].(string); there && !p.manage {
		p.stockStatus = v
	}
	v, there := row["stock_quantity"]
	switch {
	case p.manage && there:
		n := phpInt(v) + s.traps.OddStock
		p.quantity = &n
	case !p.manage:
		p.quantity = nil // turning management off loses the number; on a variation without it the number is ignored
	}
	for name, into := range map[string]*string{"regular_price": &p.regular, "sale_price": &p.sale} {
		if v, there := row[name]; there {
			*into = phpDecimal(v)
		}
	}
	if s.traps.OddPrices != "" {
		if _, there := row["regular_price"]; there {
			p.regular = s.traps.OddPrices
		}
	}
	if p.sale != "" && !less(p.sale, p.regular) {
		p.sale = ""
	}
}

// phpInt reads a value as PHP does: leading digits, else 0.
func phpInt(v any) int64 {
	text := fmt.Sprint(v)
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && text[end] == '-') {
		end++
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// phpDecimal throws away whatever does not belong into a decimal: "18,5" becomes "185", "1e3" becomes "13".
func phpDecimal(v any) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return -1
	}, fmt.Sprint(v))
}

// less compares two decimals.
func less(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) < 0
}

// batch answers POST of products/batch and of variations/batch: row by row, always 200, no type checks.
func (s *Server) batch(c call, parent int64, f farside.FaultKind) answer {
	if a := s.may(s.opt.Rights.EditProducts, "woocommerce_rest_cannot_batch", "Sorry, you are not allowed to batch manipulate this resource."); a != nil {
		return *a
	}
	var rows struct {
		Create, Update []object
		Delete         []json.Number
	}
	if !parse(c.body, &rows) {
		return badJSON()
	}
	if len(rows.Create)+len(rows.Update)+len(rows.Delete) > mostRows {
		return refuse(413, "woocommerce_rest_request_entity_too_large", "Unable to accept more than 100 items for this request.")
	}
	show := s.asProduct
	if parent != 0 {
		show = s.asVariation
	}
	out := object{}
	add := func(list string, id any, p *product, bad *answer) {
		got, _ := out[list].([]any)
		if bad != nil {
			out[list] = append(got, object{"id": id, "error": bad.body})
			return
		}
		out[list] = append(got, show(p))
	}
	for _, row := range rows.Create {
		p, bad := s.create(row, parent)
		add("create", 0, p, bad)
	}
	for i, row := range rows.Update {
		switch {
		case f == farside.FaultPartial && i == 0:
			bad := refuse(400, "product_invalid_sku", "Invalid or duplicated SKU.")
			add("update", row["id"], nil, &bad)
		case f == farside.FaultIgnored:
			p, bad := s.pretend(row, parent)
			add("update", row["id"], p, bad)
		default:
			p, bad := s.update(row, parent)
			add("update", row["id"], p, bad)
		}
	}
	if len(out) == 0 {
		return answer{status: 200, body: []any{}} // an empty PHP array is a list
	}
	s.disturb(out)
	return answer{status: 200, body: out}
}

// pretend answers as if row had been done.
func (s *Server) pretend(row object, parent int64) (*product, *answer) {
	p := s.products[phpInt(row["id"])]
	if p == nil || p.parent != parent {
		return nil, fail(refuse(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID."))
	}
	shown := *p
	s.apply(&shown, row)
	return &shown, nil
}

// disturb reorders, drops or repeats rows of a batch's answer.
func (s *Server) disturb(out object) {
	rows, _ := out["update"].([]any)
	switch s.traps.BatchRows {
	case RowsReversed:
		slices.Reverse(rows)
	case RowsMissing:
		out["update"] = rows[:max(0, len(rows)-1)]
	case RowsTwice:
		out["update"] = append(rows, rows...)
	}
}

// create makes a product, or a variation of parent.
func (s *Server) create(row object, parent int64) (*product, *answer) {
	text := func(name string) string { v, _ := row[name].(string); return v }
	if sku := text("sku"); sku != "" {
		for _, id := range s.order {
			if s.products[id].sku == sku {
				return nil, &answer{status: 400, body: object{
					"code": "product_invalid_sku", "message": "Invalid or duplicated SKU.",
					"data": object{"status": 400, "resource_id": id, "unique_sku": sku + "-1"},
				}}
			}
		}
	}
	p := &product{kind: text("type"), name: text("name"), sku: text("sku"), gtin: text("global_unique_id"), status: text("status"), parent: parent}
	if p.kind == "" {
		p.kind = "simple"
	}
	if parent != 0 {
		p.kind = "variation"
		if list, _ := row["attributes"].([]any); len(list) > 0 {
			first, _ := list[0].(object)
			p.option, _ = first["option"].(string)
			p.name = s.products[parent].name + " - " + p.option
		}
	}
	if list, _ := row["attributes"].([]any); parent == 0 && len(list) > 0 {
		first, _ := list[0].(object)
		options, _ := first["options"].([]any)
		for _, o := range options {
			p.options = append(p.options, fmt.Sprint(o))
		}
	}
	s.apply(p, row)
	return s.insert(p), nil
}

// createProduct answers POST /products.
func (s *Server) createProduct(c call) answer {
	if a := s.may(s.opt.Rights.ManageShop, "woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."); a != nil {
		return *a
	}
	var row object
	if !parse(c.body, &row) {
		return badJSON()
	}
	if bad := checkTypes(row); bad != nil {
		return *bad
	}
	p, bad := s.create(row, 0)
	if bad != nil {
		return *bad
	}
	return answer{status: http.StatusCreated, body: fields(c, s.asProduct(p), true)}
}
