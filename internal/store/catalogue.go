package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	listedText = `
SELECT listing, channel_key, group_key, sku, gtin, title, pool, active, currency, gone, stock_on
FROM listings WHERE tenant = $1 AND account = $2 AND channel_key IN {texts $3}`

	addListingHead = `INSERT INTO listings (tenant, account, listing, channel_key, group_key, sku, gtin, title, pool, active, currency,
       item, pack, bound_by, bound_at, stock_on, price_on, sweep, gone, price_at, price_fence, price_rev, price_lane, price_read, price_state, price_since) VALUES `

	changeListingText = `
UPDATE listings SET group_key = $4, sku = $5, gtin = $6, title = $7, pool = $8, active = $9,
       currency = CASE WHEN $10 = '' THEN currency ELSE $10 END, gone = 0
WHERE tenant = $1 AND account = $2 AND listing = $3`

	sweptText = `UPDATE listings SET sweep = $3 WHERE tenant = $1 AND account = $2 AND listing IN {ids $4}`

	stockKeysText = `SELECT counter, stock_key, location FROM counters WHERE tenant = $1 AND account = $2 AND stock_key IN {texts $3}`

	addCounterHead = `INSERT INTO counters (tenant, account, counter, stock_key, location, known, expected, below, above, exact, doubt, holds, surpluses,
       observed, observed_at, fence, reserved, untaken, target, wire, rev, lane, read_due, prove_due, state, since) VALUES `

	drawnText   = `SELECT listing, counter, units FROM draws WHERE tenant = $1 AND account = $2 AND listing IN {ids $3}`
	addDrawHead = `INSERT INTO draws (tenant, account, counter, listing, units) VALUES `
	addDrawTail = `ON CONFLICT (tenant, account, counter, listing) DO UPDATE SET units = excluded.units`
	undrawText  = `DELETE FROM draws WHERE tenant = $1 AND account = $2 AND counter = $3 AND listing = $4`
)

// SaveCatalogue stores what a catalogue page shows: new listings with their draws and counters, and changes of known
// ones. A binding is by listing id, so a renamed SKU keeps it (N11). Lines that waited for a new listing are booked.
func (t *Tx) SaveCatalogue(ctx context.Context, f flow.Fence, ls []channel.Listing, sweep int64, now ident.Micros) error {
	if len(ls) == 0 {
		return nil
	}
	p := pageOf(ls)
	if err := t.known(ctx, f, p); err != nil {
		return err
	}
	if err := t.addListings(ctx, f, p, sweep, now); err != nil {
		return err
	}
	if err := t.changeListings(ctx, f, p); err != nil {
		return err
	}
	if _, err := t.exec(ctx, sweptText, f.Tenant, f.Account, sweep, list(p.oldIDs())); err != nil {
		return err
	}
	if err := t.saveDraws(ctx, f, p, now); err != nil {
		return err
	}
	sold, err := t.Sold(ctx, f.Tenant, f.Account, p.newIDs())
	if err != nil || len(sold) == 0 {
		return err
	}
	return t.Rebook(ctx, f.Tenant, f.Account, sold, now)
}

// cataloguePage is a page of listings with the ids they have or get.
type cataloguePage struct {
	rows []listed
	byID map[channel.ListingKey]int
}

type listed struct {
	channel.Listing
	id      ident.Listing
	isNew   bool
	changed bool
}

// pageOf takes each key once; a page that repeats one shows the later row.
func pageOf(ls []channel.Listing) *cataloguePage {
	p := &cataloguePage{byID: make(map[channel.ListingKey]int, len(ls))}
	for _, l := range ls {
		if i, twice := p.byID[l.Key]; twice {
			p.rows[i].Listing = l
			continue
		}
		p.byID[l.Key] = len(p.rows)
		p.rows = append(p.rows, listed{Listing: l, isNew: true})
	}
	return p
}

func (p *cataloguePage) keys() []channel.ListingKey {
	out := make([]channel.ListingKey, len(p.rows))
	for i, r := range p.rows {
		out[i] = r.Key
	}
	return out
}

