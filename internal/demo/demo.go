package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/outbound"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
)

// Options says what to show.
type Options struct {
	For  time.Duration // how long buyers buy; 0 is until the context ends
	Data string        // folder; "" is a new one that is removed at the end
	Seed uint64
	SKUs int // 0 is 120
	Rate int // orders a second over all marketplaces; 0 is 4
	Log  *slog.Logger
	// Say tells a person what happens; nil is nobody.
	Say io.Writer
	// Serve shows the overview of a running process and returns its address; nil shows nothing.
	Serve func(ctx context.Context, a *app.App) (url string, stop func(), err error)
}

// Demo is one run.
type Demo struct {
	o      Options
	app    *app.App
	who    service.Caller
	stalls []*stall
	watch  *watch
	rand   *rand.Rand
	goods  []farside.Product
	truth  truth
}

func euros(minor int64) money.Amount { return money.Of(minor, "EUR") }

// Run starts everything, lets buyers buy, brings everything to rest and says how far the connector was from the truth.
func Run(ctx context.Context, o Options) (r Result, err error) {
	if o.SKUs == 0 {
		o.SKUs = 120
	}
	if o.Rate == 0 {
		o.Rate = 4
	}
	if o.Say == nil {
		o.Say = io.Discard
	}
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "carpediem-demo-"); err != nil {
			return r, fault.New(fault.Unavailable, "the demo finds no room for its data: %w", err)
		}
		defer func() { _ = os.RemoveAll(o.Data) }()
	}
	d := &Demo{o: o, who: service.Caller{Tenant: 1, Name: "demo"}, watch: newWatch(), rand: rand.New(rand.NewPCG(o.Seed, 1))}
	d.goods = goods(o.SKUs, d.rand)
	d.truth = newTruth(d.goods)
	defer func() { closeStalls(d.stalls) }()
	if d.stalls, err = openStalls(ctx, o.Seed, d.goods, d.watch); err != nil {
		return r, err
	}
	if d.app, err = app.New(ctx, app.Config{Data: o.Data, Outbound: outbound.Loopback(), Log: o.Log}); err != nil {
		return r, err
	}
	defer func() {
		if stopped := d.app.Stop(); err == nil {
			err = stopped
		}
	}()
	return d.run(ctx)
}

func (d *Demo) run(ctx context.Context) (r Result, err error) {
	if err := d.setUp(ctx); err != nil {
		return r, err
	}
	if err := d.app.Start(ctx); err != nil {
		return r, err
	}
	if d.o.Serve != nil {
		url, stop, err := d.o.Serve(ctx, d.app)
		if err != nil {
			return r, err
		}
		defer stop()
		fmt.Fprintf(d.o.Say, "\n  Overview: %s\n\n", url)
	}
	if err := d.goLive(ctx); err != nil {
		return r, err
	}
	fmt.Fprintf(d.o.Say, "%d marketplaces, %d items: buyers buy about %d orders a second.\n", len(d.stalls), len(d.goods), d.o.Rate)
	d.trade(ctx)
	if ctx.Err() != nil { // a person ended it: nobody waits for the count
		return r, nil
	}
	fmt.Fprintln(d.o.Say, "Buyers have gone home; the connector comes to rest.")
	if err := d.settle(ctx); err != nil || ctx.Err() != nil {
		return r, err
	}
	return d.result(ctx)
}

// setUp connects the marketplaces and makes the catalogue.
func (d *Demo) setUp(ctx context.Context) error {
	if _, err := d.app.Service.SetRule(ctx, d.who, service.RuleRequest{Field: "price"}, []byte(`{"version":1,"tax_book":"included"}`)); err != nil {
		return err
	}
	if err := d.catalogue(ctx); err != nil {
		return err
	}
	for _, s := range d.stalls {
		d.watch.know(s)
		_, err := d.app.Service.Connect(ctx, d.who, service.NewAccount{
			Kind: "model", Name: s.name, Settings: map[string]string{"url": s.url}, Secrets: map[string]secret.Text{"token": secret.New(token)},
		})
		if err != nil {
			return err
		}
		drift := flow.Heal
		if s.role == flow.Master {
			drift = flow.Adopt
		}
		if _, err := d.app.Service.SetRole(ctx, d.who, s.name, s.role, drift); err != nil {
			return err
		}
	}
	return nil
}

// catalogue stores the items with what is sellable of each.
func (d *Demo) catalogue(ctx context.Context) error {
	return d.app.Store.Write(ctx, func(tx *store.Tx) error {
		now := app.Clock{}.Now()
		items := make([]store.Item, len(d.goods))
		for i, g := range d.goods {
			items[i] = store.Item{
				SKU: g.SKU, Title: g.Title, UpdatedAt: now,
				Price: store.ItemPrice{Base: &g.Price.Minor, Currency: g.Price.Currency, Extra: "{}"},
			}
		}
		if err := tx.SaveItems(ctx, d.who.Tenant, items); err != nil {
			return err
		}
		entries := make([]ledger.Entry, len(items))
		for i, x := range items {
			e := ledger.Balance{}.CountTo(d.goods[i].Stock)
			e.Item, e.Source, e.At, e.Actor = x.ID, "demo:"+x.SKU, now, d.who.Name
			entries[i] = e
		}
		_, err := tx.Book(ctx, d.who.Tenant, entries, false)
		return err
	})
}

// goLive waits until the catalogues are read and bound, then lets the connector write.
func (d *Demo) goLive(ctx context.Context) error {
	fmt.Fprintln(d.o.Say, "Reading the catalogues of all marketplaces …")
	err := d.until(ctx, func(o service.Overview) bool {
		for _, a := range o.Accounts {
			if a.Progress.SweepDone == 0 || a.Marked > 0 || a.Counters.Managed == 0 {
				return false
			}
		}
		return len(o.Accounts) == len(d.stalls)
	})
	if err != nil {
		return fault.Wrap("read the catalogues", err)
	}
	for _, s := range d.stalls {
		if _, err := d.app.Service.SetMode(ctx, d.who, s.name, flow.Live); err != nil {
			return err
		}
	}
	return nil
}

// settleFor bounds how long coming to rest may take.
const settleFor = 45 * time.Second

// until polls the overview until it is as wanted.
func (d *Demo) until(ctx context.Context, done func(service.Overview) bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		o, err := d.app.Service.Overview(ctx, d.who)
		switch {
		case ctx.Err() != nil: // an answer or an error, it comes too late
			return fault.New(fault.Unsettled, "time ran out before everything had settled")
		case err != nil:
			return err
		case done(o):
			return nil
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// settle waits until every order feed and every catalogue was read after the last sale and nothing is left to do.
func (d *Demo) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	stopped := app.Clock{}.Now()
	quiet := 0
	err := d.until(ctx, func(o service.Overview) bool {
		for _, a := range o.Accounts {
			if a.Progress.SalesThrough < stopped || a.Progress.SweepBegan < stopped || a.Marked+a.Stock+a.Price+a.InFlight > 0 || a.Counters.Verified < a.Counters.Managed {
				quiet = 0
				return false
			}
		}
		quiet++
		return quiet > 12 // holds may still wait for their proof
	})
	if fault.Is(err, fault.Unsettled) {
		return nil // the result says what is left
	}
	return err
}
