package storetest

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"

	"carpediemstore.it/sync-connector/internal/store"
)

// Recorder is an engine that remembers every query it is asked.
type Recorder struct {
	store.Engine
	mu      sync.Mutex
	queries []query
}

type query struct {
	text string
	args []any
}

// Record returns a store on db's engine and what records its queries.
func Record(db *store.DB) (*store.DB, *Recorder) {
	r := &Recorder{Engine: db.Engine()}
	return store.New(r), r
}

// Begin starts a write transaction that is recorded.
func (r *Recorder) Begin(ctx context.Context) (store.Conn, error) {
	c, err := r.Engine.Begin(ctx)
	return recorded{c, r}, err
}

// Snapshot starts a read transaction that is recorded.
func (r *Recorder) Snapshot(ctx context.Context) (store.Conn, error) {
	c, err := r.Engine.Snapshot(ctx)
	return recorded{c, r}, err
}

type recorded struct {
	store.Conn
	r *Recorder
}

func (c recorded) note(text string, args []any) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.queries = append(c.r.queries, query{text, slices.Clone(args)}) // the store uses its slice again
}

func (c recorded) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	c.note(text, args)
	return c.Conn.ExecContext(ctx, text, args...)
}

func (c recorded) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	c.note(text, args)
	return c.Conn.QueryContext(ctx, text, args...)
}

// Queries returns each text that was asked, with the arguments it was asked with last.
func (r *Recorder) Queries() map[string][]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string][]any, len(r.queries))
	for _, q := range r.queries {
		out[q.text] = q.args
	}
	return out
}

// Walks returns how SQLite would run the recorded queries where that reads a whole table or the whole of a tenant's part of
// it, as "plan: query". Tables that stay small are not looked at.
func (r *Recorder) Walks(tb testing.TB, large ...string) (out []string) {
	tb.Helper()
	conn, err := r.Engine.Snapshot(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Rollback() }() // nothing was written
	for _, q := range r.queries {
		rows, err := conn.QueryContext(tb.Context(), "EXPLAIN QUERY PLAN "+q.text, q.args...)
		if err != nil {
			tb.Fatalf("explain %s: %v", q.text, err)
		}
		names := aliases(q.text, large)
		for rows.Next() {
			var a, b, c int
			var line string
			if err := rows.Scan(&a, &b, &c, &line); err != nil {
				tb.Fatal(err)
			}
			if walks(line, names) {
				out = append(out, line+": "+strings.Join(strings.Fields(q.text), " "))
			}
		}
		if err := rows.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

// aliases returns the names that large tables have in a query.
func aliases(text string, large []string) map[string]bool {
	out := map[string]bool{}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n,()", r) })
	for i, w := range words {
		for _, t := range large {
			if w == t {
				out[t] = true
				if i+1 < len(words) && len(words[i+1]) == 1 {
					out[words[i+1]] = true
				}
			}
		}
	}
	return out
}

// walks reports whether a line of a plan reads far more than what is asked for.
func walks(line string, names map[string]bool) bool {
	words := strings.Fields(line)
	if len(words) < 2 || !names[words[1]] {
		return false
	}
	return words[0] == "SCAN" && !strings.Contains(line, "COVERING INDEX") || strings.HasSuffix(line, "(tenant=?)")
}
