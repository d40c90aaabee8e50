package fake

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// execute runs a document and returns its data, or the problem the whole call ends with.
func (s *Server) execute(doc document, h http.Header, kind farside.FaultKind) (map[string]any, *problem, http.Header) {
	if !does(kind) && kind != farside.FaultUnauth {
		return nil, nil, nil
	}
	out, header := map[string]any{}, http.Header{}
	for _, f := range doc.sel {
		v, p := s.root(f, h, header, kind)
		if p != nil {
			return nil, p, nil
		}
		answer, err := project(v, f.sel)
		if err != nil {
			return nil, &problem{code: "GRAPHQL_VALIDATION_FAILED", message: err.Error(), status: http.StatusBadRequest}, nil
		}
		out[f.alias] = answer
	}
	return out, nil, header
}

// root resolves one field of the query or mutation.
func (s *Server) root(f field, h, header http.Header, kind farside.FaultKind) (any, *problem) {
	if f.name == "login" {
		return s.login(f, header, kind), nil
	}
	if !s.known(h) || kind == farside.FaultUnauth {
		return nil, forbidden()
	}
	if token := h.Get("vendure-token"); token != "" && token != s.opt.ChannelToken {
		// A real store with a single channel answers for that one; this one behaves like a store with several.
		return nil, &problem{code: "CHANNEL_NOT_FOUND", message: "No Channel with the token \"" + token + "\" could be found"}
	}
	rights := map[string]string{
		"productVariants": "ReadCatalog", "orders": "ReadOrder", "stockLocations": "ReadStockLocation", "updateProductVariants": "UpdateCatalog",
	}
	if s.denied[rights[f.name]] {
		return nil, forbidden()
	}
	switch f.name {
	case "activeChannel":
		return s.channel(), nil
	case "globalSettings":
		return object{
			"__typename": "GlobalSettings", "trackInventory": !s.opt.Untracked, "outOfStockThreshold": s.opt.Threshold,
			"serverConfig": object{"__typename": "ServerConfig", "moneyStrategyPrecision": s.opt.Precision},
		}, nil
	case "stockLocations":
		return s.locations(f)
	case "productVariants":
		return s.listVariants(f, kind)
	case "orders":
		return s.listOrders(f, kind)
	case "updateProductVariants":
		return s.update(f, kind)
	}
	return nil, &problem{code: "GRAPHQL_VALIDATION_FAILED", message: "Cannot query field \"" + f.name + "\"", status: http.StatusBadRequest}
}

// known reports whether a request carries a session or the key.
func (s *Server) known(h http.Header) bool {
	if key := h.Get("vendure-api-key"); key != "" && s.opt.APIKey != "" && same(key, s.opt.APIKey) {
		return true
	}
	token, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	return ok && s.tokens[token]
}

func (s *Server) login(f field, header http.Header, kind farside.FaultKind) object {
	user, _ := f.args["username"].(string)
	password, _ := f.args["password"].(string)
	if s.opt.Username == "" || !same(user, s.opt.Username) || !same(password, s.opt.Password) || kind == farside.FaultUnauth {
		return object{"__typename": "InvalidCredentialsError", "errorCode": "INVALID_CREDENTIALS_ERROR", "message": "The provided credentials are invalid"}
	}
	token := rand.Text()
	s.tokens[token] = true
	header.Set("vendure-auth-token", token)
	return object{
		"__typename": "CurrentUser", "id": "1", "identifier": user,
		"channels": []object{{"__typename": "CurrentUserChannel", "id": "1", "token": s.opt.ChannelToken, "code": "__default_channel__", "permissions": []string{"Authenticated", "ReadCatalog"}}},
	}
}

func (s *Server) channel() object {
	codes := make([]string, len(s.opt.Currencies))
	for i, c := range s.opt.Currencies {
		codes[i] = string(c)
	}
	return object{
		"__typename": "Channel", "id": "1", "code": "__default_channel__", "token": s.opt.ChannelToken, "defaultCurrencyCode": codes[0],
		"availableCurrencyCodes": codes, "pricesIncludeTax": !s.opt.NetPrices,
	}
}

func (s *Server) locations(f field) (any, *problem) {
	var rows []row
	for i, name := range s.opt.Locations {
		rows = append(rows, row{
			get:    map[string]any{"id": s.place(i), "name": name},
			object: func() object { return object{"__typename": "StockLocation", "id": s.place(i), "name": name} },
		})
	}
	return list(f, rows, farside.FaultNone)
}

