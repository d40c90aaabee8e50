package flow

import (
	"fmt"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/policy"
)

// Rulebook is the rules of one account, parsed: the tenant's, the account's, and those of single items.
type Rulebook struct {
	account ident.Account
	stock   []policy.Level
	base    policy.Merged
	items   map[ident.Item]policy.Merged
}

// NewRulebook parses stored rules. A rule that cannot be read stops the account: to go on without it could sell what it
// keeps back.
func NewRulebook(a Account, rules []Rule) (Rulebook, error) {
	b := Rulebook{account: a.ID}
	for _, of := range []ident.Account{0, a.ID} { // the account's lie over the tenant's
		for _, r := range rules {
			if r.Field != string(channel.Stock) || r.Account != of || r.Item != 0 || r.Body == "" {
				continue
			}
			l, err := level(r)
			if err != nil {
				return b, err
			}
			b.stock = append(b.stock, l)
		}
	}
	b.base = policy.Merge(b.stock...)
	return b, nil
}

func level(r Rule) (policy.Level, error) {
	body, err := policy.ParseRules([]byte(r.Body))
	if err != nil {
		return policy.Level{}, fault.Wrap(fmt.Sprintf("rule %d", r.ID), err)
	}
	name := "tenant"
	switch {
	case r.Item != 0:
		name = "item"
	case r.Account != 0:
		name = "account"
	}
	return policy.Level{Name: name, ID: r.ID, Revision: r.Version, Rules: body}, nil
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
		l, err := level(r)
		if err != nil {
			return b, err
		}
		levels[r.Item] = append(levels[r.Item], l)
	}
	b.items = make(map[ident.Item]policy.Merged, len(levels))
	for item, ls := range levels {
		b.items[item] = policy.Merge(append(append([]policy.Level(nil), b.stock...), ls...)...)
	}
	return b, nil
}

// Stock returns the exposure rules in force for an item.
func (b Rulebook) Stock(item ident.Item) policy.Merged {
	if m, ok := b.items[item]; ok {
		return m
	}
	return b.base
}