func (p *cataloguePage) newIDs() []ident.Listing { return p.ids(true) }
func (p *cataloguePage) oldIDs() []ident.Listing { return p.ids(false) }

func (p *cataloguePage) ids(isNew bool) (out []ident.Listing) {
	for _, r := range p.rows {
		if r.isNew == isNew {
			out = append(out, r.id)
		}
	}
	return out
}

// known finds the listings that are stored and what changed of them.
func (t *Tx) known(ctx context.Context, f flow.Fence, p *cataloguePage) error {
	return t.each(ctx, listedText, func(rs *sql.Rows) error {
		var id ident.Listing
		var key channel.ListingKey
		var group, sku, gtin, title, currency string
		var pool channel.Pool
		var active, gone, on int64
		if err := rs.Scan(&id, &key, &group, &sku, &gtin, &title, &pool, &active, &currency, &gone, &on); err != nil {
			return err
		}
		r := &p.rows[p.byID[key]]
		r.id, r.isNew = id, false
		r.changed = group != r.Group || sku != r.SKU || gtin != r.GTIN || title != r.Title || pool != r.Pool || active != flag(r.Active) || gone != 0 ||
			(r.Price != nil && currency != string(r.Price.Currency))
		return nil
	}, f.Tenant, f.Account, list(p.keys()))
}

