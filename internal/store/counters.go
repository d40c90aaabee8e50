package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
)

const copiesColumns = `c.counter, c.stock_key, c.location, c.known, c.expected, c.below, c.above, c.exact, c.doubt, c.holds, c.surpluses,
       c.observed, c.observed_at, c.fence, c.reserved, c.untaken, c.target, c.wire, c.rev, c.lane, c.read_due, c.prove_due, c.state, c.since`

const counterSelect = `
SELECT ` + copiesColumns + `, n.intent, n.rev, n.value, n.base, n.idem_key, n.epoch, n.not_after, n.state, n.code, n.ticket, n.created_at, n.settled_at
FROM counters c LEFT JOIN intents n ON n.tenant = c.tenant AND n.account = c.account AND n.field = 'stock' AND n.target = c.counter
     AND n.state IN ('recorded', 'accepted', 'unknown')
WHERE c.tenant = $1 AND c.account = $2 AND `

// Counters returns counters by id with their unresolved write, in id order.
func (t *Tx) Counters(ctx context.Context, f flow.Fence, ids []ident.Counter) ([]flow.Counter, error) {
	return t.counters(ctx, counterSelect+`c.counter IN {ids $3} ORDER BY c.counter`, f.Tenant, f.Account, list(ids))
}

// CountersByKey returns the counters with these keys.
func (t *Tx) CountersByKey(ctx context.Context, f flow.Fence, keys []channel.StockKey) ([]flow.Counter, error) {
	names := make([]string, len(keys))
	want := make(map[channel.StockKey]bool, len(keys))
	for i, k := range keys {
		names[i], want[k] = k.Key, true
	}
	cs, err := t.counters(ctx, counterSelect+`c.stock_key IN {texts $3} ORDER BY c.counter`, f.Tenant, f.Account, list(names))
	return slices.DeleteFunc(cs, func(c flow.Counter) bool { return !want[c.Key] }), err
}

// Provable returns counters with holds or surpluses that the feed, read through the given instant, may have explained.
func (t *Tx) Provable(ctx context.Context, f flow.Fence, through ident.Micros, limit int) ([]flow.Counter, error) {
	return t.counters(ctx, counterSelect+`c.prove_due <> 0 AND c.prove_due <= $3 ORDER BY c.prove_due LIMIT $4`, f.Tenant, f.Account, through, limit)
}

func (t *Tx) counters(ctx context.Context, text string, args ...any) (out []flow.Counter, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		c, err := scanCounter(rs)
		out = append(out, c)
		return err
	}, args...)
	return out, err
}

func scanCounter(rs *sql.Rows) (c flow.Counter, err error) {
	var known, exact int64
	var doubt, reserved, target, wire sql.NullInt64
	var holds, surpluses string
	var in openColumns
	err = rs.Scan(append([]any{
		&c.ID, &c.Key.Key, &c.Key.Location, &known, &c.Expected, &c.Below, &c.Above, &exact, &doubt, &holds, &surpluses,
		&c.Observed, &c.ObservedAt, &c.Copies.Fence, &reserved, &c.Untaken, &target, &wire, &c.Rev, &c.Lane, &c.ReadDue, &c.ProveDue, &c.State, &c.Since,
	}, in.dest()...)...)
	if err != nil {
		return c, err
	}
	c.Known, c.Exact, c.Doubt, c.DoubtAt = known != 0, exact != 0, doubt.Valid, doubt.Int64
	c.Reserved, c.Target, c.Wire = pointer(reserved), pointer(target), pointer(wire)
	c.Open = in.intent(channel.Stock, int64(c.ID))
	if c.Holds, err = parseParts(holds); err == nil {
		c.Surpluses, err = parseParts(surpluses)
	}
	return c, err
}

func pointer(n sql.NullInt64) *int64 {
	if !n.Valid {
		return nil
	}
	return &n.Int64
}

func parseParts(text string) (p merge.Parts, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &p)
	}
	return p, err
}

func partsText(p merge.Parts) string {
	if len(p) == 0 {
		return ""
	}
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // two integers always encode
	}
	return string(b)
}

const (
	saveCounterHead = `INSERT INTO counters (tenant, account, counter, stock_key, location, known, expected, below, above, exact, doubt, holds, surpluses,
       observed, observed_at, fence, reserved, untaken, target, wire, rev, lane, read_due, prove_due, state, since) VALUES `
	saveCounterTail = `ON CONFLICT (tenant, account, counter) DO UPDATE SET known = excluded.known, expected = excluded.expected, below = excluded.below,
  above = excluded.above, exact = excluded.exact, doubt = excluded.doubt, holds = excluded.holds, surpluses = excluded.surpluses,
  observed = excluded.observed, observed_at = excluded.observed_at, fence = excluded.fence, reserved = excluded.reserved, untaken = excluded.untaken,
  target = excluded.target, wire = excluded.wire, rev = excluded.rev, lane = excluded.lane, read_due = excluded.read_due,
  prove_due = excluded.prove_due, state = excluded.state, since = excluded.since`
)

