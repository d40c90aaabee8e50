package flow

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
)

// drive is one drive under way: what was loaded at its start and what it learned since.
type drive struct {
	*Loop
	fence   Fence
	account Account
	ch      channel.Channel
	caps    channel.Capabilities
	hash    func(parts ...string) string
	book    Rulebook
	pauses  []Pause
	feed    Feed
	started ident.Micros
	waits   map[channel.Op]ident.Micros // "not now" of this drive
	over    bool                        // nothing more is to be done in this drive
	failed  bool                        // this drive has counted a failure of the channel
}

// begin loads what the drive needs. It returns nil when the account is not to be driven at all.
func (l *Loop) begin(ctx context.Context, f Fence) (*drive, error) {
	d := &drive{Loop: l, fence: f, started: l.clock.Now(), waits: map[channel.Op]ident.Micros{}}
	if err := l.store.Read(ctx, d.load(ctx)); err != nil {
		return nil, err
	}
	if d.account.State == "disconnected" || d.now() < d.feed.WaitUntil {
		return d.idle(), nil
	}
	var err error
	if d.hash, err = l.channels.Hasher(ctx, f.Tenant); err != nil {
		return nil, err
	}
	if d.ch, d.caps, err = l.channels.Open(ctx, d.account); err != nil {
		return d.idle(), d.trouble(ctx, channel.OpAuth, err)
	}
	return d, nil
}

// load reads the account's set-up; rules and pauses are read again before writes leave (I16).
func (d *drive) load(ctx context.Context) func(Tx) error {
	return func(tx Tx) (err error) {
		if d.account, err = tx.Account(ctx, d.fence.Tenant, d.fence.Account); err != nil {
			return err
		}
		if d.feed, err = tx.Feed(ctx, d.fence); err != nil {
			return err
		}
		rules, err := tx.Rules(ctx, d.fence.Tenant)
		if err != nil {
			return err
		}
		if d.book, err = NewRulebook(d.account, rules); err != nil {
			return err
		}
		d.pauses, err = tx.Pauses(ctx, d.fence.Tenant)
		return err
	}
}

// idle makes a drive that does nothing but say when to come back.
func (d *drive) idle() *drive {
	d.over = true
	return d
}

func (d *drive) now() ident.Micros { return d.clock.Now() }

func (d *drive) inSlice() bool {
	return !d.over && d.now().Sub(d.started) < d.options.Slice
}

// sending reports whether writes may leave this account at all.
func (d *drive) sending() bool { return d.account.Mode != Observe && d.account.State == "connected" }

// wait remembers that an operation is not possible for some time.
func (d *drive) wait(op channel.Op, after time.Duration) { d.waits[op] = d.now().Add(after) }

// write runs fn in a fenced transaction and wakes the accounts it returns, after the commit.
func (d *drive) write(ctx context.Context, fn func(Tx) ([]ident.Account, error)) error {
	var woken []ident.Account
	err := d.store.Write(ctx, d.fence, func(tx Tx) (err error) {
		woken, err = fn(tx)
		return err
	})
	if err == nil && len(woken) > 0 {
		d.waker.Wake(d.fence.Tenant, woken...)
	}
	return err
}

// Back-off of a channel that does not answer: doubling, bounded, with the failure count as memory over restarts.
const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 2 * time.Minute
)

// trouble books that the channel could not be used: it is a fault of this account only (F2, F16). It returns an error
// only when the booking fails.
func (d *drive) trouble(ctx context.Context, op channel.Op, cause error) error {
	now := d.now()
	if !d.failed { // what fails in one drive has one cause: counting each operation made seconds of outage minutes of waiting
		d.failed = true
		d.feed.Failures++
	}
	back := min(maxBackoff, firstBackoff<<min(d.feed.Failures-1, 10))
	back = max(back, fault.AfterOf(cause))
	d.wait(op, back)
	lost := fault.Is(cause, fault.Unauthorized) || fault.Is(cause, fault.Forbidden)
	if lost { // somebody may give new credentials, perhaps through another process
		d.channels.Forget(d.fence.Tenant, d.fence.Account)
	}
	if lost || op == channel.OpAuth {
		d.feed.WaitUntil = now.Add(max(back, 5*time.Second))
		d.over = true // no useless calls: credentials do not heal by asking again at once
	}
	wentBlind := false
	if d.feed.BlindSince == 0 && d.feed.Backfilled && (op == channel.OpSales || lost) {
		// F16: lost credentials blind at once, a feed that is not readable after the guard's time (I14)
		if wentBlind = lost || guard.Blind(d.book.limits, d.feed.SalesThrough, now); wentBlind {
			d.feed.BlindSince = d.feed.SalesThrough
		}
	}
	return d.write(ctx, func(tx Tx) (woken []ident.Account, err error) {
		if err := tx.SaveFeed(ctx, d.fence, d.feed); err != nil {
			return nil, err
		}
		if wentBlind { // the others protect themselves
			if woken, err = tx.MarkAccountItems(ctx, d.fence); err != nil {
				return nil, err
			}
		}
		class := "channel-unavailable"
		if lost {
			class = "credentials-refused"
		}
		return woken, tx.Raise(ctx, d.fence.Tenant, []Finding{{
			Class: class, Cause: class + ":" + ident.Text(d.account.ID), Account: d.account.ID, At: now,
			Text: d.account.Name + ": " + cause.Error(), Data: "{}",
		}})
	})
}

// well books that the channel answers again.
func (d *drive) well(ctx context.Context, tx Tx, feed *Feed) error {
	if feed.Failures == 0 {
		return nil
	}
	feed.Failures, feed.WaitUntil = 0, 0
	id := ident.Text(d.account.ID)
	return tx.Settle(ctx, d.fence.Tenant, []string{"channel-unavailable:" + id, "credentials-refused:" + id}, "sync", d.now())
}

// next returns when this account wants to be driven again.
func (d *drive) next(ctx context.Context) (ident.Micros, error) {
	now := d.now()
	if d.account.State == "disconnected" {
		return now.Add(24 * time.Hour), nil
	}
	if now < d.feed.WaitUntil {
		return d.feed.WaitUntil, nil
	}
	if d.ch == nil {
		return now.Add(time.Second), nil
	}
	due := max(d.feed.SweepDue, d.waits[channel.OpList])
	if d.caps.Sales.Feed {
		due = min(due, max(d.feed.SalesDue, d.waits[channel.OpSales]))
	}
	var at ident.Micros
	var pending bool
	err := d.store.Read(ctx, func(tx Tx) (err error) {
		at, pending, err = tx.NextDue(ctx, d.fence, now, d.sending())
		return err
	})
	if err != nil {
		return 0, err
	}
	soonest := now
	for _, op := range []channel.Op{channel.OpStock, channel.OpPrice, channel.OpRead, channel.OpPoll} {
		if w := d.waits[op]; w > now {
			soonest = max(soonest, w) // what is left was refused until then
		}
	}
	if pending {
		due = min(due, soonest)
	}
	if at != 0 {
		due = min(due, max(at, now))
	}
	return due, nil
}