func (t *Tx) addListings(ctx context.Context, f flow.Fence, p *cataloguePage, sweep int64, now ident.Micros) error {
	var fresh []*listed
	for i := range p.rows {
		if p.rows[i].isNew {
			fresh = append(fresh, &p.rows[i])
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	next, err := Next[ident.Listing](ctx, t, f.Tenant, "listing", len(fresh))
	if err != nil {
		return err
	}
	return t.insert(ctx, addListingHead, 26, "", len(fresh), func(i int, args []any) []any {
		l := fresh[i]
		l.id = next + ident.Listing(i)
		return append(args, f.Tenant, f.Account, l.id, l.Key, l.Group, l.SKU, l.GTIN, l.Title, l.Pool, flag(l.Active), currencyOf(l.Listing),
			0, 1, "", 0, 0, 0, sweep, 0, 0, 0, 0, 0, 0, flow.Undecided, now)
	})
}

func currencyOf(l channel.Listing) string {
	if l.Price == nil {
		return ""
	}
	return string(l.Price.Currency)
}

func (t *Tx) changeListings(ctx context.Context, f flow.Fence, p *cataloguePage) error {
	for _, r := range p.rows {
		if r.isNew || !r.changed {
			continue
		}
		if _, err := t.exec(ctx, changeListingText, f.Tenant, f.Account, r.id, r.Group, r.SKU, r.GTIN, r.Title, r.Pool, flag(r.Active), currencyOf(r.Listing)); err != nil {
			return err
		}
	}
	return nil
}

// saveDraws stores new counters and which listing draws from which; what a listing draws from may change.
func (t *Tx) saveDraws(ctx context.Context, f flow.Fence, p *cataloguePage, now ident.Micros) error {
	counters, err := t.addCounters(ctx, f, p, now)
	if err != nil {
		return err
	}
	type pair struct {
		listing ident.Listing
		counter ident.Counter
	}
	had := map[pair]int64{}
	err = t.each(ctx, drawnText, func(rs *sql.Rows) error {
		var k pair
		var units int64
		err := rs.Scan(&k.listing, &k.counter, &units)
		had[k] = units
		return err
	}, f.Tenant, f.Account, list(p.oldIDs()))
	if err != nil {
		return err
	}
	type draw struct {
		pair
		units int64
	}
	var add []draw
	var marks []int64
	for _, r := range p.rows {
		for _, d := range r.Stock {
			k := pair{r.id, counters[d.StockKey]}
			if units, ok := had[k]; !ok || units != d.Units {
				add = append(add, draw{k, d.Units})
				if !r.isNew {
					marks = append(marks, int64(k.counter))
				}
			}
			delete(had, k)
		}
	}
	for k := range had { // drawn no more
		if _, err := t.exec(ctx, undrawText, f.Tenant, f.Account, k.counter, k.listing); err != nil {
			return err
		}
		marks = append(marks, int64(k.counter))
	}
	slices.SortFunc(add, func(a, b draw) int {
		return cmp.Or(cmp.Compare(a.counter, b.counter), cmp.Compare(a.listing, b.listing))
	})
	add = slices.CompactFunc(add, func(a, b draw) bool { return a.pair == b.pair })
	err = t.insert(ctx, addDrawHead, 5, addDrawTail, len(add), func(i int, args []any) []any {
		return append(args, f.Tenant, f.Account, add[i].counter, add[i].listing, add[i].units)
	})
	if err != nil {
		return err
	}
	slices.Sort(marks)
	return t.Mark(ctx, f.Tenant, f.Account, channel.Stock, slices.Compact(marks), false)
}

// addCounters returns the ids of the counters that a page draws from, new ones included.
func (t *Tx) addCounters(ctx context.Context, f flow.Fence, p *cataloguePage, now ident.Micros) (map[channel.StockKey]ident.Counter, error) {
	out := map[channel.StockKey]ident.Counter{}
	var keys []channel.StockKey
	var names []string
	for _, r := range p.rows {
		for _, d := range r.Stock {
			if _, twice := out[d.StockKey]; !twice {
				out[d.StockKey] = 0
				keys, names = append(keys, d.StockKey), append(names, d.Key)
			}
		}
	}
	if len(keys) == 0 {
		return out, nil
	}
	err := t.each(ctx, stockKeysText, func(rs *sql.Rows) error {
		var id ident.Counter
		var k channel.StockKey
		err := rs.Scan(&id, &k.Key, &k.Location)
		if _, ours := out[k]; ours {
			out[k] = id
		}
		return err
	}, f.Tenant, f.Account, list(names))
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(keys, func(k channel.StockKey) bool { return out[k] != 0 })
	if len(fresh) == 0 {
		return out, nil
	}
	next, err := Next[ident.Counter](ctx, t, f.Tenant, "counter", len(fresh))
	if err != nil {
		return nil, err
	}
	return out, t.insert(ctx, addCounterHead, 26, "", len(fresh), func(i int, args []any) []any {
		id := next + ident.Counter(i)
		out[fresh[i]] = id
		return append(args, f.Tenant, f.Account, id, fresh[i].Key, fresh[i].Location, 0, 0, 0, 0, 0, nil, "", "", 0, 0, 0, nil, 0, nil, nil,
			0, 0, 0, 0, flow.Undecided, now)
	})
}

const (
	listingCountText = `SELECT count(*) FROM listings WHERE tenant = $1 AND account = $2 AND gone = 0`
	markGoneText     = `UPDATE listings SET gone = 1 WHERE tenant = $1 AND account = $2 AND gone = 0 AND sweep < $3`
)

// ListingCount returns how many listings of the account are not gone.
func (t *Tx) ListingCount(ctx context.Context, f flow.Fence) (n int64, err error) {
	_, err = t.one(ctx, listingCountText, []any{&n}, f.Tenant, f.Account)
	return n, err
}

// MarkGone marks listings that a complete catalogue read did not show. Their bindings and history stay.
func (t *Tx) MarkGone(ctx context.Context, f flow.Fence, sweep int64) (int64, error) {
	return t.exec(ctx, markGoneText, f.Tenant, f.Account, sweep)
}

// MatchNext binds unbound listings after one by exact unique SKU or GTIN, books the lines that waited for them, and
// returns where to go on; -1 at the end.
func (t *Tx) MatchNext(ctx context.Context, f flow.Fence, after ident.Listing, limit int, now ident.Micros) (ident.Listing, error) {
	m, err := t.Match(ctx, f.Tenant, f.Account, after, limit, now)
	if err != nil {
		return 0, err
	}
	bound := append(slices.Clone(m.BySKU), m.ByGTIN...)
	if len(bound) > 0 {
		sold, err := t.Sold(ctx, f.Tenant, f.Account, bound)
		if err != nil {
			return 0, err
		}
		if err := t.Rebook(ctx, f.Tenant, f.Account, sold, now); err != nil {
			return 0, err
		}
	}
	if m.Seen < limit {
		return -1, nil
	}
	return m.Last, nil
}
