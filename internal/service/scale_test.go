package service_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

var scale = flag.Int("scale", 20_000, "items and listings of BenchmarkScale")

// BenchmarkScale runs what a person does to a large catalogue once: go test -bench Scale -benchtime 1x -scale 1000000.
func BenchmarkScale(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { scaled(b, storetest.SQLite) })
	b.Run("postgres", func(b *testing.B) { scaled(b, storetest.Postgres) })
}

func scaled(b *testing.B, open func(testing.TB) *store.DB) {
	n := *scale
	for b.Loop() {
		w := servicetest.New(b, open(b))
		w.Market("north", model.Absolute(model.Options{}))
		c := w.Connect("north")
		took := func(what string, do func() error) {
			b.Helper()
			start := time.Now()
			if err := do(); err != nil {
				b.Fatalf("%s: %v", what, err)
			}
			b.ReportMetric(time.Since(start).Seconds(), what+"-s")
		}
		load := func(k catalog.Kind, header, format string, complete bool) func() error {
			return func() error {
				r, to := io.Pipe()
				go func() {
					buf := bufio.NewWriter(to)
					fmt.Fprintln(buf, header)
					for i := range n {
						fmt.Fprintf(buf, format+"\n", i)
					}
					_ = buf.Flush()
					_ = to.Close()
				}()
				_, err := w.Service.ImportFile(b.Context(), w.Who, service.File{Name: "f.csv", Kind: k, Data: r}, service.ImportOptions{Apply: true, Complete: complete, Release: true})
				return err
			}
		}
		took("items", load(catalog.Items, "sku,title", "S%07d,thing", false))
		took("stock", load(catalog.Stock, "sku,quantity", "S%07d,5", true))
		took("prices", load(catalog.Prices, "sku,currency,price", "S%07d,EUR,10.00", false))
		took("listings", func() error { return fill(b, w, int64(c.Account), n) })
		took("match", func() error {
			m, err := w.Service.Match(b.Context(), w.Who, "north")
			if err == nil && m.BySKU != int64(n) {
				return fmt.Errorf("%d listings are bound, want %d", m.BySKU, n)
			}
			return err
		})
		took("rule", func() error {
			_, err := w.Service.SetRule(b.Context(), w.Who, service.RuleRequest{Field: "stock"}, []byte(`{"version":1,"buffer":1}`))
			return err
		})
		storetest.Exec(b, w.DB, `UPDATE counters SET wire = 4, lane = 2, rev = 1, state = 'pending'`)
		took("plan", func() error {
			_, err := w.Service.CreatePlan(b.Context(), w.Who, "north", "")
			return err
		})
		took("overview-open", func() error {
			_, err := w.Service.Overview(b.Context(), w.Who)
			return err
		})
		storetest.Exec(b, w.DB, `UPDATE counters SET lane = 0, state = 'verified'`)
		storetest.Exec(b, w.DB, `UPDATE listings SET price_state = 'verified'`)
		storetest.Exec(b, w.DB, `UPDATE marks SET done_gen = gen`)
		took("overview", func() error {
			_, err := w.Service.Overview(b.Context(), w.Who)
			return err
		})
		took("find", func() error {
			_, err := w.Service.Items(b.Context(), w.Who, service.ItemFilter{Find: "S00012"})
			return err
		})
	}
}

// fill adds n listings with a counter each, set-based.
func fill(b *testing.B, w *servicetest.World, account int64, n int) error {
	storetest.Exec(b, w.DB, `
INSERT INTO counters (tenant, account, counter, stock_key, location, known, expected, below, above, exact, holds, surpluses, observed, observed_at, fence,
       untaken, rev, lane, read_due, prove_due, state, since)
WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i + 1 < $2)
SELECT 1, CAST($1 AS BIGINT), i + 1, 'k' || i, '', 1, 5, 0, 0, 0, '', '', 5, 1, 1, 0, 0, 0, 0, 0, 'new', 1 FROM s`, account, n)
	storetest.Exec(b, w.DB, `
INSERT INTO listings (tenant, account, listing, channel_key, group_key, sku, gtin, title, pool, active, currency, item, pack, bound_by, bound_at, stock_on,
       price_on, sweep, gone, price_at, price_fence, price_rev, price_lane, price_read, price_state, price_since)
SELECT 1, account, counter, stock_key, '', 'S' || substr('0000000' || (counter - 1), length('' || (counter - 1)) + 1), '', 'thing', 'merchant', 1, 'EUR', 0, 1, '', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 'new', 0 FROM counters`)
	storetest.Exec(b, w.DB, `INSERT INTO draws (tenant, account, counter, listing, units) SELECT tenant, account, counter, counter, 1 FROM counters`)
	return nil
}
