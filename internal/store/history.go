package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

// newest is what "before 0" means in lists that start with the newest.
const newest = 1<<63 - 1

func before[T ~int64](id T) int64 {
	if id == 0 {
		return newest
	}
	return int64(id)
}

// EventRow is one line of the operational log.
type EventRow struct {
	ID      int64         `json:"event"`
	At      ident.Micros  `json:"at"`
	Account ident.Account `json:"account"`
	Kind    string        `json:"kind"`
	Actor   string        `json:"actor"`
	Text    string        `json:"text"`
}

// Events lists the operational log before an id, newest first; account 0 is all.
func (t *Tx) Events(ctx context.Context, tenant ident.Tenant, account ident.Account, from int64, limit int) (out []EventRow, err error) {
	text := `SELECT event, at, account, kind, actor, text FROM events WHERE tenant = $1 AND event < $2 ORDER BY event DESC LIMIT $3`
	args := []any{tenant, before(from), limit}
	if account != 0 {
		text = `SELECT event, at, account, kind, actor, text FROM events WHERE tenant = $1 AND event < $2 AND account <> 0 AND account = $4 ORDER BY event DESC LIMIT $3`
		args = append(args, account)
	}
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var e EventRow
		err := rs.Scan(&e.ID, &e.At, &e.Account, &e.Kind, &e.Actor, &e.Text)
		out = append(out, e)
		return err
	}, args...)
	return out, err
}

const entryColumns = `entry, source, item, kind, place, on_hand, reserved, held, account, counter, line, at, actor, note`

func (t *Tx) entries(ctx context.Context, text string, args ...any) (out []ledger.Entry, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var e ledger.Entry
		err := rs.Scan(&e.ID, &e.Source, &e.Item, &e.Kind, &e.Place, &e.OnHand, &e.Reserved, &e.Held, &e.Account, &e.Counter, &e.Line, &e.At, &e.Actor, &e.Note)
		out = append(out, e)
		return err
	}, args...)
	return out, err
}

// Entries lists the ledger of one item before an entry, newest first.
func (t *Tx) Entries(ctx context.Context, tenant ident.Tenant, item ident.Item, from ident.Entry, limit int) ([]ledger.Entry, error) {
	return t.entries(ctx, `SELECT `+entryColumns+` FROM entries WHERE tenant = $1 AND item = $2 AND entry < $3 ORDER BY entry DESC LIMIT $4`, tenant, item, before(from), limit)
}

// EntriesAfter lists the ledger of one item from an entry on, oldest first, up to a time; until 0 is up to now.
func (t *Tx) EntriesAfter(ctx context.Context, tenant ident.Tenant, item ident.Item, after ident.Entry, until ident.Micros, limit int) ([]ledger.Entry, error) {
	return t.entries(ctx, `SELECT `+entryColumns+` FROM entries WHERE tenant = $1 AND item = $2 AND entry > $3 AND at <= $4 ORDER BY entry LIMIT $5`,
		tenant, item, after, before(until), limit)
}

// EntriesFrom returns the entries with the given sources, by id.
func (t *Tx) EntriesFrom(ctx context.Context, tenant ident.Tenant, sources []string) ([]ledger.Entry, error) {
	return t.entries(ctx, `SELECT `+entryColumns+` FROM entries WHERE tenant = $1 AND source IN {texts $2} ORDER BY entry`, tenant, list(sources))
}

// CountsSince returns the counts, receipts and adjustments booked at or after a time, by id after one: what a rollback of
// stock reverses. It reads the ledger backwards in time by entry id, which grows with it.
func (t *Tx) CountsSince(ctx context.Context, tenant ident.Tenant, since ident.Micros, after ident.Entry, limit int) ([]ledger.Entry, error) {
	return t.entries(ctx, `
SELECT `+entryColumns+` FROM entries WHERE tenant = $1 AND entry > $2 AND at >= $3 AND kind IN ('count', 'receipt', 'adjust') ORDER BY entry LIMIT $4`,
		tenant, after, since, limit)
}

// Fold sums the ledger of one item up to a time: its balance then (I1). n is how many entries there are.
func (t *Tx) Fold(ctx context.Context, tenant ident.Tenant, item ident.Item, until ident.Micros) (b ledger.Balance, n int64, err error) {
	_, err = t.one(ctx, `
SELECT coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0), coalesce(sum(held), 0),
       coalesce(min(CASE WHEN kind IN ('count', 'edit', 'receipt', 'adjust') THEN at END), 0), count(*)
FROM entries WHERE tenant = $1 AND item = $2 AND at <= $3`, []any{&b.OnHand, &b.Reserved, &b.Held, &b.Counted, &n}, tenant, item, before(until))
	return b, n, err
}

