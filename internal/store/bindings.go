package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// Who bound a listing. "" is nobody yet: it may still be matched automatically.
const (
	BoundBySKU    = "auto-sku"
	BoundByGTIN   = "auto-gtin"
	BoundByPerson = "person"
	Ignored       = "ignored" // a person said that it is not ours to keep in sync
	Unbound       = "unbound" // a person took the binding away: it is not matched automatically again
)

// Listing is what a channel sells, with its binding, as people see it.
type Listing struct {
	Account ident.Account      `json:"account"`
	ID      ident.Listing      `json:"listing"`
	Key     channel.ListingKey `json:"key"`
	Group   string             `json:"group,omitempty"`
	SKU     string             `json:"sku"`
	GTIN    string             `json:"gtin,omitempty"`
	Title   string             `json:"title"`
	Pool    channel.Pool       `json:"pool"`
	Active  bool               `json:"active"`
	Gone    bool               `json:"gone,omitempty"`
	Item    ident.Item         `json:"item"` // 0: not bound
	ItemSKU string             `json:"item_sku,omitempty"`
	Pack    int64              `json:"pack,omitempty"`
	BoundBy string             `json:"bound_by"`
	BoundAt ident.Micros       `json:"bound_at,omitzero"`
	StockOn bool               `json:"stock_on"`
	PriceOn bool               `json:"price_on"`
	Price   ListedPrice        `json:"price"`
}

// ListedPrice is how the price of a listing stands; nil is absent.
type ListedPrice struct {
	Currency money.Currency `json:"currency"`
	Want     *int64         `json:"want"` // minor units
	Seen     *int64         `json:"seen"`
	SeenAt   ident.Micros   `json:"seen_at"`
	Accepted *int64         `json:"accepted"` // last accepted or verified value
	Rev      int64          `json:"rev"`
	State    string         `json:"state"`
	Since    ident.Micros   `json:"since"`
}

const listingColumns = `l.account, l.listing, l.channel_key, l.group_key, l.sku, l.gtin, l.title, l.pool, l.active, l.gone, l.item, coalesce(i.sku, ''), l.pack,
       l.bound_by, l.bound_at, l.stock_on, l.price_on, l.currency, l.price_want, l.price_seen, l.price_at, l.price_ok, l.price_rev, l.price_state, l.price_since
FROM listings l LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item `

func (t *Tx) listings(ctx context.Context, text string, args ...any) (out []Listing, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var l Listing
		err := rs.Scan(&l.Account, &l.ID, &l.Key, &l.Group, &l.SKU, &l.GTIN, &l.Title, &l.Pool, &l.Active, &l.Gone, &l.Item, &l.ItemSKU, &l.Pack,
			&l.BoundBy, &l.BoundAt, &l.StockOn, &l.PriceOn, &l.Price.Currency, &l.Price.Want, &l.Price.Seen, &l.Price.SeenAt, &l.Price.Accepted,
			&l.Price.Rev, &l.Price.State, &l.Price.Since)
		out = append(out, l)
		return err
	}, args...)
	return out, err
}

// ListingState chooses listings by how they are bound.
type ListingState string

// The choices.
const (
	AllListings   ListingState = "all"
	BoundOnes     ListingState = "bound"
	UnboundOnes   ListingState = "unbound"
	IgnoredOnes   ListingState = "ignored"
	ConflictOnes  ListingState = "conflict"  // its SKU or GTIN names an item, but not it alone
	SuggestedOnes ListingState = "suggested" // there are suggestions for it
)

// where returns the condition of a choice; listings without an item have a small index of their own.
func (s ListingState) where() (text string, known bool) {
	switch s {
	case AllListings, "":
		return ``, true
	case BoundOnes:
		return ` AND l.item <> 0`, true
	case UnboundOnes:
		return ` AND l.item = 0 AND l.bound_by <> 'ignored'`, true
	case IgnoredOnes:
		return ` AND l.item = 0 AND l.bound_by = 'ignored'`, true
	case ConflictOnes:
		return conflictText, true
	case SuggestedOnes:
		return ` AND l.item = 0 AND l.bound_by <> 'ignored' AND EXISTS
      (SELECT 1 FROM suggestions g WHERE g.tenant = l.tenant AND g.account = l.account AND g.listing = l.listing)`, true
	}
	return ``, false
}

