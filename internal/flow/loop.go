package flow

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Loop drives accounts. It holds no state of its own between drives.
type Loop struct {
	store    Store
	channels Channels
	clock    Clock
	waker    Waker
	options  Options
}

// Options bounds a drive.
type Options struct {
	Slice time.Duration // a drive ends after this much time (default 30 s)
	Batch int           // targets decided at once (default 500)
}

// New returns a loop on its ports.
func New(s Store, c Channels, k Clock, w Waker, o Options) *Loop {
	if o.Slice == 0 {
		o.Slice = 30 * time.Second
	}
	if o.Batch == 0 {
		o.Batch = 500
	}
	return &Loop{store: s, channels: c, clock: k, waker: w, options: o}
}

// Drive is one pass over one account: it repeats the steps until none of them has anything left to do, and returns when
// it wants to be driven again. The caller holds the lease behind f.
func (l *Loop) Drive(ctx context.Context, f Fence) (next ident.Micros, err error) {
	d, err := l.begin(ctx, f)
	if err != nil || d == nil {
		return 0, err
	}
	if err := d.recover(ctx); err != nil { // intents whose driver died are unknown outcomes (I18)
		return 0, err
	}
	for d.inSlice() {
		steps := []step{
			{channel.OpSales, d.sales},    // observe: order lines → book: ledger and cursor in one commit
			{channel.OpPoll, d.tickets},   // observe: what became of asynchronous writes
			{channel.OpList, d.catalogue}, // observe: one page of everything the channel sells
			{channel.OpRead, d.match},     // new listings to items, by exact unique SKU or GTIN
			{channel.OpRead, d.prove},     // holds and surpluses that no order line explains
			{channel.OpStock, d.stock},    // decide → plan → intend → send → settle → verify, for counters
			{channel.OpPrice, d.prices},   // the same for prices
		}
		worked, err := d.each(ctx, steps)
		if err != nil {
			return 0, err
		}
		if !worked {
			break
		}
	}
	return d.next(ctx)
}

// step is one arrow of the loop; it reports whether it did anything.
type step struct {
	op  channel.Op
	run func(context.Context) (worked bool, err error)
}

// each runs the steps in order. A channel that cannot be used now ends only the steps of that operation: "not now" is
// remembered as a time, a broken account stops the drive, and an error of our own is returned.
func (d *drive) each(ctx context.Context, steps []step) (worked bool, err error) {
	for _, s := range steps {
		if d.now() < d.waits[s.op] {
			continue
		}
		did, err := s.run(ctx)
		switch fault.KindOf(err) {
		case fault.RateLimited:
			d.wait(s.op, max(fault.AfterOf(err), time.Millisecond))
			continue
		case fault.Unavailable, fault.Unknown, fault.TooLarge, fault.Unauthorized, fault.Forbidden:
			if err := d.trouble(ctx, s.op, err); err != nil {
				return worked, err
			}
			continue
		}
		if err != nil {
			return worked, fault.Wrap(string(s.op), err)
		}
		worked = worked || did
	}
	return worked, nil
}
