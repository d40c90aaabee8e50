package store

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Clock returns the database's clock.
func (t *Tx) Clock(ctx context.Context) (now ident.Micros, err error) {
	_, err = t.one(ctx, `SELECT {now}`, []any{&now})
	return now, err
}

// Examiner is an engine that can look at its own health. It says what it found; damage is an error.
type Examiner interface {
	Examine(ctx context.Context) (string, error)
}

// Examine looks at the database itself.
func (d *DB) Examine(ctx context.Context) (string, error) {
	if e, ok := d.engine.(Examiner); ok {
		return e.Examine(ctx)
	}
	return "it answers", d.Read(ctx, func(t *Tx) error {
		_, err := t.Clock(ctx)
		return err
	})
}
