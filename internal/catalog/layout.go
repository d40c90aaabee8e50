package catalog

import (
	"fmt"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// maxColumns bounds a header.
const maxColumns = 64

// Plan is what a person declares about a file before it is read.
type Plan struct {
	File  string // name, for errors
	Kind  Kind
	Scope Scope
	// Currency is what amounts are in when the file has no column for it; where both speak they must agree. "": the file
	// says it in each row.
	Currency money.Currency
	// Ragged files (spreadsheets) leave out blank cells at the end of a row. In others a short row is a cut one.
	Ragged bool
}

// Layout knows which cell of a row is what.
type Layout struct {
	plan    Plan
	names   []string // of the header, as written
	columns []placed // in the order rows are read
}

// placed is a column of the kind at its place in the file; -1 when the file does not have it.
type placed struct {
	column
	at int
}

// ReadHeader reads the first row of a file, which starts in line. Every mistake is in the list: columns nobody knows (with the one that was
// probably meant), columns given twice, and those that are missing. A column whose name starts with # is a remark and is
// not read.
func ReadHeader(p Plan, line int, header []Cell) (Layout, []error) {
	l := Layout{plan: p}
	var bad []error
	refuse := func(name, format string, args ...any) {
		bad = append(bad, fault.At(fault.Invalid, fault.Place{File: p.File, Line: line, Column: name}, format, args...))
	}
	known := columnsOf(p.Kind)
	if known == nil {
		refuse("", "%q is not a kind of file", p.Kind)
		return l, bad
	}
	for len(header) > 0 && strings.TrimSpace(header[len(header)-1].Text) == "" {
		header = header[:len(header)-1]
	}
	if len(header) > maxColumns {
		refuse("", "the header has %d columns, at most %d are read", len(header), maxColumns)
		return l, bad
	}
	for _, c := range known {
		l.columns = append(l.columns, placed{c, -1})
	}
	for at, cell := range header {
		name := strings.TrimSpace(cell.Text)
		l.names = append(l.names, name)
		if strings.HasPrefix(name, "#") {
			continue
		}
		i := slices.IndexFunc(l.columns, func(c placed) bool { return c.named(name) })
		switch {
		case name == "":
			refuse("", "column %d has no name", at+1)
		case i < 0:
			refuse(name, "there is no column %s in a file of %s%s", show(name), p.Kind, meant(name, known))
		case l.columns[i].at >= 0:
			refuse(name, "column %s is there twice", l.columns[i].name)
		default:
			l.columns[i].at = at
		}
	}
	for _, c := range l.columns {
		if c.at < 0 && c.required {
			refuse(c.name, "column %s is missing; a file of %s has the columns %s", c.name, p.Kind, strings.Join(Columns(p.Kind), ", "))
		}
	}
	return l, bad
}

// Read reads one row. line is where it starts in the file. With errors the row must not be used; blank reports a row
// without any value, which is no row.
func (l Layout) Read(line int, cells []Cell) (row Row, blank bool, bad []error) {
	blank = !slices.ContainsFunc(cells, func(c Cell) bool { return c.Text != "" || c.Kind != CellText })
	if blank {
		return Row{}, true, nil
	}
	place := fault.Place{File: l.plan.File, Line: line}
	if n := len(cells); n < len(l.names) && !l.plan.Ragged {
		return Row{}, false, []error{fault.At(fault.Invalid, place, "the row has %d cells, the header %d: it may be cut off", n, len(l.names))}
	}
	for _, c := range cells[min(len(cells), len(l.names)):] {
		if c.Text != "" || c.Kind != CellText {
			return Row{}, false, []error{fault.At(fault.Invalid, place, "the row has %d cells, the header %d", len(cells), len(l.names))}
		}
	}
	r := reader{row: Row{Line: line}, currency: l.plan.Currency}
	for _, c := range l.columns {
		var cell Cell
		if c.at >= 0 && c.at < len(cells) {
			cell = cells[c.at]
		}
		if err := c.read(&r, cell); err != nil {
			place.Column = c.name
			bad = append(bad, fault.At(fault.KindOf(err), place, "%w", err))
		}
	}
	if len(bad) == 0 {
		if field, err := r.check(l.plan.Kind); err != nil {
			place.Column = field
			bad = append(bad, fault.At(fault.Invalid, place, "%w", err))
		}
	}
	return r.row, false, bad
}

// Twice is the error for a row whose key another row of the file has; both lines are named.
func (l Layout) Twice(r Row, first int) error {
	place := fault.Place{File: l.plan.File, Line: r.Line, Column: "sku"}
	what := "SKU " + show(r.SKU)
	switch {
	case l.plan.Kind == Bindings:
		place.Column, what = "listing", "listing "+show(r.Binding.Listing)
	case r.Stock.Location != "":
		what += " at location " + show(r.Stock.Location)
	}
	return fault.At(fault.Invalid, place, "%s is in line %d and in line %d: keep one of them", what, first, r.Line)
}

// Columns lists the columns of a kind in the order they are written.
func Columns(k Kind) []string {
	var out []string
	for _, c := range columnsOf(k) {
		out = append(out, c.name)
	}
	return out
}

// meant says which column was probably meant; "" when none is near.
func meant(name string, known []column) string {
	name = strings.ToLower(name)
	best, least := "", 1+max(1, len(name)/3)
	for _, c := range known {
		for _, n := range append([]string{c.name}, c.aliases...) {
			if d := distance(name, n, least); d < least {
				best, least = c.name, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %s?", best)
}

// distance is how many letters must be changed, added or left out to make b of a; most when it is as many or more.
func distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return min(row[len(b)], most)
}
