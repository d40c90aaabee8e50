package medusa

import (
	"bytes"
	"encoding/json"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// priceRow is one price of a variant as the shop keeps it. Everything but the own amount goes back as it came.
type priceRow struct {
	ID       string          `json:"id,omitempty"`
	Currency string          `json:"currency_code"`
	Amount   json.Number     `json:"amount"` // exact text, major units
	Min      json.RawMessage `json:"min_quantity"`
	Max      json.RawMessage `json:"max_quantity"`
	Rules    json.RawMessage `json:"rules"`
}

// How the shop spells "none".
const (
	null    = "null"
	noRules = "{}"
)

// plain reports whether the row is a price for everybody: no rule, no quantity bounds.
func (p priceRow) plain() bool {
	return string(p.Rules) == noRules && string(p.Min) == null && string(p.Max) == null
}

// same reports whether the shop would take p and q for one row and drop one of them.
func (p priceRow) same(q priceRow) bool {
	return strings.EqualFold(p.Currency, q.Currency) && bytes.Equal(p.Min, q.Min) && bytes.Equal(p.Max, q.Max) && bytes.Equal(p.Rules, q.Rules)
}

// readPriceRows reads all price rows of a variant, or none: a row that is not understood must not be written back.
func readPriceRows(o object) ([]priceRow, error) {
	if !o.has("prices") {
		return nil, nil
	}
	raw, err := o.rows("prices")
	if err != nil {
		return nil, err
	}
	out := make([]priceRow, len(raw))
	for i, row := range raw {
		if out[i], err = readPriceRow(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readPriceRow(row []byte) (priceRow, error) {
	o, err := open(row, "id", "amount", "currency_code", "min_quantity", "max_quantity", "rules")
	if err != nil {
		return priceRow{}, err
	}
	var p priceRow
	if p.ID, err = o.key("id"); err != nil {
		return p, err
	}
	if p.Currency, err = o.key("currency_code"); err != nil {
		return p, err
	}
	if p.Amount, err = o.number("amount"); err != nil {
		return p, err
	}
	if p.Min, err = o.bound("min_quantity"); err != nil {
		return p, err
	}
	if p.Max, err = o.bound("max_quantity"); err != nil {
		return p, err
	}
	p.Rules, err = o.rules("rules")
	return p, err
}

// number returns the exact text of a number that must be there.
func (o object) number(name string) (json.Number, error) {
	var n json.Number
	if raw := o[name]; len(raw) == 0 || raw[0] == '"' || string(raw) == "null" || json.Unmarshal(raw, &n) != nil {
		return "", fault.New(fault.Invalid, "%s is not a number", name)
	}
	return n, nil
}

// bound returns a quantity bound as it came, null when it was not said.
func (o object) bound(name string) (json.RawMessage, error) {
	if !o.has(name) {
		return json.RawMessage(null), nil
	}
	if _, err := o.number(name); err != nil {
		return nil, err
	}
	return o[name], nil
}

// rules returns the rules of a price in one spelling. Rules that were not said are not taken for none.
func (o object) rules(name string) (json.RawMessage, error) {
	var m map[string]string
	if !o.has(name) || json.Unmarshal(o[name], &m) != nil {
		return nil, fault.New(fault.Invalid, "%s cannot be read", name)
	}
	out, err := json.Marshal(m) // sorted by name
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s cannot be read", name)
	}
	return out, nil
}

// own returns the index of the plain row of currency c, -1 when there is none. More than one is refused: nobody can say
// which of them buyers pay.
func own(rows []priceRow, c money.Currency) (int, error) {
	at := -1
	for i, p := range rows {
		if !p.plain() || !strings.EqualFold(p.Currency, string(c)) {
			continue
		}
		if at >= 0 {
			return -1, fault.New(fault.Invalid, "the variant has several prices in %s; delete all but one in the shop", c)
		}
		at = i
	}
	return at, nil
}

// amount reads the exact money of a row.
func (p priceRow) amount(c money.Currency) (money.Amount, error) {
	a, err := money.ParseAmount(p.Amount.String(), c)
	if err == nil && a.Minor < 0 {
		err = fault.New(fault.Invalid, "it is negative")
	}
	return a, err
}

// ownPrice reads the price in currency c; nil when the variant has none.
func ownPrice(o object, c money.Currency) (*money.Amount, error) {
	rows, err := readPriceRows(o)
	if err != nil {
		return nil, err
	}
	i, err := own(rows, c)
	if err != nil || i < 0 {
		return nil, err
	}
	a, err := rows[i].amount(c)
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// pricing is the price rows of one variant, read before a write or answered by it.
type pricing struct {
	product string
	rows    []priceRow
	err     error
}

// decodePricing reads price rows by variant from the list in member name.
func decodePricing(body []byte, name string) (map[string]pricing, bool, error) {
	l, err := decodeList(body, name)
	if err != nil {
		return nil, false, err
	}
	out, complete := make(map[string]pricing, len(l.rows)), l.whole()
	for _, row := range l.rows {
		o, err := open(row, "id", "product_id", "prices")
		if err != nil {
			complete = false
			continue
		}
		id, err := o.key("id")
		if err != nil {
			complete = false
			continue
		}
		var p pricing
		if p.product, p.err = o.text("product_id"); p.err == nil {
			p.rows, p.err = readPriceRows(o)
		}
		out[id] = p
	}
	return out, complete, nil
}
