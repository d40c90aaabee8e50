package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// openColumns scans the unresolved intent of a target; every column is NULL when there is none.
type openColumns struct {
	id, rev, value, base, epoch, notAfter, created, settled sql.NullInt64
	key, state, code, ticket                                sql.NullString
}

func (c *openColumns) dest() []any {
	return []any{&c.id, &c.rev, &c.value, &c.base, &c.key, &c.epoch, &c.notAfter, &c.state, &c.code, &c.ticket, &c.created, &c.settled}
}

func (c *openColumns) intent(f channel.Field, target int64) *flow.Intent {
	if !c.id.Valid {
		return nil
	}
	return &flow.Intent{
		ID: ident.Intent(c.id.Int64), Field: f, Target: target, Rev: c.rev.Int64, Value: c.value.Int64, Base: c.base.Int64, Key: c.key.String,
		Epoch: ident.Epoch(c.epoch.Int64), NotAfter: ident.Micros(c.notAfter.Int64), State: flow.IntentState(c.state.String), Code: c.code.String,
		Ticket: channel.Ticket(c.ticket.String), CreatedAt: ident.Micros(c.created.Int64), SettledAt: ident.Micros(c.settled.Int64),
	}
}

const recordHead = `INSERT INTO intents (tenant, intent, account, field, target, rev, value, base, currency, idem_key, epoch, not_after, state, code, note,
       ticket, decision, plan, created_at, settled_at) VALUES `

// The decision that an intent carries out is the newest one of its target.
const decidedText = `
UPDATE intents SET decision = coalesce((SELECT max(d.decision) FROM decisions d
  WHERE d.tenant = intents.tenant AND d.account = intents.account AND d.field = intents.field AND d.target = intents.target), 0)
WHERE tenant = $1 AND intent >= $2 AND intent < $3`

// Record stores intents before they leave and gives them their ids. A second unresolved write of a target is refused by
// the database (I6).
func (t *Tx) Record(ctx context.Context, f flow.Fence, is []flow.Intent) error {
	if len(is) == 0 {
		return nil
	}
	first, err := Next[ident.Intent](ctx, t, f.Tenant, "intent", len(is))
	if err != nil {
		return err
	}
	err = t.insert(ctx, recordHead, 20, "", len(is), func(i int, args []any) []any {
		n := &is[i]
		n.ID = first + ident.Intent(i)
		return append(args, f.Tenant, n.ID, f.Account, n.Field, n.Target, n.Rev, n.Value, n.Base, n.Currency, n.Key, n.Epoch, n.NotAfter, n.State,
			n.Code, n.Note, n.Ticket, n.Decision, n.Plan, n.CreatedAt, n.SettledAt)
	})
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, decidedText, f.Tenant, first, first+ident.Intent(len(is)))
	return err
}

const saveIntentText = `
UPDATE intents SET state = $3, code = $4, note = $5, ticket = $6, settled_at = $7 WHERE tenant = $1 AND intent = $2`

const planRowDoneText = `
UPDATE plan_rows SET state = $6, note = $7
WHERE tenant = $1 AND plan = $2 AND account = $3 AND field = $4 AND target = $5 AND state = 'planned'`

// SaveIntents stores outcomes; a row of a plan is done when its write went through or was refused.
func (t *Tx) SaveIntents(ctx context.Context, f flow.Fence, is []flow.Intent) error {
	for _, n := range is {
		if _, err := t.exec(ctx, saveIntentText, f.Tenant, n.ID, n.State, n.Code, n.Note, n.Ticket, n.SettledAt); err != nil {
			return err
		}
		if n.Plan == 0 {
			continue
		}
		state := ""
		switch n.State {
		case flow.Applied, flow.Confirmed:
			state = "applied"
		case flow.Rejected:
			state = "held"
		default:
			continue
		}
		if _, err := t.exec(ctx, planRowDoneText, f.Tenant, n.Plan, f.Account, n.Field, n.Target, state, n.Note); err != nil {
			return err
		}
	}
	return nil
}

const openIntentText = `
SELECT intent, field, target, rev, value, base, currency, idem_key, epoch, not_after, state, code, note, ticket, plan, created_at, settled_at
FROM intents WHERE tenant = $1 AND account = $2 AND state IN ('recorded', 'accepted', 'unknown') AND `

func (t *Tx) openIntents(ctx context.Context, where string, args ...any) (out []flow.Intent, err error) {
	err = t.each(ctx, openIntentText+where, func(rs *sql.Rows) error {
		var n flow.Intent
		var currency string
		err := rs.Scan(&n.ID, &n.Field, &n.Target, &n.Rev, &n.Value, &n.Base, &currency, &n.Key, &n.Epoch, &n.NotAfter, &n.State, &n.Code, &n.Note,
			&n.Ticket, &n.Plan, &n.CreatedAt, &n.SettledAt)
		n.Currency = money.Currency(currency)
		out = append(out, n)
		return err
	}, args...)
	return out, err
}

