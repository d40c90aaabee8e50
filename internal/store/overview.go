package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Tally is how many targets of an account are in one state that is not verified.
type Tally struct {
	Account ident.Account
	State   string
	N       int64
}

// OpenCounters counts the counters that are not verified, by account and state. It reads a small index: in steady state
// nearly everything is verified.
func (t *Tx) OpenCounters(ctx context.Context, tenant ident.Tenant) ([]Tally, error) {
	return t.tally(ctx, `SELECT account, state, count(*) FROM counters WHERE tenant = $1 AND state <> 'verified' GROUP BY account, state ORDER BY account, state`, tenant)
}

// OpenPrices counts the prices that are not verified, by account and state.
func (t *Tx) OpenPrices(ctx context.Context, tenant ident.Tenant) ([]Tally, error) {
	return t.tally(ctx, `SELECT account, price_state, count(*) FROM listings WHERE tenant = $1 AND price_state <> 'verified' GROUP BY account, price_state ORDER BY account, price_state`, tenant)
}

func (t *Tx) tally(ctx context.Context, text string, args ...any) (out []Tally, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var x Tally
		err := rs.Scan(&x.Account, &x.State, &x.N)
		out = append(out, x)
		return err
	}, args...)
	return out, err
}

// Size is how much there is of an account.
type Size struct {
	Account  ident.Account
	Counters int64
	Listings int64
}

// Sizes counts the counters and listings of every account. It reads an index to its end: keep what it returns for a while.
func (t *Tx) Sizes(ctx context.Context, tenant ident.Tenant) (out []Size, err error) {
	err = t.each(ctx, `
SELECT a.account, (SELECT count(*) FROM counters c WHERE c.tenant = a.tenant AND c.account = a.account),
       (SELECT count(*) FROM listings l WHERE l.tenant = a.tenant AND l.account = a.account)
FROM accounts a WHERE a.tenant = $1 ORDER BY a.account`, func(rs *sql.Rows) error {
		var s Size
		err := rs.Scan(&s.Account, &s.Counters, &s.Listings)
		out = append(out, s)
		return err
	}, tenant)
	return out, err
}

// Queue is the work that waits at an account.
type Queue struct {
	Account ident.Account
	Marked  int64 // to be decided
	Stock   int64 // to be written
	Price   int64
	Flight  int64 // sent, and not answered
}

const queueText = `
SELECT a.account,
       (SELECT count(*) FROM marks m WHERE m.tenant = a.tenant AND m.account = a.account AND m.gen > m.done_gen),
       (SELECT count(*) FROM counters c WHERE c.tenant = a.tenant AND c.account = a.account AND c.lane <> 0),
       (SELECT count(*) FROM listings l WHERE l.tenant = a.tenant AND l.account = a.account AND l.price_lane <> 0),
       (SELECT count(*) FROM intents i WHERE i.tenant = a.tenant AND i.account = a.account AND i.state IN ('recorded', 'accepted', 'unknown'))
FROM accounts a WHERE a.tenant = $1 ORDER BY a.account`

// Queues counts what waits at every account; each count reads an index that holds waiting rows only.
func (t *Tx) Queues(ctx context.Context, tenant ident.Tenant) (out []Queue, err error) {
	err = t.each(ctx, queueText, func(rs *sql.Rows) error {
		var q Queue
		err := rs.Scan(&q.Account, &q.Marked, &q.Stock, &q.Price, &q.Flight)
		out = append(out, q)
		return err
	}, tenant)
	return out, err
}

// Sale is an order line as it is shown: which listing, how many, when we saw it. It tells nothing of a buyer.
type Sale struct {
	Account  ident.Account `json:"account"`
	Key      string        `json:"key"`
	SKU      string        `json:"sku"`
	Quantity int64         `json:"quantity"`
	Shipped  int64         `json:"shipped"`
	Returned int64         `json:"returned"`
	SeenAt   ident.Micros  `json:"seen_at"`
	Booked   bool          `json:"booked"` // the listing is bound: stock moved
}

// LastSales lists the newest order lines by when they were first seen.
func (t *Tx) LastSales(ctx context.Context, tenant ident.Tenant, limit int) (out []Sale, err error) {
	err = t.each(ctx, `
SELECT s.account, s.listing, coalesce(i.sku, l.sku, ''), s.quantity, s.shipped, s.returned, s.first_seen, CASE WHEN coalesce(l.item, 0) <> 0 THEN 1 ELSE 0 END
FROM (SELECT * FROM lines WHERE tenant = $1 ORDER BY first_seen DESC, line DESC LIMIT $2) s
LEFT JOIN listings l ON l.tenant = s.tenant AND l.account = s.account AND l.channel_key = s.listing
LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item AND l.item <> 0
ORDER BY s.first_seen DESC, s.line DESC`, func(rs *sql.Rows) error {
		var s Sale
		err := rs.Scan(&s.Account, &s.Key, &s.SKU, &s.Quantity, &s.Shipped, &s.Returned, &s.SeenAt, &s.Booked)
		out = append(out, s)
		return err
	}, tenant, limit)
	return out, err
}

// OpenFindings counts the open findings of a tenant by account and class.
func (t *Tx) OpenFindings(ctx context.Context, tenant ident.Tenant) ([]Tally, error) {
	return t.tally(ctx, `SELECT account, class, count(*) FROM findings WHERE tenant = $1 AND state = 'open' GROUP BY account, class ORDER BY account, class`, tenant)
}
