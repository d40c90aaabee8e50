package woocommerce

import (
	"encoding/json"
	"regexp"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// manage says who keeps the number of a product's stock.
type manage uint8

const (
	managedByNobody manage = iota
	managedHere
	managedByParent // a variation that draws from its parent's number
)

// product is one row of products or variations, or of a batch's answer.
type product struct {
	id         int64
	kind       string // "" for a variation
	status     string
	title      string
	sku, gtin  string
	price      *money.Amount
	sale       string
	manage     manage
	quantity   *int64
	modified   int64 // Unix seconds
	variations bool
	problems   []problem
}

// problem is one value of a row that cannot be used; the rest of the row can.
type problem struct {
	field channel.Field
	code  string
	text  string
}

// plainPrice is the only form of a price that the shop keeps as it was meant: "18,5" would become 185 and "1e3" 13.
var plainPrice = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// decodeProduct reads one row. An error means that not even the row's identity can be trusted; a value that cannot be
// read is a problem and stays absent, never zero (F29).
func decodeProduct(raw []byte, currency money.Currency) (product, error) {
	m, err := object(raw, productMembers...)
	p := product{}
	p.id, _ = m.id("id")
	switch {
	case err != nil:
		return p, err
	case p.id == 0:
		return p, errPositive
	}
	for name, into := range map[string]*string{
		"type": &p.kind, "status": &p.status, "name": &p.title, "sku": &p.sku, "global_unique_id": &p.gtin, "sale_price": &p.sale,
	} {
		if *into, err = m.text(name); err != nil && name != "sale_price" {
			return product{id: p.id}, err
		}
	}
	p.readPrice(m, currency)
	p.readStock(m)
	if t, err := m.text("date_modified_gmt"); err == nil {
		p.modified, _ = parseTime(t)
	}
	variations, _ := rows(m["variations"])
	p.variations = len(variations) > 0
	return p, nil
}

func (p *product) readPrice(m members, currency money.Currency) {
	text, err := m.text("regular_price")
	if err == nil && text == "" {
		if _, there := m["regular_price"]; !there {
			p.fail(channel.Price, "bad-price", "the price is missing")
		}
		return // empty: no price, as for a variable product
	}
	if err == nil && !plainPrice.MatchString(text) {
		err = errNumber
	}
	if err != nil {
		p.fail(channel.Price, "bad-price", "the price cannot be used: it is not plain decimal text")
		return
	}
	amount, err := money.ParseAmount(text, currency)
	if err != nil {
		p.fail(channel.Price, "bad-price", "the price cannot be used: more decimals than "+string(currency)+" has, or too large")
		return
	}
	p.price = &amount
}

func (p *product) readStock(m members) {
	switch string(m["manage_stock"]) {
	case "true":
		p.manage = managedHere
	case `"parent"`:
		p.manage = managedByParent
	case "false":
		return
	default:
		p.manage = managedHere // unknown: keep the counter, say nothing of its number
		p.fail(channel.Stock, "bad-quantity", "the stock cannot be used: manage_stock "+errManage.Error())
		return
	}
	n, err := m.whole("stock_quantity")
	if err == nil && n == nil {
		err = errMissing
	}
	if err != nil {
		p.fail(channel.Stock, "bad-quantity", "the stock cannot be used: "+err.Error())
		return
	}
	p.quantity = n
}

func (p *product) fail(f channel.Field, code, text string) {
	p.problems = append(p.problems, problem{f, code, text})
}

// parseTime reads the shop's times, which are UTC without saying so, as Unix seconds.
func parseTime(text string) (int64, error) {
	t, err := time.ParseInLocation("2006-01-02T15:04:05", text, time.UTC)
	if err != nil || t.Unix() <= 0 {
		return 0, errTime
	}
	return t.Unix(), nil
}

func formatTime(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02T15:04:05") }

// result is one row of a batch's answer: a whole product, or the reason why it was refused.
type result struct {
	id     int64
	row    product
	code   string // of a refused row
	status int64
	err    error // the row is there but cannot be read
}

// decodeBatch reads the answer to a batch of updates. ok is false when it is not one.
func decodeBatch(doc []byte, currency money.Currency) (results []result, ok bool) {
	m, err := object(doc, batchMembers...)
	if err != nil {
		return nil, false
	}
	raws, ok := rows(m["update"])
	if !ok {
		return nil, false
	}
	for _, raw := range raws {
		if r, ok := decodeResult(raw, currency); ok {
			results = append(results, r)
		}
	}
	return results, true
}

// decodeResult reads one row; ok is false when it does not even say which one it is.
func decodeResult(raw json.RawMessage, currency money.Currency) (result, bool) {
	m, err := object(raw, resultMembers...)
	id, noID := m.id("id")
	if noID != nil {
		return result{}, false
	}
	r := result{id: id, err: err}
	if err != nil {
		return r, true
	}
	refused, there := m["error"]
	if !there {
		r.row, r.err = decodeProduct(raw, currency)
		return r, true
	}
	r.code = "unknown"
	why, err := object(refused, errorMembers...)
	if err != nil {
		r.err = err
		return r, true
	}
	if code, err := why.text("code"); err == nil && isCode(code) {
		r.code = code
	}
	if data, err := object(why["data"], statusMembers...); err == nil {
		if n, err := data.whole("status"); err == nil && n != nil {
			r.status = *n
		}
	}
	return r, true
}

// decodeIndex reads the shop's name and whether it speaks wc/v3.
func decodeIndex(doc []byte) (name string, speaks bool) {
	m, err := object(doc, indexMembers...)
	if err != nil {
		return "", false
	}
	name, _ = m.text("name")
	var spaces []string
	if json.Unmarshal(m["namespaces"], &spaces) != nil {
		return name, false
	}
	for _, s := range spaces {
		if s == "wc/v3" {
			return name, true
		}
	}
	return name, false
}