// Orphans returns intents that an older driver recorded and never settled.
func (t *Tx) Orphans(ctx context.Context, f flow.Fence) ([]flow.Intent, error) {
	return t.openIntents(ctx, `state = 'recorded' AND epoch < $3 ORDER BY intent`, f.Tenant, f.Account, f.Epoch)
}

// Tickets returns the intents of running asynchronous writes by ticket.
func (t *Tx) Tickets(ctx context.Context, f flow.Fence) (map[channel.Ticket][]flow.Intent, error) {
	is, err := t.openIntents(ctx, `state = 'accepted' ORDER BY intent`, f.Tenant, f.Account)
	out := map[channel.Ticket][]flow.Intent{}
	for _, n := range is {
		out[n.Ticket] = append(out[n.Ticket], n)
	}
	return out, err
}

const closeAppliedText = `
UPDATE intents SET state = $5, settled_at = $6
WHERE tenant = $1 AND account = $2 AND field = $3 AND target IN {ids $4} AND state = 'applied'`

// CloseApplied turns applied intents of targets into verified or refuted ones.
func (t *Tx) CloseApplied(ctx context.Context, f flow.Fence, field channel.Field, verified, refuted []int64, now ident.Micros) error {
	for _, c := range []struct {
		targets []int64
		state   flow.IntentState
	}{{verified, flow.Confirmed}, {refuted, flow.Refuted}} {
		if len(c.targets) == 0 {
			continue
		}
		if _, err := t.exec(ctx, closeAppliedText, f.Tenant, f.Account, field, list(c.targets), c.state, now); err != nil {
			return err
		}
	}
	return nil
}

const spentText = `
SELECT target, count(*) FROM intents
WHERE tenant = $1 AND account = $2 AND field = $3 AND target IN {ids $4} AND created_at >= $5 AND code <> 'not-sent'
GROUP BY target`

// Spent returns how many writes of targets left since a time (I15).
func (t *Tx) Spent(ctx context.Context, f flow.Fence, field channel.Field, targets []int64, since ident.Micros) (map[int64]int, error) {
	out := map[int64]int{}
	err := t.each(ctx, spentText, func(rs *sql.Rows) error {
		var target int64
		var n int
		err := rs.Scan(&target, &n)
		out[target] = n
		return err
	}, f.Tenant, f.Account, field, list(targets), since)
	return out, err
}

const approvedText = `
SELECT r.target, r.rev, r.plan FROM plan_rows r JOIN plans p ON p.tenant = r.tenant AND p.plan = r.plan
WHERE r.tenant = $1 AND r.account = $2 AND r.field = $3 AND r.target IN {ids $4} AND r.state = 'planned' AND p.state IN ('applying', 'canary')`

// Approved returns the plans that allow targets to be written at exactly these revisions.
func (t *Tx) Approved(ctx context.Context, f flow.Fence, field channel.Field, revs map[int64]int64) (map[int64]ident.Plan, error) {
	targets := make([]int64, 0, len(revs))
	for id := range revs {
		targets = append(targets, id)
	}
	out := map[int64]ident.Plan{}
	err := t.each(ctx, approvedText, func(rs *sql.Rows) error {
		var target, rev int64
		var plan ident.Plan
		err := rs.Scan(&target, &rev, &plan)
		if rev == revs[target] {
			out[target] = plan
		}
		return err
	}, f.Tenant, f.Account, field, list(targets))
	return out, err
}

const nextDueText = `
SELECT coalesce(min(due), 0) FROM (
  SELECT min(read_due) AS due FROM counters WHERE tenant = $1 AND account = $2 AND read_due <> 0
  UNION ALL SELECT min(price_read) FROM listings WHERE tenant = $1 AND account = $2 AND price_read <> 0
  UNION ALL SELECT min(not_after) FROM intents WHERE tenant = $1 AND account = $2 AND field = 'stock' AND state = 'accepted'
) d`

const pendingText = `
SELECT EXISTS (SELECT 1 FROM marks WHERE tenant = $1 AND account = $2 AND gen > done_gen)
    OR ($3 = 1 AND EXISTS (SELECT 1 FROM counters WHERE tenant = $1 AND account = $2 AND lane <> 0 AND lane IN (1, 2, 3) AND read_due <= $4))
    OR ($3 = 1 AND EXISTS (SELECT 1 FROM listings WHERE tenant = $1 AND account = $2 AND price_lane <> 0 AND price_lane IN (1, 2, 3)
        AND price_read <= $4))`

// NextDue returns when readings are due next (0: none), and whether work is left over now.
func (t *Tx) NextDue(ctx context.Context, f flow.Fence, now ident.Micros, sending bool) (due ident.Micros, pending bool, err error) {
	if _, err = t.one(ctx, nextDueText, []any{&due}, f.Tenant, f.Account); err != nil {
		return 0, false, err
	}
	_, err = t.one(ctx, pendingText, []any{&pending}, f.Tenant, f.Account, flag(sending), now)
	return due, pending, err
}
