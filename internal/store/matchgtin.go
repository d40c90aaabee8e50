package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	gtinPageText = `
SELECT l.listing, l.sku, l.gtin, l.title, l.pool FROM listings l
WHERE l.tenant = $1 AND l.account = $2 AND l.listing > $3 AND l.listing <= $4 AND l.bound_by = '' AND l.item = 0 AND l.gone = 0 AND l.gtin <> ''
  AND NOT EXISTS (SELECT 1 FROM items i WHERE i.tenant = l.tenant AND i.sku = l.sku) ORDER BY l.listing`

	gtinItemsText = `SELECT item, sku, gtin, title FROM items WHERE tenant = $1 AND gtin <> '' AND gtin IN {texts $2} ORDER BY item`

	gtinListingsText = `
SELECT l.listing, l.gtin, count(d.counter), coalesce(max(d.counter), 0) FROM listings l
LEFT JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
WHERE l.tenant = $1 AND l.account = $2 AND l.gtin <> '' AND l.gtin IN {texts $3} AND l.gone = 0 AND l.bound_by <> 'ignored'
GROUP BY l.listing, l.gtin ORDER BY l.listing`
)

// sought is an unbound listing with a GTIN and without an item of its SKU.
type sought struct {
	id   ident.Listing
	face catalog.Face
	pool channel.Pool
}

// matchGTIN binds the listings of a range whose GTIN is that of exactly one item and of no other listing of the account.
func (t *Tx) matchGTIN(ctx context.Context, tenant ident.Tenant, account ident.Account, after, last ident.Listing, now ident.Micros) ([]ident.Listing, error) {
	var page []sought
	keys := map[string]bool{}
	err := t.each(ctx, gtinPageText, func(rs *sql.Rows) error {
		var s sought
		if err := rs.Scan(&s.id, &s.face.SKU, &s.face.GTIN, &s.face.Title, &s.pool); err != nil {
			return err
		}
		if k := catalog.GTINKey(s.face.GTIN); k != "" {
			keys[k] = true
			page = append(page, s)
		}
		return nil
	}, tenant, account, after, last)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	groups, faces, err := t.gtinGroups(ctx, tenant, account, spellings(keys))
	if err != nil {
		return nil, err
	}
	var out []ident.Listing
	for _, s := range page {
		g := groups[catalog.GTINKey(s.face.GTIN)]
		if g == nil {
			continue
		}
		says := catalog.Exact(*g)
		m := catalog.Decide(catalog.Sought{Listing: s.face, Pool: s.pool, GTIN: says, Found: faces[says.Item]})
		if m.Verdict != catalog.Automatic {
			continue
		}
		if _, err := t.exec(ctx, bindText, tenant, account, s.id, m.Item, m.Pack, BoundByGTIN, now, 1); err != nil {
			return nil, err
		}
		out = append(out, s.id)
	}
	return out, nil
}

// gtinGroups groups the items and the listings of an account that have one of some GTINs, by GTIN key.
func (t *Tx) gtinGroups(ctx context.Context, tenant ident.Tenant, account ident.Account, gtins []string) (map[string]*catalog.Group, map[ident.Item]catalog.Face, error) {
	groups := map[string]*catalog.Group{}
	faces := map[ident.Item]catalog.Face{}
	err := t.each(ctx, gtinItemsText, func(rs *sql.Rows) error {
		var id ident.Item
		var f catalog.Face
		err := rs.Scan(&id, &f.SKU, &f.GTIN, &f.Title)
		k := catalog.GTINKey(f.GTIN)
		if groups[k] == nil {
			groups[k] = &catalog.Group{By: catalog.ByGTIN, Key: k}
		}
		groups[k].Items = append(groups[k].Items, id)
		faces[id] = f
		return err
	}, tenant, list(gtins))
	if err != nil {
		return nil, nil, err
	}
	err = t.each(ctx, gtinListingsText, func(rs *sql.Rows) error {
		var m catalog.Member
		var gtin string
		var counters int64
		err := rs.Scan(&m.Listing, &gtin, &counters, &m.Counter)
		if counters != 1 {
			m.Counter = 0 // of several counters none stands for the listing
		}
		if g := groups[catalog.GTINKey(gtin)]; g != nil {
			g.Listings = append(g.Listings, m)
		}
		return err
	}, tenant, account, list(gtins))
	return groups, faces, err
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
