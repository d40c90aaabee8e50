// Package postgres opens PostgreSQL 15 or later through pgx's database/sql driver.
package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/store"
)

// Engine is an open PostgreSQL database.
type Engine struct {
	db  *sql.DB
	url string
}

// most is the number of connections of one node.
const most = 16

// Open connects to url and brings the schema up to date under a session lock, so several nodes may start at once.
func Open(ctx context.Context, url string) (*Engine, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the database address cannot be read")
	}
	db := stdlib.OpenDB(*c, stdlib.OptionAfterConnect(bounded))
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fault.New(fault.Unavailable, "PostgreSQL does not answer: %w", err), db.Close())
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err == nil {
		err = store.Migrate(ctx, db, store.Postgres(), goose.WithSessionLocker(locker))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Engine{db, url}, nil
}

// bounded ends transactions of a process that stands still (F23): it holds its tenant's turn, and others wait.
func bounded(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET idle_in_transaction_session_timeout = '10s'`)
	return err
}

// DB returns the pool, for libraries that bring their own statements (tasks).
func (e *Engine) DB() *sql.DB { return e.db }

// Listener opens a pool of one connection that waits for notifications (tasks). The caller closes it before the engine.
func (e *Engine) Listener(ctx context.Context) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(e.url)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the database address cannot be read")
	}
	c.MinConns, c.MaxConns = 0, 1
	p, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "PostgreSQL does not answer: %w", err)
	}
	return p, nil
}

// aloneKey is the advisory lock of Alone; any number that nobody else uses.
const aloneKey = 0x63617270655464

// Alone runs fn while no other process is in Alone on this database.
func (e *Engine) Alone(ctx context.Context, fn func() error) (err error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return fault.New(fault.Unavailable, "PostgreSQL does not answer: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(aloneKey)); err != nil {
		return fault.Wrap("wait for other processes", err)
	}
	defer func() {
		_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(aloneKey))
		err = errors.Join(err, unlocked)
	}()
	return fn()
}

// Dialect returns PostgreSQL's.
func (*Engine) Dialect() store.Dialect { return store.Postgres() }

// Begin starts a read-committed transaction: rows that a decision depends on are locked by the statements themselves.
func (e *Engine) Begin(ctx context.Context) (store.Conn, error) {
	return e.db.BeginTx(ctx, nil)
}

// Snapshot starts a read-only transaction that sees one state.
func (e *Engine) Snapshot(ctx context.Context) (store.Conn, error) {
	return e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// Transient reports a deadlock or a serialisation failure.
func (*Engine) Transient(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40P01" || e.Code == "40001" || e.Code == "55P03"
	}
	return false
}

// Close closes the pool.
func (e *Engine) Close() error { return e.db.Close() }