// SaveCounters stores counters as they are now. Only the account's driver does this. A page may show a counter twice (F6):
// the later row counts.
func (t *Tx) SaveCounters(ctx context.Context, f flow.Fence, cs []flow.Counter) error {
	cs = lastOfEach(cs)
	return t.insert(ctx, saveCounterHead, 26, saveCounterTail, len(cs), func(i int, args []any) []any {
		c := &cs[i]
		var doubt any
		if c.Doubt {
			doubt = c.DoubtAt
		}
		return append(args, f.Tenant, f.Account, c.ID, c.Key.Key, c.Key.Location, flag(c.Known), c.Expected, c.Below, c.Above, flag(c.Exact), doubt,
			partsText(c.Holds), partsText(c.Surpluses), c.Observed, c.ObservedAt, c.Copies.Fence, null(c.Reserved), c.Untaken, null(c.Target), null(c.Wire),
			c.Rev, c.Lane, c.ReadDue, c.ProveDue, c.State, c.Since)
	})
}

// lastOfEach leaves the last row of each counter: one statement may not touch a row twice.
func lastOfEach(cs []flow.Counter) []flow.Counter {
	twice := false
	for i := 1; i < len(cs) && !twice; i++ {
		twice = cs[i].ID <= cs[i-1].ID // or not in order, which is as rare
	}
	if !twice {
		return cs
	}
	at := make(map[ident.Counter]int, len(cs))
	out := make([]flow.Counter, 0, len(cs))
	for _, c := range cs {
		if i, seen := at[c.ID]; seen {
			out[i] = c
			continue
		}
		at[c.ID] = len(out)
		out = append(out, c)
	}
	return out
}

const (
	urgentWorkText = `
SELECT target, gen FROM marks WHERE tenant = $1 AND account = $2 AND gen > done_gen AND urgent = 1 AND field = $3 LIMIT $4`
	markWorkText = `
SELECT target, gen FROM marks WHERE tenant = $1 AND account = $2 AND gen > done_gen AND urgent = 0 AND field = $3 LIMIT $4`
	laneWorkText = `
SELECT counter, 0 FROM counters WHERE tenant = $1 AND account = $2 AND lane <> 0 AND lane = $3 AND read_due <= $4 LIMIT $5`
	readWorkText = `
SELECT counter, 0 FROM counters WHERE tenant = $1 AND account = $2 AND read_due <> 0 AND read_due <= $3 ORDER BY read_due LIMIT $4`
)

// StockWork returns due counters, the most urgent first, each once.
func (t *Tx) StockWork(ctx context.Context, f flow.Fence, now ident.Micros, limit int, sending bool) ([]flow.Mark, error) {
	w := work{tx: t, limit: limit, seen: map[int64]bool{}}
	w.add(ctx, urgentWorkText, f.Tenant, f.Account, channel.Stock)
	if sending {
		w.add(ctx, laneWorkText, f.Tenant, f.Account, flow.ToZero, now)
		w.add(ctx, laneWorkText, f.Tenant, f.Account, flow.Decrease, now)
	}
	w.add(ctx, readWorkText, f.Tenant, f.Account, now)
	w.add(ctx, markWorkText, f.Tenant, f.Account, channel.Stock)
	if sending {
		w.add(ctx, laneWorkText, f.Tenant, f.Account, flow.Increase, now)
	}
	return w.marks, w.err
}

// work collects due targets from several queries until it is full.
type work struct {
	tx    *Tx
	limit int
	seen  map[int64]bool
	marks []flow.Mark
	err   error
}

func (w *work) add(ctx context.Context, text string, args ...any) {
	if w.err != nil || len(w.marks) >= w.limit {
		return
	}
	w.err = w.tx.each(ctx, text, func(rs *sql.Rows) error {
		var m flow.Mark
		if err := rs.Scan(&m.Target, &m.Gen); err != nil {
			return err
		}
		if !w.seen[m.Target] && len(w.marks) < w.limit {
			w.seen[m.Target], m.Urgent = true, text == urgentWorkText
			w.marks = append(w.marks, m)
		}
		return nil
	}, append(args, w.limit)...)
}

const marksDoneText = `
UPDATE marks SET done_gen = $5, urgent = CASE WHEN gen > $5 THEN urgent ELSE 0 END
WHERE tenant = $1 AND account = $2 AND field = $3 AND target = $4 AND done_gen < $5`

// MarksDone writes back the generations that were worked: a target marked since stays due.
func (t *Tx) MarksDone(ctx context.Context, f flow.Fence, field channel.Field, done []flow.Mark) error {
	for _, m := range done {
		if m.Gen == 0 {
			continue
		}
		if _, err := t.exec(ctx, marksDoneText, f.Tenant, f.Account, field, m.Target, m.Gen); err != nil {
			return err
		}
	}
	return nil
}

