package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// RuleVersion is one version of a rule as it is stored.
type RuleVersion struct {
	ID      ident.Rule    `json:"rule"`
	Field   string        `json:"field"`   // stock, price, guard
	Account ident.Account `json:"account"` // 0: every account
	Item    ident.Item    `json:"item"`    // 0: every item
	SKU     string        `json:"sku,omitempty"`
	Version int64         `json:"version"`
	Body    string        `json:"-"` // JSON; "" removes the rule
	Actor   string        `json:"actor"`
	At      ident.Micros  `json:"at"`
}

// RuleScope names a rule: what it is about and whom it binds.
type RuleScope struct {
	Field   string
	Account ident.Account
	Item    ident.Item
}

const ruleColumns = `SELECT r.rule, r.field, r.account, r.item, coalesce(i.sku, ''), r.version, r.body, r.actor, r.at
FROM rules r LEFT JOIN items i ON i.tenant = r.tenant AND i.item = r.item `

func (t *Tx) ruleRows(ctx context.Context, text string, args ...any) (out []RuleVersion, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		var r RuleVersion
		err := rs.Scan(&r.ID, &r.Field, &r.Account, &r.Item, &r.SKU, &r.Version, &r.Body, &r.Actor, &r.At)
		out = append(out, r)
		return err
	}, args...)
	return out, err
}

const currentRulesText = ruleColumns + `
WHERE r.tenant = $1 AND r.rule > $2 AND r.body <> '' AND r.version =
      (SELECT max(n.version) FROM rules n WHERE n.tenant = r.tenant AND n.field = r.field AND n.account = r.account AND n.item = r.item)
ORDER BY r.rule LIMIT $3`

// RuleList lists the rules in force, each in its newest version, by id.
func (t *Tx) RuleList(ctx context.Context, tenant ident.Tenant, after ident.Rule, limit int) ([]RuleVersion, error) {
	return t.ruleRows(ctx, currentRulesText, tenant, after, limit)
}

// RuleByID returns one version of a rule; fault.NotFound when there is none.
func (t *Tx) RuleByID(ctx context.Context, tenant ident.Tenant, id ident.Rule) (RuleVersion, error) {
	found, err := t.ruleRows(ctx, ruleColumns+`WHERE r.tenant = $1 AND r.rule = $2`, tenant, id)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "there is no rule %d", id)
	}
	if err != nil {
		return RuleVersion{}, err
	}
	return found[0], nil
}

// RuleHistory returns every version of a rule, newest first.
func (t *Tx) RuleHistory(ctx context.Context, tenant ident.Tenant, s RuleScope) ([]RuleVersion, error) {
	return t.ruleRows(ctx, ruleColumns+`WHERE r.tenant = $1 AND r.field = $2 AND r.account = $3 AND r.item = $4 ORDER BY r.version DESC`,
		tenant, s.Field, s.Account, s.Item)
}

// RulesSince returns the scopes of rules that have a version made at or after a time.
func (t *Tx) RulesSince(ctx context.Context, tenant ident.Tenant, since ident.Micros) (out []RuleScope, err error) {
	err = t.each(ctx, `SELECT DISTINCT field, account, item FROM rules WHERE tenant = $1 AND at >= $2 ORDER BY field, account, item`, func(rs *sql.Rows) error {
		var s RuleScope
		err := rs.Scan(&s.Field, &s.Account, &s.Item)
		out = append(out, s)
		return err
	}, tenant, since)
	return out, err
}

// AddRule stores the next version of a rule and marks what it decides. An empty body removes the rule.
func (t *Tx) AddRule(ctx context.Context, tenant ident.Tenant, s RuleScope, body, actor string, at ident.Micros) (ident.Rule, error) {
	id, err := Next[ident.Rule](ctx, t, tenant, "rule", 1)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `
INSERT INTO rules (tenant, rule, field, account, item, version, body, actor, at)
SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), coalesce(max(n.version), 0) + 1, CAST($6 AS TEXT),
       CAST($7 AS TEXT), CAST($8 AS BIGINT)
FROM rules n WHERE n.tenant = $1 AND n.field = $3 AND n.account = $4 AND n.item = $5`, tenant, id, s.Field, s.Account, s.Item, body, actor, at)
	if err != nil {
		return 0, err
	}
	return id, t.markRule(ctx, tenant, s)
}

const (
	// The counters and prices that a rule decides, in one statement each. $2 account, $3 item; 0 is all.
	markRuleStockText = `
INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent)
SELECT DISTINCT l.tenant, l.account, 'stock', d.counter, 1, 0, 0
FROM listings l JOIN draws d ON d.tenant = l.tenant AND d.account = l.account AND d.listing = l.listing
WHERE l.tenant = $1 AND l.item <> 0 AND ($2 = 0 OR l.account = $2) AND ($3 = 0 OR l.item = $3 OR l.item IN
      (SELECT c.bundle FROM components c WHERE c.tenant = $1 AND c.component = $3))
ORDER BY l.tenant, l.account, d.counter
ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1`

	markRulePriceText = `
INSERT INTO marks (tenant, account, field, target, gen, done_gen, urgent)
SELECT l.tenant, l.account, 'price', l.listing, 1, 0, 0
FROM listings l WHERE l.tenant = $1 AND l.item <> 0 AND ($2 = 0 OR l.account = $2) AND ($3 = 0 OR l.item = $3)
ORDER BY l.tenant, l.account, l.listing
ON CONFLICT (tenant, account, field, target) DO UPDATE SET gen = marks.gen + 1`

	wakeAllText = `UPDATE drives SET gen = gen + 1 WHERE tenant = $1 AND ($2 = 0 OR account = $2)`
)

// markRule marks everything that a rule decides; a guard may hold or free both fields.
func (t *Tx) markRule(ctx context.Context, tenant ident.Tenant, s RuleScope) error {
	if s.Field != string(channel.Price) {
		if _, err := t.exec(ctx, markRuleStockText, tenant, s.Account, s.Item); err != nil {
			return err
		}
	}
	if s.Field != string(channel.Stock) {
		if _, err := t.exec(ctx, markRulePriceText, tenant, s.Account, s.Item); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, wakeAllText, tenant, s.Account)
	return err
}
