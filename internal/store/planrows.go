package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

// PlanRow is one difference of a plan. Old and New are whole numbers for action write (the channel's number, or minor
// units) and JSON for everything else.
type PlanRow struct {
	No      int64
	Account ident.Account // 0: not about one account
	Field   channel.Field
	Target  int64 // counter (write, stock), listing (write, price), item, or rule
	Action  string
	Old     string
	New     string
	Rev     int64
	State   string
	Note    string
}

const (
	rowColumns = `row_no, account, field, target, action, old, new, rev, state, note`
	rowHead    = `INSERT INTO plan_rows (tenant, plan, ` + rowColumns + `) VALUES `
)

func scanRow(rs *sql.Rows) (r PlanRow, err error) {
	err = rs.Scan(&r.No, &r.Account, &r.Field, &r.Target, &r.Action, &r.Old, &r.New, &r.Rev, &r.State, &r.Note)
	return r, err
}

// AddRows appends rows to a plan; each has its number.
func (t *Tx) AddRows(ctx context.Context, tenant ident.Tenant, plan ident.Plan, rows []PlanRow) error {
	return t.insert(ctx, rowHead, 12, "", len(rows), func(i int, args []any) []any {
		r := rows[i]
		return append(args, tenant, plan, r.No, r.Account, r.Field, r.Target, r.Action, r.Old, r.New, r.Rev, r.State, r.Note)
	})
}

// RowFilter chooses rows of a plan by number; State "" is all.
type RowFilter struct {
	State string
	After int64
	Limit int
}

// Rows lists rows of a plan by number.
func (t *Tx) Rows(ctx context.Context, tenant ident.Tenant, plan ident.Plan, f RowFilter) ([]PlanRow, error) {
	if f.State == "" {
		return t.rowsOf(ctx, `SELECT `+rowColumns+` FROM plan_rows WHERE tenant = $1 AND plan = $2 AND row_no > $3 ORDER BY row_no LIMIT $4`,
			tenant, plan, f.After, f.Limit)
	}
	return t.rowsOf(ctx, `SELECT `+rowColumns+` FROM plan_rows WHERE tenant = $1 AND plan = $2 AND row_no > $3 AND state = $5 ORDER BY row_no LIMIT $4`,
		tenant, plan, f.After, f.Limit, f.State)
}

func (t *Tx) rowsOf(ctx context.Context, text string, args ...any) (out []PlanRow, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		r, err := scanRow(rs)
		out = append(out, r)
		return err
	}, args...)
	return out, err
}

// worstText orders writes by how much they change: units of stock, share of a price. A row without an old number comes last.
const worstText = `
SELECT ` + rowColumns + ` FROM plan_rows WHERE tenant = $1 AND plan = $2 AND action = 'write' AND field = $3 AND old <> '' AND new <> ''
ORDER BY abs(CAST(new AS BIGINT) - CAST(old AS BIGINT)) * 1000000 / (CASE WHEN $3 = 'price' AND CAST(old AS BIGINT) > 0 THEN CAST(old AS BIGINT) ELSE 1 END) DESC, row_no
LIMIT $4`

// WorstRows returns the writes of a plan that change most.
func (t *Tx) WorstRows(ctx context.Context, tenant ident.Tenant, plan ident.Plan, f channel.Field, limit int) ([]PlanRow, error) {
	return t.rowsOf(ctx, worstText, tenant, plan, string(f), limit)
}

// RowCount is how many rows of a plan are of one kind.
type RowCount struct {
	Field  channel.Field
	Action string
	State  string
	N      int64
}

// RowCounts counts the rows of a plan by field, action and state.
func (t *Tx) RowCounts(ctx context.Context, tenant ident.Tenant, plan ident.Plan) (out []RowCount, err error) {
	err = t.each(ctx, `
SELECT field, action, state, count(*) FROM plan_rows WHERE tenant = $1 AND plan = $2 GROUP BY field, action, state ORDER BY field, action, state`,
		func(rs *sql.Rows) error {
			var c RowCount
			err := rs.Scan(&c.Field, &c.Action, &c.State, &c.N)
			out = append(out, c)
			return err
		}, tenant, plan)
	return out, err
}

