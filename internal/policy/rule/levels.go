package rule

import (
	"fmt"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Level is one level's rules with where they come from.
type Level[R any] struct {
	Name     string     `json:"name"` // "installation", "tenant", "account", "item"
	ID       ident.Rule `json:"rule"` // 0 for what is built in
	Revision int64      `json:"revision,omitempty"`
	Rules    R          `json:"rules"`
}

// Source says which level a field came from.
type Source struct {
	Field    string     `json:"field"`
	Level    string     `json:"level"`
	Rule     ident.Rule `json:"rule"`
	Revision int64      `json:"revision,omitempty"`
}

// Sources lists where each field that somebody set came from, in the order the fields were first set.
type Sources []Source

// By renders where field comes from, for a note: " (item rule 7, revision 2)"; "" when nobody set it.
func (s Sources) By(field string) string {
	for _, x := range s {
		if x.Field != field {
			continue
		}
		text := " (" + x.Level
		if x.Rule != 0 {
			text += fmt.Sprintf(" rule %d", x.Rule)
		}
		if x.Revision != 0 {
			text += fmt.Sprintf(", revision %d", x.Revision)
		}
		return text + ")"
	}
	return ""
}

// Take replaces *to by v, and notes that field now comes from l, when v is said.
func Take[R, T any](s *Sources, l Level[R], field string, to **T, v *T) {
	if v != nil {
		*to = v
		Note(s, l, field)
	}
}

// Note says that field now comes from l.
func Note[R any](s *Sources, l Level[R], field string) {
	from := Source{Field: field, Level: l.Name, Rule: l.ID, Revision: l.Revision}
	for i := range *s {
		if (*s)[i].Field == field {
			(*s)[i] = from
			return
		}
	}
	*s = append(*s, from)
}

// Faults collects what is wrong with named fields.
type Faults []string

// Add notes one fault of field.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, field+" "+fmt.Sprintf(format, args...))
}

// Err returns all faults as one error; nil when there are none.
func (f *Faults) Err() error {
	if len(*f) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "%s", strings.Join(*f, "; "))
}

// Rules lists the stored rules behind the fields, each once, in the order of the fields.
func (s Sources) Rules() []ident.Rule {
	var out []ident.Rule
	for _, x := range s {
		if x.Rule != 0 && !slices.Contains(out, x.Rule) {
			out = append(out, x.Rule)
		}
	}
	return out
}
