package storetest

import (
	"path/filepath"
	"testing"

	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/postgres"
	"carpediemstore.it/sync-connector/internal/store/sqlite"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

// Each runs fn as a subtest on an empty store of each database.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite returns an empty store in a temporary folder, closed at the end of the test.
func SQLite(tb testing.TB) *store.DB {
	tb.Helper()
	e, err := sqlite.OpenVolatile(tb.Context(), filepath.Join(tb.TempDir(), "store.db"))
	if err != nil {
		tb.Fatal(err)
	}
	return closing(tb, store.New(e))
}

// Postgres returns an empty store in a database of its own, dropped at the end of the test.
func Postgres(tb testing.TB) *store.DB {
	tb.Helper()
	e, err := postgres.Open(tb.Context(), pg.Database(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return closing(tb, store.New(e))
}

func closing(tb testing.TB, db *store.DB) *store.DB {
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// Exec runs one statement of the test's own in a transaction, in the words of store.Dialect.
func Exec(tb testing.TB, db *store.DB, text string, args ...any) {
	tb.Helper()
	conn, err := db.Engine().Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := conn.ExecContext(tb.Context(), db.Engine().Dialect().Spell(text), args...); err != nil {
		_ = conn.Rollback() // the error above says more
		tb.Fatalf("%s: %v", text, err)
	}
	if err := conn.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// Int returns the one number that a query finds.
func Int(tb testing.TB, db *store.DB, text string, args ...any) (n int64) {
	tb.Helper()
	conn, err := db.Engine().Snapshot(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	rs, err := conn.QueryContext(tb.Context(), db.Engine().Dialect().Spell(text), args...)
	if err != nil {
		_ = conn.Rollback()
		tb.Fatalf("%s: %v", text, err)
	}
	for rs.Next() {
		if err := rs.Scan(&n); err != nil {
			tb.Fatal(err)
		}
	}
	if err := rs.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := conn.Rollback(); err != nil {
		tb.Fatal(err)
	}
	return n
}