// SetRows writes back state, note and target of rows.
func (t *Tx) SetRows(ctx context.Context, tenant ident.Tenant, plan ident.Plan, rows []PlanRow) error {
	return t.insert(ctx, rowHead, 12, `ON CONFLICT (tenant, plan, row_no) DO UPDATE SET state = excluded.state, note = excluded.note, target = excluded.target`,
		len(rows), func(i int, args []any) []any {
			r := rows[i]
			return append(args, tenant, plan, r.No, r.Account, r.Field, r.Target, r.Action, r.Old, r.New, r.Rev, r.State, r.Note)
		})
}

const (
	syncStockText = `
INSERT INTO plan_rows (tenant, plan, ` + rowColumns + `)
SELECT c.tenant, CAST($2 AS BIGINT), $4 + row_number() OVER (ORDER BY c.lane, c.counter), c.account, 'stock', c.counter, 'write',
       CASE WHEN c.known = 1 THEN CAST(c.observed AS TEXT) ELSE '' END, coalesce(CAST(c.wire AS TEXT), ''), c.rev,
       CASE WHEN c.lane <> 0 THEN 'planned' ELSE 'held' END,
       CASE WHEN c.lane <> 0 THEN '' ELSE coalesce((SELECT min(f.text) FROM findings f WHERE f.tenant = c.tenant AND f.account = c.account
            AND f.field = 'stock' AND f.target = c.counter AND f.state = 'open'), c.state) END
FROM counters c WHERE c.tenant = $1 AND c.account = $3 AND c.counter IN
      (SELECT a.counter FROM counters a WHERE a.tenant = $1 AND a.account = $3 AND a.lane <> 0
       UNION SELECT b.counter FROM counters b WHERE b.tenant = $1 AND b.account = $3 AND b.state <> 'verified' AND b.state IN ('held', 'asked'))`

	syncPriceText = `
INSERT INTO plan_rows (tenant, plan, ` + rowColumns + `)
SELECT l.tenant, CAST($2 AS BIGINT), $4 + row_number() OVER (ORDER BY l.price_lane, l.listing), l.account, 'price', l.listing, 'write',
       coalesce(CAST(l.price_seen AS TEXT), ''), coalesce(CAST(l.price_want AS TEXT), ''), l.price_rev,
       CASE WHEN l.price_lane <> 0 THEN 'planned' ELSE 'held' END,
       CASE WHEN l.price_lane <> 0 THEN '' ELSE coalesce((SELECT min(f.text) FROM findings f WHERE f.tenant = l.tenant AND f.account = l.account
            AND f.field = 'price' AND f.target = l.listing AND f.state = 'open'), l.price_state) END
FROM listings l WHERE l.tenant = $1 AND l.account = $3 AND l.listing IN
      (SELECT a.listing FROM listings a WHERE a.tenant = $1 AND a.account = $3 AND a.price_lane <> 0
       UNION SELECT b.listing FROM listings b WHERE b.tenant = $1 AND b.account = $3 AND b.price_state <> 'verified' AND b.price_state IN ('held', 'asked'))`
)

// PlanDifferences adds to a plan every difference of an account that waits to be written, and every one that a guard or a
// question holds; numbers go on after from. It returns how many there are.
func (t *Tx) PlanDifferences(ctx context.Context, tenant ident.Tenant, plan ident.Plan, account ident.Account, f channel.Field, from int64) (int64, error) {
	text := syncStockText
	if f == channel.Price {
		text = syncPriceText
	}
	return t.exec(ctx, text, tenant, plan, account, from)
}

