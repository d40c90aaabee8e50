package store

import (
	"context"

	"carpediemstore.it/sync-connector/internal/flow"
)

// Port is the store as the loop sees it.
type Port struct{ DB *DB }

var (
	_ flow.Store = Port{}
	_ flow.Tx    = (*Tx)(nil)
)

// Write runs fn in a transaction that begins by extending the lease behind f.
func (p Port) Write(ctx context.Context, f flow.Fence, fn func(flow.Tx) error) error {
	return p.DB.Write(ctx, func(t *Tx) error {
		if err := t.Fence(ctx, f); err != nil {
			return err
		}
		return fn(t)
	})
}

// Read runs fn on one state of the database.
func (p Port) Read(ctx context.Context, fn func(flow.Tx) error) error {
	return p.DB.Read(ctx, func(t *Tx) error { return fn(t) })
}
