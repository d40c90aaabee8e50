package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
)

// Item is the seller's own SKU as it is stored.
type Item struct {
	ID        ident.Item
	SKU       string
	GTIN      string
	Title     string
	Bundle    bool // its stock is the minimum over its components
	Balance   ledger.Balance
	Price     ItemPrice
	UpdatedAt ident.Micros
}

// ItemPrice is what prices of an item start from; nil is absent. Extra is JSON, read by package pricing.
type ItemPrice struct {
	Base, Cost *int64 // minor units
	Currency   money.Currency
	Extra      string
	Rev        int64
}

const itemColumns = `item, sku, gtin, title, bundle, on_hand, reserved, held, counted_at, base_price, cost, currency, price_extra, price_rev, updated_at`

func scanItem(rs *sql.Rows) (x Item, err error) {
	err = rs.Scan(&x.ID, &x.SKU, &x.GTIN, &x.Title, &x.Bundle, &x.Balance.OnHand, &x.Balance.Reserved, &x.Balance.Held, &x.Balance.Counted,
		&x.Price.Base, &x.Price.Cost, &x.Price.Currency, &x.Price.Extra, &x.Price.Rev, &x.UpdatedAt)
	return x, err
}

func (t *Tx) items(ctx context.Context, text string, args ...any) (out []Item, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		x, err := scanItem(rs)
		out = append(out, x)
		return err
	}, args...)
	return out, err
}

// ItemFilter chooses items. Find is a SKU prefix, a whole GTIN or nothing.
type ItemFilter struct {
	Find  string
	After ident.Item // items with a higher id
	Limit int
}

const (
	itemsText = `SELECT ` + itemColumns + ` FROM items WHERE tenant = $1 AND item > $2 ORDER BY item LIMIT $3`

	// Two indexed ways to one page: the SKUs that start with a text (between it and the text after it), and a GTIN.
	findItemsText = `
SELECT ` + itemColumns + ` FROM items WHERE tenant = $1 AND item > $2 AND item IN
      (SELECT s.item FROM items s WHERE s.tenant = $1 AND s.sku >= $4 AND s.sku < $5
       UNION SELECT g.item FROM items g WHERE g.tenant = $1 AND g.gtin <> '' AND g.gtin = $4)
ORDER BY item LIMIT $3`
)

// Items lists items by id.
func (t *Tx) Items(ctx context.Context, tenant ident.Tenant, f ItemFilter) ([]Item, error) {
	if f.Find == "" {
		return t.items(ctx, itemsText, tenant, f.After, f.Limit)
	}
	return t.items(ctx, findItemsText, tenant, f.After, f.Limit, f.Find, f.Find+"\U0010FFFF")
}

// ItemsOf returns items by id, those that exist, sorted.
func (t *Tx) ItemsOf(ctx context.Context, tenant ident.Tenant, ids []ident.Item) ([]Item, error) {
	return t.items(ctx, `SELECT `+itemColumns+` FROM items WHERE tenant = $1 AND item IN {ids $2} ORDER BY item`, tenant, list(ids))
}

// ItemsNamed returns the items of SKUs; those that do not exist are missing. On PostgreSQL it locks them.
func (t *Tx) ItemsNamed(ctx context.Context, tenant ident.Tenant, skus []string) (map[string]Item, error) {
	found, err := t.items(ctx, `SELECT `+itemColumns+` FROM items WHERE tenant = $1 AND sku IN {texts $2} ORDER BY item {for update}`, tenant, list(skus))
	return bySKU(found), err
}

// ItemsSeen is ItemsNamed without locks, for reading transactions.
func (t *Tx) ItemsSeen(ctx context.Context, tenant ident.Tenant, skus []string) (map[string]Item, error) {
	found, err := t.items(ctx, `SELECT `+itemColumns+` FROM items WHERE tenant = $1 AND sku IN {texts $2} ORDER BY item`, tenant, list(skus))
	return bySKU(found), err
}

func bySKU(found []Item) map[string]Item {
	out := make(map[string]Item, len(found))
	for _, x := range found {
		out[x.SKU] = x
	}
	return out
}

// ItemNamed returns the item of a SKU; fault.NotFound when there is none.
func (t *Tx) ItemNamed(ctx context.Context, tenant ident.Tenant, sku string) (Item, error) {
	found, err := t.items(ctx, `SELECT `+itemColumns+` FROM items WHERE tenant = $1 AND sku = $2`, tenant, sku)
	if err == nil && len(found) == 0 {
		return Item{}, fault.New(fault.NotFound, "there is no item with SKU %q", sku)
	}
	if err != nil {
		return Item{}, err
	}
	return found[0], nil
}

const (
	itemHead = `INSERT INTO items (tenant, item, sku, gtin, title, bundle, on_hand, reserved, held, counted_at, base_price, cost, currency, price_extra, price_rev, updated_at) VALUES `

	// An item that is there keeps its stock: only the ledger moves it.
	itemTail = `ON CONFLICT (tenant, item) DO UPDATE SET sku = excluded.sku, gtin = excluded.gtin, title = excluded.title, bundle = excluded.bundle,
  base_price = excluded.base_price, cost = excluded.cost, currency = excluded.currency, price_extra = excluded.price_extra, price_rev = excluded.price_rev`
)

