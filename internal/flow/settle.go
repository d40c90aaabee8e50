package flow

import (
	"context"
	"fmt"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

// settle books what the channel answered to a batch: the intents' outcome, what the counters must show now, and when to
// read them back. "Applied" is not in sync; only a reading is.
func (d *drive) settle(ctx context.Context, f channel.Field, b channel.Batch, rc channel.Receipt, byRef map[int64]*send) error {
	is := make([]Intent, 0, len(rc.Outcomes))
	outcome := make(map[int64]channel.Outcome, len(rc.Outcomes))
	var delays []time.Duration
	for _, o := range rc.Outcomes {
		s := byRef[o.Ref]
		if s == nil {
			continue // an answer to something we did not ask
		}
		in := s.intent
		in.Code, in.Note, in.SettledAt = o.Code, o.Text, d.now()
		in.State = stateOf(o.State)
		if o.State == channel.Accepted {
			in.Ticket, in.SettledAt = rc.Ticket, 0
		}
		if s.delay > 0 && o.State != channel.RetryAfter {
			delays = append(delays, s.delay)
		}
		is = append(is, in)
		outcome[in.Target] = o
	}
	return d.write(ctx, func(tx Tx) ([]ident.Account, error) {
		if err := tx.SaveLatency(ctx, d.fence, "booked-sent", d.now(), delays); err != nil {
			return nil, err
		}
		return nil, d.settled(ctx, tx, f, is, outcome)
	})
}

// settled stores outcomes of intents and moves the copies of their targets.
func (d *drive) settled(ctx context.Context, tx Tx, f channel.Field, is []Intent, outcome map[int64]channel.Outcome) error {
	if len(is) == 0 {
		return nil
	}
	if err := tx.SaveIntents(ctx, d.fence, is); err != nil {
		return err
	}
	if err := d.complain(ctx, tx, is); err != nil {
		return err
	}
	if f == channel.Price {
		return d.settlePrices(ctx, tx, is)
	}
	return d.settleCounters(ctx, tx, is, outcome)
}

func stateOf(s channel.State) IntentState {
	switch s {
	case channel.Applied:
		return Applied
	case channel.Accepted:
		return Accepted
	case channel.Rejected, channel.HeldBack:
		return Rejected
	case channel.RetryAfter, channel.Conflict:
		return Superseded
	}
	return Unanswered
}

func (d *drive) settleCounters(ctx context.Context, tx Tx, is []Intent, outcome map[int64]channel.Outcome) error {
	ids := make([]ident.Counter, len(is))
	byTarget := make(map[int64]Intent, len(is))
	for i, in := range is {
		ids[i], byTarget[in.Target] = ident.Counter(in.Target), in
	}
	slices.Sort(ids)
	cs, err := tx.Counters(ctx, d.fence, ids)
	if err != nil {
		return err
	}
	now := d.now()
	for i := range cs {
		c := &cs[i]
		in := byTarget[int64(c.ID)]
		c.Open = nil
		switch in.State {
		case Applied:
			c.Copies = c.Copies.Applied(d.caps.Stock.Mode, in.Value, in.Base, now)
			c.ReadDue = now.Add(d.caps.Stock.Settle + d.caps.Read.Lag)
		case Accepted:
			c.Open = &in
		case Unanswered:
			c.Copies = c.Copies.Unanswered(d.caps.Stock.Mode, in.Value, now)
			c.Open, c.ReadDue = &in, now.Add(d.caps.Stock.Settle+d.caps.Read.Lag)
		case Rejected:
			c.State, c.Since = Denied, now // shown in the inbox
		case Superseded:
			if outcome[in.Target].State == channel.Conflict {
				c.ReadDue = now // the mismatch is information: read, hold, decide again (B)
			}
		}
		d.stand(c)
	}
	return tx.SaveCounters(ctx, d.fence, cs)
}

// complain raises one finding for each code of refusal, and closes those of targets that went through.
func (d *drive) complain(ctx context.Context, tx Tx, is []Intent) error {
	var raise []Finding
	var done []string
	for _, in := range is {
		cause := fmt.Sprintf("write-refused:%d:%s:%d", d.account.ID, in.Field, in.Target)
		switch in.State {
		case Rejected:
			raise = append(raise, Finding{
				Class: "write-refused", Cause: cause, Account: d.account.ID, Field: in.Field, Target: in.Target, At: d.now(),
				Data: fmt.Sprintf(`{"value":%d,"base":%d}`, in.Value, in.Base),
				Text: fmt.Sprintf("%s refused %s %d: %s %s", d.account.Name, in.Field, in.Value, in.Code, in.Note),
			})
		case Applied:
			done = append(done, cause)
		}
	}
	if err := tx.Raise(ctx, d.fence.Tenant, raise); err != nil {
		return err
	}
	return tx.Settle(ctx, d.fence.Tenant, done, "sync", d.now())
}

// tickets asks what became of asynchronous writes.
func (d *drive) tickets(ctx context.Context) (bool, error) {
	poller, ok := d.ch.(channel.Poller)
	if !ok || !d.caps.Stock.Ticket && !d.caps.Price.Ticket {
		return false, nil
	}
	var open map[channel.Ticket][]Intent
	err := d.store.Read(ctx, func(tx Tx) (err error) {
		open, err = tx.Tickets(ctx, d.fence)
		return err
	})
	if err != nil || len(open) == 0 {
		return false, err
	}
	names := make([]channel.Ticket, 0, len(open))
	for t := range open {
		names = append(names, t)
	}
	slices.Sort(names)
	worked := false
	for _, t := range names {
		outs, done, err := poller.Poll(ctx, t)
		if err != nil {
			return worked, err
		}
		if !done && !d.overdue(open[t]) {
			continue
		}
		worked = true
		if err := d.ticketDone(ctx, open[t], outs, done); err != nil {
			return worked, err
		}
	}
	if !worked {
		d.wait(channel.OpPoll, ticketPoll)
	}
	return worked, nil
}

// ticketPoll is how long to wait before asking again for jobs that still run.
const ticketPoll = time.Second

// overdue reports whether a job runs longer than a request can live: then only reading tells (F8).
func (d *drive) overdue(is []Intent) bool {
	longest := d.caps.Stock.Longest
	if is[0].Field == channel.Price {
		longest = d.caps.Price.Longest
	}
	return d.now() > is[0].NotAfter.Add(longest)
}

func (d *drive) ticketDone(ctx context.Context, is []Intent, outs []channel.Outcome, done bool) error {
	byRef := make(map[int64]channel.Outcome, len(outs))
	for _, o := range outs {
		byRef[o.Ref] = o
	}
	outcome := make(map[int64]channel.Outcome, len(is))
	for i := range is {
		in := &is[i]
		o, ok := byRef[int64(in.ID)]
		if !ok || !done {
			o = channel.Outcome{State: channel.Unknown, Code: "no-answer"}
		}
		in.State, in.Code, in.Note, in.SettledAt = stateOf(o.State), o.Code, o.Text, d.now()
		outcome[in.Target] = o
	}
	return d.write(ctx, func(tx Tx) ([]ident.Account, error) {
		for _, f := range []channel.Field{channel.Stock, channel.Price} {
			var part []Intent
			for _, in := range is {
				if in.Field == f {
					part = append(part, in)
				}
			}
			if err := d.settled(ctx, tx, f, part, outcome); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
}

// driverDied is the code of an intent that nobody settled.
const driverDied = "driver-died"

// recover turns intents whose driver died between record and settle into unknown outcomes: they may have left (I18).
func (d *drive) recover(ctx context.Context) error {
	if d.ch == nil {
		return nil
	}
	var is []Intent
	err := d.store.Read(ctx, func(tx Tx) (err error) {
		is, err = tx.Orphans(ctx, d.fence)
		return err
	})
	if err != nil || len(is) == 0 {
		return err
	}
	return d.write(ctx, func(tx Tx) ([]ident.Account, error) {
		for _, f := range []channel.Field{channel.Stock, channel.Price} {
			var part []Intent
			for _, in := range is {
				if in.Field == f {
					in.State, in.Code, in.SettledAt = Unanswered, driverDied, d.now()
					part = append(part, in)
				}
			}
			if err := d.settled(ctx, tx, f, part, nil); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
}
