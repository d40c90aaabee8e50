// Package sqlite opens the embedded database: modernc.org/sqlite, write-ahead log, synchronous=FULL, one writer, a few
// readers. It makes the data folder 0700 and holds a file lock while it changes the schema.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	sqlitelib "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/store"
)

const readers = 4

// Engine is an open SQLite database.
type Engine struct {
	path, sync      string
	writeDB, readDB *sql.DB
	writer          *cached
	turn            chan struct{} // holds one token: whoever has it writes
	free            chan *cached  // idle readers
	made            int
	mu              sync.Mutex
	closed          bool
}

// Open opens or makes the database file at path and brings its schema up to date.
func Open(ctx context.Context, path string) (*Engine, error) { return open(ctx, path, "FULL") }

// OpenVolatile is Open for tests that are not about power cuts: what was committed outlives the process, but nobody waits
// for the disk.
func OpenVolatile(ctx context.Context, path string) (*Engine, error) { return open(ctx, path, "OFF") }

func open(ctx context.Context, path, synchronous string) (*Engine, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "the data folder cannot be made: %w", err)
	}
	e := &Engine{path: path, sync: synchronous, turn: make(chan struct{}, 1), free: make(chan *cached, readers)}
	var err error
	if e.writeDB, err = sql.Open("sqlite", e.dsn(false)); err != nil {
		return nil, fault.Wrap("open database", err)
	}
	e.writeDB.SetMaxOpenConns(1)
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(err, e.writeDB.Close())
	}
	return e, nil
}

func (e *Engine) prepare(ctx context.Context) error {
	err := e.Alone(ctx, func() error {
		if err := store.Migrate(ctx, e.writeDB, store.SQLite()); err != nil {
			return err
		}
		return advise(ctx, e.writeDB)
	})
	if err != nil {
		return err
	}
	conn, err := e.writeDB.Conn(ctx)
	if err != nil {
		return fault.Wrap("open database", err)
	}
	e.writer = &cached{conn: conn, stmts: map[string]*sql.Stmt{}}
	if e.readDB, err = sql.Open("sqlite", e.dsn(true)); err != nil {
		return fault.Wrap("open database", err)
	}
	e.readDB.SetMaxOpenConns(readers)
	e.turn <- struct{}{}
	return nil
}

func (e *Engine) dsn(readOnly bool) string {
	q := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(" + e.sync + ")", "busy_timeout(10000)", "foreign_keys(ON)", "secure_delete(ON)",
		"temp_store(MEMORY)", "cache_size(-32768)", "mmap_size(0)",
	}}
	if readOnly {
		q.Add("_pragma", "query_only(ON)")
	} else {
		q.Set("_txlock", "immediate")
	}
	return (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(e.path), RawQuery: q.Encode()}).String()
}

// Dialect returns SQLite's.
func (*Engine) Dialect() store.Dialect { return store.SQLite() }

// Begin waits for the writer's turn and starts an immediate transaction.
func (e *Engine) Begin(ctx context.Context) (store.Conn, error) {
	select {
	case <-e.turn:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	give := func() { e.turn <- struct{}{} }
	if err := e.writer.begin(ctx, "BEGIN IMMEDIATE"); err != nil {
		give()
		return nil, err
	}
	return &tx{c: e.writer, give: give}, nil
}

// Snapshot starts a read transaction on an idle reader.
func (e *Engine) Snapshot(ctx context.Context) (store.Conn, error) {
	c, err := e.reader(ctx)
	if err != nil {
		return nil, err
	}
	give := func() { e.free <- c }
	if err := c.begin(ctx, "BEGIN"); err != nil {
		give()
		return nil, err
	}
	return &tx{c: c, give: give}, nil
}

func (e *Engine) reader(ctx context.Context) (*cached, error) {
	select {
	case c := <-e.free:
		return c, nil
	default:
	}
	e.mu.Lock()
	if e.made < readers {
		e.made++
		e.mu.Unlock()
		conn, err := e.readDB.Conn(ctx)
		if err != nil {
			e.mu.Lock()
			e.made--
			e.mu.Unlock()
			return nil, err
		}
		return &cached{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
	}
	e.mu.Unlock()
	select {
	case c := <-e.free:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// SQL runs fn with the writer's *sql.DB-like connection to itself, for libraries that bring their own statements
// (tasks). No other write runs meanwhile.
func (e *Engine) SQL(ctx context.Context, fn func(*sql.Tx) error) error {
	select {
	case <-e.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { e.turn <- struct{}{} }()
	sqlTx, err := e.writer.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(sqlTx); err != nil {
		return errors.Join(err, sqlTx.Rollback())
	}
	return sqlTx.Commit()
}

// Alone runs fn while no other process changes the schema.
func (e *Engine) Alone(_ context.Context, fn func() error) error {
	unlock, err := lockFile(e.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	return fn()
}

// Pool opens a second way to the file, of one connection, for tasks: River asks for connections by itself, which on the
// engine's only writer would wait for ever. The two writers wait for each other by SQLite's own lock (busy_timeout); what
// River writes is small and rare. The caller closes the pool before the engine.
func (e *Engine) Pool() (*sql.DB, error) {
	db, err := sql.Open("sqlite", e.dsn(false))
	if err != nil {
		return nil, fault.Wrap("open database", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// Transient reports a busy or locked database.
func (*Engine) Transient(err error) bool {
	if e, ok := errors.AsType[*sqlitelib.Error](err); ok {
		switch e.Code() & 0xff {
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			return true
		}
	}
	return false
}

// Close waits for the writer and closes everything.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	<-e.turn
	err := e.writer.close()
	for range e.made {
		err = errors.Join(err, (<-e.free).close())
	}
	return errors.Join(err, e.readDB.Close(), e.writeDB.Close())
}
