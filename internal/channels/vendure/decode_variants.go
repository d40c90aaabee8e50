package vendure

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// variantRow is one variant as the store answers it; members that hold numbers stay encoded, so that one of a wrong
// type costs that number only.
type variantRow struct {
	ID          string          `json:"id"`
	SKU         string          `json:"sku"`
	Name        string          `json:"name"`
	Enabled     bool            `json:"enabled"`
	Tracks      string          `json:"trackInventory"`
	Threshold   json.RawMessage `json:"outOfStockThreshold"`
	UseGlobal   bool            `json:"useGlobalOutOfStockThreshold"`
	Prices      []priceRow      `json:"prices"`
	StockLevels []levelRow      `json:"stockLevels"`
	Product     productRow      `json:"product"`
	bad         string          // code of the finding that replaces the row; "" for a good row
	why         string
}

type priceRow struct {
	Currency string          `json:"currencyCode"`
	Price    json.RawMessage `json:"price"`
}

type levelRow struct {
	Place     string          `json:"stockLocationId"`
	OnHand    json.RawMessage `json:"stockOnHand"`
	Allocated json.RawMessage `json:"stockAllocated"`
}

type productRow struct {
	ID      string `json:"id"`
	Enabled bool   `json:"enabled"`
}

// variants is a page of variants.
type variants struct {
	rows  []variantRow
	total int64 // -1 when the store did not say
}

func decodeVariants(data json.RawMessage) (variants, error) {
	l, err := decodeList(data, "productVariants")
	if err != nil {
		return variants{}, err
	}
	v := variants{total: l.Total, rows: make([]variantRow, len(l.Items))}
	for i, raw := range l.Items {
		v.rows[i] = decodeVariant(raw)
		if r := &v.rows[i]; r.bad == "" && r.Tracks != "TRUE" && r.Tracks != "FALSE" && r.Tracks != "INHERIT" {
			r.bad, r.why = "bad-row", "the variant does not say whether its inventory is tracked"
		}
	}
	return v, nil
}

// decodeVariant reads one row. It always returns one; an unusable row says why.
func decodeVariant(raw json.RawMessage) variantRow {
	var r variantRow
	err := json.Unmarshal(raw, &r) // on a wrong type the other members are still read: the id names the finding
	switch {
	case !goodID(r.ID):
		r.ID = ""
		r.bad, r.why = "bad-row", "a variant came without a usable id"
	case !utf8.Valid(raw):
		r.bad, r.why = "bad-encoding", "the variant holds bytes that are no text"
	case repeats(raw):
		r.bad, r.why = "duplicate-member", "the variant names a member twice"
	case err != nil:
		r.bad, r.why = "bad-row", "a member of the variant is of a wrong type"
	}
	return r
}

// counts reports whether the store keeps a number for this variant.
func (s site) counts(r variantRow) bool {
	return r.Tracks == "TRUE" || r.Tracks == "INHERIT" && s.tracks
}

// thresholdOf is how many units the store keeps back from buyers; negative: how many it sells that are not there.
func (s site) thresholdOf(r variantRow) int64 {
	if r.UseGlobal {
		return s.threshold
	}
	n, ok := whole(r.Threshold)
	if !ok {
		return 0
	}
	return n
}

// listing turns a good row into a listing, its price among it.
func (s site) listing(r variantRow) (channel.Listing, []channel.Finding) {
	x := channel.Listing{
		Key: channel.ListingKey(r.ID), Group: r.Product.ID, SKU: r.SKU, Title: short(r.Name), Pool: channel.Merchant,
		Active: r.Enabled && r.Product.Enabled,
	}
	var found []channel.Finding
	if strings.ContainsRune(r.SKU, utf8.RuneError) { // half a character became U+FFFD: this may be another SKU (F27)
		x.SKU = ""
		found = append(found, channel.Finding{Listing: x.Key, Code: "bad-sku", Text: "the SKU holds half a character"})
	}
	p, text := s.price(r)
	if text != "" {
		found = append(found, channel.Finding{Listing: x.Key, Field: channel.Price, Code: "bad-price", Text: text})
	}
	x.Price = p
	if s.counts(r) {
		for _, place := range s.placesOf(r) {
			x.Stock = append(x.Stock, channel.Draw{StockKey: channel.StockKey{Key: r.ID, Location: place}, Units: 1})
		}
	}
	return x, found
}

