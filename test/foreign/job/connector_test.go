package job

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/outbound"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

// childData and childURL name the data folder and the database of a child process; with the first set, this binary is a
// connector that serves until it is told to stop, or killed.
const (
	childData = "CARPEDIEM_JOB_DATA"
	childURL  = "CARPEDIEM_JOB_DATABASE"
)

func TestMain(m *testing.M) {
	if data := os.Getenv(childData); data != "" {
		os.Exit(serve(data, os.Getenv(childURL)))
	}
	os.Exit(pg.Main(m, "fsync=off"))
}

// serve is the connector: what `carpediem serve` does, without a page.
func serve(data, url string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	a, err := app.New(ctx, app.Config{Data: data, DatabaseURL: url, Outbound: outbound.Loopback(), Log: log})
	if err != nil {
		log.Error("start", "error", err)
		return 1
	}
	if err := a.Start(ctx); err != nil {
		log.Error("start", "error", err)
		return 1
	}
	<-ctx.Done()
	if err := a.Stop(); err != nil {
		log.Error("stop", "error", err)
		return 1
	}
	return 0
}

// connector is one installation: a data folder, a database, a process that drives, and a service to talk to.
type connector struct {
	t    *testing.T
	dir  string
	url  string
	app  *app.App // of this process: asks and edits, never drives
	who  service.Caller
	proc *exec.Cmd
	logs *os.File
}

// install makes an empty installation; url is "" for SQLite.
func install(t *testing.T, url string) *connector {
	t.Helper()
	dir := t.TempDir()
	logs, err := os.Create(filepath.Join(dir, "serve.log"))
	if err != nil {
		t.Fatal(err)
	}
	c := &connector{t: t, dir: dir, url: url, who: service.Caller{Tenant: 1, Name: "owner"}, logs: logs}
	c.app, err = app.New(t.Context(), app.Config{
		Data: filepath.Join(dir, "data"), DatabaseURL: url, Outbound: outbound.Loopback(), Log: slog.New(slog.NewTextHandler(logs, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.end(syscall.SIGTERM)
		if err := c.app.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			c.showLog()
		}
	})
	return c
}

func (c *connector) showLog() {
	f, err := os.Open(c.logs.Name())
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 8<<10))
	c.t.Logf("the connector's log begins:\n%s", text)
}

// start starts the driving process.
func (c *connector) start() {
	c.t.Helper()
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	c.proc = exec.Command(self)
	c.proc.Env = append(os.Environ(), childData+"="+filepath.Join(c.dir, "data"), childURL+"="+c.url)
	c.proc.Stderr, c.proc.Stdout = c.logs, c.logs
	if err := c.proc.Start(); err != nil {
		c.t.Fatal(err)
	}
}

// end stops the driving process with a signal and waits for it.
func (c *connector) end(sig syscall.Signal) {
	if c.proc == nil {
		return
	}
	_ = c.proc.Process.Signal(sig) // it may be gone already
	_ = c.proc.Wait()
	c.proc = nil
}

// until waits until the overview is as wanted; what is only named in the failure.
func (c *connector) until(what string, limit time.Duration, done func(service.Overview) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last service.Overview
	for {
		o, err := c.app.Service.Overview(ctx, c.who)
		if err == nil {
			last = o
			if done(o) {
				return
			}
		}
		select {
		case <-ctx.Done():
			for _, a := range last.Accounts {
				c.t.Logf("%s: %+v stock %+v price %+v waiting %d/%d/%d in flight %d", a.Name, a.Progress, a.Counters, a.Prices, a.Marked, a.Stock, a.Price, a.InFlight)
			}
			c.t.Fatalf("%s: not within %v (%v)", what, limit, err)
		case <-tick.C:
		}
	}
}

// settled waits until every feed was read after now, nothing is left to do, and stays so for a moment.
func (c *connector) settled(limit time.Duration) {
	c.t.Helper()
	from := app.Clock{}.Now()
	if err := c.app.Service.ReadNow(c.t.Context(), c.who, nil); err != nil {
		c.t.Fatal(err)
	}
	quiet := 0
	c.until("come to rest", limit, func(o service.Overview) bool {
		for _, a := range o.Accounts {
			if a.Progress.SalesThrough < from || a.Progress.SweepBegan < from || a.Marked+a.Stock+a.Price+a.InFlight > 0 || a.Counters.Verified < a.Counters.Managed || a.Prices.Verified+a.Prices.Other["held"] < a.Prices.Managed {
				quiet = 0
				return false
			}
		}
		quiet++
		return quiet > 5
	})
}

func sku(n int) string { return fmt.Sprintf("CD-%05d", n) }
