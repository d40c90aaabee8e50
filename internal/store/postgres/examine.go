package postgres

import (
	"context"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Examine asks the server who it is.
func (e *Engine) Examine(ctx context.Context) (string, error) {
	var version string
	if err := e.db.QueryRowContext(ctx, `SHOW server_version`).Scan(&version); err != nil {
		return "", fault.New(fault.Unavailable, "PostgreSQL does not answer: %w", err)
	}
	return "PostgreSQL " + version, nil
}
