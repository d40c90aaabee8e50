package store

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"carpediemstore.it/sync-connector/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema of db up to this version. The caller makes sure that only one process does it (a file lock
// on SQLite; goose's session lock on PostgreSQL is given in options).
func Migrate(ctx context.Context, db *sql.DB, d Dialect, options ...goose.ProviderOption) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return fault.Wrap("migrate", err)
	}
	spelled := fstest.MapFS{}
	for _, n := range names {
		text, err := migrations.ReadFile(n)
		if err != nil {
			return fault.Wrap("migrate", err)
		}
		spelled[n[len("migrations/"):]] = &fstest.MapFile{Data: []byte(d.Spell(string(text)))}
	}
	dialect := goose.DialectPostgres
	if d.numbered {
		dialect = goose.DialectSQLite3
	}
	p, err := goose.NewProvider(dialect, db, spelled, append(options, goose.WithTableName("schema_versions"))...)
	if err != nil {
		return fault.Wrap("migrate", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fault.Wrap("migrate", err)
	}
	return nil
}