const conflictText = ` AND l.item = 0 AND l.bound_by = '' AND
      (l.sku <> '' AND EXISTS (SELECT 1 FROM items s WHERE s.tenant = l.tenant AND s.sku = l.sku) OR
       l.gtin <> '' AND EXISTS (SELECT 1 FROM items g WHERE g.tenant = l.tenant AND g.gtin <> '' AND g.gtin = l.gtin))`

// ListingFilter chooses listings of one account. Find is a whole SKU, GTIN or channel key, or nothing.
type ListingFilter struct {
	Account ident.Account
	State   ListingState // "" is all
	Find    string
	After   ident.Listing
	Limit   int
}

// Listings lists an account's listings by id.
func (t *Tx) Listings(ctx context.Context, tenant ident.Tenant, f ListingFilter) ([]Listing, error) {
	where, known := f.State.where()
	if !known {
		return nil, fault.New(fault.Usage, "there is no listing state %q; known are all, bound, unbound, ignored, conflict, suggested", f.State)
	}
	args := []any{tenant, f.Account, f.After, f.Limit}
	if f.Find != "" {
		where += ` AND (l.sku = $5 OR l.channel_key = $5 OR l.gtin <> '' AND l.gtin = $5)`
		args = append(args, f.Find)
	}
	return t.listings(ctx, `SELECT `+listingColumns+`WHERE l.tenant = $1 AND l.account = $2 AND l.listing > $3`+where+` ORDER BY l.listing LIMIT $4`, args...)
}

// ListingsOf returns every listing bound to one of items, by account and id.
func (t *Tx) ListingsOf(ctx context.Context, tenant ident.Tenant, items []ident.Item) ([]Listing, error) {
	return t.listings(ctx, `SELECT `+listingColumns+`WHERE l.tenant = $1 AND l.item <> 0 AND l.item IN {ids $2} ORDER BY l.account, l.listing`, tenant, list(items))
}

// ListingKeyed returns the listing of a channel key; fault.NotFound when the account shows none.
func (t *Tx) ListingKeyed(ctx context.Context, tenant ident.Tenant, account ident.Account, key channel.ListingKey) (Listing, error) {
	found, err := t.listings(ctx, `SELECT `+listingColumns+`WHERE l.tenant = $1 AND l.account = $2 AND l.channel_key = $3`, tenant, account, key)
	if err == nil && len(found) == 0 {
		return Listing{}, fault.New(fault.NotFound, "account %d has no listing %q", account, key)
	}
	if err != nil {
		return Listing{}, err
	}
	return found[0], nil
}

// Bind says what a listing sells: pack units of item a piece; item 0 for nothing.
type Bind struct {
	Listing ident.Listing
	Item    ident.Item
	Pack    int64
	By      string
}

const bindText = `
UPDATE listings SET item = $4, pack = $5, bound_by = $6, bound_at = $7, stock_on = $8, price_on = $8
WHERE tenant = $1 AND account = $2 AND listing = $3`

// Bind stores bindings of one account, marks what depends on them and makes the account due. Lines and holds of the listings
// have to be booked anew in the same transaction: see Sold.
func (t *Tx) Bind(ctx context.Context, tenant ident.Tenant, account ident.Account, bs []Bind, now ident.Micros) error {
	ids := make([]ident.Listing, len(bs))
	for i, b := range bs {
		n, err := t.exec(ctx, bindText, tenant, account, b.Listing, b.Item, b.Pack, b.By, now, flag(b.Item != 0))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "account %d has no listing %d", account, b.Listing)
		}
		ids[i] = b.Listing
	}
	return t.Rebound(ctx, tenant, account, ids, now)
}

