package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

// The states of a pause (I16).
const (
	Pausing = "pausing" // no new intent from its commit on; some may still be on their way
	Paused  = "paused"  // none is: nothing leaves inside the scope
	Lifted  = "lifted"
)

// PauseRow is a pause as it is stored.
type PauseRow struct {
	ID       ident.Pause    `json:"pause"`
	Account  ident.Account  `json:"account"` // 0: all
	Field    channel.Field  `json:"field"`   // "": both
	Item     ident.Item     `json:"item"`    // 0: all
	SKU      string         `json:"sku,omitempty"`
	Mode     flow.PauseMode `json:"mode"`
	State    string         `json:"state"`
	Reason   string         `json:"reason"`
	Actor    string         `json:"actor"`
	At       ident.Micros   `json:"at"`
	LiftedAt ident.Micros   `json:"lifted_at"`
}

// AddPause stores a pause in state pausing and returns its id.
func (t *Tx) AddPause(ctx context.Context, tenant ident.Tenant, p PauseRow) (ident.Pause, error) {
	id, err := Next[ident.Pause](ctx, t, tenant, "pause", 1)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `
INSERT INTO pauses (tenant, pause, account, field, item, mode, state, reason, actor, at, lifted_at) VALUES ($1, $2, $3, $4, $5, $6, 'pausing', $7, $8, $9, 0)`,
		tenant, id, p.Account, p.Field, p.Item, p.Mode, p.Reason, p.Actor, p.At)
	return id, err
}

const settlePausesText = `
UPDATE pauses SET state = 'paused' WHERE tenant = $1 AND state = 'pausing' AND NOT EXISTS
      (SELECT 1 FROM intents i WHERE i.tenant = pauses.tenant AND i.state IN ('recorded', 'accepted', 'unknown') AND i.not_after > $2
       AND (pauses.account = 0 OR i.account = pauses.account) AND (pauses.field = '' OR i.field = pauses.field) AND (pauses.mode = 'all' OR i.created_at <= pauses.at + 10000000))`

// SettlePauses moves pauses to paused when every intent of their scope that was on its way is settled or may not be sent
// any more (I16). A mode that lets some writes go on waits for those recorded until ten seconds after it, so that clocks of
// two nodes need not agree. A pause of one item waits for all intents of its account and field: more than it must, never less.
func (t *Tx) SettlePauses(ctx context.Context, tenant ident.Tenant, now ident.Micros) error {
	_, err := t.exec(ctx, settlePausesText, tenant, now)
	return err
}

// PauseList lists pauses, newest first; lifted ones only when asked for.
func (t *Tx) PauseList(ctx context.Context, tenant ident.Tenant, lifted bool, limit int) (out []PauseRow, err error) {
	err = t.each(ctx, `
SELECT p.pause, p.account, p.field, p.item, coalesce(i.sku, ''), p.mode, p.state, p.reason, p.actor, p.at, p.lifted_at
FROM pauses p LEFT JOIN items i ON i.tenant = p.tenant AND i.item = p.item
WHERE p.tenant = $1 AND (p.state <> 'lifted' OR $2 = 1) ORDER BY p.pause DESC LIMIT $3`, func(rs *sql.Rows) error {
		var p PauseRow
		err := rs.Scan(&p.ID, &p.Account, &p.Field, &p.Item, &p.SKU, &p.Mode, &p.State, &p.Reason, &p.Actor, &p.At, &p.LiftedAt)
		out = append(out, p)
		return err
	}, tenant, flag(lifted), limit)
	return out, err
}

// LiftPause ends a pause; fault.NotFound when there is none that is in force.
func (t *Tx) LiftPause(ctx context.Context, tenant ident.Tenant, id ident.Pause, at ident.Micros) error {
	n, err := t.exec(ctx, `UPDATE pauses SET state = 'lifted', lifted_at = $3 WHERE tenant = $1 AND pause = $2 AND state <> 'lifted'`, tenant, id, at)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "there is no pause %d in force", id)
	}
	return err
}

// InFlight counts the unresolved intents of a scope that may still be sent.
func (t *Tx) InFlight(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, now ident.Micros) (n int64, err error) {
	_, err = t.one(ctx, `
SELECT count(*) FROM intents i WHERE i.tenant = $1 AND i.state IN ('recorded', 'accepted', 'unknown') AND i.not_after > $4
       AND ($2 = 0 OR i.account = $2) AND ($3 = '' OR i.field = $3)`, []any{&n}, tenant, account, f, now)
	return n, err
}
