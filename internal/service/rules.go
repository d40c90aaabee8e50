package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/policy"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// What a rule is about.
const (
	RuleStock = string(channel.Stock) // exposure: policy.Rules
	RulePrice = string(channel.Price) // pricing.Rules
	RuleGuard = "guard"               // guard.Settings
)

// Rule is one version of a rule as people see it.
type Rule struct {
	store.RuleVersion
	AccountName string          `json:"account_name,omitempty"`
	Body        json.RawMessage `json:"body"` // null: this version removed the rule
}

// RuleDetail is a rule with its earlier versions, newest first.
type RuleDetail struct {
	Rule
	Versions []Rule `json:"versions"`
}

// RuleRequest names a rule: what it is about, and the account and the SKU it binds; "" is all.
type RuleRequest struct {
	Field   string
	Account string
	SKU     string
}

// Rules lists the rules in force.
func (s *Service) Rules(ctx context.Context, who Caller, p Paging) (l List[Rule], err error) {
	after, err := position[ident.Rule](p)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.RuleList(ctx, who.Tenant, after, p.limit()+1)
		if err != nil {
			return err
		}
		out, err := rulesOf(ctx, tx, who, found)
		l = listOf(out, p.limit(), func(r Rule) string { return ident.Text(r.ID) })
		return err
	})
	return l, err
}

func rulesOf(ctx context.Context, tx *store.Tx, who Caller, found []store.RuleVersion) ([]Rule, error) {
	names, err := accountNames(ctx, tx, who.Tenant)
	out := make([]Rule, len(found))
	for i, r := range found {
		out[i] = Rule{RuleVersion: r, AccountName: names[r.Account], Body: json.RawMessage(r.Body)}
		if r.Body == "" {
			out[i].Body = json.RawMessage("null")
		}
	}
	return out, err
}

// Rule returns one version of a rule with all versions of it.
func (s *Service) Rule(ctx context.Context, who Caller, id ident.Rule) (d RuleDetail, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = ruleDetail(ctx, tx, who, id)
		return err
	})
	return d, err
}

func ruleDetail(ctx context.Context, tx *store.Tx, who Caller, id ident.Rule) (d RuleDetail, err error) {
	r, err := tx.RuleByID(ctx, who.Tenant, id)
	if err != nil {
		return d, err
	}
	h, err := tx.RuleHistory(ctx, who.Tenant, store.RuleScope{Field: r.Field, Account: r.Account, Item: r.Item})
	if err != nil {
		return d, err
	}
	one, err := rulesOf(ctx, tx, who, []store.RuleVersion{r})
	if err != nil {
		return d, err
	}
	d.Rule = one[0]
	d.Versions, err = rulesOf(ctx, tx, who, h)
	return d, err
}

// SetRule stores the next version of a rule and marks everything it decides. body is JSON of policy.Rules, pricing.Rules or
// guard.Settings; empty removes the rule. What the change does is seen in plans of accounts that do not write by themselves.
func (s *Service) SetRule(ctx context.Context, who Caller, q RuleRequest, body []byte) (d RuleDetail, err error) {
	text, err := checkRule(q.Field, body)
	if err != nil {
		return d, err
	}
	var woken []ident.Account
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		sc, err := ruleScope(ctx, tx, who, q)
		if err != nil {
			return err
		}
		h, err := tx.RuleHistory(ctx, who.Tenant, sc)
		if err != nil {
			return err
		}
		if len(h) > 0 && h[0].Body == text || len(h) == 0 && text == "" {
			if len(h) == 0 {
				return fault.New(fault.NotFound, "there is no such rule to remove")
			}
			d, err = ruleDetail(ctx, tx, who, h[0].ID)
			return err // nothing changes: no new version
		}
		id, err := tx.AddRule(ctx, who.Tenant, sc, text, who.Name, s.Now())
		if err != nil {
			return err
		}
		if woken, err = ruleAccounts(ctx, tx, who, sc); err != nil {
			return err
		}
		if err := s.act(ctx, tx, who, sc.Account, "rule", "%s rule for %s: version %d%s", q.Field, q.about(), version(h), removed(text)); err != nil {
			return err
		}
		d, err = ruleDetail(ctx, tx, who, id)
		return err
	})
	if err == nil {
		s.Wake(who.Tenant, woken...)
	}
	return d, err
}

func version(h []store.RuleVersion) int64 {
	if len(h) == 0 {
		return 1
	}
	return h[0].Version + 1
}

func removed(text string) string {
	if text == "" {
		return ", removed"
	}
	return ""
}

func (q RuleRequest) about() string {
	switch {
	case q.Account == "" && q.SKU == "":
		return "everything"
	case q.SKU == "":
		return "account " + q.Account
	case q.Account == "":
		return q.SKU
	}
	return fmt.Sprintf("%s at account %s", q.SKU, q.Account)
}

// checkRule reads a rule's body strictly and returns it in one line.
func checkRule(field string, body []byte) (string, error) {
	body = bytes.TrimSpace(body)
	var err error
	switch {
	case field != RuleStock && field != RulePrice && field != RuleGuard:
		return "", fault.New(fault.Usage, "%q is not what a rule is about: it is stock, price or guard", field)
	case len(body) == 0:
		return "", nil
	case field == RuleStock:
		_, err = policy.ParseRules(body)
	case field == RulePrice:
		_, err = pricing.ParseRules(body)
	default:
		_, err = guard.ParseSettings(body)
	}
	if err != nil {
		return "", fault.Wrap(field+" rule", err)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, body); err != nil {
		return "", fault.New(fault.Invalid, "the rule is not JSON: %w", err)
	}
	return line.String(), nil
}

func ruleScope(ctx context.Context, tx *store.Tx, who Caller, q RuleRequest) (sc store.RuleScope, err error) {
	sc.Field = q.Field
	if sc.Account, err = scope(ctx, tx, who.Tenant, q.Account); err != nil {
		return sc, err
	}
	if q.SKU == "" {
		return sc, nil
	}
	if q.Field == RuleGuard {
		return sc, fault.New(fault.Invalid, "a guard rule is for everything or for an account, not for one SKU")
	}
	x, err := tx.ItemNamed(ctx, who.Tenant, q.SKU)
	sc.Item = x.ID
	return sc, err
}

// ruleAccounts returns the accounts that a rule concerns.
func ruleAccounts(ctx context.Context, tx *store.Tx, who Caller, sc store.RuleScope) (out []ident.Account, err error) {
	if sc.Account != 0 {
		return []ident.Account{sc.Account}, nil
	}
	all, err := tx.Accounts(ctx, who.Tenant)
	for _, a := range all {
		out = append(out, a.ID)
	}
	return out, err
}
