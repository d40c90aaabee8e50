package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

const day = 24 * time.Hour

// term is how long rows of a class are kept after their clock started.
type term struct {
	class store.Class
	keep  time.Duration
}

// terms lists what ends by age alone. Order lines, entries, decisions and intents are not among them: they end only by
// being rolled up, because balances are folds of entries (I1).
func terms() []term {
	return []term{
		{store.OrderRefs, 0}, // each row carries its end (C05)
		{store.Hints, 7 * day},
		{store.Latencies, 90 * day},
		{store.Suggestions, 0},
		{store.Events, 400 * day},
	}
}

// Retention deletes what has been kept long enough (C08).
type Retention struct {
	Store *store.DB
	Now   func() ident.Micros
}

// atOnce bounds the rows of one transaction: others want to write too.
const atOnce = 500

// Run deletes what has ended, tenant by tenant, a small transaction at a time. It may be interrupted anywhere and run
// again. Trouble with one tenant or class does not keep the others.
func (r Retention) Run(ctx context.Context) error {
	now := r.Now()
	var failed error
	for after := ident.Tenant(0); ; {
		var page []store.Tenant
		err := r.Store.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Tenants(ctx, after, 100)
			return err
		})
		if err != nil || len(page) == 0 {
			return errors.Join(failed, err)
		}
		for _, t := range page {
			failed = errors.Join(failed, r.tenant(ctx, t.ID, now))
			after = t.ID
		}
	}
}

// tenant deletes what has ended of one tenant and notes what it was.
func (r Retention) tenant(ctx context.Context, tenant ident.Tenant, now ident.Micros) error {
	var failed error
	var said []string
	for _, t := range terms() {
		n, err := r.class(ctx, tenant, t, now)
		if err != nil {
			failed = errors.Join(failed, fault.Wrap("expire "+string(t.class), err))
		}
		if n > 0 {
			said = append(said, fmt.Sprintf("%s %d", t.class, n))
		}
	}
	if len(said) == 0 {
		return failed
	}
	note := flow.Event{Kind: "retention", Actor: "tasks", Text: "deleted: " + strings.Join(said, ", "), At: now}
	return errors.Join(failed, r.Store.Write(ctx, func(tx *store.Tx) error { return tx.Log(ctx, tenant, note) }))
}

func (r Retention) class(ctx context.Context, tenant ident.Tenant, t term, now ident.Micros) (total int64, err error) {
	for {
		var n int64
		err := r.Store.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.Expire(ctx, tenant, t.class, now.Add(-t.keep), atOnce)
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < atOnce {
			return total, nil
		}
	}
}
