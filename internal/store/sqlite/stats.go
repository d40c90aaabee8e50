package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// The planner chooses an index by how many rows it expects behind each value. On an empty or small database it would
// guess, and guess that a tenant has ten rows. So it is told once how the data of a large seller lies: plans are then the
// same on every database, and right where it matters.

// expected is how many rows a table has; others have few.
func expected(table string) int64 {
	switch table {
	case "entries", "lines", "effects", "intents", "decisions":
		return 5_000_000
	case "items", "listings", "counters", "draws", "marks", "order_refs", "plan_rows":
		return 1_000_000
	case "components", "places", "events", "suggestions":
		return 100_000
	}
	return 1_000
}

// distinct is how many values a column has; others have a million.
func distinct(column string) int64 {
	switch column {
	case "tenant":
		return 1
	case "field", "urgent", "active", "gone", "sweep":
		return 2
	case "lane", "price_lane", "pool", "bound_by":
		return 3
	case "account", "state", "price_state", "kind", "stage", "outcome":
		return 8
	case "plan", "rule", "hour":
		return 1_000
	case "item", "bundle", "component", "sku", "gtin":
		return 500_000
	}
	return 1_000_000
}

// waiting is the part of a table that an index over waiting rows holds: one in so many.
const waiting = 1_000

// narrow reports whether an index holds the rows that wait for something; the other partial indexes leave out blanks.
func narrow(condition string) bool {
	return condition != "" && !strings.Contains(condition, "<> ''") && !strings.Contains(condition, "WHERE item <> 0")
}

// stat is the line of sqlite_stat1 for an index of a table: its rows, then how many of them share the first column, the
// first two, and so on.
func stat(table, condition string, columns []string, unique bool) string {
	rows := expected(table)
	if narrow(condition) {
		rows /= waiting
	}
	out := fmt.Sprint(rows)
	for i, c := range columns {
		if rows = max(1, rows/distinct(c)); unique && i == len(columns)-1 {
			rows = 1
		}
		out += fmt.Sprint(" ", rows)
	}
	return out
}

const indexesText = `
SELECT t.name, l.name, l."unique", l.origin, coalesce(s.sql, ''),
       (SELECT group_concat(i.name) FROM (SELECT x.name FROM pragma_index_info(l.name) x ORDER BY x.seqno) i),
       EXISTS (SELECT 1 FROM pragma_table_list(t.name) p WHERE p.wr = 1)
FROM sqlite_schema t JOIN pragma_index_list(t.name) l LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name
WHERE t.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = 'tenant')
ORDER BY t.name, l.name`

// advise writes what the planner is told, where it is not there yet.
func advise(ctx context.Context, db *sql.DB) error {
	want, err := advice(ctx, db)
	if err != nil {
		return fault.Wrap("read the schema", err)
	}
	if have, err := advised(ctx, db); err != nil || slices.Equal(have, want) {
		return fault.Wrap("read the planner's advice", err)
	}
	if _, err := db.ExecContext(ctx, `ANALYZE tenants`); err != nil { // makes sqlite_stat1
		return fault.Wrap("advise the planner", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fault.Wrap("advise the planner", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `DELETE FROM sqlite_stat1`); err != nil {
		return fault.Wrap("advise the planner", err)
	}
	for _, a := range want {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)`, a[0], a[1], a[2]); err != nil {
			return fault.Wrap("advise the planner", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fault.Wrap("advise the planner", err)
	}
	_, err = db.ExecContext(ctx, `ANALYZE sqlite_schema`) // has the connection read it again
	return fault.Wrap("advise the planner", err)
}

// advised returns what the planner was told before; nothing on a new database.
func advised(ctx context.Context, db *sql.DB) (out [][3]string, err error) {
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'`).Scan(&tables); err != nil || tables == 0 {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY rowid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a [3]string
		if err := rows.Scan(&a[0], &a[1], &a[2]); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// advice lists table, index and stat for every index of a table of tenants.
func advice(ctx context.Context, db *sql.DB) (out [][3]string, err error) {
	rows, err := db.QueryContext(ctx, indexesText)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table, index, origin, text, columns string
		var unique, clustered bool
		if err := rows.Scan(&table, &index, &unique, &origin, &text, &columns, &clustered); err != nil {
			return nil, err
		}
		if origin == "pk" && clustered {
			index = table // the rows themselves
		}
		_, condition, partial := strings.Cut(text, " WHERE ")
		if partial {
			condition = "WHERE " + condition
		}
		out = append(out, [3]string{table, index, stat(table, condition, strings.Split(columns, ","), unique)})
	}
	return out, rows.Err()
}
