package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// members reads a JSON object and refuses names that are not known, the way the shop does.
func members(body []byte, known ...string) (map[string]json.RawMessage, *reply) {
	m := map[string]json.RawMessage{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &m); err != nil {
			no := invalid("Expected property name or '}' in JSON at position 1")
			return nil, &no
		}
	}
	var odd []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if len(known) > 0 && !slices.Contains(known, name) {
			odd = append(odd, "'"+name+"'")
		}
	}
	if len(odd) > 0 {
		no := invalid("Invalid request: Unrecognized fields: %s", strings.Join(odd, ", "))
		return nil, &no
	}
	return m, nil
}

// thousandths reads a JSON number of at most three decimals.
func thousandths(raw json.RawMessage) (int64, bool) {
	text := string(raw)
	neg := strings.HasPrefix(text, "-")
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if len(frac) > 3 || whole == "" {
		return 0, false
	}
	var n int64
	for _, c := range whole + frac + strings.Repeat("0", 3-len(frac)) {
		if c < '0' || c > '9' || n > 1<<53 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// writeLevels sets counters: all of them, or none when one is not there.
func writeLevels(c call, _ []string) reply {
	top, no := members(c.body, "create", "update", "delete", "force")
	if no != nil {
		return *no
	}
	var rows []map[string]json.RawMessage
	if raw, there := top["update"]; there && json.Unmarshal(raw, &rows) != nil {
		return invalid("Invalid request: Expected type: 'array' for field 'update', got: 'unknown'")
	}
	type change struct {
		level *level
		to    int64
	}
	var changes []change
	var missing []string
	for i, r := range rows {
		var at [2]string
		for k, name := range []string{"inventory_item_id", "location_id"} {
			if json.Unmarshal(r[name], &at[k]) != nil {
				return invalid("Invalid request: Field 'update, %d, %s' is required", i, name)
			}
		}
		n, number := thousandths(r["stocked_quantity"])
		switch {
		case !number:
			return invalid("Invalid request: Field 'update, %d, stocked_quantity' is required", i)
		case n < 0:
			return invalid("Invalid request: Value for field 'update, %d, stocked_quantity' too small, expected at least: '0'", i)
		}
		l := c.s.level(at[0], at[1])
		if l == nil || c.mode == farside.FaultPartial && i == 0 {
			missing = append(missing, fmt.Sprintf("Item %s is not stocked at location %s", at[0], at[1]))
			continue
		}
		changes = append(changes, change{l, n})
	}
	if len(missing) > 0 {
		return notFound(strings.Join(missing, ", "))
	}
	updated := []doc{}
	for _, ch := range changes {
		l, before := ch.level, ch.level.stocked-ch.level.reserved
		after := *l
		after.stocked, after.updated = ch.to, c.s.now()
		if c.mode != farside.FaultIgnored {
			*l = after
		}
		d := after.doc(before)
		d["inventory_item"] = doc{"id": l.item.id, "reserved_quantity": nil, "stocked_quantity": nil}
		updated = append(updated, d)
	}
	return ok(map[string]any{"created": []doc{}, "updated": updated})
}

func (s *Server) level(item, location string) *level {
	for _, i := range s.items {
		for _, l := range i.levels {
			if i.id == item && l.location == location {
				return l
			}
		}
	}
	return nil
}

func (s *Server) variant(id string) *variant {
	for _, v := range s.variants {
		if v.id == id {
			return v
		}
	}
	return nil
}

type priceInput struct {
	ID     string             `json:"id"`
	Code   string             `json:"currency_code"`
	Amount json.RawMessage    `json:"amount"`
	Min    json.RawMessage    `json:"min_quantity"`
	Max    json.RawMessage    `json:"max_quantity"`
	Rules  *map[string]string `json:"rules"`
}

type variantInput struct {
	ID     string        `json:"id"`
	Prices *[]priceInput `json:"prices"`
}

// writeVariants replaces the prices of variants. The product in the path is not looked at, as in the shop.
func writeVariants(c call, _ []string) reply {
	top, no := members(c.body, "create", "update", "delete")
	if no != nil {
		return *no
	}
	var rows []variantInput
	if json.Unmarshal(top["update"], &rows) != nil {
		return invalid("Invalid request: Expected type: 'array' for field 'update', got: 'unknown'")
	}
	var missing []string
	for i, r := range rows {
		if r.ID == "" {
			return invalid("Invalid request: Field 'update, %d, id' is required", i)
		}
		if c.s.variant(r.ID) == nil || c.mode == farside.FaultPartial && i == 0 {
			missing = append(missing, r.ID)
		}
		if r.Prices == nil {
			continue
		}
		for k, p := range *r.Prices {
			if bytes.ContainsAny(p.Amount, `"{[tfn`) || len(p.Amount) == 0 && p.ID == "" {
				return invalid("Invalid request: Field 'update, %d, prices, %d, amount' is required", i, k)
			}
		}
	}
	if len(missing) > 0 {
		return invalid("Cannot update non-existing variants with ids: %s", strings.Join(missing, ", "))
	}
	t := parseFields(c.r.URL.Query().Get("fields"))
	updated := []map[string]any{}
	for _, r := range rows {
		v := c.s.variant(r.ID)
		after := *v
		after.updated = c.s.now()
		if r.Prices != nil {
			after.prices = c.s.replaced(v.prices, *r.Prices)
		}
		if c.mode != farside.FaultIgnored {
			*v = after
		}
		updated = append(updated, t.pick(after.doc(t), []string{"id"}))
	}
	return ok(map[string]any{"created": []any{}, "updated": updated, "deleted": map[string]any{"ids": []any{}, "object": "variant", "deleted": true}})
}

// replaced makes the price rows that input asks for. Two rows that agree in what they name of currency, bounds and rules
// melt into the later one; a row that input does not name is gone.
func (s *Server) replaced(have []*price, input []priceInput) []*price {
	var order []string
	melted := map[string]priceInput{}
	for _, in := range input {
		key := fmt.Sprintf("%s|%s|%s", in.Code, in.Min, in.Max)
		if in.Rules != nil {
			rules, _ := json.Marshal(*in.Rules)
			if len(*in.Rules) > 0 {
				key += "|" + string(rules)
			}
		}
		if _, there := melted[key]; !there {
			order = append(order, key)
		}
		melted[key] = in
	}
	var out []*price
	for _, key := range order {
		in := melted[key]
		p := &price{id: s.id("price"), min: json.RawMessage("null"), max: json.RawMessage("null"), created: s.now()}
		for _, old := range have {
			if old.id == in.ID {
				kept := *old
				p = &kept
			}
		}
		p.take(in)
		p.updated = s.now()
		out = append(out, p)
	}
	return out
}

// take changes what in names.
func (p *price) take(in priceInput) {
	if in.Code != "" {
		p.currency = strings.ToLower(in.Code)
	}
	if len(in.Amount) > 0 {
		p.amount = plainNumber(in.Amount)
	}
	if len(in.Min) > 0 {
		p.min = in.Min
	}
	if len(in.Max) > 0 {
		p.max = in.Max
	}
	if in.Rules != nil {
		p.rules = *in.Rules
	}
}

// plainNumber writes a number the way the shop's language does: without zeros at the end.
func plainNumber(raw json.RawMessage) json.Number {
	text := string(raw)
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return json.Number(text)
}

// writeProducts is the trap: each variant of an updated product that the call does not name is deleted, with success.
func writeProducts(c call, _ []string) reply {
	var in struct {
		Update []struct {
			ID       string          `json:"id"`
			Variants *[]variantInput `json:"variants"`
		} `json:"update"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return invalid("Expected property name or '}' in JSON at position 1")
	}
	for _, p := range in.Update {
		if p.Variants == nil {
			continue
		}
		c.s.variants = slices.DeleteFunc(c.s.variants, func(v *variant) bool {
			return v.product.id == p.ID && !slices.ContainsFunc(*p.Variants, func(x variantInput) bool { return x.ID == v.id })
		})
	}
	return ok(map[string]any{"created": []any{}, "updated": []any{}, "deleted": map[string]any{"ids": []any{}, "object": "product", "deleted": true}})
}