const (
	sellersText = `
SELECT d.counter, d.units, l.listing, l.channel_key, l.group_key, l.sku, l.pool, l.stock_on, l.item, l.pack, i.bundle
FROM draws d JOIN listings l ON l.tenant = d.tenant AND l.account = d.account AND l.listing = d.listing
     LEFT JOIN items i ON i.tenant = l.tenant AND i.item = l.item
WHERE d.tenant = $1 AND d.account = $2 AND d.counter IN {ids $3} AND l.gone = 0 ORDER BY d.counter, d.listing`

	placesText = `SELECT item, place, on_hand FROM places WHERE tenant = $1 AND item IN {ids $2}`

	stocksText = `SELECT item, on_hand, reserved, held, counted_at, updated_at FROM items WHERE tenant = $1 AND item IN {ids $2}`
)

// Sellers returns the listings that draw from counters with everything a decision needs of their items.
func (t *Tx) Sellers(ctx context.Context, f flow.Fence, ids []ident.Counter) (s flow.Sellers, err error) {
	var bundles []ident.Item
	var packs []int64
	err = t.each(ctx, sellersText, func(rs *sql.Rows) error {
		var r flow.Seller
		var on, pack int64
		var isBundle sql.NullInt64
		if err := rs.Scan(&r.Counter, &r.Units, &r.Listing, &r.Key, &r.Group, &r.SKU, &r.Pool, &on, &r.Item, &pack, &isBundle); err != nil {
			return err
		}
		r.StockOn = on != 0
		if isBundle.Int64 != 0 {
			bundles = append(bundles, r.Item)
		} else if r.Item != 0 {
			r.Recipe = ledger.Recipe{{Item: r.Item, Units: pack}}
		}
		s.Rows, packs = append(s.Rows, r), append(packs, pack)
		return nil
	}, f.Tenant, f.Account, list(ids))
	if err != nil {
		return s, err
	}
	parts, err := t.components(ctx, f.Tenant, bundles)
	if err != nil {
		return s, err
	}
	items := make([]ident.Item, 0, len(s.Rows))
	bound := make([]ident.Item, 0, len(s.Rows))
	for i := range s.Rows {
		r := &s.Rows[i]
		if p, ok := parts[r.Item]; ok {
			r.Recipe = p.recipe(packs[i])
		}
		for _, p := range r.Recipe {
			items = append(items, p.Item)
		}
		if r.Item != 0 {
			bound = append(bound, r.Item)
		}
	}
	if s.Items, err = t.stocks(ctx, f.Tenant, items); err != nil {
		return s, err
	}
	s.Rules, err = t.ItemRules(ctx, f.Tenant, bound)
	return s, err
}

func (t *Tx) stocks(ctx context.Context, tenant ident.Tenant, items []ident.Item) (map[ident.Item]flow.Stored, error) {
	out := make(map[ident.Item]flow.Stored, len(items))
	if len(items) == 0 {
		return out, nil
	}
	ids := list(items)
	err := t.each(ctx, stocksText, func(rs *sql.Rows) error {
		var id ident.Item
		var s flow.Stored
		err := rs.Scan(&id, &s.OnHand, &s.Reserved, &s.Held, &s.Counted, &s.MovedAt)
		out[id] = s
		return err
	}, tenant, ids)
	if err != nil {
		return nil, err
	}
	return out, t.each(ctx, placesText, func(rs *sql.Rows) error {
		var id ident.Item
		var place string
		var n int64
		if err := rs.Scan(&id, &place, &n); err != nil {
			return err
		}
		s := out[id]
		if s.Places == nil {
			s.Places = map[string]int64{}
		}
		s.Places[place] = n
		out[id] = s
		return nil
	}, tenant, ids)
}

const matesText = `
SELECT d.counter FROM draws d JOIN listings l ON l.tenant = d.tenant AND l.account = d.account AND l.listing = d.listing
WHERE d.tenant = $1 AND d.account = $2 AND d.counter IN {ids $3} AND l.gone = 0
UNION
SELECT d.counter FROM listings l JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
WHERE l.tenant = $1 AND l.account = $2 AND l.gone = 0 AND l.group_key <> '' AND l.group_key IN
  (SELECT m.group_key FROM draws x JOIN listings m ON m.tenant = x.tenant AND m.account = x.account AND m.listing = x.listing
   WHERE x.tenant = $1 AND x.account = $2 AND x.counter IN {ids $3})
ORDER BY 1`

// Mates returns the counters of every listing that shares a write group with one that draws from these counters.
func (t *Tx) Mates(ctx context.Context, f flow.Fence, ids []ident.Counter) (out []ident.Counter, err error) {
	err = t.each(ctx, matesText, func(rs *sql.Rows) error {
		var id ident.Counter
		err := rs.Scan(&id)
		out = append(out, id)
		return err
	}, f.Tenant, f.Account, list(ids))
	return out, err
}
