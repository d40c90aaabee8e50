package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Engine is one database: how it hands out transactions. Package sqlite and package postgres make one.
type Engine interface {
	Dialect() Dialect
	// Begin starts a write transaction; on SQLite it waits for the one writer.
	Begin(ctx context.Context) (Conn, error)
	// Snapshot starts a read transaction.
	Snapshot(ctx context.Context) (Conn, error)
	// Transient reports whether a transaction that failed with err may succeed when run again (busy, deadlock, serialisation).
	Transient(err error) bool
	Close() error
}

// Conn is one open transaction.
type Conn interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	Commit() error
	Rollback() error
}

// DB is the store.
type DB struct {
	engine  Engine
	dialect Dialect
	spelled sync.Map // text → text of this dialect
}

// New returns the store on an engine whose schema is current (Migrate).
func New(e Engine) *DB { return &DB{engine: e, dialect: e.Dialect()} }

// Close closes the engine.
func (d *DB) Close() error { return d.engine.Close() }

// Engine returns the engine, for tasks and backups that need their own transactions.
func (d *DB) Engine() Engine { return d.engine }

// Tx is one transaction of the store. Its methods are spread over the files of this package by subject.
type Tx struct {
	conn   Conn
	db     *DB
	writes bool
	turn   ident.Tenant // whose turn it has
	after  []func()
}

// attempts bounds how often a transaction that met a transient error is run (F20).
const attempts = 8

// Write runs fn in a write transaction and commits; fn's error rolls everything back. fn may run again after a transient
// error, so its effects outside the database belong into After.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return d.run(ctx, true, fn)
}

// Read runs fn in a read transaction.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return d.run(ctx, false, fn)
}

func (d *DB) run(ctx context.Context, writes bool, fn func(*Tx) error) error {
	for n := 1; ; n++ {
		err := d.once(ctx, writes, fn)
		if err == nil || n == attempts || !d.engine.Transient(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(n*n) * 2 * time.Millisecond):
		}
	}
}

func (d *DB) once(ctx context.Context, writes bool, fn func(*Tx) error) error {
	begin := d.engine.Snapshot
	if writes {
		begin = d.engine.Begin
	}
	conn, err := begin(ctx)
	if err != nil {
		return fault.Wrap("begin", err)
	}
	tx := &Tx{conn: conn, db: d, writes: writes}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			_ = conn.Rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := conn.Commit(); err != nil {
		return fault.Wrap("commit", err)
	}
	done = true
	for _, f := range tx.after {
		f()
	}
	return nil
}

// After runs f once the transaction has committed.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

func (t *Tx) spell(text string) string {
	if s, ok := t.db.spelled.Load(text); ok {
		return s.(string)
	}
	s := t.db.dialect.Spell(text)
	t.db.spelled.Store(text, s)
	return s
}

// wait waits for the turn of the tenant that a statement is about, once in a transaction that writes. The tenant leads
// every key, so it leads the arguments too.
func (t *Tx) wait(ctx context.Context, args []any) error {
	if !t.writes || t.db.dialect.turn == "" || len(args) == 0 {
		return nil
	}
	tenant, ok := args[0].(ident.Tenant)
	if !ok || tenant == nobody || tenant == t.turn {
		return nil
	}
	t.turn = tenant
	_, err := t.conn.ExecContext(ctx, t.db.dialect.turn, tenant)
	return err
}

// exec runs a statement and returns how many rows it touched.
func (t *Tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := t.wait(ctx, args); err != nil {
		return 0, err
	}
	res, err := t.conn.ExecContext(ctx, t.spell(text), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// each runs a query and calls scan for each row.
func (t *Tx) each(ctx context.Context, text string, scan func(*sql.Rows) error, args ...any) error {
	return t.scan(ctx, t.spell(text), scan, args)
}

// scan is each for a text that is spelled already.
func (t *Tx) scan(ctx context.Context, text string, scan func(*sql.Rows) error, args []any) error {
	if err := t.wait(ctx, args); err != nil {
		return err
	}
	rs, err := t.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		if err := scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

// one runs a query for one row; found is false when there is none.
func (t *Tx) one(ctx context.Context, text string, dest []any, args ...any) (found bool, err error) {
	err = t.each(ctx, text, func(rs *sql.Rows) error {
		found = true
		return rs.Scan(dest...)
	}, args...)
	return found, err
}

// chunk is how many rows travel in one INSERT at most: large enough to cost little a row, small enough for 32,766
// arguments.
const chunk = 256

// portion is how many of n rows travel together. Powers of two leave a handful of texts for each insert, so that nearly
// every statement is prepared already.
func portion(n int) int {
	m := chunk
	for m > n {
		m /= 2
	}
	return m
}

// insert sends rows in portions: head is "INSERT INTO t (a, b) VALUES ", tail what follows the values. width is the number
// of columns; row appends the values of row i.
func (t *Tx) insert(ctx context.Context, head string, width int, tail string, n int, row func(i int, args []any) []any) error {
	return t.portions(ctx, head, width, tail, n, row, func(text string, args []any) error {
		_, err := t.conn.ExecContext(ctx, text, args...)
		return err
	})
}

// inserted is insert with a RETURNING in its tail: scan is called for each row that comes back.
func (t *Tx) inserted(ctx context.Context, head string, width int, tail string, n int, row func(i int, args []any) []any, scan func(*sql.Rows) error) error {
	return t.portions(ctx, head, width, tail, n, row, func(text string, args []any) error {
		return t.scan(ctx, text, scan, args)
	})
}

func (t *Tx) portions(ctx context.Context, head string, width int, tail string, n int, row func(i int, args []any) []any, send func(string, []any) error) error {
	args := make([]any, 0, min(n, chunk)*width)
	for from := 0; from < n; {
		m := portion(n - from)
		args = args[:0]
		for i := from; i < from+m; i++ {
			args = row(i, args)
		}
		if len(args) != m*width {
			return errors.New("store: a row has not the width of its insert")
		}
		if err := t.wait(ctx, args); err != nil {
			return err
		}
		if err := send(t.values(head, m, width, tail), args); err != nil {
			return err
		}
		from += m
	}
	return nil
}

type valuesKey struct {
	head, tail string
	n, width   int
}

func (t *Tx) values(head string, n, width int, tail string) string {
	k := valuesKey{head, tail, n, width}
	if s, ok := t.db.spelled.Load(k); ok {
		return s.(string)
	}
	s := t.db.dialect.Spell(head + t.db.dialect.rows(n, width) + " " + tail)
	t.db.spelled.Store(k, s)
	return s
}

// list encodes ids or texts as the one argument of {ids $n} and {texts $n}.
func list[T any](xs []T) string {
	if len(xs) == 0 {
		return "[]"
	}
	b, err := json.Marshal(xs)
	if err != nil {
		panic(err) // integers and texts always encode
	}
	return string(b)
}

// flag stores a bool as 0 or 1.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// null turns an optional number into a database value.
func null[T ~int64](p *T) any {
	if p == nil {
		return nil
	}
	return int64(*p)
}