// SaveItems inserts items whose ID is 0, giving them ids in place, and updates names and prices of the others. Stock is not
// touched. The caller has locked the others (ItemsNamed) in this transaction.
func (t *Tx) SaveItems(ctx context.Context, tenant ident.Tenant, xs []Item) error {
	fresh := 0
	for _, x := range xs {
		if x.ID == 0 {
			fresh++
		}
	}
	if fresh > 0 {
		next, err := Next[ident.Item](ctx, t, tenant, "item", fresh)
		if err != nil {
			return err
		}
		for i := range xs {
			if xs[i].ID == 0 {
				xs[i].ID = next
				next++
			}
		}
	}
	return t.insert(ctx, itemHead, 16, itemTail, len(xs), func(i int, args []any) []any {
		x := xs[i]
		return append(args, tenant, x.ID, x.SKU, x.GTIN, x.Title, flag(x.Bundle), 0, 0, 0, 0, null(x.Price.Base), null(x.Price.Cost),
			x.Price.Currency, x.Price.Extra, x.Price.Rev, x.UpdatedAt)
	})
}

// Component is one part of a bundle.
type Component struct {
	Item     ident.Item `json:"-"`
	SKU      string     `json:"sku"`
	Quantity int64      `json:"quantity"`
}

// Components returns what bundles are made of, by bundle.
func (t *Tx) Components(ctx context.Context, tenant ident.Tenant, bundles []ident.Item) (map[ident.Item][]Component, error) {
	out := map[ident.Item][]Component{}
	err := t.each(ctx, `
SELECT c.bundle, c.component, i.sku, c.quantity FROM components c JOIN items i ON i.tenant = c.tenant AND i.item = c.component
WHERE c.tenant = $1 AND c.bundle IN {ids $2} ORDER BY c.bundle, c.component`, func(rs *sql.Rows) error {
		var b ident.Item
		var c Component
		err := rs.Scan(&b, &c.Item, &c.SKU, &c.Quantity)
		out[b] = append(out[b], c)
		return err
	}, tenant, list(bundles))
	return out, err
}

// SetComponents replaces what a bundle is made of; none makes it a plain item.
func (t *Tx) SetComponents(ctx context.Context, tenant ident.Tenant, bundle ident.Item, cs []Component) error {
	if _, err := t.exec(ctx, `DELETE FROM components WHERE tenant = $1 AND bundle = $2`, tenant, bundle); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE items SET bundle = $3 WHERE tenant = $1 AND item = $2`, tenant, bundle, flag(len(cs) > 0)); err != nil {
		return err
	}
	return t.insert(ctx, `INSERT INTO components (tenant, bundle, component, quantity) VALUES `, 4, "", len(cs), func(i int, args []any) []any {
		return append(args, tenant, bundle, cs[i].Item, cs[i].Quantity)
	})
}

// Places returns where items are kept, by item and place, when it is in more than the main one.
func (t *Tx) Places(ctx context.Context, tenant ident.Tenant, items []ident.Item) (map[ident.Item]map[string]int64, error) {
	out := map[ident.Item]map[string]int64{}
	err := t.each(ctx, `SELECT item, place, on_hand FROM places WHERE tenant = $1 AND item IN {ids $2} ORDER BY item, place`, func(rs *sql.Rows) error {
		var item ident.Item
		var place string
		var n int64
		if err := rs.Scan(&item, &place, &n); err != nil {
			return err
		}
		if out[item] == nil {
			out[item] = map[string]int64{}
		}
		out[item][place] = n
		return nil
	}, tenant, list(items))
	return out, err
}

// LastEntries returns the newest ledger entry of each item: the revision that a planned count was made on. Entries whose
// source begins with except are not looked at; "" looks at all. An item without entries is missing. (The plus keeps SQLite
// from walking the ledger backwards instead of the item's own entries.)
func (t *Tx) LastEntries(ctx context.Context, tenant ident.Tenant, items []ident.Item, except string) (map[ident.Item]ident.Entry, error) {
	out := make(map[ident.Item]ident.Entry, len(items))
	err := t.each(ctx, `
SELECT i.item, (SELECT e.entry FROM entries e WHERE e.tenant = i.tenant AND e.item = i.item AND ($3 = '' OR substr(e.source, 1, length($3)) <> $3)
                ORDER BY +e.entry DESC LIMIT 1)
FROM items i WHERE i.tenant = $1 AND i.item IN {ids $2}`, func(rs *sql.Rows) error {
		var item ident.Item
		var last *ident.Entry
		if err := rs.Scan(&item, &last); err != nil || last == nil {
			return err
		}
		out[item] = *last
		return nil
	}, tenant, list(items), except)
	return out, err
}

// PartsOfBundles returns which of items are a component of some bundle.
func (t *Tx) PartsOfBundles(ctx context.Context, tenant ident.Tenant, items []ident.Item) (map[ident.Item]bool, error) {
	out := map[ident.Item]bool{}
	err := t.each(ctx, `SELECT DISTINCT component FROM components WHERE tenant = $1 AND component IN {ids $2}`, func(rs *sql.Rows) error {
		var id ident.Item
		err := rs.Scan(&id)
		out[id] = true
		return err
	}, tenant, list(items))
	return out, err
}

// CountItems returns how many items a tenant has.
func (t *Tx) CountItems(ctx context.Context, tenant ident.Tenant) (n int64, err error) {
	_, err = t.one(ctx, `SELECT count(*) FROM items WHERE tenant = $1`, []any{&n}, tenant)
	return n, err
}
