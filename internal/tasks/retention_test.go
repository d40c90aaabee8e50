package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/tasks"
)

const day = 24 * time.Hour

// start is when the rows of seed are young. A whole hour, so that hours of delays are easy to name.
var start = ident.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) //nolint:gochecknoglobals // a constant that Go has no form for

// seed makes rows of every class whose clock starts at start, in two tenants, and rows that no age ends.
func seed(t *testing.T, db *store.DB) {
	t.Helper()
	for _, name := range []string{"one", "two"} {
		storetest.Write(t, db, func(tx *store.Tx) error {
			_, err := tx.AddTenant(t.Context(), name, start)
			return err
		})
	}
	hour := int64(start) / 3_600_000_000
	for tenant := range int64(2) {
		tenant++
		for _, x := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO order_refs (tenant, account, line, order_ref, expires_at) VALUES ($1, 1, 1, 'R1', $2), ($1, 1, 2, 'R2', $3)`, []any{start, start.Add(90 * day)}},
			{`INSERT INTO hints (tenant, account, topic, hint, at) VALUES ($1, 1, 'orders', 'h1', $2), ($1, 1, 'orders', 'h2', $3)`, []any{start, start.Add(time.Second)}},
			{`INSERT INTO events (tenant, event, at, account, kind, actor, text) VALUES ($1, 1000001, $2, 0, 'k', 'a', 't')`, []any{start}},
			{`INSERT INTO latency (tenant, account, stage, hour, upto, n) VALUES ($1, 1, 's', $2, 500, 3), ($1, 1, 's', $3, 500, 3)`, []any{hour, hour + 1}},
			{`INSERT INTO suggestions (tenant, account, listing, item, pack, score, reason) VALUES ($1, 1, 1, 1, 1, 60, 'r'), ($1, 1, 2, 1, 1, 60, 'r')`, nil},
			{`INSERT INTO lines (tenant, account, line, source, listing, quantity, shipped, returned, taken, version, opening, met, backfill, first_seen, updated_at)
VALUES ($1, 1, 1, 's', 'k', 1, 0, 0, 0, 1, 0, 0, 0, $2, $2)`, []any{start}},
			{`INSERT INTO entries (tenant, entry, source, item, kind, place, on_hand, reserved, held, account, counter, line, at, actor, note)
VALUES ($1, 1, 'e', 1, 'count', '', 5, 0, 0, 0, 0, 0, $2, 'a', '')`, []any{start}},
			{`INSERT INTO decisions (tenant, decision, account, field, target, at, outcome, value, record) VALUES ($1, 1, 1, 'stock', 1, $2, 'value', 5, '{}')`, []any{start}},
		} {
			storetest.Exec(t, db, x.text, append([]any{tenant}, x.args...)...)
		}
		for listing := range int64(2) {
			storetest.Exec(t, db, `
INSERT INTO listings (tenant, account, listing, channel_key, group_key, sku, gtin, title, pool, active, currency, item, pack, bound_by, bound_at, stock_on,
       price_on, sweep, gone, price_at, price_fence, price_rev, price_lane, price_read, price_state, price_since)
VALUES ($1, 1, $2, $4, '', 's', '', '', 'merchant', 1, 'EUR', 0, 1, '', 0, 0, 0, 1, $3, 0, 0, 0, 0, 0, 'new', 0)`, tenant, listing+1, listing, fmt.Sprint("k", listing))
		}
	}
}

// left counts what is stored of both tenants; events are those of seed.
func left(t *testing.T, db *store.DB) map[string]int64 {
	t.Helper()
	out := map[string]int64{"events": storetest.Int(t, db, `SELECT count(*) FROM events WHERE kind = 'k'`)}
	for _, table := range []string{"order_refs", "hints", "latency", "suggestions", "lines", "entries", "decisions"} {
		out[table] = storetest.Int(t, db, `SELECT count(*) FROM `+table)
	}
	return out
}

// TestRetentionEndsEachClassAtItsTimeAndNothingElse goes through thirteen months in virtual time.
func TestRetentionEndsEachClassAtItsTimeAndNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed(t, db)
		want := map[string]int64{
			"order_refs": 4, "hints": 4, "events": 2, "latency": 4, "suggestions": 4, "lines": 2, "entries": 2, "decisions": 2,
		}
		for _, step := range []struct {
			after time.Duration
			now   map[string]int64 // what has changed by then
		}{
			{-time.Microsecond, map[string]int64{"suggestions": 2}}, // of listings that are gone, at once
			{0, map[string]int64{"order_refs": 2}},
			{7*day - time.Microsecond, nil},
			{7 * day, map[string]int64{"hints": 2}},
			{7*day + time.Second, map[string]int64{"hints": 0}},
			{90*day - time.Microsecond, nil},
			{90 * day, map[string]int64{"order_refs": 0}},
			{90*day + time.Hour - time.Microsecond, nil},
			{90*day + time.Hour, map[string]int64{"latency": 2}},
			{90*day + 2*time.Hour, map[string]int64{"latency": 0}},
			{400*day - time.Microsecond, nil},
			{400 * day, map[string]int64{"events": 0}},
			{4000 * day, nil}, // what is part of a balance ends by being rolled up, never by age alone
		} {
			if err := (tasks.Retention{Store: db, Now: func() ident.Micros { return start.Add(step.after) }}).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for k, n := range step.now {
				want[k] = n
			}
			if d := cmp.Diff(want, left(t, db)); d != "" {
				t.Fatalf("rows %v after the start (-want +got):\n%s", step.after, d)
			}
		}
	})
}

func TestRetentionTellsEachTenantWhatItDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed(t, db)
		for range 2 { // the second run finds nothing and says nothing
			if err := (tasks.Retention{Store: db, Now: func() ident.Micros { return start.Add(8 * day) }}).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, tenant := range []ident.Tenant{1, 2} {
			storetest.Write(t, db, func(tx *store.Tx) error {
				got, err := tx.Events(t.Context(), tenant, 0, 1000001, 10)
				want := "deleted: order-references 1, hints 2, suggestions 1"
				if len(got) != 1 || got[0].Kind != "retention" || got[0].Text != want {
					t.Errorf("events of tenant %d = %+v, want one retention %q", tenant, got, want)
				}
				return err
			})
		}
	})
}

func TestRetentionDeletesMoreThanFitsInOneTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed(t, db)
		storetest.Write(t, db, func(tx *store.Tx) error {
			es := make([]flow.Event, 2500)
			for i := range es {
				es[i] = flow.Event{Kind: "k", Text: fmt.Sprint(i), At: start.Add(-time.Duration(i) * time.Second)}
			}
			return tx.Log(t.Context(), 1, es...)
		})
		if err := (tasks.Retention{Store: db, Now: func() ident.Micros { return start.Add(400*day - time.Second) }}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := left(t, db)["events"]; n != 3 {
			t.Errorf("%d events are left, want the three that are younger", n)
		}
	})
}

// TestRetentionIsKilledAnywhereAndEndsTheSame lets the n-th transaction fail, for every n until none is hit.
func TestRetentionIsKilledAnywhereAndEndsTheSame(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) { killAnywhere(t, open) })
	}
}

func killAnywhere(t *testing.T, open func(testing.TB) *store.DB) {
	t.Helper()
	want := map[string]int64{
		"order_refs": 0, "hints": 0, "events": 0, "latency": 0, "suggestions": 2, "lines": 2, "entries": 2, "decisions": 2,
	}
	killed := 0
	for n := 1; ; n++ {
		inner := open(t)
		seed(t, inner)
		e := &failing{Engine: inner.Engine(), left: n}
		r := tasks.Retention{Store: store.New(e), Now: func() ident.Micros { return start.Add(401 * day) }}
		if err := r.Run(t.Context()); err == nil {
			break
		}
		killed++
		e.left = -1
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, left(t, inner)); d != "" {
			t.Fatalf("after a run that failed at transaction %d and another one (-want +got):\n%s", n, d)
		}
	}
	if killed < 10 {
		t.Errorf("%d points of failure, want one at each of more than ten transactions", killed)
	}
}

// failing is a database whose n-th transaction fails, once.
type failing struct {
	store.Engine

	left int
}

var errKilled = errors.New("killed")

func (f *failing) count() error {
	f.left--
	if f.left == 0 {
		return errKilled
	}
	return nil
}

func (f *failing) Begin(ctx context.Context) (store.Conn, error) {
	if err := f.count(); err != nil {
		return nil, err
	}
	return f.Engine.Begin(ctx)
}

func (f *failing) Snapshot(ctx context.Context) (store.Conn, error) {
	if err := f.count(); err != nil {
		return nil, err
	}
	return f.Engine.Snapshot(ctx)
}
