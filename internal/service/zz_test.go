package service_test
import ("testing";"time";"fmt";"context";"database/sql";"strings"
"carpediemstore.it/sync-connector/internal/store"
"carpediemstore.it/sync-connector/internal/store/storetest"
"carpediemstore.it/sync-connector/internal/service/servicetest"
"carpediemstore.it/sync-connector/internal/channels/model"
"carpediemstore.it/sync-connector/internal/service"
"carpediemstore.it/sync-connector/internal/catalog"
)
type teng struct{ store.Engine }
type tconn struct{ store.Conn }
func (e teng) Begin(ctx context.Context) (store.Conn, error) { c, err := e.Engine.Begin(ctx); return tconn{c}, err }
func show(s time.Time, q string) { if d := time.Since(s); d > 200*time.Millisecond { q=strings.Join(strings.Fields(q)," "); if len(q)>300 {q=q[:300]}; fmt.Println(d, q) } }
func (c tconn) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) { defer show(time.Now(), text); return c.Conn.ExecContext(ctx, text, args...) }
func (c tconn) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) { defer show(time.Now(), text); return c.Conn.QueryContext(ctx, text, args...) }
func TestZZ(t *testing.T) {
 inner := storetest.Postgres(t)
 db := store.New(teng{inner.Engine()})
 w := servicetest.New(t, db)
 w.Market("north", model.Absolute(model.Options{}))
 c := w.Connect("north")
 var b strings.Builder
 b.WriteString("sku,title\n")
 for i := range 4000 { fmt.Fprintf(&b, "S%07d,thing\n", i) }
 ok(w.Service.ImportFile(t.Context(), w.Who, service.File{Name:"f", Kind: catalog.Items, Data: strings.NewReader(b.String())}, applied()))(t)
 bb := &testing.B{}
 _ = bb
 storetest.Exec(t, db, `
INSERT INTO counters (tenant, account, counter, stock_key, location, known, expected, below, above, exact, holds, surpluses, observed, observed_at, fence,
       untaken, rev, lane, read_due, prove_due, state, since)
WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i + 1 < $2)
SELECT 1, CAST($1 AS BIGINT), i + 1, 'k' || i, '', 1, 5, 0, 0, 0, '', '', 5, 1, 1, 0, 0, 0, 0, 0, 'new', 1 FROM s`, c.Account, 4000)
 storetest.Exec(t, db, `
INSERT INTO listings (tenant, account, listing, channel_key, group_key, sku, gtin, title, pool, active, currency, item, pack, bound_by, bound_at, stock_on,
       price_on, sweep, gone, price_at, price_fence, price_rev, price_lane, price_read, price_state, price_since)
SELECT 1, account, counter, stock_key, '', 'S' || substr('0000000' || (counter - 1), length('' || (counter - 1)) + 1), '', 'thing', 'merchant', 1, 'EUR', 0, 1, '', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 'new', 0 FROM counters`)
 storetest.Exec(t, db, `INSERT INTO draws (tenant, account, counter, listing, units) SELECT tenant, account, counter, counter, 1 FROM counters`)
 s := time.Now()
 fmt.Println(ok(w.Service.Match(t.Context(), w.Who, "north"))(t), time.Since(s))
}
