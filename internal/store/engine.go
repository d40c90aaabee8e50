package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

const accountColumns = `tenant, account, name, kind, mode, role, on_drift, settings, state, fault, created_at`

func scanAccount(rs *sql.Rows) (a flow.Account, err error) {
	var settings string
	if err = rs.Scan(&a.Tenant, &a.ID, &a.Name, &a.Kind, &a.Mode, &a.Role, &a.OnDrift, &settings, &a.State, &a.Fault, &a.CreatedAt); err == nil {
		err = json.Unmarshal([]byte(settings), &a.Settings)
	}
	return a, err
}

// Account returns one account.
func (t *Tx) Account(ctx context.Context, tenant ident.Tenant, id ident.Account) (a flow.Account, err error) {
	err = t.each(ctx, `SELECT `+accountColumns+` FROM accounts WHERE tenant = $1 AND account = $2`, func(rs *sql.Rows) (err error) {
		a, err = scanAccount(rs)
		return err
	}, tenant, id)
	if err == nil && a.ID == 0 {
		err = fault.New(fault.NotFound, "there is no account %d", id)
	}
	return a, err
}

// Accounts returns all accounts of a tenant by id.
func (t *Tx) Accounts(ctx context.Context, tenant ident.Tenant) (out []flow.Account, err error) {
	err = t.each(ctx, `SELECT `+accountColumns+` FROM accounts WHERE tenant = $1 ORDER BY account`, func(rs *sql.Rows) error {
		a, err := scanAccount(rs)
		out = append(out, a)
		return err
	}, tenant)
	return out, err
}

const rulesText = `
SELECT r.rule, r.field, r.account, r.item, r.version, r.body FROM rules r
WHERE r.tenant = $1 AND r.item = 0 AND r.version =
      (SELECT max(n.version) FROM rules n WHERE n.tenant = r.tenant AND n.field = r.field AND n.account = r.account AND n.item = r.item)
ORDER BY r.field, r.account`

// Rules returns the newest version of every rule that is not about a single item. An empty body is a removed rule.
func (t *Tx) Rules(ctx context.Context, tenant ident.Tenant) ([]flow.Rule, error) {
	return t.rules(ctx, rulesText, tenant)
}

const itemRulesText = `
SELECT r.rule, r.field, r.account, r.item, r.version, r.body FROM rules r
WHERE r.tenant = $1 AND r.item <> 0 AND r.item IN {ids $2} AND r.version =
      (SELECT max(n.version) FROM rules n WHERE n.tenant = r.tenant AND n.field = r.field AND n.account = r.account AND n.item = r.item)
ORDER BY r.item, r.field, r.account`

// ItemRules returns the newest version of the rules of single items.
func (t *Tx) ItemRules(ctx context.Context, tenant ident.Tenant, items []ident.Item) ([]flow.Rule, error) {
	return t.rules(ctx, itemRulesText, tenant, list(items))
}

func (t *Tx) rules(ctx context.Context, text string, args ...any) (out []flow.Rule, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var r flow.Rule
		err := rs.Scan(&r.ID, &r.Field, &r.Account, &r.Item, &r.Version, &r.Body)
		out = append(out, r)
		return err
	}, args...)
	return out, err
}

// Pauses returns the pauses that are not lifted.
func (t *Tx) Pauses(ctx context.Context, tenant ident.Tenant) (out []flow.Pause, err error) {
	err = t.each(ctx, `SELECT pause, account, field, item, mode FROM pauses WHERE tenant = $1 AND state <> 'lifted' ORDER BY pause`, func(rs *sql.Rows) error {
		var p flow.Pause
		err := rs.Scan(&p.ID, &p.Account, &p.Field, &p.Item, &p.Mode)
		out = append(out, p)
		return err
	}, tenant)
	return out, err
}

const (
	raiseHead = `INSERT INTO findings (tenant, finding, class, cause, account, field, target, item, state, text, data, count, first_at, last_at, closed_by) VALUES `
	raiseTail = `ON CONFLICT (tenant, cause) WHERE state = 'open' DO UPDATE SET
  count = findings.count + 1, last_at = excluded.last_at, text = excluded.text, data = excluded.data`
	closeText = `
UPDATE findings SET state = 'done', closed_by = $3, last_at = $4
WHERE tenant = $1 AND state = 'open' AND cause IN {texts $2}`
)

// Raise opens findings, or counts again those whose cause is open already.
func (t *Tx) Raise(ctx context.Context, tenant ident.Tenant, fs []flow.Finding) error {
	if len(fs) == 0 {
		return nil
	}
	first, err := Next[ident.Finding](ctx, t, tenant, "finding", len(fs))
	if err != nil {
		return err
	}
	for i, f := range fs { // one at a time: a statement may not touch the same cause twice
		err := t.insert(ctx, raiseHead, 15, raiseTail, 1, func(_ int, args []any) []any {
			return append(args, tenant, first+ident.Finding(i), f.Class, f.Cause, f.Account, f.Field, f.Target, f.Item, "open", f.Text, f.Data, 1, f.At, f.At, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle closes the open findings of causes.
func (t *Tx) Settle(ctx context.Context, tenant ident.Tenant, causes []string, by string, at ident.Micros) error {
	if len(causes) == 0 {
		return nil
	}
	_, err := t.exec(ctx, closeText, tenant, list(causes), by, at)
	return err
}

const eventHead = `INSERT INTO events (tenant, event, at, account, kind, actor, text) VALUES `

// Log appends to the operational log.
func (t *Tx) Log(ctx context.Context, tenant ident.Tenant, es ...flow.Event) error {
	if len(es) == 0 {
		return nil
	}
	first, err := Next[int64](ctx, t, tenant, "event", len(es))
	if err != nil {
		return err
	}
	return t.insert(ctx, eventHead, 7, "", len(es), func(i int, args []any) []any {
		return append(args, tenant, first+int64(i), es[i].At, es[i].Account, es[i].Kind, es[i].Actor, es[i].Text)
	})
}
