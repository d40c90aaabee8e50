package channeltest_test

import (
	"context"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// sender changes what becomes of a batch.
type sender struct {
	sound
	submit func(context.Context, sound, channel.Batch) (channel.Receipt, error)
}

func (x sender) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	return x.submit(ctx, x.sound, b)
}

func onSubmit(f func(context.Context, sound, channel.Batch) (channel.Receipt, error)) func(sound) channel.Channel {
	return func(s sound) channel.Channel { return sender{s, f} }
}

// onOutcomes changes good receipts.
func onOutcomes(f func(b channel.Batch, r *channel.Receipt)) func(sound) channel.Channel {
	return onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
		r, err := s.Submit(ctx, b)
		if err == nil {
			f(b, &r)
		}
		return r, err
	})
}

// liar changes what is declared.
type liar struct {
	sound
	declare func(*channel.Capabilities)
}

func (x liar) Capabilities(ctx context.Context) (channel.Capabilities, error) {
	c, err := x.sound.Capabilities(ctx)
	x.declare(&c)
	return c, err
}

func declaring(f func(*channel.Capabilities)) func(sound) channel.Channel {
	return func(s sound) channel.Channel { return liar{s, f} }
}

func writeBugs() map[string]bug {
	return map[string]bug{
		"silence is success": {part: "faults of writes", plant: onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
			r, err := s.Submit(ctx, b)
			if err != nil {
				return channel.Receipt{Outcomes: b.Outcomes(channel.Outcome{State: channel.Applied})}, nil
			}
			return r, nil
		})},
		"a lost answer is not sent": {part: "faults of writes", plant: onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
			r, err := s.Submit(ctx, b)
			if err != nil && fault.SentOf(err) {
				err = fault.New(fault.Unavailable, "no answer") // fault.New says "certainly not sent"
			}
			return r, err
		})},
		"writes are repeated": {part: "faults of writes", plant: onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
			r, err := s.Submit(ctx, b)
			if fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
				return s.Submit(ctx, b)
			}
			return r, err
		})},
		"a refused connection may have been used": {part: "faults of writes", plant: onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
			r, err := s.Submit(ctx, b)
			if err != nil {
				e := fault.New(fault.KindOf(err), "no answer")
				e.Sent, err = true, e
			}
			return r, err
		})},
		"429 is a rejection": {part: "faults of writes", plant: onOutcomes(func(_ channel.Batch, r *channel.Receipt) {
			for i, o := range r.Outcomes {
				if o.State == channel.RetryAfter {
					r.Outcomes[i] = channel.Outcome{Ref: o.Ref, State: channel.Rejected, Code: "busy"}
				}
			}
		})},
		"outcomes are matched by position": {part: "faults of writes", plant: onOutcomes(func(b channel.Batch, r *channel.Receipt) {
			for i := range r.Outcomes {
				r.Outcomes[i].Ref = b.Writes[len(b.Writes)-1-i].Ref
			}
		})},
		"an outcome is missing": {part: "write stock", plant: onOutcomes(func(_ channel.Batch, r *channel.Receipt) { r.Outcomes = r.Outcomes[1:] })},
		"a foreign outcome comes": {part: "write stock", plant: onOutcomes(func(_ channel.Batch, r *channel.Receipt) {
			r.Outcomes = append(r.Outcomes, channel.Outcome{Ref: 7, State: channel.Applied})
		})},
		"every refusal is the same": {part: "write stock", plant: onOutcomes(func(_ channel.Batch, r *channel.Receipt) {
			for i := range r.Outcomes {
				if r.Outcomes[i].State == channel.Rejected {
					r.Outcomes[i].Code = channel.CodeInvalid
				}
			}
		})},
		"one is written instead of zero": {part: "write stock", plant: onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
			for i := range b.Writes {
				b.Writes[i].Quantity = max(1, b.Writes[i].Quantity)
			}
			return s.Submit(ctx, b)
		})},
		"the currency is dropped": {part: "write price", plant: onSubmit(func(ctx context.Context, s sound, b channel.Batch) (channel.Receipt, error) {
			for i := range b.Writes {
				b.Writes[i].Price = money.Of(b.Writes[i].Price.Minor, "EUR")
			}
			return s.Submit(ctx, b)
		})},
		"larger batches are declared":  {part: "write stock", plant: declaring(func(c *channel.Capabilities) { c.Stock.MaxBatch = 10_000 })},
		"all or nothing is declared":   {part: "write stock", plant: declaring(func(c *channel.Capabilities) { c.Stock.AllOrNothing = true })},
		"compare-and-set is declared":  {part: "write stock", plant: declaring(func(c *channel.Capabilities) { c.Stock.Mode = channel.CompareAndSet })},
		"a fence is declared":          {part: "write stock", plant: declaring(func(c *channel.Capabilities) { c.Stock.Mode = channel.Sequenced })},
		"a larger maximum is declared": {part: "write stock", plant: declaring(func(c *channel.Capabilities) { c.Stock.Max *= 2 })},
		"a key window is declared":     {part: "write stock", preset: withoutKeys, plant: declaring(func(c *channel.Capabilities) { c.Stock.KeyWindow = 3600e9 })},
		"nothing about time is said":   {part: "capabilities", plant: declaring(func(c *channel.Capabilities) { c.Stock.Longest = 0 })},
		"tickets without a way to poll": {part: "capabilities", plant: func(s sound) channel.Channel {
			return liar2{liar{s, func(c *channel.Capabilities) { c.Stock.Ticket = true }}}
		}},
	}
}

