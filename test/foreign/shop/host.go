package shop

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
	"carpediemstore.it/sync-connector/test/foreign/stores"
)

const (
	adminMail     = "owner@example.com"
	adminPassword = "a long enough test password"
)

// host is what both stores have in common: a folder, a database, a port and a process.
type host struct {
	kind       string
	dir        string
	ownDir     bool
	server     *pg.Server
	ownServer  bool
	database   string
	ownData    bool
	port       int
	process    *process // nil while stopped
	httpClient *http.Client
	canary     Buyer
}

// open prepares a host and starts its process; fresh reports that the store is empty and wants its first settings.
func open(ctx context.Context, kind string, opt Options) (h *host, fresh bool, err error) {
	installed, err := stores.Installed()
	if err != nil {
		return nil, false, err
	}
	h = &host{
		kind: kind, dir: opt.Dir, server: opt.Server, database: opt.Database, canary: opt.Canary.orMadeUp(),
		httpClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: time.Minute}, // no proxy
	}
	defer func() {
		if err != nil {
			h.Close()
			h = nil
		}
	}()
	if err := h.folder(filepath.Join(installed, kind)); err != nil {
		return h, false, err
	}
	if err := h.databaseServer(ctx); err != nil {
		return h, false, err
	}
	if fresh, err = h.prepareDatabase(ctx, opt.From); err != nil {
		return h, false, err
	}
	mode := "serve"
	if fresh {
		mode = "create"
	}
	if h.port, err = freePort(); err != nil {
		return h, false, err
	}
	return h, fresh, h.launch(ctx, mode)
}

func (h *host) folder(installed string) error {
	if h.dir == "" {
		dir, err := os.MkdirTemp("", "carpediem-"+h.kind+"-")
		if err != nil {
			return fault.Wrap("make the folder of the store", err)
		}
		h.dir, h.ownDir = dir, true
	}
	dir, err := filepath.Abs(h.dir)
	if err != nil {
		return fault.Wrap("find the folder of the store", err)
	}
	h.dir = dir
	files := map[string][]byte{}
	for _, pattern := range []string{"loopback.js", h.kind + "/*.js"} {
		names, err := fs.Glob(stores.Files, pattern)
		if err != nil {
			return fault.Wrap("list the files of the store", err)
		}
		for _, name := range names {
			if files[path.Base(name)], err = stores.Files.ReadFile(name); err != nil {
				return fault.Wrap("read "+name, err)
			}
		}
	}
	return writeFiles(h.dir, installed, files)
}

func (h *host) databaseServer(ctx context.Context) (err error) {
	if h.server != nil {
		return nil
	}
	if shared := os.Getenv(pg.Env); shared != "" {
		h.server, err = pg.Attach(shared)
		return err
	}
	h.ownServer = true
	h.server, err = pg.Open(ctx, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	return err
}

// prepareDatabase makes sure that the store's database exists and reports whether it is empty.
func (h *host) prepareDatabase(ctx context.Context, from string) (fresh bool, err error) {
	if h.database == "" {
		h.database, h.ownData = pg.Name(h.kind), true
	} else if found, err := h.server.HasDatabase(ctx, h.database); err != nil || found {
		return false, err
	}
	if from != "" {
		return false, h.server.CloneDatabase(ctx, h.database, from)
	}
	return true, h.server.CreateDatabase(ctx, h.database)
}

func (h *host) launch(ctx context.Context, mode string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	env := environment(h.dir, h.server.URL(h.database), h.port)
	p, err := launch(ctx, h.dir, mode, filepath.Join(h.dir, h.kind+".log"), env)
	if err != nil {
		return fault.Wrap("start "+h.kind, err)
	}
	h.process = p
	if err := p.answering(ctx, h.httpClient, h.URL()+"/health"); err != nil {
		return fault.Wrap("start "+h.kind, err)
	}
	return nil
}

// Kind is the store's name.
func (h *host) Kind() string { return h.kind }

// URL is the store's root without a slash at the end.
func (h *host) URL() string { return localURL(h.port) }

// Database is the name of the store's database on Server.
func (h *host) Database() string { return h.database }

// Server is the database server of the store.
func (h *host) Server() *pg.Server { return h.server }

// Log is the file with everything the store has printed.
func (h *host) Log() string { return filepath.Join(h.dir, h.kind+".log") }

// Stop ends the store's process; the data stay.
func (h *host) Stop() error {
	if h.process != nil {
		h.process.stop()
		h.process = nil
		h.httpClient.CloseIdleConnections()
	}
	return nil
}

func (h *host) resume(ctx context.Context) error {
	if h.process != nil {
		return fault.New(fault.Conflict, "%s is running", h.kind)
	}
	return h.launch(ctx, "serve")
}

func (h *host) snapshot(ctx context.Context, name string) error {
	if err := h.Stop(); err != nil {
		return err
	}
	if err := h.server.DropDatabase(ctx, name); err != nil {
		return err
	}
	return h.server.CloneDatabase(ctx, name, h.database)
}

func (h *host) restore(ctx context.Context, name string) error {
	if err := h.Stop(); err != nil {
		return err
	}
	if err := h.server.DropDatabase(ctx, h.database); err != nil {
		return err
	}
	return h.server.CloneDatabase(ctx, h.database, name)
}

// Close stops the store and removes what was made for it: its database unless the caller named it, and its files.
func (h *host) Close() error {
	errs := []error{h.Stop()}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	switch {
	case h.ownServer && h.server != nil:
		errs = append(errs, h.server.Stop())
	case h.ownData && h.server != nil:
		errs = append(errs, h.server.DropDatabase(ctx, h.database))
	}
	if h.ownDir {
		errs = append(errs, os.RemoveAll(h.dir))
	}
	return errors.Join(errs...)
}
