package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	unboundPageText = `
SELECT listing, sku, gtin, title, pool, gone FROM listings WHERE tenant = $1 AND account = $2 AND bound_by = '' AND listing > $3 ORDER BY listing LIMIT $4`

	facesBySKUText  = `SELECT item, sku, gtin, title FROM items WHERE tenant = $1 AND sku IN {texts $2} ORDER BY item`
	facesByGTINText = `SELECT item, sku, gtin, title FROM items WHERE tenant = $1 AND gtin <> '' AND gtin IN {texts $2} ORDER BY item`

	// Listings of one number are one: offers of a SKU in several countries may share a counter.
	rivalsText = `
SELECT l.listing, l.sku, l.gtin, coalesce(min(d.counter), 0) FROM listings l
LEFT JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
WHERE l.tenant = $1 AND l.account = $2 AND l.gone = 0 AND l.bound_by <> 'ignored' AND `
	rivalsBySKUText  = rivalsText + `l.sku IN {texts $3} GROUP BY l.listing, l.sku, l.gtin ORDER BY l.listing`
	rivalsByGTINText = rivalsText + `l.gtin <> '' AND l.gtin IN {texts $3} GROUP BY l.listing, l.sku, l.gtin ORDER BY l.listing`

	bindBySKUText = `
UPDATE listings SET item = (SELECT i.item FROM items i WHERE i.tenant = listings.tenant AND i.sku = listings.sku), pack = 1, bound_by = 'auto-sku',
       bound_at = $4, stock_on = 1, price_on = 1
WHERE tenant = $1 AND account = $2 AND listing IN {ids $3}`
)

// Matched is what one step of matching did.
type Matched struct {
	BySKU, ByGTIN []ident.Listing
	Last          ident.Listing // go on after this one
	Seen          int           // unbound listings looked at; fewer than asked for: there are no more
}

// sought is an unbound listing.
type sought struct {
	id   ident.Listing
	face catalog.Face
	pool channel.Pool
	gone bool
}

// Match binds up to limit unbound listings of an account after a listing id to items by exact unique SKU, then GTIN, as
// catalog.Decide says (N11). It marks and wakes like Bind.
func (t *Tx) Match(ctx context.Context, tenant ident.Tenant, account ident.Account, after ident.Listing, limit int, now ident.Micros) (m Matched, err error) {
	page, err := t.unboundPage(ctx, tenant, account, after, limit)
	if err != nil || len(page) == 0 {
		return m, err
	}
	m.Seen, m.Last = len(page), page[len(page)-1].id
	bySKU, err := t.skuGroups(ctx, tenant, account, page)
	if err != nil {
		return m, err
	}
	byGTIN, err := t.gtinGroups(ctx, tenant, account, page)
	if err != nil {
		return m, err
	}
	for _, s := range page {
		if s.gone {
			continue
		}
		q := catalog.Sought{Listing: s.face, Pool: s.pool, SKU: bySKU.says(s.face.SKU), GTIN: byGTIN.says(catalog.GTINKey(s.face.GTIN))}
		q.Found = byGTIN.faces[q.GTIN.Item]
		d := catalog.Decide(q)
		switch {
		case d.Verdict != catalog.Automatic:
		case q.SKU.Certainty == catalog.Unique:
			m.BySKU = append(m.BySKU, s.id)
		default:
			if _, err := t.exec(ctx, bindText, tenant, account, s.id, d.Item, d.Pack, BoundByGTIN, now, 1); err != nil {
				return m, err
			}
			m.ByGTIN = append(m.ByGTIN, s.id)
		}
	}
	if len(m.BySKU) > 0 {
		if _, err := t.exec(ctx, bindBySKUText, tenant, account, list(m.BySKU), now); err != nil {
			return m, err
		}
	}
	return m, t.Rebound(ctx, tenant, account, append(slices.Clone(m.BySKU), m.ByGTIN...), now)
}

func (t *Tx) unboundPage(ctx context.Context, tenant ident.Tenant, account ident.Account, after ident.Listing, limit int) (out []sought, err error) {
	err = t.each(ctx, unboundPageText, func(rs *sql.Rows) error {
		var s sought
		err := rs.Scan(&s.id, &s.face.SKU, &s.face.GTIN, &s.face.Title, &s.pool, &s.gone)
		out = append(out, s)
		return err
	}, tenant, account, after, limit)
	return out, err
}

// groups are items and the listings of one account that share a key.
type groups struct {
	by    catalog.By
	of    map[string]*catalog.Group
	faces map[ident.Item]catalog.Face
}

func (g groups) says(key string) catalog.Exactly {
	if x := g.of[key]; key != "" && x != nil {
		return catalog.Exact(*x)
	}
	return catalog.Exactly{}
}

func (g groups) at(key string) *catalog.Group {
	if g.of[key] == nil {
		g.of[key] = &catalog.Group{By: g.by, Key: key}
	}
	return g.of[key]
}

func (t *Tx) skuGroups(ctx context.Context, tenant ident.Tenant, account ident.Account, page []sought) (groups, error) {
	keys := map[string]bool{}
	for _, s := range page {
		if s.face.SKU != "" {
			keys[s.face.SKU] = true
		}
	}
	same := func(sku, _ string) string { return sku }
	return t.groups(ctx, tenant, account, catalog.BySKU, slices.Sorted(maps.Keys(keys)), facesBySKUText, rivalsBySKUText, same)
}

func (t *Tx) gtinGroups(ctx context.Context, tenant ident.Tenant, account ident.Account, page []sought) (groups, error) {
	keys := map[string]bool{}
	for _, s := range page {
		if k := catalog.GTINKey(s.face.GTIN); k != "" {
			keys[k] = true
		}
	}
	key := func(_, gtin string) string { return catalog.GTINKey(gtin) }
	return t.groups(ctx, tenant, account, catalog.ByGTIN, spellings(keys), facesByGTINText, rivalsByGTINText, key)
}

// groups loads what shares the keys whose spellings are given. Keys that no item has make no group.
func (t *Tx) groups(ctx context.Context, tenant ident.Tenant, account ident.Account, by catalog.By, spelled []string, items, rivals string, key func(sku, gtin string) string) (groups, error) {
	g := groups{by, map[string]*catalog.Group{}, map[ident.Item]catalog.Face{}}
	if len(spelled) == 0 {
		return g, nil
	}
	err := t.each(ctx, items, func(rs *sql.Rows) error {
		var id ident.Item
		var f catalog.Face
		err := rs.Scan(&id, &f.SKU, &f.GTIN, &f.Title)
		x := g.at(key(f.SKU, f.GTIN))
		x.Items = append(x.Items, id)
		g.faces[id] = f
		return err
	}, tenant, list(spelled))
	if err != nil || len(g.of) == 0 {
		return g, err
	}
	err = t.each(ctx, rivals, func(rs *sql.Rows) error {
		var m catalog.Member
		var sku, gtin string
		err := rs.Scan(&m.Listing, &sku, &gtin, &m.Counter)
		if x := g.of[key(sku, gtin)]; x != nil {
			x.Listings = append(x.Listings, m)
		}
		return err
	}, tenant, account, list(spelled))
	return g, err
}

// spellings returns every way in which GTINs with these keys may be written, sorted.
func spellings(keys map[string]bool) []string {
	var out []string
	for k := range keys {
		for _, digits := range []int{8, 12, 13, 14} {
			if strings.Trim(k[:14-digits], "0") == "" {
				out = append(out, k[14-digits:])
			}
		}
	}
	slices.Sort(out)
	return out
}
