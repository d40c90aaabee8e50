package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

const (
	priceWorkText = `
SELECT target, gen FROM marks WHERE tenant = $1 AND account = $2 AND gen > done_gen AND urgent IN (0, 1) AND field = $3 LIMIT $4`
	priceLaneText = `
SELECT listing, 0 FROM listings WHERE tenant = $1 AND account = $2 AND price_lane <> 0 AND price_lane = $3 AND price_read <= $4 LIMIT $5`
	priceReadText = `
SELECT listing, 0 FROM listings WHERE tenant = $1 AND account = $2 AND price_read <> 0 AND price_read <= $3 ORDER BY price_read LIMIT $4`
)

// PriceWork returns listings whose price is due, each once: readings, decreases, marks, increases.
func (t *Tx) PriceWork(ctx context.Context, f flow.Fence, now ident.Micros, limit int, sending bool) ([]flow.Mark, error) {
	w := work{tx: t, limit: limit, seen: map[int64]bool{}}
	w.add(ctx, priceReadText, f.Tenant, f.Account, now)
	if sending {
		w.add(ctx, priceLaneText, f.Tenant, f.Account, flow.Decrease, now)
	}
	w.add(ctx, priceWorkText, f.Tenant, f.Account, channel.Price)
	if sending {
		w.add(ctx, priceLaneText, f.Tenant, f.Account, flow.Increase, now)
	}
	return w.marks, w.err
}

const priceSelect = `
SELECT l.listing, l.channel_key, l.group_key, l.currency, l.price_want, l.price_seen, l.price_at, l.price_fence, l.price_ok, l.price_rev, l.price_lane,
       l.price_read, l.price_state, l.price_since, l.sku, l.item, l.pack, l.price_on, l.pool, i.base_price, i.cost, i.currency, i.price_extra,
       n.intent, n.rev, n.value, n.base, n.idem_key, n.epoch, n.not_after, n.state, n.code, n.ticket, n.created_at, n.settled_at
FROM listings l LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item
     LEFT JOIN intents n ON n.tenant = l.tenant AND n.account = l.account AND n.field = 'price' AND n.target = l.listing
     AND n.state IN ('recorded', 'accepted', 'unknown')
WHERE l.tenant = $1 AND l.account = $2 AND `

// Prices returns the prices of listings with what deciding them needs, in id order.
func (t *Tx) Prices(ctx context.Context, f flow.Fence, ids []ident.Listing) ([]flow.Priced, error) {
	return t.prices(ctx, f, priceSelect+`l.listing IN {ids $3} ORDER BY l.listing`, list(ids))
}

// PricesByKey returns the prices of the listings with these channel keys.
func (t *Tx) PricesByKey(ctx context.Context, f flow.Fence, keys []channel.ListingKey) ([]flow.Priced, error) {
	return t.prices(ctx, f, priceSelect+`l.channel_key IN {texts $3} ORDER BY l.listing`, list(keys))
}

func (t *Tx) prices(ctx context.Context, f flow.Fence, text, keys string) (out []flow.Priced, err error) {
	var items []ident.Item
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		p, err := scanPrice(rs)
		if p.Item != 0 {
			items = append(items, p.Item)
		}
		out = append(out, p)
		return err
	}, f.Tenant, f.Account, keys)
	if err != nil || len(items) == 0 {
		return out, err
	}
	rules, err := t.ItemRules(ctx, f.Tenant, items)
	if err != nil || len(rules) == 0 {
		return out, err
	}
	byItem := map[ident.Item][]flow.Rule{}
	for _, r := range rules {
		byItem[r.Item] = append(byItem[r.Item], r)
	}
	for i := range out {
		out[i].Rules = byItem[out[i].Item]
	}
	return out, nil
}

