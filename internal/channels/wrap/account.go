package wrap

import (
	"context"
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Options are what the decorators work with. Zero fields leave their decorator out.
type Options struct {
	// Now is the clock of breakers and meters; nil is the machine's. The simulator gives its own.
	Now func() time.Time
	// Meter is told of every call that ended.
	Meter func(Measure)
	// Breakers remember failures; one set for each account, kept over reconnects.
	Breakers *Breakers
	// Deadlines end operations; nil is Deadlines(caps).
	Deadlines map[channel.Op]time.Duration
	// Record is told what each call asked and what came of it.
	Record func(Trace)
	// Panicked is told of a panic that was contained; stack holds no values of the program.
	Panicked func(op channel.Op, stack []byte)
}

// Account is one open channel with everything around it. It is as safe for concurrent use as its adapter.
type Account struct {
	adapter channel.Channel
	layers  []layer // outermost first
}

// call is one call on its way to the adapter. Layers below the meter fill in what they learn.
type call struct {
	op     channel.Op
	asked  int // writes or keys
	answer int // outcomes, rows or lines
}

// layer does something around a call and passes it on with do.
type layer func(ctx context.Context, c *call, do func(context.Context) error) error

// New puts the decorators around adapter. caps bound the deadlines of writes; before they are known the zero
// Capabilities do, and a second New with the same Options costs nothing: what is remembered is in Options.Breakers.
func New(adapter channel.Channel, caps channel.Capabilities, o Options) *Account {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Deadlines == nil {
		o.Deadlines = Deadlines(caps)
	}
	a := &Account{adapter: adapter}
	if o.Meter != nil {
		a.layers = append(a.layers, meter(o.Now, o.Meter))
	}
	if o.Breakers != nil {
		a.layers = append(a.layers, breaker(o.Breakers, o.Now))
	}
	a.layers = append(a.layers, deadline(o.Deadlines))
	if o.Record != nil {
		a.layers = append(a.layers, record(o.Record))
	}
	a.layers = append(a.layers, contain(o.Panicked))
	return a
}

// run passes one call through all layers to do.
func (a *Account) run(ctx context.Context, c *call, do func(context.Context) error) error {
	return through(a.layers, ctx, c, do)
}

func through(layers []layer, ctx context.Context, c *call, do func(context.Context) error) error {
	if len(layers) == 0 {
		return do(ctx)
	}
	return layers[0](ctx, c, func(ctx context.Context) error { return through(layers[1:], ctx, c, do) })
}

// As returns a as T when its adapter is a T: how to ask for what capabilities do not mention, like channel.Prober.
func As[T any](a *Account) (T, bool) {
	var none T
	if _, ok := a.adapter.(T); !ok {
		return none, false
	}
	t, ok := any(a).(T)
	return t, ok
}

// lacks is the fault of asking an adapter for what it cannot do.
func lacks(what string) error {
	return fault.New(fault.Invalid, "this channel has no %s", what)
}

// Capabilities asks the adapter what the account can do.
func (a *Account) Capabilities(ctx context.Context) (caps channel.Capabilities, err error) {
	err = a.run(ctx, &call{op: channel.OpAuth}, func(ctx context.Context) (err error) {
		caps, err = a.adapter.Capabilities(ctx)
		return err
	})
	return caps, err
}

// List reads one page of the catalogue.
func (a *Account) List(ctx context.Context, from channel.Cursor) (p channel.Page, err error) {
	c := &call{op: channel.OpList}
	err = a.run(ctx, c, func(ctx context.Context) (err error) {
		p, err = a.adapter.List(ctx, from)
		c.answer = len(p.Listings)
		return err
	})
	return p, err
}

// Submit sends one batch.
func (a *Account) Submit(ctx context.Context, b channel.Batch) (r channel.Receipt, err error) {
	c := &call{op: channel.OpStock, asked: len(b.Writes)}
	if b.Field == channel.Price {
		c.op = channel.OpPrice
	}
	err = a.run(ctx, c, func(ctx context.Context) (err error) {
		r, err = a.adapter.Submit(ctx, b)
		c.answer = len(r.Outcomes)
		return err
	})
	return r, err
}

// Sales reads one page of the order feed.
func (a *Account) Sales(ctx context.Context, from channel.Cursor) (p channel.SalesPage, err error) {
	s, ok := a.adapter.(channel.Seller)
	if !ok {
		return p, lacks("order feed")
	}
	c := &call{op: channel.OpSales}
	err = a.run(ctx, c, func(ctx context.Context) (err error) {
		p, err = s.Sales(ctx, from)
		c.answer = len(p.Lines)
		return err
	})
	return p, err
}

// Read reads chosen keys.
func (a *Account) Read(ctx context.Context, k channel.Keys) (p channel.Page, err error) {
	r, ok := a.adapter.(channel.Reader)
	if !ok {
		return p, lacks("way to read single keys")
	}
	c := &call{op: channel.OpRead, asked: len(k.Stock) + len(k.Prices)}
	err = a.run(ctx, c, func(ctx context.Context) (err error) {
		p, err = r.Read(ctx, k)
		c.answer = len(p.Counts) + len(p.Listings)
		return err
	})
	return p, err
}

// Poll asks for an asynchronous job.
func (a *Account) Poll(ctx context.Context, t channel.Ticket) (os []channel.Outcome, done bool, err error) {
	p, ok := a.adapter.(channel.Poller)
	if !ok {
		return nil, false, lacks("tickets")
	}
	c := &call{op: channel.OpPoll}
	err = a.run(ctx, c, func(ctx context.Context) (err error) {
		os, done, err = p.Poll(ctx, t)
		c.answer = len(os)
		return err
	})
	return os, done, err
}

// VerifyWebhook checks a webhook. It makes no call of the channel, so only a panic is kept away.
func (a *Account) VerifyWebhook(h http.Header, body []byte) (hints []channel.Hint, err error) {
	v, ok := a.adapter.(channel.Hooked)
	if !ok {
		return nil, lacks("webhooks")
	}
	guard := a.layers[len(a.layers)-1]
	err = guard(context.Background(), &call{op: OpHook}, func(context.Context) (err error) {
		hints, err = v.VerifyWebhook(h, body)
		return err
	})
	return hints, err
}

// OpHook names the check of a webhook where operations are named.
const OpHook channel.Op = "webhook"

// Probe asks what was granted.
func (a *Account) Probe(ctx context.Context) (g channel.Grant, err error) {
	p, ok := a.adapter.(channel.Prober)
	if !ok {
		return g, lacks("way to ask for its rights")
	}
	err = a.run(ctx, &call{op: channel.OpAuth}, func(ctx context.Context) (err error) {
		g, err = p.Probe(ctx)
		return err
	})
	return g, err
}

// Revoke gives the credentials back.
func (a *Account) Revoke(ctx context.Context) error {
	r, ok := a.adapter.(channel.Revoker)
	if !ok {
		return lacks("way to give credentials back")
	}
	return a.run(ctx, &call{op: channel.OpAuth}, r.Revoke)
}
