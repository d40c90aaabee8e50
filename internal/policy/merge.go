package policy

import "carpediemstore.it/sync-connector/internal/policy/rule"

// Level is the rules of one level with where they come from.
type Level = rule.Level[Rules]

// Merged is the rules in force, with the source of each field that somebody set.
type Merged struct {
	Rules   Rules        `json:"rules"`
	Sources rule.Sources `json:"sources,omitempty"`
}

// Merge lays the levels over each other, the first lowest: installation, tenant, account, item. A field is replaced as a
// whole by the last level that says it.
func Merge(levels ...Level) Merged {
	m := Merged{Rules: Rules{Version: Version}}
	for _, l := range levels {
		r, to := l.Rules, &m.Rules
		rule.Take(&m.Sources, l, "locations", &to.Locations, r.Locations)
		rule.Take(&m.Sources, l, "scarcity", &to.Scarcity, r.Scarcity)
		rule.Take(&m.Sources, l, "allocation", &to.Allocation, r.Allocation)
		rule.Take(&m.Sources, l, "velocity", &to.Velocity, r.Velocity)
		rule.Take(&m.Sources, l, "buffer", &to.Buffer, r.Buffer)
		rule.Take(&m.Sources, l, "percent", &to.Percent, r.Percent)
		rule.Take(&m.Sources, l, "floor", &to.Floor, r.Floor)
		rule.Take(&m.Sources, l, "cap", &to.Cap, r.Cap)
		rule.Take(&m.Sources, l, "minimum", &to.Minimum, r.Minimum)
		rule.Take(&m.Sources, l, "at_zero", &to.AtZero, r.AtZero)
		rule.Take(&m.Sources, l, "blind", &to.Blind, r.Blind)
	}
	return m
}
