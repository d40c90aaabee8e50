package privacy

import (
	"fmt"
	"strings"
	"time"
)

// DataMap returns the registry as a document in Markdown: a table for each table of the database (GDPR article 30).
func DataMap() string {
	var b strings.Builder
	b.WriteString("# Data map\n\n" +
		"What the connector stores, column by column: of which class it is, what it is for, how long it is kept and how it is\n" +
		"erased. There is no column for a buyer. Made from `internal/privacy` by `go test ./internal/privacy -update`; tests compare\n" +
		"the registry with the schema of both databases.\n\n" +
		"Classes:")
	for i, c := range Classes() {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(" " + string(c))
	}
	b.WriteString(".\n")
	columns := Columns()
	for i := 0; i < len(columns); {
		c := columns[i]
		if i == 0 || columns[i-1].Table != c.Table {
			fmt.Fprintf(&b, "\n## %s\n\n| Columns | Class | What for | Kept | Erased by |\n| --- | --- | --- | --- | --- |\n", c.Table)
		}
		var names []string
		for ; i < len(columns) && columns[i].Table == c.Table && columns[i].Data == c.Data; i++ {
			names = append(names, columns[i].Name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", strings.Join(names, ", "), c.Class, c.Purpose, c.Retention, c.Erase)
	}
	return b.String()
}

// String says how long in words: "90 days after it arrived".
func (r Retention) String() string {
	switch {
	case r.Keep == 0:
		return string(r.From)
	case r.Keep%day == 0:
		return fmt.Sprintf("%d days %s", r.Keep/day, r.From)
	}
	return fmt.Sprintf("%d minutes %s", r.Keep/time.Minute, r.From)
}
