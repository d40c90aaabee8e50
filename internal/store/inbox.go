package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Finding is one cause that needs, or needed, a person.
type Finding struct {
	ID       ident.Finding `json:"finding"`
	Class    string        `json:"class"`
	Cause    string        `json:"cause"`
	Account  ident.Account `json:"account"`
	Field    channel.Field `json:"field,omitempty"`
	Target   int64         `json:"target,omitempty"`
	Item     ident.Item    `json:"item,omitempty"`
	State    string        `json:"state"`
	Text     string        `json:"text"`
	Data     string        `json:"-"` // JSON of numbers
	Count    int64         `json:"count"`
	FirstAt  ident.Micros  `json:"first_at"`
	LastAt   ident.Micros  `json:"last_at"`
	ClosedBy string        `json:"closed_by,omitempty"`
}

const findingColumns = `finding, class, cause, account, field, target, item, state, text, data, count, first_at, last_at, closed_by`

func (t *Tx) findings(ctx context.Context, text string, args ...any) (out []Finding, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var f Finding
		err := rs.Scan(&f.ID, &f.Class, &f.Cause, &f.Account, &f.Field, &f.Target, &f.Item, &f.State, &f.Text, &f.Data, &f.Count, &f.FirstAt, &f.LastAt, &f.ClosedBy)
		out = append(out, f)
		return err
	}, args...)
	return out, err
}

// FindingFilter chooses findings, newest first. Zero fields choose all.
type FindingFilter struct {
	Class   string
	Account ident.Account
	Field   channel.Field
	Done    bool          // closed ones too
	Before  ident.Finding // findings with a lower id; 0 starts
	Limit   int
}

const (
	findingWhere = ` AND ($3 = '' OR class = $3) AND ($4 = 0 OR account = $4) AND ($5 = '' OR field = $5) ORDER BY finding DESC LIMIT $6`

	// The open ones have a small index of their own; a subquery makes both databases use it.
	openFindingsText = `SELECT ` + findingColumns + ` FROM findings WHERE tenant = $1 AND state = 'open' AND finding < $2` + findingWhere
	allFindingsText  = `SELECT ` + findingColumns + ` FROM findings WHERE tenant = $1 AND finding < $2` + findingWhere
)

// Findings lists findings.
func (t *Tx) Findings(ctx context.Context, tenant ident.Tenant, f FindingFilter) ([]Finding, error) {
	text := openFindingsText
	if f.Done {
		text = allFindingsText
	}
	return t.findings(ctx, text, tenant, before(f.Before), f.Class, f.Account, f.Field, f.Limit)
}

// FindingGroup is the open findings of one class at one account.
type FindingGroup struct {
	Class   string        `json:"class"`
	Account ident.Account `json:"account"`
	N       int64         `json:"findings"`
	FirstAt ident.Micros  `json:"first_at"`
	LastAt  ident.Micros  `json:"last_at"`
	Example string        `json:"example"`
}

// FindingGroups groups the open findings by class and account, the largest group first.
func (t *Tx) FindingGroups(ctx context.Context, tenant ident.Tenant) (out []FindingGroup, err error) {
	err = t.each(ctx, `
SELECT class, account, count(*) AS n, min(first_at), max(last_at), min(text) FROM findings WHERE tenant = $1 AND state = 'open'
GROUP BY class, account ORDER BY n DESC, class, account`, func(rs *sql.Rows) error {
		var g FindingGroup
		err := rs.Scan(&g.Class, &g.Account, &g.N, &g.FirstAt, &g.LastAt, &g.Example)
		out = append(out, g)
		return err
	}, tenant)
	return out, err
}

// Finding returns one finding; fault.NotFound when there is none.
func (t *Tx) Finding(ctx context.Context, tenant ident.Tenant, id ident.Finding) (Finding, error) {
	found, err := t.findings(ctx, `SELECT `+findingColumns+` FROM findings WHERE tenant = $1 AND finding = $2`, tenant, id)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "there is no finding %d", id)
	}
	if err != nil {
		return Finding{}, err
	}
	return found[0], nil
}