func (s *Server) listVariants(f field, kind farside.FaultKind) (any, *problem) {
	rows := make([]row, len(s.variants))
	for i, v := range s.variants {
		rows[i] = row{
			get:    map[string]any{"id": v.id, "sku": v.sku, "updatedAt": v.at},
			object: func() object { return s.variantObject(v) },
		}
	}
	return list(f, rows, kind)
}

func (s *Server) variantObject(v *variant) object {
	var prices, levels []object
	for _, c := range slices.Sorted(maps.Keys(v.prices)) {
		prices = append(prices, object{"__typename": "ProductVariantPrice", "currencyCode": string(c), "price": v.prices[c]})
	}
	for _, place := range slices.Sorted(maps.Keys(v.levels)) {
		levels = append(levels, object{
			"__typename": "StockLevel", "id": v.id + place, "stockLocationId": place,
			"stockOnHand": v.levels[place].onHand, "stockAllocated": v.levels[place].allocated, "updatedAt": stamp(v.at),
		})
	}
	net, gross := s.taxed(v.prices[s.opt.Currencies[0]])
	return object{
		"__typename": "ProductVariant", "id": v.id, "sku": v.sku, "name": v.name, "enabled": v.enabled, "trackInventory": v.tracks,
		"outOfStockThreshold": v.threshold, "useGlobalOutOfStockThreshold": !v.ownThreshold, "updatedAt": stamp(v.at),
		"price": net, "priceWithTax": gross, "currencyCode": string(s.opt.Currencies[0]),
		"prices": some(prices), "stockLevels": some(levels), "product": object{"__typename": "Product", "id": v.product, "enabled": true},
	}
}

// taxed splits the default price: what "prices" holds is the one with tax or the one without.
func (s *Server) taxed(price int64) (net, gross int64) {
	if s.opt.NetPrices {
		return price, (price*122 + 50) / 100
	}
	return (price*100 + 61) / 122, price
}

// some is a list that is never null.
func some(o []object) []object {
	if o == nil {
		return []object{}
	}
	return o
}

func (s *Server) listOrders(f field, kind farside.FaultKind) (any, *problem) {
	var rows []row
	for _, o := range s.orders {
		if !o.placed.IsZero() && s.opt.Now().Before(o.placed.Add(o.commit)) {
			continue // its transaction has not ended
		}
		get := map[string]any{"id": o.id, "state": o.state, "updatedAt": o.at, "createdAt": o.made, "orderPlacedAt": nil}
		if !o.placed.IsZero() {
			get["orderPlacedAt"] = o.placed
		}
		rows = append(rows, row{get: get, object: func() object { return s.orderObject(o) }})
	}
	return list(f, rows, kind)
}

// orderObject is an order with its buyer in it.
func (s *Server) orderObject(o *order) object {
	var lines, fulfillments, modifications []object
	for _, l := range o.lines {
		lines = append(lines, object{
			"__typename": "OrderLine", "id": l.id, "quantity": l.quantity, "orderPlacedQuantity": l.placed, "updatedAt": stamp(l.at),
			"productVariant": object{"__typename": "ProductVariant", "id": l.variant.id, "sku": l.variant.sku},
		})
	}
	for _, x := range o.fulfillments {
		var units []object
		for _, id := range slices.Sorted(maps.Keys(x.units)) {
			units = append(units, object{"__typename": "FulfillmentLine", "orderLineId": id, "quantity": x.units[id]})
		}
		fulfillments = append(fulfillments, object{
			"__typename": "Fulfillment", "id": x.id, "state": x.state, "updatedAt": stamp(x.at), "lines": some(units),
			"trackingCode": s.canary(0), "method": s.canary(0),
		})
	}
	for i := range o.modifications {
		modifications = append(modifications, object{"__typename": "OrderModification", "id": fmt.Sprint(i + 1), "note": s.canary(0)})
	}
	var placed any
	if !o.placed.IsZero() {
		placed = stamp(o.placed)
	}
	address := object{"__typename": "OrderAddress", "fullName": s.canary(0), "streetLine1": s.canary(1), "phoneNumber": s.canary(2)}
	return object{
		"__typename": "Order", "id": o.id, "code": "CODE" + o.id, "type": "Regular", "state": o.state, "active": o.placed.IsZero(),
		"createdAt": stamp(o.made), "updatedAt": stamp(o.at), "orderPlacedAt": placed,
		"lines": some(lines), "fulfillments": some(fulfillments), "modifications": some(modifications),
		"customer":        object{"__typename": "Customer", "firstName": s.canary(0), "lastName": s.canary(1), "emailAddress": s.canary(2)},
		"shippingAddress": address, "billingAddress": address,
		"history": func(args map[string]any) any {
			n := o.history + o.notes
			if b, err := json.Marshal(args); err == nil && strings.Contains(string(b), "ORDER_NOTE") {
				n = o.history
			}
			return object{"__typename": "HistoryEntryList", "totalItems": n, "items": []object{{"__typename": "HistoryEntry", "data": s.canary(0)}}}
		},
	}
}

