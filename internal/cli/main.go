package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/demo"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/service"
)

// Main runs the command line of the product and returns its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	return Run(ctx, Product(), args, in, out, err)
}

// Product returns what the commands of the product work with.
func Product() Deps {
	return Deps{Open: openApp, Serve: runServe, Sync: runSync, Demo: runDemo, Version: buildVersion(), Now: app.Clock{}.Now}
}

// openApp opens an installation without driving anything.
func openApp(ctx context.Context, c Config) (*Session, error) {
	way, err := reach()
	if err != nil {
		return nil, err
	}
	a, err := app.New(ctx, app.Config{Data: c.Data, DatabaseURL: c.DatabaseURL, Outbound: way, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return &Session{Service: a.Service, MasterKey: filepath.Join(c.Data, "master.key"), Close: a.Stop}, nil
}

// runDemo runs the demo and shows what it ends with.
func runDemo(ctx context.Context, x IO, o DemoOptions) error {
	say := x.Out
	if x.JSON {
		say = x.Err
	}
	log := slog.New(slog.DiscardHandler)
	r, err := demo.Run(ctx, demo.Options{
		For: o.For, Data: o.Data, Seed: o.Seed, SKUs: o.SKUs, Rate: o.Rate, Log: log, Say: say,
		Serve: func(ctx context.Context, a *app.App) (string, func(), error) {
			return show(ctx, a, service.Caller{Tenant: 1, Name: "demo"}, "127.0.0.1:0", log)
		},
	})
	if err != nil || ctx.Err() != nil { // ended by a person: nothing was counted
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fault.New(fault.Internal, "write the result: %w", err)
	}
	if _, err := fmt.Fprintln(x.Out, string(text)); err != nil {
		return fault.New(fault.Unavailable, "the result cannot be written")
	}
	return nil
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}
