package store

import (
	"context"
	"database/sql"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

const (
	listingKeysText = `SELECT channel_key FROM listings WHERE tenant = $1 AND account = $2 AND listing IN {ids $3} ORDER BY listing`

	linesOfText = `SELECT ` + lineColumns + ` FROM lines WHERE tenant = $1 AND account = $2 AND listing IN {texts $3} ORDER BY line`

	// What the lines of the listings behind a counter leave untaken: the sum over all of its listings.
	untakenText = `
UPDATE counters SET untaken = (
  SELECT coalesce(sum(CASE WHEN x.quantity = 0 THEN 0 WHEN x.taken > x.shipped THEN {greatest 0 x.quantity-x.taken} ELSE {greatest 0 x.quantity-x.shipped} END * d.units), 0)
  FROM draws d JOIN listings l ON l.tenant = d.tenant AND l.account = d.account AND l.listing = d.listing
       JOIN lines x ON x.tenant = l.tenant AND x.account = l.account AND x.listing = l.channel_key
  WHERE d.tenant = counters.tenant AND d.account = counters.account AND d.counter = counters.counter)
WHERE tenant = $1 AND account = $2 AND counter IN {ids $3}`

	drawnByText = `SELECT DISTINCT counter FROM draws WHERE tenant = $1 AND account = $2 AND listing IN {ids $3} ORDER BY counter`
)

// Rebook brings what order lines and holds of listings did to items in line with how the listings are bound now: effects
// on the former item are taken back, those on the new one are booked, each exactly once (S14). Lines that met no item
// before are judged against the new item's count. It marks what changed.
func (t *Tx) Rebook(ctx context.Context, tenant ident.Tenant, account ident.Account, listings []ident.Listing, now ident.Micros) error {
	if len(listings) == 0 {
		return nil
	}
	f := flow.Fence{Tenant: tenant, Account: account}
	var keys []channel.ListingKey
	err := t.each(ctx, listingKeysText, func(rs *sql.Rows) error {
		var k channel.ListingKey
		err := rs.Scan(&k)
		keys = append(keys, k)
		return err
	}, tenant, account, list(listings))
	if err != nil {
		return err
	}
	entries, err := t.rebookLines(ctx, f, keys, now)
	if err != nil {
		return err
	}
	held, err := t.rebookHolds(ctx, f, listings, now)
	if err != nil {
		return err
	}
	_, err = t.Book(ctx, tenant, append(entries, held...), true)
	return err
}

func (t *Tx) rebookLines(ctx context.Context, f flow.Fence, keys []channel.ListingKey, now ident.Micros) ([]ledger.Entry, error) {
	lines, err := t.lines(ctx, f, linesOfText, f.Tenant, f.Account, list(keys))
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	bounds, err := t.Bounds(ctx, f, keys)
	if err != nil {
		return nil, err
	}
	sources := make([]string, 0, len(lines))
	for s := range lines {
		sources = append(sources, s)
	}
	slices.Sort(sources)
	var entries []ledger.Entry
	var changed []flow.Line
	for _, s := range sources {
		l, b := lines[s], bounds[lines[s].Listing]
		if !sameItems(l.Effects, b.Recipe) { // another item: the line meets it for the first time
			l.Met, l.Opening = false, 0
		}
		if b.Item != 0 {
			l.Line = l.Meet(b.Counted)
		}
		want := l.Line.Effects(b.Recipe)
		for _, e := range ledger.Differences(l.Effects, want) {
			e.Account, e.Line, e.At, e.Actor = f.Account, l.ID, now, "sync"
			entries = append(entries, e)
		}
		l.Effects = want
		changed = append(changed, l)
	}
	return entries, t.SaveLines(ctx, f, changed, now)
}

// sameItems reports whether the effects are on the items of the recipe.
func sameItems(had []ledger.Effect, r ledger.Recipe) bool {
	for _, e := range had {
		if !slices.ContainsFunc(r, func(p ledger.Part) bool { return p.Item == e.Item }) {
			return false
		}
	}
	return len(had) > 0
}

func (t *Tx) rebookHolds(ctx context.Context, f flow.Fence, listings []ident.Listing, now ident.Micros) ([]ledger.Entry, error) {
	var ids []ident.Counter
	err := t.each(ctx, drawnByText, func(rs *sql.Rows) error {
		var id ident.Counter
		err := rs.Scan(&id)
		ids = append(ids, id)
		return err
	}, f.Tenant, f.Account, list(listings))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if _, err := t.exec(ctx, untakenText, f.Tenant, f.Account, list(ids)); err != nil {
		return nil, err
	}
	cs, err := t.Counters(ctx, f, ids)
	if err != nil {
		return nil, err
	}
	sellers, err := t.Sellers(ctx, f, ids)
	if err != nil {
		return nil, err
	}
	var want []flow.Holding
	for _, c := range cs {
		h := flow.Holding{Counter: c.ID, At: now}
		if units := c.Holds.Total(); units > 0 {
			for _, p := range sellers.Recipe(c.ID) {
				h.Want = append(h.Want, ledger.Part{Item: p.Item, Units: p.Units * units})
			}
		}
		want = append(want, h)
	}
	return t.SetHoldings(ctx, f, want)
}