const (
	// N6: a row is what it was planned on, or it is stale. Revisions only grow; the release of a held price names the next one.
	staleStockText = `
UPDATE plan_rows SET state = 'stale', note = 'the number to be written changed after the plan was made'
WHERE tenant = $1 AND plan = $2 AND field = 'stock' AND action = 'write' AND state IN ('planned', 'waiting') AND NOT EXISTS
      (SELECT 1 FROM counters c WHERE c.tenant = plan_rows.tenant AND c.account = plan_rows.account AND c.counter = plan_rows.target AND c.rev <= plan_rows.rev)`

	stalePriceText = `
UPDATE plan_rows SET state = 'stale', note = 'the price to be written changed after the plan was made'
WHERE tenant = $1 AND plan = $2 AND field = 'price' AND action = 'write' AND state IN ('planned', 'waiting') AND NOT EXISTS
      (SELECT 1 FROM listings l WHERE l.tenant = plan_rows.tenant AND l.account = plan_rows.account AND l.listing = plan_rows.target AND l.price_rev <= plan_rows.rev)`

	equalStockText = `
UPDATE plan_rows SET state = 'applied', note = 'the channel shows it'
WHERE tenant = $1 AND plan = $2 AND field = 'stock' AND action = 'write' AND state = 'planned' AND EXISTS
      (SELECT 1 FROM counters c WHERE c.tenant = plan_rows.tenant AND c.account = plan_rows.account AND c.counter = plan_rows.target AND c.rev = plan_rows.rev
       AND c.state = 'verified')`

	equalPriceText = `
UPDATE plan_rows SET state = 'applied', note = 'the channel shows it'
WHERE tenant = $1 AND plan = $2 AND field = 'price' AND action = 'write' AND state = 'planned' AND EXISTS
      (SELECT 1 FROM listings l WHERE l.tenant = plan_rows.tenant AND l.account = plan_rows.account AND l.listing = plan_rows.target AND l.price_rev = plan_rows.rev
       AND l.price_state = 'verified')`

	finishText = `
UPDATE plans SET state = 'applied' WHERE tenant = $1 AND plan = $2 AND kind = 'sync' AND state = 'applying' AND NOT EXISTS
      (SELECT 1 FROM plan_rows r WHERE r.tenant = plans.tenant AND r.plan = plans.plan AND r.state IN ('planned', 'waiting'))`
)

// StaleRows marks the writes of a plan whose target was decided anew since, and returns how many it found.
func (t *Tx) StaleRows(ctx context.Context, tenant ident.Tenant, plan ident.Plan) (int64, error) {
	n, err := t.exec(ctx, staleStockText, tenant, plan)
	if err != nil {
		return 0, err
	}
	m, err := t.exec(ctx, stalePriceText, tenant, plan)
	return n + m, err
}

// FinishSync brings the rows of an applying sync plan up to date and closes the plan when none is left to be sent.
func (t *Tx) FinishSync(ctx context.Context, tenant ident.Tenant, plan ident.Plan) error {
	if _, err := t.StaleRows(ctx, tenant, plan); err != nil {
		return err
	}
	for _, text := range []string{equalStockText, equalPriceText, finishText} {
		if _, err := t.exec(ctx, text, tenant, plan); err != nil {
			return err
		}
	}
	return nil
}

// KeepCanary lets the first n planned rows of a plan go and makes the others wait; it returns how many wait.
func (t *Tx) KeepCanary(ctx context.Context, tenant ident.Tenant, plan ident.Plan, n int) (int64, error) {
	return t.exec(ctx, `
UPDATE plan_rows SET state = 'waiting' WHERE tenant = $1 AND plan = $2 AND state = 'planned' AND row_no NOT IN
      (SELECT r.row_no FROM plan_rows r WHERE r.tenant = $1 AND r.plan = $2 AND r.state = 'planned' ORDER BY r.row_no LIMIT $3)`, tenant, plan, n)
}

// ReleaseRest lets the waiting rows of a plan go.
func (t *Tx) ReleaseRest(ctx context.Context, tenant ident.Tenant, plan ident.Plan) (int64, error) {
	return t.exec(ctx, `UPDATE plan_rows SET state = 'planned' WHERE tenant = $1 AND plan = $2 AND state = 'waiting'`, tenant, plan)
}

const unverifiedText = `
SELECT count(*) FROM plan_rows r WHERE r.tenant = $1 AND r.plan = $2 AND r.action = 'write' AND (r.state = 'planned' OR r.state = 'applied' AND
      CASE WHEN r.field = 'stock'
      THEN EXISTS (SELECT 1 FROM counters c WHERE c.tenant = r.tenant AND c.account = r.account AND c.counter = r.target AND c.rev = r.rev AND c.state <> 'verified')
      ELSE EXISTS (SELECT 1 FROM listings l WHERE l.tenant = r.tenant AND l.account = r.account AND l.listing = r.target AND l.price_rev = r.rev AND l.price_state <> 'verified') END)`

// Unverified counts the rows of a plan that were let go and are not read back as equal. A row whose target moved on since is
// not counted.
func (t *Tx) Unverified(ctx context.Context, tenant ident.Tenant, plan ident.Plan) (n int64, err error) {
	_, err = t.one(ctx, unverifiedText, []any{&n}, tenant, plan)
	return n, err
}

// PlanAccounts lists the accounts that a plan has rows of.
func (t *Tx) PlanAccounts(ctx context.Context, tenant ident.Tenant, plan ident.Plan) (out []ident.Account, err error) {
	err = t.each(ctx, `SELECT DISTINCT account FROM plan_rows WHERE tenant = $1 AND plan = $2 AND account <> 0 ORDER BY account`, func(rs *sql.Rows) error {
		var a ident.Account
		err := rs.Scan(&a)
		out = append(out, a)
		return err
	}, tenant, plan)
	return out, err
}

