package model

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// The JSON the server writes. The adapter has types of its own (decode.go): it reads less, and trusts nothing.

type wireKey struct {
	ID    string `json:"id"`
	Place string `json:"place,omitempty"`
}

// wireCount is a number as rows carry it; any, because a broken row holds something else.
type wireCount struct {
	ID       string `json:"id"`
	Place    string `json:"place,omitempty"`
	Quantity any    `json:"quantity,omitempty"`
	Reserved *int64 `json:"reserved,omitempty"`
}

type wireListing struct {
	ID       string      `json:"id"`
	Group    string      `json:"group"`
	SKU      string      `json:"sku"`
	GTIN     string      `json:"gtin,omitempty"`
	Title    string      `json:"title"`
	Pool     string      `json:"pool"`
	Active   bool        `json:"active"`
	Price    any         `json:"price,omitempty"`
	Currency string      `json:"currency"`
	Stock    []wireCount `json:"stock"`
}

type wireList struct {
	Listings []wireListing `json:"listings"`
	Total    *int64        `json:"total,omitempty"`
	Next     string        `json:"next,omitempty"`
}

type wireRead struct {
	Stock     []wireCount   `json:"stock"`
	Prices    []wireListing `json:"prices"`
	GoneStock []wireKey     `json:"gone_stock"`
	Gone      []string      `json:"gone"`
}

// wireBuyer is what nobody needs: all of it is canary.
type wireBuyer struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Mail    string `json:"e_mail"`
	Phone   string `json:"phone"`
	Note    string `json:"gift_note"`
}

type wireLine struct {
	Order    string    `json:"order"`
	Line     string    `json:"line"`
	Listing  string    `json:"listing"`
	Quantity any       `json:"quantity,omitempty"`
	Shipped  int64     `json:"shipped"`
	Returned int64     `json:"returned"`
	Taken    int64     `json:"taken"`
	Version  int64     `json:"version"`
	Placed   int64     `json:"placed_at"`  // microseconds, the channel's clock
	Changed  int64     `json:"changed_at"` // microseconds, the channel's clock
	Buyer    wireBuyer `json:"buyer"`
	// Contact holds the same person once more, where a careless decoder would copy it from.
	Contact string `json:"contact"`
}

type wireOrders struct {
	Lines []wireLine `json:"lines"`
	AsOf  int64      `json:"as_of"`
	After int64      `json:"next_after,omitempty"`
	Skip  int        `json:"next_skip,omitempty"`
	More  bool       `json:"more"`
}

type wireWrite struct {
	Ref      int64  `json:"ref"`
	ID       string `json:"id,omitempty"`
	Place    string `json:"place,omitempty"`
	Listing  string `json:"listing,omitempty"`
	Quantity *int64 `json:"quantity,omitempty"`
	Base     *int64 `json:"base,omitempty"`
	Delta    *int64 `json:"delta,omitempty"`
	Price    string `json:"price,omitempty"`
	Currency string `json:"currency,omitempty"`
	Key      string `json:"key,omitempty"`
	Sequence *int64 `json:"sequence,omitempty"`
}

type wireBatch struct {
	Group  string      `json:"group,omitempty"`
	Writes []wireWrite `json:"writes"`
}

type wireResult struct {
	Ref     int64  `json:"ref"`
	State   string `json:"state"`
	Code    string `json:"code,omitempty"`
	Text    string `json:"text,omitempty"`
	Current *int64 `json:"current,omitempty"`
	WaitMS  int64  `json:"wait_ms,omitempty"`
}

type wireReceipt struct {
	Results []wireResult `json:"results,omitempty"`
	Ticket  string       `json:"ticket,omitempty"`
	Done    *bool        `json:"done,omitempty"`
}

type wireKeys struct {
	Stock  []wireKey `json:"stock"`
	Prices []string  `json:"prices"`
}

type wireScope struct {
	Name    string `json:"name"`
	Reason  string `json:"reason"`
	Granted bool   `json:"granted"`
}

type wireShop struct {
	Name         string               `json:"name"`
	Scopes       []wireScope          `json:"scopes"`
	Capabilities channel.Capabilities `json:"capabilities"`
	RowCost      int64                `json:"row_cost"`
}

type wireToken struct {
	Access    string `json:"access"`
	ExpiresIn int64  `json:"expires_in"` // seconds; 0: does not expire
}

func listed(x channel.Listing, counts map[channel.StockKey]channel.Count) wireListing {
	w := wireListing{
		ID: string(x.Key), Group: x.Group, SKU: x.SKU, GTIN: x.GTIN, Title: x.Title, Pool: string(x.Pool), Active: x.Active,
		Price: x.Price.Text(), Currency: string(x.Price.Currency), Stock: []wireCount{},
	}
	for _, d := range x.Stock {
		if n, ok := counts[d.StockKey]; ok {
			w.Stock = append(w.Stock, counted(n))
		}
	}
	return w
}

func counted(n channel.Count) wireCount {
	return wireCount{ID: n.Key, Place: n.Location, Quantity: n.Quantity, Reserved: n.Reserved}
}

func results(os []channel.Outcome) []wireResult {
	out := make([]wireResult, 0, len(os))
	for _, o := range os {
		out = append(out, wireResult{Ref: o.Ref, State: string(o.State), Code: o.Code, Text: o.Text, Current: o.Current, WaitMS: o.After.Milliseconds()})
	}
	return out
}

// batch reads the writes of a request.
func (w wireBatch) batch(f channel.Field) channel.Batch {
	b := channel.Batch{Field: f, Group: w.Group}
	value := func(p *int64) int64 {
		if p == nil {
			return 0
		}
		return *p
	}
	for _, x := range w.Writes {
		out := channel.Write{
			Ref: x.Ref, Stock: channel.StockKey{Key: x.ID, Location: x.Place}, Listing: channel.ListingRef{Key: channel.ListingKey(x.Listing)},
			Quantity: value(x.Quantity), Base: value(x.Base), Delta: value(x.Delta), Key: x.Key, Sequence: value(x.Sequence),
		}
		if f == channel.Price {
			if p, err := money.ParseAmount(x.Price, money.Currency(x.Currency)); err == nil {
				out.Price = p // an unreadable price stays zero and is refused with the row
			}
		}
		b.Writes = append(b.Writes, out)
	}
	return b
}
