package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
)

// Settle waits for accounts (all when none is named) of a started process: until the orders and the catalogue of each
// were read after now and everything was decided, and, with settled, until nothing is left that may be written or has to
// be read back. Progress is told what the overview shows meanwhile.
func (a *App) Settle(ctx context.Context, who service.Caller, accounts []string, settled bool, progress func(service.Overview)) error {
	from := a.clock.Now()
	if err := a.Service.ReadNow(ctx, who, accounts); err != nil {
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for quiet := 0; quiet < 3; {
		o, err := a.Service.Overview(ctx, who)
		if err != nil {
			return err
		}
		progress(o)
		left := 0
		for _, x := range o.Accounts {
			if named(accounts, x) && x.State == "connected" && !rests(x, settled, from) {
				left++
			}
		}
		if quiet++; left > 0 {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return fault.New(fault.Unsettled, "%d accounts are not settled yet; what is left goes on with the next run", left)
		case <-tick.C:
		}
	}
	return nil
}

func named(accounts []string, x service.AccountOverview) bool {
	return len(accounts) == 0 || slices.Contains(accounts, x.Name) || slices.Contains(accounts, strconv.FormatInt(int64(x.ID), 10))
}

// rests reports whether an account was looked at after from and has nothing left to do.
func rests(x service.AccountOverview, settled bool, from ident.Micros) bool {
	switch {
	case x.Progress.SweepBegan < from || x.Progress.SweepStarted != 0 || x.Marked > 0:
		return false
	case !settled:
		return true
	case x.Mode != flow.Live: // what nobody approved stays a difference
		return x.InFlight == 0
	}
	return x.Stock+x.Price+x.InFlight == 0
}