// FindingsOf returns the open findings about targets of one field of an account.
func (t *Tx) FindingsOf(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, targets []int64) ([]Finding, error) {
	return t.findings(ctx, `SELECT `+findingColumns+` FROM findings WHERE tenant = $1 AND account = $2 AND field = $3 AND target IN {ids $4} AND state = 'open' ORDER BY finding`,
		tenant, account, f, list(targets))
}

// CloseFinding closes an open finding; fault.Conflict when it is closed already.
func (t *Tx) CloseFinding(ctx context.Context, tenant ident.Tenant, id ident.Finding, by string, at ident.Micros) error {
	n, err := t.exec(ctx, `UPDATE findings SET state = 'done', closed_by = $3, last_at = $4 WHERE tenant = $1 AND finding = $2 AND state = 'open'`, tenant, id, by, at)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "finding %d is closed already", id)
	}
	return err
}

// Answered takes a target out of the states that wait for an answer (asked, held), so that its driver decides it anew, and
// marks it.
func (t *Tx) Answered(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, target int64, now ident.Micros) error {
	text := `UPDATE counters SET state = 'pending', since = $4 WHERE tenant = $1 AND account = $2 AND counter = $3 AND state IN ('asked', 'held', 'refused')`
	if f == channel.Price {
		text = `UPDATE listings SET price_state = 'pending', price_since = $4 WHERE tenant = $1 AND account = $2 AND listing = $3 AND price_state IN ('asked', 'held', 'refused')`
	}
	if _, err := t.exec(ctx, text, tenant, account, target, now); err != nil {
		return err
	}
	return t.Mark(ctx, tenant, account, f, []int64{target}, true)
}

// Drift is one counter with units that nothing explains yet.
type Drift struct {
	Account  ident.Account `json:"account"`
	Counter  ident.Counter `json:"counter"`
	Key      string        `json:"key"`
	Location string        `json:"location,omitempty"`
	SKU      string        `json:"sku"`
	State    string        `json:"state"`
	Expected int64         `json:"expected"`
	Observed int64         `json:"observed"`
	Holds    string        `json:"-"` // JSON parts
	Surplus  string        `json:"-"`
	Since    ident.Micros  `json:"since"`
	ProveDue ident.Micros  `json:"prove_due"`
}

const driftText = `
SELECT c.account, c.counter, c.stock_key, c.location, coalesce((SELECT min(l.sku) FROM draws d JOIN listings l ON l.tenant = d.tenant AND l.account = d.account
       AND l.listing = d.listing WHERE d.tenant = c.tenant AND d.account = c.account AND d.counter = c.counter), ''), c.state, c.expected, c.observed,
       c.holds, c.surpluses, c.since, c.prove_due
FROM counters c WHERE c.tenant = $1 AND c.account = $2 AND c.prove_due <> 0 ORDER BY c.prove_due, c.counter LIMIT $3`

// Drifting lists the counters of an account with holds or surpluses, oldest first.
func (t *Tx) Drifting(ctx context.Context, tenant ident.Tenant, account ident.Account, limit int) (out []Drift, err error) {
	err = t.each(ctx, driftText, func(rs *sql.Rows) error {
		var d Drift
		err := rs.Scan(&d.Account, &d.Counter, &d.Key, &d.Location, &d.SKU, &d.State, &d.Expected, &d.Observed, &d.Holds, &d.Surplus, &d.Since, &d.ProveDue)
		out = append(out, d)
		return err
	}, tenant, account, limit)
	return out, err
}

// Revision returns the revision of what a target should show; fault.NotFound when there is no such target.
func (t *Tx) Revision(ctx context.Context, tenant ident.Tenant, account ident.Account, f channel.Field, target int64) (rev int64, err error) {
	text := `SELECT rev FROM counters WHERE tenant = $1 AND account = $2 AND counter = $3`
	if f == channel.Price {
		text = `SELECT price_rev FROM listings WHERE tenant = $1 AND account = $2 AND listing = $3`
	}
	found, err := t.one(ctx, text, []any{&rev}, tenant, account, target)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no such %s target any more", f)
	}
	return rev, err
}
