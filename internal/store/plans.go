package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// What a plan is about.
const (
	PlanSync     = "sync"
	PlanImport   = "import"
	PlanEdit     = "edit" // a person's single edit, planned and applied at once, so that it can be rolled back
	PlanRollback = "rollback"
)

// How far a plan got. A canary is an applying plan with waiting rows.
const (
	PlanBuilding = "building" // its rows are being collected: not to be seen as a plan yet
	PlanDraft    = "draft"
	PlanApproved = "approved"
	PlanApplying = "applying"
	PlanApplied  = "applied"
	PlanRejected = "rejected"
	PlanStale    = "stale"
)

// How far a row got.
const (
	RowPlanned = "planned"
	RowWaiting = "waiting" // until the canary is verified
	RowHeld    = "held"    // a guard or a question holds it: it is shown and never applied
	RowApplied = "applied"
	RowSkipped = "skipped"
	RowStale   = "stale" // what it was planned on has changed
)

// Plan is a stored set of differences.
type Plan struct {
	ID        ident.Plan
	Kind      string
	Title     string
	State     string
	Counts    string // JSON, written when the plan was made
	Actor     string
	CreatedAt ident.Micros
	DecidedAt ident.Micros // approved, rejected or applied
}

const planColumns = `plan, kind, title, state, counts, actor, created_at, decided_at`

func scanPlan(rs *sql.Rows) (p Plan, err error) {
	err = rs.Scan(&p.ID, &p.Kind, &p.Title, &p.State, &p.Counts, &p.Actor, &p.CreatedAt, &p.DecidedAt)
	return p, err
}

// AddPlan stores a new plan and returns its id.
func (t *Tx) AddPlan(ctx context.Context, tenant ident.Tenant, p Plan) (ident.Plan, error) {
	id, err := Next[ident.Plan](ctx, t, tenant, "plan", 1)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `INSERT INTO plans (tenant, `+planColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		tenant, id, p.Kind, p.Title, p.State, p.Counts, p.Actor, p.CreatedAt, p.DecidedAt)
	return id, err
}

// Plan returns one plan; fault.NotFound when there is none.
func (t *Tx) Plan(ctx context.Context, tenant ident.Tenant, id ident.Plan) (p Plan, err error) {
	return t.plan(ctx, tenant, id, `SELECT `+planColumns+` FROM plans WHERE tenant = $1 AND plan = $2`)
}

// LockPlan is Plan, and on PostgreSQL nobody else changes the plan until the transaction ends.
func (t *Tx) LockPlan(ctx context.Context, tenant ident.Tenant, id ident.Plan) (p Plan, err error) {
	return t.plan(ctx, tenant, id, `SELECT `+planColumns+` FROM plans WHERE tenant = $1 AND plan = $2 {for update}`)
}

func (t *Tx) plan(ctx context.Context, tenant ident.Tenant, id ident.Plan, text string) (p Plan, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) (err error) {
		p, err = scanPlan(rs)
		return err
	}, tenant, id)
	if err == nil && p.ID == 0 {
		err = fault.New(fault.NotFound, "there is no plan %d", id)
	}
	return p, err
}

// Plans lists plans before an id, newest first; 0 starts.
func (t *Tx) Plans(ctx context.Context, tenant ident.Tenant, from ident.Plan, limit int) (out []Plan, err error) {
	err = t.each(ctx, `SELECT `+planColumns+` FROM plans WHERE tenant = $1 AND plan < $2 AND state <> 'building' ORDER BY plan DESC LIMIT $3`, func(rs *sql.Rows) error {
		p, err := scanPlan(rs)
		out = append(out, p)
		return err
	}, tenant, before(from), limit)
	return out, err
}

// PlansSince lists the plans that were applied at or after a time, oldest first.
func (t *Tx) PlansSince(ctx context.Context, tenant ident.Tenant, since ident.Micros) (out []Plan, err error) {
	err = t.each(ctx, `
SELECT `+planColumns+` FROM plans WHERE tenant = $1 AND decided_at >= $2 AND state IN ('applied', 'applying') ORDER BY plan`, func(rs *sql.Rows) error {
		p, err := scanPlan(rs)
		out = append(out, p)
		return err
	}, tenant, since)
	return out, err
}

// SetPlan moves a plan to another state.
func (t *Tx) SetPlan(ctx context.Context, tenant ident.Tenant, id ident.Plan, state string, at ident.Micros) error {
	_, err := t.exec(ctx, `UPDATE plans SET state = $3, decided_at = $4 WHERE tenant = $1 AND plan = $2`, tenant, id, state, at)
	return err
}

// SetPlanCounts stores the counts of a plan once its rows are known.
func (t *Tx) SetPlanCounts(ctx context.Context, tenant ident.Tenant, id ident.Plan, title, counts string) error {
	_, err := t.exec(ctx, `UPDATE plans SET title = $3, counts = $4 WHERE tenant = $1 AND plan = $2`, tenant, id, title, counts)
	return err
}

// DropPlan removes a plan that never came to be, with its rows.
func (t *Tx) DropPlan(ctx context.Context, tenant ident.Tenant, id ident.Plan) error {
	if _, err := t.exec(ctx, `DELETE FROM plan_rows WHERE tenant = $1 AND plan = $2`, tenant, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM plans WHERE tenant = $1 AND plan = $2`, tenant, id)
	return err
}

// DropBuilding removes plans of every tenant whose rows were being collected before a time: nobody collects them any more.
func (t *Tx) DropBuilding(ctx context.Context, before ident.Micros) error {
	type key struct {
		tenant ident.Tenant
		plan   ident.Plan
	}
	var old []key
	err := t.each(ctx, `SELECT tenant, plan FROM plans WHERE state = 'building' AND created_at < $1 ORDER BY tenant, plan`, func(rs *sql.Rows) error {
		var k key
		err := rs.Scan(&k.tenant, &k.plan)
		old = append(old, k)
		return err
	}, before)
	for _, k := range old {
		if err := t.DropPlan(ctx, k.tenant, k.plan); err != nil {
			return err
		}
	}
	return err
}
