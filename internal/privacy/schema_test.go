package privacy_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/privacy"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/tasks"
)

const start ident.Micros = 1_800_000_000_000_000

// TestTheRegistryIsTheSchema (C01): before tasks have ever started, and after.
func TestTheRegistryIsTheSchema(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if missing, superfluous := compare(schema(t, db), registered(false)); missing != nil || superfluous != nil {
			t.Errorf("a fresh database: not in the registry %v, not in the database %v", missing, superfluous)
		}
		startTasks(t, db)
		if missing, superfluous := compare(schema(t, db), registered(true)); missing != nil || superfluous != nil {
			t.Errorf("with tasks: not in the registry %v, not in the database %v", missing, superfluous)
		}
	})
}

func TestTheComparisonSeesWhatIsPlanted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.Exec(t, db, `ALTER TABLE lines ADD COLUMN buyer TEXT`)
		storetest.Exec(t, db, `CREATE TABLE letters (body TEXT)`)
		storetest.Exec(t, db, `ALTER TABLE events DROP COLUMN text`)
		missing, superfluous := compare(schema(t, db), registered(false))
		if d := cmp.Diff([]string{"letters.body", "lines.buyer"}, missing); d != "" {
			t.Errorf("not in the registry (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"events.text"}, superfluous); d != "" {
			t.Errorf("not in the database (-want +got):\n%s", d)
		}
	})
}

// registered returns the registry as table.column; jobs says whether with the task engine's tables.
func registered(jobs bool) (out []string) {
	for _, c := range privacy.Columns() {
		if jobs || !strings.HasPrefix(c.Table, privacy.JobTables) {
			out = append(out, c.Table+"."+c.Name)
		}
	}
	return out
}

// schema returns every column of every table in the database as table.column.
func schema(t *testing.T, db *store.DB) (out []string) {
	t.Helper()
	text := `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'`
	if db.Engine().Dialect().Name == "postgres" {
		text = `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`
	}
	conn, err := db.Engine().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	rs, err := conn.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Close()
	for rs.Next() {
		var name string
		if err := rs.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	if err := rs.Err(); err != nil || len(out) == 0 {
		t.Fatalf("the schema has %d columns: %v", len(out), err)
	}
	return out
}

// compare returns what only the schema has, and what only the registry has.
func compare(schema, registry []string) (missing, superfluous []string) {
	for _, x := range schema {
		if !slices.Contains(registry, x) {
			missing = append(missing, x)
		}
	}
	for _, x := range registry {
		if !slices.Contains(schema, x) {
			superfluous = append(superfluous, x)
		}
	}
	slices.Sort(missing)
	slices.Sort(superfluous)
	return missing, superfluous
}

// startTasks makes the task engine's tables.
func startTasks(t *testing.T, db *store.DB) {
	t.Helper()
	x := tasks.New(tasks.Deps{
		Store: db, Now: func() ident.Micros { return start }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Name: "privacy-test",
	})
	if err := x.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := x.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}
