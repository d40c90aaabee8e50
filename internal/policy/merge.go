package policy

import "carpediemstore.it/sync-connector/internal/ident"

// Level is the rules of one level with where they come from.
type Level struct {
	Name     string     `json:"name"` // "installation", "tenant", "account", "item"
	Rule     ident.Rule `json:"rule"` // 0 for what is built in
	Revision int64      `json:"revision,omitempty"`
	Rules    Rules      `json:"rules"`
}

// Source says which level a field came from.
type Source struct {
	Field    string     `json:"field"`
	Level    string     `json:"level"`
	Rule     ident.Rule `json:"rule"`
	Revision int64      `json:"revision,omitempty"`
}

// Merged is the rules in force, with the source of each field that somebody set.
type Merged struct {
	Rules   Rules    `json:"rules"`
	Sources []Source `json:"sources,omitempty"`
}

// Merge lays the levels over each other, the first lowest: installation, tenant, account, item. A field is replaced as a
// whole by the last level that says it.
func Merge(levels ...Level) Merged {
	m := Merged{Rules: Rules{Version: Version}}
	for _, l := range levels {
		r, to := l.Rules, &m.Rules
		m.take(l, "locations", over(&to.Locations, r.Locations))
		m.take(l, "scarcity", over(&to.Scarcity, r.Scarcity))
		m.take(l, "allocation", over(&to.Allocation, r.Allocation))
		m.take(l, "velocity", over(&to.Velocity, r.Velocity))
		m.take(l, "buffer", over(&to.Buffer, r.Buffer))
		m.take(l, "percent", over(&to.Percent, r.Percent))
		m.take(l, "floor", over(&to.Floor, r.Floor))
		m.take(l, "cap", over(&to.Cap, r.Cap))
		m.take(l, "minimum", over(&to.Minimum, r.Minimum))
		m.take(l, "at_zero", over(&to.AtZero, r.AtZero))
		m.take(l, "blind", over(&to.Blind, r.Blind))
	}
	return m
}

// over replaces *to when v is said.
func over[T any](to **T, v *T) bool {
	if v != nil {
		*to = v
	}
	return v != nil
}

// take notes that the field now comes from l.
func (m *Merged) take(l Level, field string, said bool) {
	if !said {
		return
	}
	from := Source{Field: field, Level: l.Name, Rule: l.Rule, Revision: l.Revision}
	for i := range m.Sources {
		if m.Sources[i].Field == field {
			m.Sources[i] = from
			return
		}
	}
	m.Sources = append(m.Sources, from)
}

// by renders where the field comes from, for a note: " (item rule 7, revision 2)"; "" when nobody set it.
func (m Merged) by(field string) string {
	for _, s := range m.Sources {
		if s.Field != field {
			continue
		}
		text := " (" + s.Level
		if s.Rule != 0 {
			text += " rule " + ident.Text(s.Rule)
		}
		if s.Revision != 0 {
			text += ", revision " + ident.Text(ident.Rule(s.Revision))
		}
		return text + ")"
	}
	return ""
}
