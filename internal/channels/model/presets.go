package model

import (
	"math/rand/v2"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// Preset is a named market by what it can do.
type Preset struct {
	Name  string
	Apply func(Options) Options
}

// Presets lists one market for each algorithm of the design, in the order of correctness section 3.
func Presets() []Preset {
	return []Preset{
		{"absolute", Absolute},
		{"compare-and-set", CompareAndSet},
		{"relative", Relative},
		{"at-shipment", AtShipment},
		{"at-payment", AtPayment},
		{"sequence-fenced", Sequenced},
		{"ticket", Ticket},
		{"full-replace", FullReplace},
		{"shared-counter", SharedCounter},
		{"locations", Locations},
	}
}

// plain is what all presets begin with.
func plain(o Options) Options {
	included := true
	batch := channel.BatchCaps{MaxBatch: 100, Settle: 0, Longest: 30 * time.Second}
	o.Caps = channel.Capabilities{
		Stock: channel.StockCaps{BatchCaps: batch, Mode: channel.Absolute, Moment: channel.AtPlaced, Max: 999_999, Zero: channel.SetZero},
		Price: channel.PriceCaps{BatchCaps: batch, Write: true, TaxIncluded: &included},
		Sales: channel.SalesCaps{Feed: true, Lag: 5 * time.Second, Poll: 10 * time.Second},
		Read:  channel.ReadCaps{MaxKeys: 200, Sweep: time.Hour},
		Limits: []channel.Limit{
			{Name: "requests", Rate: 50, Per: time.Second, Burst: 100, Reserve: 20},
		},
		Currency: "EUR",
	}
	return o
}

// Absolute is a market that lowers its number when an order is placed and is written with plain numbers.
func Absolute(o Options) Options { return plain(o) }

// CompareAndSet takes a number only when its own is the one the writer believed in.
func CompareAndSet(o Options) Options {
	o = plain(o)
	o.Caps.Stock.Mode = channel.CompareAndSet
	o.Caps.Stock.MaxBatch = 25
	return o
}

// Relative takes differences, each key once within a day.
func Relative(o Options) Options {
	o = plain(o)
	o.Caps.Stock.Mode = channel.Relative
	o.Caps.Stock.KeyWindow = 24 * time.Hour
	return o
}

// AtShipment lowers its number when goods leave and says how many are reserved.
func AtShipment(o Options) Options {
	o = plain(o)
	o.Caps.Stock.Moment = channel.AtShipped
	o.ShowReserved = true
	return o
}

// AtPayment lowers its number when an order is paid.
func AtPayment(o Options) Options {
	o = plain(o)
	o.Caps.Stock.Moment = channel.AtPaid
	return o
}

// Sequenced refuses a write whose sequence is not higher than the last.
func Sequenced(o Options) Options {
	o = plain(o)
	o.Caps.Stock.Mode = channel.Sequenced
	o.Caps.Stock.MaxBatch = 10
	return o
}

// Ticket answers writes with a job, shows the new number a while later, and reads lag.
func Ticket(o Options) Options {
	o = plain(o)
	for _, b := range []*channel.BatchCaps{&o.Caps.Stock.BatchCaps, &o.Caps.Price.BatchCaps} {
		b.MaxBatch, b.Ticket, b.Settle, b.Longest = 1000, true, 5*time.Second, 2*time.Minute
	}
	o.Caps.Read.Lag = 2 * time.Second
	o.Async = AsyncOptions{Queue: 20 * time.Second}
	return o
}

// FullReplace writes whole groups, all or nothing; refuses zero; 250 revisions a day.
func FullReplace(o Options) Options {
	o = plain(o)
	for _, b := range []*channel.BatchCaps{&o.Caps.Stock.BatchCaps, &o.Caps.Price.BatchCaps} {
		b.ByGroup, b.WholeGroup, b.AllOrNothing, b.Budget = true, true, true, 250
	}
	o.Caps.Stock.Zero = channel.RefuseZero
	o.DuplicateKills = true
	return o
}

// SharedCounter sells each product on two storefronts from one counter.
func SharedCounter(o Options) Options {
	o = plain(o)
	o.Storefronts = []string{"de", "it"}
	return o
}

// Locations keeps stock in two places.
func Locations(o Options) Options {
	o = plain(o)
	o.Locations = []string{"north", "south"}
	return o
}

// Draw picks a market by chance for a swarm: a preset, then a random subset of the switches, each within its range.
// r is not kept: Options.Rand of o stays the market's own source.
func Draw(o Options, r *rand.Rand) Options {
	p := Presets()
	o = p[r.IntN(len(p))].Apply(o)
	sometimes := func(set func()) {
		if r.IntN(3) == 0 {
			set()
		}
	}
	upTo := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d)) + 1) }
	sometimes(func() { o.Caps.Sales.Lag = upTo(2 * time.Minute) })
	sometimes(func() { o.Caps.Read.Lag = upTo(10 * time.Second) })
	sometimes(func() { o.Caps.Stock.Settle = upTo(10 * time.Second) })
	sometimes(func() { o.Caps.Stock.MaxBatch = 1 + r.IntN(50) })
	sometimes(func() { o.Caps.Stock.AllOrNothing = true })
	sometimes(func() { o.Caps.Stock.Budget = 20 + r.IntN(480) })
	sometimes(func() { o.Caps.Stock.Longest = upTo(2 * time.Minute) })
	sometimes(func() { o.DuplicateKills = true })
	sometimes(func() { o.ShowReserved = true })
	sometimes(func() { o.Skew = upTo(20*time.Minute) - 10*time.Minute })
	sometimes(func() { o.List.Shift = true })
	sometimes(func() { o.List.NoTotal = true })
	sometimes(func() { o.List.Page = 1 + r.IntN(100) })
	sometimes(func() { o.Feed.Page = 1 + r.IntN(100) })
	sometimes(func() { o.Feed.Again = r.IntN(300) })
	sometimes(func() { o.Closed = Window{Every: time.Hour, For: upTo(10 * time.Minute)} })
	sometimes(func() { o.Rival = Rival{Every: time.Minute + upTo(time.Hour), Value: r.Int64N(50)} })
	sometimes(func() { o.Quota = QuotaOptions{Enforce: true, RowCost: r.Int64N(2)} })
	sometimes(func() { o.Async.Stuck = r.IntN(50) })
	sometimes(func() {
		o.Hooks = HookOptions{Secret: "swarm", Delay: upTo(time.Minute), Lose: r.IntN(500), Repeat: r.IntN(500), Forge: r.IntN(200)}
	})
	for _, k := range faultKinds() {
		sometimes(func() { o.Faults = append(o.Faults, Chance{Kind: k, PerMille: r.IntN(100)}) })
	}
	return o
}
