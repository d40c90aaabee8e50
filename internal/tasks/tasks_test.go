package tasks_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/tasks"
)

// runner starts tasks on db whose clock stands at now, and stops them at the end of the test.
func runner(t *testing.T, db *store.DB, name string, now ident.Micros, log io.Writer) *tasks.Tasks {
	t.Helper()
	x := tasks.New(tasks.Deps{Store: db, Now: func() ident.Micros { return now }, Log: slog.New(slog.NewTextHandler(log, nil)), Name: name})
	if err := x.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, x) })
	return x
}

func stop(t *testing.T, x *tasks.Tasks) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := x.Stop(ctx); err != nil {
		t.Errorf("Stop() = %v, want nil", err)
	}
}

// until waits until a query finds want.
func until(t *testing.T, db *store.DB, want int64, text string, args ...any) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(40 * time.Second)
	for {
		got := storetest.Int(t, db, text, args...)
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%s = %d, want %d", text, got, want)
		}
	}
}

const completed = `SELECT count(*) FROM river_job WHERE kind = 'retention' AND state = 'completed'`

func TestRetentionRunsByItselfOnceInItsPeriod(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed(t, db)
		began := time.Now().Truncate(time.Hour)
		var log bytes.Buffer
		var mu sync.Mutex
		first := runner(t, db, "process-a", start, locked{&mu, &log})
		until(t, db, 1, completed)
		if n := left(t, db)["order_refs"]; n != 2 {
			t.Errorf("%d order references are left, want the 2 that have not ended", n)
		}
		stop(t, first)
		stop(t, first) // twice is once
		// A process that starts within the same hour leads now, and has nothing to begin.
		runner(t, db, "process-b", start, locked{&mu, &log})
		until(t, db, 1, `SELECT count(*) FROM river_leader WHERE leader_id = 'process-b'`)
		periods := 1 + int64(time.Since(began)/time.Hour) // a new one may just have begun
		if n := storetest.Int(t, db, `SELECT count(*) FROM river_job`); n < 1 || n > periods {
			t.Errorf("%d jobs after a restart within the period, want 1", n)
		}
		mu.Lock()
		defer mu.Unlock()
		if log.Len() > 0 {
			t.Errorf("a quiet run says: %s", &log)
		}
	})
}

func TestStopBeforeStart(t *testing.T) {
	stop(t, tasks.New(tasks.Deps{}))
}

func TestProcessesStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed(t, db)
		var group sync.WaitGroup
		var log bytes.Buffer
		var mu sync.Mutex
		for _, name := range []string{"a", "b", "c"} {
			x := tasks.New(tasks.Deps{Store: db, Now: func() ident.Micros { return start }, Name: name, Log: slog.New(slog.NewTextHandler(locked{&mu, &log}, nil))})
			t.Cleanup(func() { stop(t, x) })
			group.Go(func() {
				if err := x.Start(t.Context()); err != nil {
					t.Errorf("Start() of process %s = %v, want nil", name, err)
				}
			})
		}
		group.Wait()
		until(t, db, 1, completed)
		if n := storetest.Int(t, db, `SELECT count(*) FROM river_leader`); n != 1 {
			t.Errorf("%d leaders, want 1", n)
		}
	})
}

// locked serialises writers.
type locked struct {
	*sync.Mutex

	w io.Writer
}

func (l locked) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.w.Write(p)
}

// TestRiversTablesHoldNoNamesAndNoErrorTexts (C01, I23): the process by its random name, of an error only its kind.
func TestRiversTablesHoldNoNamesAndNoErrorTexts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed(t, db)
		storetest.Exec(t, db, `DROP TABLE hints`)
		var log bytes.Buffer
		var mu sync.Mutex
		runner(t, db, "process-a", start.Add(8*day), locked{&mu, &log})
		until(t, db, 1, `SELECT count(*) FROM river_job WHERE errors IS NOT NULL AND state <> 'running'`)
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		all := dump(t, db)
		for _, bad := range []string{"hints", "SELECT", host} {
			if strings.Contains(all, bad) {
				t.Errorf("River's tables hold %q:\n%s", bad, all)
			}
		}
		for _, want := range []string{"process-a", "internal"} {
			if !strings.Contains(all, want) {
				t.Errorf("River's tables do not hold %q:\n%s", want, all)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if text := log.String(); !strings.Contains(text, "hints") {
			t.Errorf("the log does not say what failed: %s", text)
		}
		// What could be deleted was.
		if n := storetest.Int(t, db, `SELECT count(*) FROM order_refs`); n != 2 {
			t.Errorf("%d order references are left, want 2: one class in trouble does not keep the others", n)
		}
	})
}

// dump returns every text of River's tables.
func dump(t *testing.T, db *store.DB) string {
	t.Helper()
	conn, err := db.Engine().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	var out strings.Builder
	errorsText, byText := `json(errors)`, `json(attempted_by)`
	if db.Engine().Dialect().Name == "postgres" {
		errorsText, byText = `CAST(errors AS TEXT)`, `CAST(attempted_by AS TEXT)`
	}
	for _, text := range []string{
		`SELECT kind || ' ' || coalesce(` + errorsText + `, '') || ' ' || coalesce(` + byText + `, '') FROM river_job`,
		`SELECT leader_id || ' ' || name FROM river_leader`, `SELECT name FROM river_queue`,
	} {
		out.WriteString(texts(t, conn, text))
	}
	return out.String()
}

func texts(t *testing.T, conn store.Conn, query string) string {
	t.Helper()
	rs, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rs.Close()
	var out strings.Builder
	for rs.Next() {
		var s string
		if err := rs.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out.WriteString(s + "\n")
	}
	if err := rs.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