const decisionColumns = `decision, account, field, target, at, outcome, value, record`

func (t *Tx) decisions(ctx context.Context, text string, args ...any) (out []flow.Decision, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var d flow.Decision
		err := rs.Scan(&d.ID, &d.Account, &d.Field, &d.Target, &d.At, &d.Outcome, &d.Value, &d.Record)
		out = append(out, d)
		return err
	}, args...)
	return out, err
}

// DecisionsOf lists the decisions on one target up to a time, newest first.
func (t *Tx) DecisionsOf(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, target int64, until ident.Micros, limit int) ([]flow.Decision, error) {
	return t.decisions(ctx, `
SELECT `+decisionColumns+` FROM decisions WHERE tenant = $1 AND account = $2 AND field = $3 AND target = $4 AND at <= $5 ORDER BY decision DESC LIMIT $6`,
		tenant, account, f, target, before(until), limit)
}

const writeColumns = `intent, field, target, rev, value, base, currency, idem_key, epoch, not_after, state, code, note, ticket, decision, plan, created_at, settled_at`

// IntentsOf lists the writes to one target recorded up to a time, newest first.
func (t *Tx) IntentsOf(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, target int64, until ident.Micros, limit int) (out []flow.Intent, err error) {
	err = t.each(ctx, `
SELECT `+writeColumns+` FROM intents WHERE tenant = $1 AND account = $2 AND field = $3 AND target = $4 AND created_at <= $5 ORDER BY intent DESC LIMIT $6`,
		func(rs *sql.Rows) error {
			var i flow.Intent
			err := rs.Scan(&i.ID, &i.Field, &i.Target, &i.Rev, &i.Value, &i.Base, &i.Currency, &i.Key, &i.Epoch, &i.NotAfter, &i.State, &i.Code, &i.Note,
				&i.Ticket, &i.Decision, &i.Plan, &i.CreatedAt, &i.SettledAt)
			out = append(out, i)
			return err
		}, tenant, account, f, target, before(until), limit)
	return out, err
}

// CountedAfter reports whether somebody counted an item, or a stock master's edit was taken as a count, after an entry.
func (t *Tx) CountedAfter(ctx context.Context, tenant ident.Tenant, item ident.Item, after ident.Entry) (bool, error) {
	return t.one(ctx, `SELECT entry FROM entries WHERE tenant = $1 AND item = $2 AND entry > $3 AND kind IN ('count', 'edit') LIMIT 1`,
		[]any{new(int64)}, tenant, item, after)
}

// LastCount returns the newest count of an item up to a time: what a person, a file or a stock master said. found is false
// when nobody counted it.
func (t *Tx) LastCount(ctx context.Context, tenant ident.Tenant, item ident.Item, until ident.Micros) (e ledger.Entry, found bool, err error) {
	es, err := t.entries(ctx, `
SELECT `+entryColumns+` FROM entries WHERE tenant = $1 AND item = $2 AND at <= $3 AND kind = 'count' ORDER BY +entry DESC LIMIT 1`, tenant, item, before(until))
	if err != nil || len(es) == 0 {
		return e, false, err
	}
	return es[0], true, nil
}

// Moved is what entries of one kind added up to.
type Moved struct {
	Kind     ledger.Kind `json:"kind"`
	N        int64       `json:"entries"`
	OnHand   int64       `json:"on_hand"`
	Reserved int64       `json:"reserved"`
	Held     int64       `json:"held"`
}

// MovedAfter sums the entries of an item after one and up to a time, by kind.
func (t *Tx) MovedAfter(ctx context.Context, tenant ident.Tenant, item ident.Item, after ident.Entry, until ident.Micros) (out []Moved, err error) {
	err = t.each(ctx, `
SELECT kind, count(*), sum(on_hand), sum(reserved), sum(held) FROM entries WHERE tenant = $1 AND item = $2 AND entry > $3 AND at <= $4
GROUP BY kind ORDER BY kind`, func(rs *sql.Rows) error {
		var m Moved
		err := rs.Scan(&m.Kind, &m.N, &m.OnHand, &m.Reserved, &m.Held)
		out = append(out, m)
		return err
	}, tenant, item, after, before(until))
	return out, err
}

// FoldTo sums the ledger of an item up to and with an entry.
func (t *Tx) FoldTo(ctx context.Context, tenant ident.Tenant, item ident.Item, last ident.Entry) (b ledger.Balance, err error) {
	_, err = t.one(ctx, `SELECT coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0), coalesce(sum(held), 0) FROM entries WHERE tenant = $1 AND item = $2 AND entry <= $3`,
		[]any{&b.OnHand, &b.Reserved, &b.Held}, tenant, item, last)
	return b, err
}
