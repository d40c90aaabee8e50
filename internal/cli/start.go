package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/outbound"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/web"
)

// reach is the way out of an installation: https to public addresses, unless the installation itself allows more.
// CARPEDIEM_ALLOW_NETS names networks of this house, like 192.168.1.0/24 or 127.0.0.0/8, where stores may be reached, also
// without TLS. It is the installation's to set, never an account's (C23).
func reach() (outbound.Config, error) {
	var c outbound.Config
	for _, text := range strings.FieldsFunc(os.Getenv("CARPEDIEM_ALLOW_NETS"), func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return c, fault.New(fault.Usage, "CARPEDIEM_ALLOW_NETS: %q is not a network such as 192.168.1.0/24", text)
		}
		c.AllowPrivate, c.AllowPlain = append(c.AllowPrivate, p), true
	}
	return c, nil
}

// start opens an installation to drive it.
func start(ctx context.Context, c Config, workers int, log *slog.Logger) (*app.App, service.Caller, error) {
	way, err := reach()
	if err != nil {
		return nil, service.Caller{}, err
	}
	a, err := app.New(ctx, app.Config{Data: c.Data, DatabaseURL: c.DatabaseURL, Workers: workers, Outbound: way, Log: log})
	if err != nil {
		return nil, service.Caller{}, err
	}
	t, err := a.Service.Tenant(ctx, c.Tenant)
	if err != nil {
		return nil, service.Caller{}, keep(err, a.Stop())
	}
	return a, service.Caller{Tenant: t.ID, Name: "console"}, nil
}

// keep returns err: that stopping failed as well is less than why it was stopped.
func keep(err, _ error) error { return err }

// runServe serves until ctx ends.
func runServe(ctx context.Context, x IO, c Config, o ServeOptions) error {
	log := slog.New(slog.NewTextHandler(x.Err, nil))
	a, who, err := start(ctx, c, o.Workers, log)
	if err != nil {
		return err
	}
	page, stop, err := show(ctx, a, who, o.Listen, log)
	if err != nil {
		return keep(err, a.Stop())
	}
	if err := a.Start(ctx); err != nil {
		stop()
		return keep(err, a.Stop())
	}
	if _, err := fmt.Fprintf(x.Out, "Overview: %s\n", page); err != nil {
		log.Warn("the address of the overview could not be printed")
	}
	<-ctx.Done()
	log.Info("stopping: running drives end, what they know is kept")
	stop()
	return a.Stop()
}

// show starts the overview page of a process.
func show(ctx context.Context, a *app.App, who service.Caller, listen string, log *slog.Logger) (url string, stop func(), err error) {
	s, err := web.New(a.Service, who, log)
	if err != nil {
		return "", nil, err
	}
	if err := s.Listen(ctx, listen); err != nil {
		return "", nil, err
	}
	return s.URL(), func() {
		if err := s.Stop(); err != nil {
			log.Warn("the overview did not end in time", "error", err)
		}
	}, nil
}

// runSync drives in the foreground: through what is due now, or until everything is settled.
func runSync(ctx context.Context, x IO, c Config, o SyncOptions) error {
	log := slog.New(slog.DiscardHandler)
	if x.Progress {
		log = slog.New(slog.NewTextHandler(x.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	a, who, err := start(ctx, c, 0, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := a.Start(ctx); err != nil {
		return keep(err, a.Stop())
	}
	var last service.Overview
	err = a.Settle(ctx, who, o.Accounts, o.UntilSettled, func(v service.Overview) {
		last = v
		if x.Progress {
			_, _ = fmt.Fprint(x.Err, "\r"+progressLine(v)+"   ") // nobody needs a progress line that cannot be written
		}
	})
	if err != nil {
		return keep(err, a.Stop())
	}
	if err := a.Stop(); err != nil {
		return err
	}
	return standing(x, last)
}

// standing prints how the accounts stand after a foreground run.
func standing(x IO, v service.Overview) error {
	if x.JSON {
		if err := json.NewEncoder(x.Out).Encode(v); err != nil {
			return fault.New(fault.Unavailable, "the result cannot be written: %w", err)
		}
		return nil
	}
	for _, n := range v.Accounts {
		_, err := fmt.Fprintf(x.Out, "%-20s %-8s stock %d of %d in sync, prices %d of %d, %d waiting, %d for you\n", n.Name, n.Mode,
			n.Counters.Verified, n.Counters.Managed, n.Prices.Verified, n.Prices.Managed, n.Marked+n.Stock+n.Price+n.InFlight, n.Findings)
		if err != nil {
			return fault.New(fault.Unavailable, "the result cannot be written")
		}
	}
	return nil
}

func progressLine(v service.Overview) string {
	var waiting, verified, managed int64
	for _, n := range v.Accounts {
		waiting += n.Marked + n.Stock + n.Price + n.InFlight
		verified += n.Counters.Verified + n.Prices.Verified
		managed += n.Counters.Managed + n.Prices.Managed
	}
	return fmt.Sprintf("%s  %d of %d in sync, %d waiting", v.At.Time().Format(time.TimeOnly), verified, managed, waiting)
}
