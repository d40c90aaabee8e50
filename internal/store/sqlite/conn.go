package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// cached is one connection with its prepared statements: the driver parses each text anew otherwise.
type cached struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// most bounds the statements kept: inserts of odd sizes make new texts.
const most = 512

// begin starts a transaction. A context that ends meanwhile makes an error of a BEGIN that has worked already: then the
// transaction is open and nobody's, and every later one would fail.
func (c *cached) begin(ctx context.Context, how string) error {
	err := c.exec(ctx, how)
	if err != nil {
		_ = c.exec(context.Background(), "ROLLBACK") // fails when there is none, which is as good
	}
	return err
}

func (c *cached) exec(ctx context.Context, text string) error {
	s, err := c.stmt(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx)
	return err
}

func (c *cached) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	if len(c.stmts) >= most {
		for k, s := range c.stmts {
			_ = s.Close() // nothing is lost with a statement
			delete(c.stmts, k)
		}
	}
	s, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.stmts[text] = s
	return s, nil
}

func (c *cached) close() error {
	var err error
	for _, s := range c.stmts {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.conn.Close())
}

// tx is a transaction on a cached connection. BEGIN and COMMIT are statements too: database/sql would prepare anew in
// its own transactions.
type tx struct {
	c    *cached
	give func()
	done bool
}

func (t *tx) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := t.c.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (t *tx) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := t.c.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// Commit is not bound to a context: once asked for, it either happens or fails by itself.
func (t *tx) Commit() error {
	if t.done {
		return sql.ErrTxDone
	}
	if err := t.c.exec(context.Background(), "COMMIT"); err != nil {
		return err
	}
	t.end()
	return nil
}

// Rollback gives the connection back; after Commit it does nothing.
func (t *tx) Rollback() error {
	if t.done {
		return nil
	}
	err := t.c.exec(context.Background(), "ROLLBACK")
	t.end()
	return err
}

func (t *tx) end() {
	t.done = true
	t.give()
}
