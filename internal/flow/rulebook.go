package flow

import (
	"fmt"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/policy"
	"carpediemstore.it/sync-connector/internal/policy/rule"
	"carpediemstore.it/sync-connector/internal/pricing"
)

// Rulebook is the rules of one account, parsed: the tenant's, the account's, and those of single items.
type Rulebook struct {
	account ident.Account
	stock   []policy.Level
	base    policy.Merged
	items   map[ident.Item]policy.Merged
	price   []pricing.Level
	prices  pricing.Merged
	limits  guard.Limits
}

// NewRulebook parses stored rules. A rule that cannot be read stops the account: to go on without it could sell what it
// keeps back.
func NewRulebook(a Account, rules []Rule) (Rulebook, error) {
	b := Rulebook{account: a.ID}
	var guards []guard.Level
	for _, of := range []ident.Account{0, a.ID} { // the account's lie over the tenant's
		for _, r := range rules {
			if r.Account != of || r.Item != 0 || r.Body == "" {
				continue
			}
			var err error
			switch r.Field {
			case "stock":
				b.stock, err = add(b.stock, r, policy.ParseRules)
			case "price":
				b.price, err = add(b.price, r, pricing.ParseRules)
			case "guard":
				guards, err = add(guards, r, guard.ParseSettings)
			}
			if err != nil {
				return b, err
			}
		}
	}
	b.base, b.prices = policy.Merge(b.stock...), pricing.Merge(b.price...)
	b.limits, _ = guard.Merge(guards...)
	return b, nil
}

// add appends a stored rule as a level.
func add[R any](levels []rule.Level[R], r Rule, parse func([]byte) (R, error)) ([]rule.Level[R], error) {
	body, err := parse([]byte(r.Body))
	if err != nil {
		return levels, fault.Wrap(fmt.Sprintf("rule %d", r.ID), err)
	}
	name := "tenant"
	switch {
	case r.Item != 0:
		name = "item"
	case r.Account != 0:
		name = "account"
	}
	return append(levels, rule.Level[R]{Name: name, ID: r.ID, Revision: r.Version, Rules: body}), nil
}

// With adds the rules of single items.
func (b Rulebook) With(rules []Rule) (Rulebook, error) {
	if len(rules) == 0 {
		return b, nil
	}
	levels := map[ident.Item][]policy.Level{}
	for _, r := range rules {
		if r.Field != string(channel.Stock) || r.Body == "" || (r.Account != 0 && r.Account != b.account) {
			continue
		}
		var err error
		if levels[r.Item], err = add(levels[r.Item], r, policy.ParseRules); err != nil {
			return b, err
		}
	}
	b.items = make(map[ident.Item]policy.Merged, len(levels))
	for item, ls := range levels {
		b.items[item] = policy.Merge(append(append([]policy.Level(nil), b.stock...), ls...)...)
	}
	return b, nil
}

// Measured reports whether a rule needs to know how fast items sell and how long the channel takes.
func (b Rulebook) Measured() bool {
	if b.base.Rules.Velocity != nil {
		return true
	}
	for _, m := range b.items {
		if m.Rules.Velocity != nil {
			return true
		}
	}
	return false
}

// Scarce reports whether a rule hands out rights to the last units.
func (b Rulebook) Scarce() bool {
	if b.base.Rules.Scarcity != nil {
		return true
	}
	for _, m := range b.items {
		if m.Rules.Scarcity != nil {
			return true
		}
	}
	return false
}

// Stock returns the exposure rules in force for an item.
func (b Rulebook) Stock(item ident.Item) policy.Merged {
	if m, ok := b.items[item]; ok {
		return m
	}
	return b.base
}

// Price returns the price rules in force for an item: extra is what the item itself says (sale price, advertised
// minimum), in the form of a rule; rules are those about the item.
func (b Rulebook) Price(item ident.Item, extra string, rules []Rule) (pricing.Merged, error) {
	levels := b.price
	if extra != "" && extra != "{}" {
		own, err := add(nil, Rule{Item: item, Body: extra}, pricing.ParseRules)
		if err != nil {
			return pricing.Merged{}, err
		}
		levels = append(append([]pricing.Level(nil), levels...), own...)
	}
	for _, r := range rules {
		if r.Field != string(channel.Price) || r.Body == "" || (r.Account != 0 && r.Account != b.account) {
			continue
		}
		own, err := add(nil, r, pricing.ParseRules)
		if err != nil {
			return pricing.Merged{}, err
		}
		levels = append(append([]pricing.Level(nil), levels...), own...)
	}
	if len(levels) == len(b.price) {
		return b.prices, nil
	}
	return pricing.Merge(levels...), nil
}