func (s *Server) canary(i int) string {
	if len(s.opt.Canary) == 0 {
		return "A Buyer"
	}
	return s.opt.Canary[i%len(s.opt.Canary)]
}

// update changes variants: all of them, or none.
func (s *Server) update(f field, kind farside.FaultKind) (any, *problem) {
	input, ok := f.args["input"].([]any)
	if !ok {
		return nil, bad("$input", "a list is needed")
	}
	before := make(map[*variant]variant)
	var touched []*variant
	undo := func() {
		for v, old := range before {
			*v = old
		}
	}
	for i, x := range input {
		in, _ := x.(map[string]any)
		if p := checkInput(i, in); p != nil {
			undo()
			return nil, p
		}
		v := s.byID(fmt.Sprint(in["id"]))
		if v == nil || kind == farside.FaultPartial && i == 0 {
			undo()
			return nil, notFound("ProductVariant", fmt.Sprint(in["id"]))
		}
		if _, again := before[v]; !again {
			old := *v
			old.prices, old.levels = maps.Clone(v.prices), maps.Clone(v.levels)
			before[v], touched = old, append(touched, v)
		}
		if p := s.change(v, in); p != nil {
			undo()
			return nil, p
		}
	}
	out := []object{}
	for _, v := range touched {
		out = append(out, s.variantObject(v))
	}
	if kind == farside.FaultIgnored {
		undo()
	}
	return out, nil
}

func bad(where, what string) *problem {
	return &problem{code: "BAD_USER_INPUT", message: "Variable \"$input\" got invalid value at \"" + where + "\"; " + what}
}

// checkInput does the coercion of variables, which comes before anything else.
func checkInput(i int, in map[string]any) *problem {
	if _, ok := in["id"].(string); !ok {
		return bad(fmt.Sprintf("input[%d].id", i), "ID cannot represent the value")
	}
	levels, _ := in["stockLevels"].([]any)
	for j, x := range levels {
		l, _ := x.(map[string]any)
		if _, ok := integer(l["stockOnHand"]); !ok {
			return bad(fmt.Sprintf("input[%d].stockLevels[%d].stockOnHand", i, j), "Int cannot represent non-integer value")
		}
	}
	prices, _ := in["prices"].([]any)
	for j, x := range prices {
		l, _ := x.(map[string]any)
		if _, ok := l["price"].(json.Number); !ok {
			return bad(fmt.Sprintf("input[%d].prices[%d].price", i, j), "Expected a number")
		}
	}
	return nil
}

// change applies one input.
func (s *Server) change(v *variant, in map[string]any) *problem {
	levels, _ := in["stockLevels"].([]any)
	for _, x := range levels {
		l := x.(map[string]any)
		place := fmt.Sprint(l["stockLocationId"])
		if _, ok := v.levels[place]; !ok {
			return &problem{message: "insert or update on table \"stock_level\" violates foreign key constraint"}
		}
		n, _ := integer(l["stockOnHand"])
		v.levels[place] = level{onHand: n, allocated: v.levels[place].allocated}
	}
	prices, _ := in["prices"].([]any)
	for _, x := range prices {
		l := x.(map[string]any)
		code := money.Currency(fmt.Sprint(l["currencyCode"]))
		if !slices.Contains(s.opt.Currencies, code) {
			return &problem{code: "USER_INPUT_ERROR", message: "The currency \"" + string(code) + "\" is not available in the current Channel"}
		}
		n, ok := integer(l["price"])
		if !ok {
			return &problem{message: "value is out of range for type integer"}
		}
		v.prices[code] = n
	}
	v.at = s.opt.Now()
	return nil
}
