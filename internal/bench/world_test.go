package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/outbound"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
)

// world is the connector under measurement.
type world struct {
	*app.App
	tb       testing.TB
	data     string
	accounts []ident.Account
}

var who = service.Caller{Tenant: 1, Name: "bench"}

// open makes a connector on a new SQLite file.
func open(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, data: tb.TempDir()}
	var err error
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if w.App, err = app.New(tb.Context(), app.Config{Data: w.data, Outbound: outbound.Loopback(), Log: log}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.Stop(); err != nil {
			tb.Error(err)
		}
	})
	_, err = w.Service.SetRule(tb.Context(), who, service.RuleRequest{Field: "price"}, []byte(`{"version":1,"tax_book":"included"}`))
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// stock imports n items with a count and a price each, the way a person does: three files.
func (w *world) stock(n int, count int64) {
	w.tb.Helper()
	for _, f := range []struct {
		kind catalog.Kind
		head string
		line func(i int) string
	}{
		{catalog.Items, "sku,gtin,title", func(i int) string { return sku(i) + "," + gtin(i) + ",Tazza numero " + strconv.Itoa(i) }},
		{catalog.Stock, "sku,quantity", func(i int) string { return sku(i) + "," + strconv.FormatInt(count, 10) }},
		{catalog.Prices, "sku,price", func(i int) string { return sku(i) + ",19.90" }},
	} {
		began, used := time.Now(), cpu()
		_, err := w.Service.ImportFile(w.tb.Context(), who, service.File{
			Name: string(f.kind) + ".csv", Kind: f.kind, Currency: "EUR", Data: lines(n, f.head, f.line),
		}, service.ImportOptions{Apply: true})
		if err != nil {
			w.tb.Fatal(err)
		}
		w.note("import "+string(f.kind), began, used)
	}
}

// note logs how long a phase took.
func (w *world) note(what string, began time.Time, used time.Duration) {
	w.tb.Logf("%-16s %7.1f s, %6.1f s of processor time, %5d MiB peak, database %5d MiB", what, time.Since(began).Seconds(), (cpu() - used).Seconds(), peak()>>20, w.bytes()>>20)
}

// lines is a CSV file that is made while it is read.
func lines(n int, head string, line func(i int) string) io.Reader {
	next := 0
	rest := bytes.NewBufferString(head + "\n")
	return readerFunc(func(p []byte) (int, error) {
		for rest.Len() < len(p) && next < n {
			rest.WriteString(line(next))
			rest.WriteByte('\n')
			next++
		}
		return rest.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// connect connects the marketplaces in mode observe and starts driving.
func (w *world) connect(urls []string) {
	w.tb.Helper()
	for i, url := range urls {
		c, err := w.Service.Connect(w.tb.Context(), who, service.NewAccount{
			Kind: "model", Name: fmt.Sprint("shop-", i), Settings: map[string]string{"url": url}, Secrets: map[string]secret.Text{"token": secret.New(token)},
		})
		if err != nil {
			w.tb.Fatal(err)
		}
		w.accounts = append(w.accounts, c.Account)
	}
	if err := w.Start(w.tb.Context()); err != nil {
		w.tb.Fatal(err)
	}
}

// live lets every account write.
func (w *world) live() {
	w.tb.Helper()
	for _, a := range w.accounts {
		if _, err := w.Service.SetMode(w.tb.Context(), who, ident.Text(a), flow.Live); err != nil {
			w.tb.Fatal(err)
		}
	}
}

// until waits for every account.
func (w *world) until(what string, done func(context.Context, *store.Tx, flow.Fence) (bool, error)) {
	w.tb.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Minute); ; {
		all := true
		err := w.Store.Read(w.tb.Context(), func(tx *store.Tx) error {
			for _, a := range w.accounts {
				ok, err := done(w.tb.Context(), tx, flow.Fence{Tenant: who.Tenant, Account: a})
				if err != nil {
					return err
				}
				all = all && ok
			}
			return nil
		})
		switch {
		case err != nil:
			w.tb.Fatal(err)
		case all:
			return
		case time.Now().After(end):
			w.tb.Fatal("time ran out: ", what)
		}
		<-tick.C
	}
}

func listed(ctx context.Context, tx *store.Tx, f flow.Fence) (bool, error) {
	x, err := tx.Feed(ctx, f)
	return x.SweepDone != 0, err
}

func matched(ctx context.Context, tx *store.Tx, f flow.Fence) (bool, error) {
	x, err := tx.Feed(ctx, f)
	return x.SweepDone != 0 && x.MatchFrom < 0, err
}

// idle: nothing is marked, and with sending nothing waits to be written or read back.
func idle(sending bool) func(ctx context.Context, tx *store.Tx, f flow.Fence) (bool, error) {
	return func(ctx context.Context, tx *store.Tx, f flow.Fence) (bool, error) {
		due, pending, err := tx.NextDue(ctx, f, app.Clock{}.Now(), sending)
		return due == 0 && !pending, err
	}
}

// bytes is how large the database is.
func (w *world) bytes() (n int64) {
	for _, name := range []string{"carpediem.db", "carpediem.db-wal"} {
		if info, err := os.Stat(filepath.Join(w.data, name)); err == nil {
			n += info.Size()
		}
	}
	return n
}

// peak is the most memory this process ever had resident.
func peak() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n << 10
		}
	}
	return 0
}
