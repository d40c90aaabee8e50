package storetest

import (
	"testing"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Tenant is the tenant of seeded rows.
const Tenant ident.Tenant = 1

// Write runs fn in a write transaction and fails the test on an error.
func Write(tb testing.TB, db *store.DB, fn func(*store.Tx) error) {
	tb.Helper()
	if err := db.Write(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

// Account adds an account of the model channel and returns its id.
func Account(tb testing.TB, db *store.DB, name string, mode flow.Mode) (id ident.Account) {
	tb.Helper()
	Write(tb, db, func(t *store.Tx) (err error) {
		if id, err = t.NextAccount(tb.Context()); err != nil {
			return err
		}
		return t.AddAccount(tb.Context(), flow.Account{
			Tenant: Tenant, ID: id, Name: name, Kind: "model", Mode: mode, Role: flow.Sales, OnDrift: flow.Report, Settings: map[string]string{},
			State: "connected", CreatedAt: 1,
		}, "{}")
	})
	return id
}

// Listing adds an unbound listing with one counter of its own, both with the given id, that shows quantity.
func Listing(tb testing.TB, db *store.DB, account ident.Account, id int64, key, sku, gtin, title string, quantity int64) {
	tb.Helper()
	Counter(tb, db, account, id, key, quantity)
	BareListing(tb, db, account, id, key, sku, gtin, title)
	Draw(tb, db, account, id, id)
}

// BareListing adds an unbound listing that draws from no counter.
func BareListing(tb testing.TB, db *store.DB, account ident.Account, id int64, key, sku, gtin, title string) {
	tb.Helper()
	Exec(tb, db, `
INSERT INTO listings (tenant, account, listing, channel_key, group_key, sku, gtin, title, pool, active, currency, item, pack, bound_by, bound_at, stock_on,
       price_on, sweep, gone, price_at, price_fence, price_rev, price_lane, price_read, price_state, price_since)
VALUES ($1, $2, $3, $4, '', $5, $6, $7, 'merchant', 1, 'EUR', 0, 1, '', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 'new', 0)`,
		Tenant, account, id, key, sku, gtin, title)
}

// Counter adds a counter that was read as quantity.
func Counter(tb testing.TB, db *store.DB, account ident.Account, id int64, key string, quantity int64) {
	tb.Helper()
	Exec(tb, db, `
INSERT INTO counters (tenant, account, counter, stock_key, location, known, expected, below, above, exact, holds, surpluses, observed, observed_at, fence,
       untaken, rev, lane, read_due, prove_due, state, since)
VALUES ($1, $2, $3, $4, '', 1, $5, 0, 0, 0, '', '', $5, 1, 1, 0, 0, 0, 0, 0, 'new', 1)`, Tenant, account, id, key, quantity)
}

// Draw makes a listing draw from a counter, one unit a piece.
func Draw(tb testing.TB, db *store.DB, account ident.Account, listing, counter int64) {
	tb.Helper()
	Exec(tb, db, `INSERT INTO draws (tenant, account, counter, listing, units) VALUES ($1, $2, $3, $4, 1)`, Tenant, account, counter, listing)
}
