package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/service"
)

// later is something that happens to an order some time after it was placed.
type later struct {
	at time.Time
	do func()
}

// trade lets buyers buy until the time is over. Everything it draws comes from the seed.
func (d *Demo) trade(ctx context.Context) {
	started := time.Now()
	length := d.o.For
	if length == 0 {
		length = 365 * 24 * time.Hour
	}
	acts := d.acts(ctx, min(length, 2*time.Minute))
	var due []later
	var outage sync.WaitGroup
	defer outage.Wait()
	gap := time.Second / time.Duration(d.o.Rate)
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		passed := time.Since(started)
		for len(acts) > 0 && passed >= acts[0].at {
			acts[0].do()
			acts = acts[1:]
		}
		if passed >= length { // on a slow machine acts are late, but none is left out: an outage ends
			for _, l := range due {
				l.do() // whoever had paid gets the goods
			}
			return
		}
		due = d.order(due)
		tick.Reset(time.Duration(d.rand.Int64N(int64(2*gap)) + 1))
	}
}

// order lets one buyer buy, and moves older orders on.
func (d *Demo) order(due []later) []later {
	now := time.Now()
	rest := due[:0]
	for _, l := range due {
		if now.Before(l.at) {
			rest = append(rest, l)
			continue
		}
		l.do()
	}
	s := d.stalls[d.rand.IntN(len(d.stalls))]
	g := d.goods[d.rand.IntN(len(d.goods))]
	units := 1 + d.rand.Int64N(2)
	fate := d.rand.IntN(10)
	wait := time.Duration(d.rand.Int64N(int64(4 * time.Second)))
	id, ok := s.market.Buy(farside.Item{SKU: g.SKU, Quantity: units})
	if !ok {
		return rest
	}
	d.watch.bought(id, g.SKU)
	d.truth.sold(g.SKU, units, now)
	if fate == 0 {
		return append(rest, later{now.Add(wait), func() { s.market.Cancel(id); d.truth.cancelled(g.SKU, units) }})
	}
	return append(rest, later{now.Add(wait), func() { s.market.Pay(id); s.market.Ship(id) }})
}

// act is one thing that goes wrong, or that the owner does.
type act struct {
	at time.Duration
	do func()
}

// acts are what happens besides buyers: an edit by hand at a marketplace, goods arriving, an outage, a price change and a
// price that is too good to be true.
func (d *Demo) acts(ctx context.Context, length time.Duration) []act {
	say := func(format string, args ...any) { fmt.Fprintf(d.o.Say, "· "+format+"\n", args...) }
	edited, gone := d.stalls[1], d.stalls[3]
	return []act{
		{length / 6, func() {
			g := d.goods[1]
			say("somebody edits the stock of %s at %s by hand", g.SKU, edited.name)
			d.edit(edited, g.SKU, 7)
		}},
		{length / 4, func() {
			g := d.goods[2]
			say("20 pieces of %s arrive", g.SKU)
			if _, err := d.app.Service.Receive(ctx, d.who, service.Movement{SKU: g.SKU, Units: 20}); err == nil {
				d.truth.arrived(g.SKU, 20)
			}
		}},
		{length / 3, func() {
			say("%s goes down", gone.name)
			gone.market.Inject(farside.Fault{Kind: farside.FaultHTML})
		}},
		{length / 2, func() {
			say("%s is back", gone.name)
			gone.market.Inject(farside.Fault{})
		}},
		{length * 5 / 9, func() {
			g := d.goods[4]
			say("the price of %s rises by a tenth", g.SKU)
			d.price(ctx, g.SKU, g.Price.Minor*11/10)
		}},
		{length * 2 / 3, func() {
			g := d.goods[3]
			say("somebody types a price of %s for %s", euros(g.Price.Minor/10), g.SKU)
			d.price(ctx, g.SKU, g.Price.Minor/10)
		}},
	}
}

func (d *Demo) price(ctx context.Context, sku string, minor int64) {
	if _, err := d.app.Service.Edit(ctx, d.who, service.Change{SKU: sku, Base: &service.PriceChange{Amount: euros(minor)}}); err != nil {
		fmt.Fprintln(d.o.Say, "  that failed:", err)
	}
}

// edit changes a marketplace's number behind the connector's back.
func (d *Demo) edit(s *stall, sku string, by int64) {
	t := s.market.Truth()
	for listing, keys := range t.Stocks {
		if t.SKUs[listing] == sku {
			for _, k := range keys {
				s.market.SetStock(k, t.Counts[k]+by)
			}
			return
		}
	}
}

var _ channel.Field
