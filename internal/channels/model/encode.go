package model

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
)

// orderFields is all that is asked of an order line. No field of it is about the buyer (C03).
const orderFields = "order,line,listing,quantity,shipped,returned,taken,version,placed_at,changed_at"

// listingFields is all that is asked of a listing.
const listingFields = "id,group,sku,gtin,title,pool,active,price,currency,stock"

func listQuery(from channel.Cursor) url.Values {
	q := url.Values{"fields": {listingFields}, "limit": {strconv.Itoa(maxPage)}}
	if from != "" {
		q.Set("after", string(from))
	}
	return q
}

func salesQuery(b bookmark) url.Values {
	q := url.Values{"fields": {orderFields}, "limit": {strconv.Itoa(maxPage)}}
	if b.open {
		q.Set("open", "1")
		q.Set("after", strconv.FormatInt(b.after, 10))
		return q
	}
	q.Set("since", strconv.FormatInt(b.since, 10))
	q.Set("skip", strconv.Itoa(b.skip))
	return q
}

func pathSegment(s string) string { return strings.ReplaceAll(url.PathEscape(s), "..", "%2E%2E") }

func encodeKeys(k channel.Keys) []byte {
	w := wireKeys{Stock: []wireKey{}, Prices: []string{}}
	for _, x := range k.Stock {
		w.Stock = append(w.Stock, wireKey{x.Key, x.Location})
	}
	for _, x := range k.Prices {
		w.Prices = append(w.Prices, string(x.Key))
	}
	return encode(w)
}

// encodeBatch sends of each write what the mode needs and nothing else, so that a market cannot take a value in another
// sense than it was meant.
func encodeBatch(b channel.Batch, mode channel.WriteMode) []byte {
	w := wireBatch{Group: b.Group, Writes: make([]wireWrite, 0, len(b.Writes))}
	for _, x := range b.Writes {
		row := wireWrite{Ref: x.Ref, Key: x.Key, Listing: string(x.Listing.Key)}
		if b.Field == channel.Price {
			row.Price, row.Currency = x.Price.Text(), string(x.Price.Currency)
			w.Writes = append(w.Writes, row)
			continue
		}
		row.ID, row.Place = x.Stock.Key, x.Stock.Location
		switch mode {
		case channel.Relative:
			row.Delta = &x.Delta
		case channel.CompareAndSet:
			row.Quantity, row.Base = &x.Quantity, &x.Base
		case channel.Sequenced:
			row.Quantity, row.Sequence = &x.Quantity, &x.Sequence
		default:
			row.Quantity = &x.Quantity
		}
		w.Writes = append(w.Writes, row)
	}
	return encode(w)
}

// encode renders a value of our own types, which always can be.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}
