package sqlite

import (
	"context"
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Examine checks the structure of the database file.
func (e *Engine) Examine(ctx context.Context) (string, error) {
	c, err := e.reader(ctx)
	if err != nil {
		return "", err
	}
	defer func() { e.free <- c }()
	var version, journal string
	if err := c.conn.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version); err != nil {
		return "", fault.Wrap("examine database", err)
	}
	if err := c.conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&journal); err != nil {
		return "", fault.Wrap("examine database", err)
	}
	rows, err := c.conn.QueryContext(ctx, `PRAGMA quick_check(5)`)
	if err != nil {
		return "", fault.Wrap("examine database", err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", fault.Wrap("examine database", err)
		}
		found = append(found, line)
	}
	if err := rows.Err(); err != nil {
		return "", fault.Wrap("examine database", err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return "", fault.New(fault.Internal, "the database file is damaged, restore a backup: %s", strings.Join(found, "; "))
	}
	return fmt.Sprintf("SQLite %s, journal %s, intact", version, journal), nil
}
