package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

// CounterRow is the number a channel keeps, as people see it.
type CounterRow struct {
	Account    ident.Account `json:"account"`
	ID         ident.Counter `json:"counter"`
	Key        string        `json:"key"`
	Location   string        `json:"location,omitempty"`
	Known      bool          `json:"known"`
	Expected   int64         `json:"expected"`
	Below      int64         `json:"below"`
	Above      int64         `json:"above"`
	Doubt      *int64        `json:"doubt,omitempty"`
	Holds      string        `json:"-"` // JSON parts
	Surpluses  string        `json:"-"`
	Observed   int64         `json:"observed"`
	ObservedAt ident.Micros  `json:"observed_at"`
	Untaken    int64         `json:"untaken"`
	Target     *int64        `json:"target"`
	Wire       *int64        `json:"wire"`
	Rev        int64         `json:"rev"`
	Lane       int64         `json:"lane"`
	State      string        `json:"state"`
	Since      ident.Micros  `json:"since"`
}

const drawnColumns = `c.account, c.counter, c.stock_key, c.location, c.known, c.expected, c.below, c.above, c.doubt, c.holds, c.surpluses, c.observed,
       c.observed_at, c.untaken, c.target, c.wire, c.rev, c.lane, c.state, c.since`

func (c *CounterRow) fields() []any {
	return []any{
		&c.Account, &c.ID, &c.Key, &c.Location, &c.Known, &c.Expected, &c.Below, &c.Above, &c.Doubt, &c.Holds, &c.Surpluses, &c.Observed,
		&c.ObservedAt, &c.Untaken, &c.Target, &c.Wire, &c.Rev, &c.Lane, &c.State, &c.Since,
	}
}

// Drawn is a counter with the listing that draws from it.
type Drawn struct {
	CounterRow
	Listing ident.Listing `json:"listing"`
	Units   int64         `json:"units"`
}

// CountersOf returns the counters that listings of an account draw from, by listing.
func (t *Tx) CountersOf(ctx context.Context, tenant ident.Tenant, account ident.Account, listings []ident.Listing) (out []Drawn, err error) {
	err = t.each(ctx, `
SELECT `+drawnColumns+`, d.listing, d.units FROM draws d
JOIN counters c ON c.tenant = d.tenant AND c.account = d.account AND c.counter = d.counter
WHERE d.tenant = $1 AND d.account = $2 AND d.listing IN {ids $3} ORDER BY d.listing, c.counter`, func(rs *sql.Rows) error {
		var d Drawn
		err := rs.Scan(append(d.fields(), &d.Listing, &d.Units)...)
		out = append(out, d)
		return err
	}, tenant, account, list(listings))
	return out, err
}

// Name is what people call a target of a plan row, a finding or an intent.
type Name struct {
	Key      string // of the channel
	SKU      string // of the item, else of the listing
	Currency string // of a price
}

const (
	counterNamesText = `
SELECT c.counter, min(l.channel_key), coalesce(min(i.sku), min(l.sku)), '' FROM counters c
JOIN draws d ON d.tenant = c.tenant AND d.account = c.account AND d.counter = c.counter
JOIN listings l ON l.tenant = d.tenant AND l.account = d.account AND l.listing = d.listing
LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item
WHERE c.tenant = $1 AND c.account = $2 AND c.counter IN {ids $3} GROUP BY c.counter`

	listingNamesText = `
SELECT l.listing, l.channel_key, coalesce(i.sku, l.sku), l.currency FROM listings l LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item
WHERE l.tenant = $1 AND l.account = $2 AND l.listing IN {ids $3}`
)

// Names returns what targets of one field of an account are called.
func (t *Tx) Names(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, targets []int64) (map[int64]Name, error) {
	text := counterNamesText
	if f == channel.Price {
		text = listingNamesText
	}
	out := make(map[int64]Name, len(targets))
	err := t.each(ctx, text, func(rs *sql.Rows) error {
		var id int64
		var n Name
		err := rs.Scan(&id, &n.Key, &n.SKU, &n.Currency)
		out[id] = n
		return err
	}, tenant, account, list(targets))
	return out, err
}

const adoptText = `
SELECT l.item, l.pack, count(*), min(c.known), sum(c.observed - c.untaken), sum(d.units), max(d.units), count(DISTINCT l.listing)
FROM listings l
JOIN items i ON i.tenant = l.tenant AND i.item = l.item
JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
JOIN counters c ON c.tenant = d.tenant AND c.account = d.account AND c.counter = d.counter
WHERE l.tenant = $1 AND l.account = $2 AND l.item > $3 AND i.bundle = 0 AND l.gone = 0 AND l.pool = 'merchant'
GROUP BY l.item, l.pack ORDER BY l.item, l.pack LIMIT $4`

// Shown is what a channel shows of one item: the sum over the places of its one listing.
type Shown struct {
	Item     ident.Item
	Pack     int64
	Known    bool
	Pieces   int64 // sellable by the channel's own numbers
	Places   int64 // counters
	OneEach  bool  // each counter gives one unit a piece
	Listings int64
}

// ShownStock lists what an account shows of bound items by item id, after one: what a count could start from.
func (t *Tx) ShownStock(ctx context.Context, tenant ident.Tenant, account ident.Account, after ident.Item, limit int) (out []Shown, err error) {
	err = t.each(ctx, adoptText, func(rs *sql.Rows) error {
		var s Shown
		var sum, most int64
		err := rs.Scan(&s.Item, &s.Pack, &s.Places, &s.Known, &s.Pieces, &sum, &most, &s.Listings)
		s.OneEach = most == 1
		out = append(out, s)
		return err
	}, tenant, account, after, limit)
	return out, err
}