// Differences counts what waits to be written or is held at an account.
func (t *Tx) Differences(ctx context.Context, tenant ident.Tenant, account ident.Account) (stock, price int64, err error) {
	if _, err = t.one(ctx, `SELECT count(*) FROM counters WHERE tenant = $1 AND account = $2 AND lane <> 0`, []any{&stock}, tenant, account); err != nil {
		return 0, 0, err
	}
	_, err = t.one(ctx, `SELECT count(*) FROM listings WHERE tenant = $1 AND account = $2 AND price_lane <> 0`, []any{&price}, tenant, account)
	return stock, price, err
}

// AppliedSync returns the newest sync plan with rows of an account that was applied at or after a time; 0 for none.
func (t *Tx) AppliedSync(ctx context.Context, tenant ident.Tenant, account ident.Account, since ident.Micros) (id ident.Plan, err error) {
	_, err = t.one(ctx, `
SELECT coalesce(max(p.plan), 0) FROM plans p WHERE p.tenant = $1 AND p.kind = 'sync' AND p.state = 'applied' AND p.decided_at >= $3 AND EXISTS
      (SELECT 1 FROM plan_rows r WHERE r.tenant = p.tenant AND r.plan = p.plan AND r.account = $2)`, []any{&id}, tenant, account, since)
	return id, err
}

// Undecided counts the marks of an account that were not worked yet.
func (t *Tx) Undecided(ctx context.Context, tenant ident.Tenant, account ident.Account) (n int64, err error) {
	_, err = t.one(ctx, `SELECT count(*) FROM marks WHERE tenant = $1 AND account = $2 AND gen > done_gen`, []any{&n}, tenant, account)
	return n, err
}

// ApplyingSync lists the sync plans with rows of an account that are being applied.
func (t *Tx) ApplyingSync(ctx context.Context, tenant ident.Tenant, account ident.Account) (out []ident.Plan, err error) {
	err = t.each(ctx, `
SELECT p.plan FROM plans p WHERE p.tenant = $1 AND p.kind = 'sync' AND p.state = 'applying' AND EXISTS
      (SELECT 1 FROM plan_rows r WHERE r.tenant = p.tenant AND r.plan = p.plan AND r.account = $2) ORDER BY p.plan`, func(rs *sql.Rows) error {
		var id ident.Plan
		err := rs.Scan(&id)
		out = append(out, id)
		return err
	}, tenant, account)
	return out, err
}

const (
	staleCountText = `
UPDATE plan_rows SET state = 'stale', note = 'the stock moved after the plan was made'
WHERE tenant = $1 AND plan = $2 AND state = 'planned' AND action = 'count' AND target <> 0 AND rev <>
      coalesce((SELECT max(e.entry) FROM entries e WHERE e.tenant = plan_rows.tenant AND e.item = plan_rows.target), 0)`

	stalePricesText = `
UPDATE plan_rows SET state = 'stale', note = 'the price changed after the plan was made'
WHERE tenant = $1 AND plan = $2 AND state = 'planned' AND action = 'price' AND target <> 0 AND NOT EXISTS
      (SELECT 1 FROM items i WHERE i.tenant = plan_rows.tenant AND i.item = plan_rows.target AND i.price_rev = plan_rows.rev)`
)

// StaleChanges marks the counts and prices of a plan whose item moved since, and returns how many it found. Names are
// compared when they are written.
func (t *Tx) StaleChanges(ctx context.Context, tenant ident.Tenant, plan ident.Plan) (int64, error) {
	n, err := t.exec(ctx, staleCountText, tenant, plan)
	if err != nil {
		return 0, err
	}
	m, err := t.exec(ctx, stalePricesText, tenant, plan)
	return n + m, err
}

const missingText = `
SELECT ` + itemColumns + ` FROM items WHERE tenant = $1 AND item > $2 AND counted_at <> 0 AND bundle = 0 AND on_hand - reserved - held > 0
ORDER BY item LIMIT $3`

// Sellables lists the items that offer something, by id, after one.
func (t *Tx) Sellables(ctx context.Context, tenant ident.Tenant, after ident.Item, limit int) ([]Item, error) {
	return t.items(ctx, missingText, tenant, after, limit)
}