// placesOf lists the places of r that this account uses. A chosen place counts although the variant has no level
// there: the store makes one, of zero, as soon as it is written.
func (s site) placesOf(r variantRow) []string {
	var out []string
	seen := map[string]bool{}
	for _, place := range s.places {
		for _, l := range r.StockLevels {
			if l.Place == place && !seen[place] {
				out, seen[place] = append(out, place), true
			}
		}
		if s.single() && !seen[place] {
			out = append(out, place)
		}
	}
	return out
}

// stock reads the counters of a good row.
func (s site) stock(r variantRow) ([]channel.Count, []channel.Finding) {
	if !s.counts(r) {
		return nil, nil
	}
	var out []channel.Count
	var found []channel.Finding
	for _, place := range s.placesOf(r) {
		key := channel.StockKey{Key: r.ID, Location: place}
		n, code := count(key, r.StockLevels)
		if code != "" {
			found = append(found, channel.Finding{
				Listing: channel.ListingKey(r.ID), Stock: key, Field: channel.Stock, Code: code,
				Text: "the stock level cannot be read; the last good value stays",
			})
			continue
		}
		out = append(out, n)
	}
	if !r.UseGlobal && s.thresholdOf(r) < 0 {
		found = append(found, channel.Finding{
			Listing: channel.ListingKey(r.ID), Stock: channel.StockKey{Key: r.ID}, Field: channel.Stock, Code: codeBelowZero,
			Text: "the variant's out-of-stock threshold is negative: the shop sells units that are not there",
		})
	}
	return out, found
}

// codeBelowZero is the finding about a threshold that lets a shop sell what it lacks.
const codeBelowZero = "sells-below-zero"

// count finds the level of key.
func count(key channel.StockKey, levels []levelRow) (channel.Count, string) {
	c, found := channel.Count{StockKey: key, Reserved: new(int64)}, false
	if levels == nil {
		return c, "bad-quantity" // the list itself is missing: nothing is known, which is not zero
	}
	for _, l := range levels {
		if l.Place != key.Location {
			continue
		}
		if found {
			return c, "duplicate-key"
		}
		found = true
		n, ok := whole(l.OnHand)
		if !ok || n > money.MaxQuantity || n < -money.MaxQuantity {
			return c, "bad-quantity"
		}
		c.Quantity = n
		if m, ok := whole(l.Allocated); ok && m >= 0 && m <= money.MaxQuantity {
			c.Reserved = &m
		} else {
			c.Reserved = nil
		}
	}
	return c, ""
}

// price finds the price in the account's currency; nil without a text when the variant has none.
func (s site) price(r variantRow) (*money.Amount, string) {
	var out *money.Amount
	if r.Prices == nil {
		return nil, "the variant came without its prices"
	}
	for _, p := range r.Prices {
		if p.Currency != string(s.currency) {
			continue
		}
		if out != nil {
			return nil, "the variant has two prices in " + p.Currency
		}
		units, ok := whole(p.Price)
		if !ok || units < 0 {
			return nil, "the price is not a whole number of the store's smallest unit"
		}
		a, ok := s.amount(units)
		if !ok {
			return nil, "the price has more decimals than " + p.Currency
		}
		out = &a
	}
	return out, ""
}

// amount turns the store's units, of 10^-precision, into money; ok is false when that is not exact.
func (s site) amount(units int64) (money.Amount, bool) {
	for d := s.precision; d < s.currency.Digits(); d++ {
		if units > (1<<63-1)/10 {
			return money.Amount{}, false
		}
		units *= 10
	}
	for d := s.precision; d > s.currency.Digits(); d-- {
		if units%10 != 0 {
			return money.Amount{}, false
		}
		units /= 10
	}
	return money.Of(units, s.currency), true
}

// units turns money into the store's units; ok is false when that is not exact or not a price.
func (s site) units(a money.Amount) (int64, bool) {
	n := a.Minor
	for d := s.currency.Digits(); d < s.precision; d++ {
		if n > (1<<63-1)/10 {
			return 0, false
		}
		n *= 10
	}
	for d := s.currency.Digits(); d > s.precision; d-- {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, n >= 0
}

// short cuts a title to 200 characters.
func short(s string) string {
	if utf8.RuneCountInString(s) <= 200 {
		return s
	}
	return string([]rune(s)[:200])
}