func scanPrice(rs *sql.Rows) (p flow.Priced, err error) {
	var want, seen, accepted, base, cost sql.NullInt64
	var on int64
	var currency, extra sql.NullString
	var in openColumns
	err = rs.Scan(append([]any{
		&p.Listing, &p.Key, &p.Group, &p.Currency, &want, &seen, &p.SeenAt, &p.Fence, &accepted, &p.Rev, &p.Lane, &p.ReadDue, &p.State, &p.Since,
		&p.SKU, &p.Item, &p.Pack, &on, &p.Pool, &base, &cost, &currency, &extra,
	}, in.dest()...)...)
	if err != nil {
		return p, err
	}
	p.Want, p.Seen, p.Accepted, p.PriceOn, p.Extra = pointer(want), pointer(seen), pointer(accepted), on != 0, extra.String
	if base.Valid {
		p.Base = &money.Amount{Minor: base.Int64, Currency: money.Currency(currency.String)}
	}
	if cost.Valid {
		p.Cost = &money.Amount{Minor: cost.Int64, Currency: money.Currency(currency.String)}
	}
	p.Open = in.intent(channel.Price, int64(p.Listing))
	return p, nil
}

const savePriceText = `
UPDATE listings SET price_want = $4, price_seen = $5, price_at = $6, price_fence = $7, price_ok = $8, price_rev = $9, price_lane = $10,
       price_read = $11, price_state = $12, price_since = $13
WHERE tenant = $1 AND account = $2 AND listing = $3`

// SavePrices stores prices as they are now. Only the account's driver does this.
func (t *Tx) SavePrices(ctx context.Context, f flow.Fence, ps []flow.Price) error {
	for _, p := range ps {
		_, err := t.exec(ctx, savePriceText, f.Tenant, f.Account, p.Listing, null(p.Want), null(p.Seen), p.SeenAt, p.Fence, null(p.Accepted), p.Rev,
			p.Lane, p.ReadDue, p.State, p.Since)
		if err != nil {
			return err
		}
	}
	return nil
}

const mediansText = `
SELECT target, value FROM intents
WHERE tenant = $1 AND account = $2 AND field = 'price' AND target IN {ids $3} AND created_at >= $4 AND state IN ('applied', 'verified')
ORDER BY target, value`

// Medians returns the median of the prices that were sent for listings since a time.
func (t *Tx) Medians(ctx context.Context, f flow.Fence, ids []ident.Listing, since ident.Micros) (map[ident.Listing]int64, error) {
	values := map[ident.Listing][]int64{}
	err := t.each(ctx, mediansText, func(rs *sql.Rows) error {
		var id ident.Listing
		var v int64
		err := rs.Scan(&id, &v)
		values[id] = append(values[id], v)
		return err
	}, f.Tenant, f.Account, list(ids), since)
	out := make(map[ident.Listing]int64, len(values))
	for id, vs := range values {
		out[id] = vs[len(vs)/2]
	}
	return out, err
}

const approvedPricesText = `
SELECT r.target, CAST(r.new AS BIGINT) FROM plan_rows r JOIN plans p ON p.tenant = r.tenant AND p.plan = r.plan
WHERE r.tenant = $1 AND r.account = $2 AND r.field = 'price' AND r.target IN {ids $3} AND r.state = 'planned' AND r.action = 'write' AND r.new <> ''
  AND p.state IN ('applying', 'canary')`

// ApprovedPrices returns the prices that plans being applied name for listings.
func (t *Tx) ApprovedPrices(ctx context.Context, f flow.Fence, ids []ident.Listing) (map[ident.Listing]int64, error) {
	out := map[ident.Listing]int64{}
	err := t.each(ctx, approvedPricesText, func(rs *sql.Rows) error {
		var id ident.Listing
		var v int64
		err := rs.Scan(&id, &v)
		out[id] = v
		return err
	}, f.Tenant, f.Account, list(ids))
	return out, err
}

const priceMatesText = `
SELECT l.listing FROM listings l
WHERE l.tenant = $1 AND l.account = $2 AND l.gone = 0 AND (l.listing IN {ids $3} OR l.group_key <> '' AND l.group_key IN
  (SELECT m.group_key FROM listings m WHERE m.tenant = $1 AND m.account = $2 AND m.listing IN {ids $3}))
ORDER BY l.listing`

// PriceMates returns the listings that share a write group with these, themselves included.
func (t *Tx) PriceMates(ctx context.Context, f flow.Fence, ids []ident.Listing) ([]ident.Listing, error) {
	return t.listingIDs(ctx, priceMatesText, f.Tenant, f.Account, list(ids))
}