const (
	markDrawnText = `
INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent)
SELECT DISTINCT d.tenant, d.account, 'stock', d.counter, 1, 0, 0 FROM draws d
WHERE d.tenant = $1 AND d.account = $2 AND d.listing IN {ids $3}
ORDER BY d.tenant, d.account, d.counter
ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1`

	markListedText = `
INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent)
SELECT l.tenant, l.account, 'price', l.listing, 1, 0, 0 FROM listings l
WHERE l.tenant = $1 AND l.account = $2 AND l.listing IN {ids $3}
ORDER BY l.tenant, l.account, l.listing
ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1`

	dropSuggestionsText = `DELETE FROM suggestions WHERE tenant = $1 AND account = $2 AND listing IN {ids $3}`

	mappedText = `
UPDATE findings SET state = 'done', closed_by = 'bound', last_at = $4
WHERE tenant = $1 AND state = 'open' AND cause IN
      (SELECT 'unmapped-sale:' || l.account || ':' || l.channel_key FROM listings l
       WHERE l.tenant = $1 AND l.account = $2 AND l.item <> 0 AND l.listing IN {ids $3})`
)

// Rebound marks counters and prices of listings whose binding changed, drops their suggestions, closes findings that asked
// for a binding and makes the account due.
func (t *Tx) Rebound(ctx context.Context, tenant ident.Tenant, account ident.Account, ids []ident.Listing, now ident.Micros) error {
	if len(ids) == 0 {
		return nil
	}
	text := list(ids)
	for _, s := range []string{markDrawnText, markListedText, dropSuggestionsText} {
		if _, err := t.exec(ctx, s, tenant, account, text); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, mappedText, tenant, account, text, now); err != nil {
		return err
	}
	return t.Wake(ctx, tenant, account)
}

const soldText = `
SELECT l.listing FROM listings l WHERE l.tenant = $1 AND l.account = $2 AND l.listing IN {ids $3} AND
      (EXISTS (SELECT 1 FROM lines x WHERE x.tenant = l.tenant AND x.account = l.account AND x.listing = l.channel_key) OR
       EXISTS (SELECT 1 FROM draws d JOIN counters c ON c.tenant = d.tenant AND c.account = d.account AND c.counter = d.counter
               WHERE d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing AND c.holds <> ''))
ORDER BY l.listing`

// Sold returns which of listings have order lines or holds: what they did to items moves with the binding.
func (t *Tx) Sold(ctx context.Context, tenant ident.Tenant, account ident.Account, ids []ident.Listing) ([]ident.Listing, error) {
	return t.listingIDs(ctx, soldText, tenant, account, list(ids))
}

func (t *Tx) listingIDs(ctx context.Context, text string, args ...any) (out []ident.Listing, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var id ident.Listing
		err := rs.Scan(&id)
		out = append(out, id)
		return err
	}, args...)
	return out, err
}

// BindingCounts is how the listings of an account are bound.
type BindingCounts struct {
	Unbound  int64 `json:"unbound"`
	Ignored  int64 `json:"ignored"`
	Conflict int64 `json:"conflict"`
}

// BindingCounts counts the listings of an account that have no item.
func (t *Tx) BindingCounts(ctx context.Context, tenant ident.Tenant, account ident.Account) (n BindingCounts, err error) {
	_, err = t.one(ctx, `
SELECT coalesce(sum(CASE WHEN l.bound_by <> 'ignored' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN l.bound_by = 'ignored' THEN 1 ELSE 0 END), 0)
FROM listings l WHERE l.tenant = $1 AND l.account = $2 AND l.item = 0 AND l.gone = 0`, []any{&n.Unbound, &n.Ignored}, tenant, account)
	if err != nil {
		return n, err
	}
	_, err = t.one(ctx, `SELECT count(*) FROM listings l WHERE l.tenant = $1 AND l.account = $2 AND l.gone = 0`+conflictText, []any{&n.Conflict}, tenant, account)
	return n, err
}