// liar2 hides Poll.
type liar2 struct{ channel.Channel }

func withoutKeys(o model.Options) model.Options {
	o = model.Relative(o)
	o.Caps.Stock.KeyWindow = 0
	return o
}

// teller changes pages of the order feed.
type teller struct {
	sound
	page func(from channel.Cursor, p *channel.SalesPage)
}

func (x teller) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	p, err := x.sound.Sales(ctx, from)
	if err == nil {
		x.page(from, &p)
	}
	return p, err
}

func onLines(f func(*channel.Line)) func(sound) channel.Channel {
	return onSales(func(_ channel.Cursor, p *channel.SalesPage) {
		for i := range p.Lines {
			f(&p.Lines[i])
		}
	})
}

func onSales(f func(channel.Cursor, *channel.SalesPage)) func(sound) channel.Channel {
	return func(s sound) channel.Channel { return teller{s, f} }
}

func salesBugs() map[string]bug {
	return map[string]bug{
		"the feed has no overlap": {part: "sales", plant: onSales(func(_ channel.Cursor, p *channel.SalesPage) {
			if rest, ok := strings.CutPrefix(string(p.Next), "changes/"); ok && !p.More {
				since, err := strconv.ParseInt(strings.Split(rest, "/")[0], 10, 64)
				if err == nil {
					p.Next = channel.Cursor("changes/" + strconv.FormatInt(since+6_000_000, 10) + "/0/0")
				}
			}
		})},
		"older open orders are left out": {part: "sales", plant: onSales(func(from channel.Cursor, p *channel.SalesPage) {
			if from == "" {
				p.Lines = nil
			}
		})},
		"the version never changes":  {part: "sales", plant: onLines(func(l *channel.Line) { l.Version = 1 })},
		"the version goes down":      {part: "sales", plant: onLines(func(l *channel.Line) { l.Version = -l.Version })},
		"taken is always all":        {part: "sales", preset: model.AtShipment, plant: onLines(func(l *channel.Line) { l.Taken = l.Quantity })},
		"taken is forgotten":         {part: "sales", plant: onLines(func(l *channel.Line) { l.Taken = 0 })},
		"returned goods stay taken":  {part: "sales", plant: onLines(func(l *channel.Line) { l.Taken += l.Returned })},
		"sent goods are not noticed": {part: "sales", plant: onLines(func(l *channel.Line) { l.Shipped = 0 })},
		"cancelled lines are left out": {part: "sales", plant: onSales(func(_ channel.Cursor, p *channel.SalesPage) {
			var kept []channel.Line
			for _, l := range p.Lines {
				if l.Quantity > 0 {
					kept = append(kept, l)
				}
			}
			p.Lines = kept
		})},
		"lines name the SKU":            {part: "sales", plant: onLines(func(l *channel.Line) { l.Listing = "CT-00001" })},
		"the last page is left out":     {part: "sales", plant: onSales(func(_ channel.Cursor, p *channel.SalesPage) { p.More = false })},
		"another moment is declared":    {part: "sales", plant: declaring(func(c *channel.Capabilities) { c.Stock.Moment = channel.AtShipped })},
		"a shorter lag is declared":     {part: "sales", plant: declaring(func(c *channel.Capabilities) { c.Sales.Lag = 0 })},
		"bad lines end the feed":        {part: "sales", plant: func(s sound) channel.Channel { return strictFeed{s} }},
		"bad lines are left out softly": {part: "sales", plant: onSales(func(_ channel.Cursor, p *channel.SalesPage) { p.Findings = nil })},
	}
}

// strictFeed gives up where one line is bad.
type strictFeed struct{ sound }

func (x strictFeed) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	p, err := x.sound.Sales(ctx, from)
	if err == nil && len(p.Findings) > 0 {
		return channel.SalesPage{}, fault.New(fault.Unavailable, "a line cannot be read")
	}
	return p, err
}
