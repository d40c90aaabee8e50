package medusa

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// The paths of the interface.
const (
	pathVariants    = "/admin/product-variants"
	pathInventory   = "/admin/inventory-items"
	pathLevels      = "/admin/inventory-items/location-levels/batch"
	pathOrders      = "/admin/orders"
	pathLocations   = "/admin/stock-locations"
	pathPreferences = "/admin/price-preferences"
	pathStores      = "/admin/stores"
)

func pathPrices(product string) string {
	return "/admin/products/" + url.PathEscape(product) + "/variants/batch"
}

func pathLines(order string) string { return "/admin/orders/" + url.PathEscape(order) + "/line-items" }

// wanting makes the query of a call that wants fields.
func wanting(fields string) url.Values { return url.Values{"fields": {fields}} }

// page adds a window of n rows after the first skip, in a fixed order.
func page(q url.Values, order string, skip, n int) url.Values {
	q.Set("order", order)
	q.Set("offset", strconv.Itoa(skip))
	q.Set("limit", strconv.Itoa(n))
	return q
}

// only asks for the rows with these ids.
func only(q url.Values, ids []string) url.Values {
	q["id[]"] = ids
	q.Set("limit", strconv.Itoa(len(ids)))
	return q
}

// stamp is how the shop writes an instant; it keeps milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

type levelWrite struct {
	Item     string `json:"inventory_item_id"`
	Location string `json:"location_id"`
	Stocked  int64  `json:"stocked_quantity"`
}

// encodeLevels makes the body of a stock write.
func encodeLevels(writes []channel.Write) ([]byte, error) {
	rows := make([]levelWrite, len(writes))
	for i, w := range writes {
		rows[i] = levelWrite{Item: w.Stock.Key, Location: w.Stock.Location, Stocked: w.Quantity}
	}
	return json.Marshal(map[string][]levelWrite{"update": rows})
}

type variantWrite struct {
	ID     string     `json:"id"`
	Prices []priceRow `json:"prices"`
}

// encodePrices makes the body of a price write from the price rows each variant must have afterwards.
func encodePrices(rows []variantWrite) ([]byte, error) {
	return json.Marshal(map[string][]variantWrite{"update": rows})
}

// reprice returns rows with the own price set to a and all else as it was.
func reprice(rows []priceRow, a money.Amount) ([]priceRow, error) {
	for i, p := range rows {
		for _, q := range rows[:i] {
			if p.same(q) {
				return nil, fault.New(fault.Invalid, "the variant has two equal prices in %s, and the shop would drop one of them; delete one in the shop", strings.ToUpper(p.Currency))
			}
		}
	}
	at, err := own(rows, a.Currency)
	if err != nil {
		return nil, err
	}
	out := append([]priceRow(nil), rows...)
	if at < 0 {
		at = len(out)
		out = append(out, priceRow{
			Currency: strings.ToLower(string(a.Currency)), Min: json.RawMessage(null), Max: json.RawMessage(null), Rules: json.RawMessage(noRules),
		})
	}
	out[at].Amount = json.Number(a.Text())
	return out, nil
}
