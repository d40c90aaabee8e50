package demo

import (
	"context"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
)

// Result is what a run of the demo ends with.
type Result struct {
	Listings int64 `json:"listings"`
	Accounts int64 `json:"accounts"`
	Sales    int64 `json:"sales"`  // order lines that the marketplaces took
	Writes   int64 `json:"writes"` // rows that reached a marketplace
	// EqualWrites are writes of a number that the connector had just read there.
	EqualWrites int64 `json:"equal_writes"`
	// Verified and Unverified count counters and prices that are ours to keep right; Held ones wait for a person.
	Verified   int64 `json:"verified"`
	Unverified int64 `json:"unverified"`
	Held       int64 `json:"held"`
	// Oversold is how many units were sold beyond what there was; OversellBound how many could not be avoided with the
	// delays that were measured (correctness 4).
	Oversold      int64 `json:"oversold"`
	OversellBound int64 `json:"oversell_bound"`
	// LostUpdateUnits is by how much what buyers can get differs from what is left, over all marketplaces, by the true
	// order list.
	LostUpdateUnits int64   `json:"lost_update_units"`
	DriftFound      int64   `json:"drift_found"`
	Latency         Latency `json:"latency_ms"`
}

// Latency is how long after a sale was shown to the connector its first write reached another marketplace.
type Latency struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	P99 int64 `json:"p99"`
}

// truth is what really happened, SKU by SKU.
type truth struct {
	mu    *sync.Mutex
	start map[string]int64
	sales map[string][]sale
	n     *int64
}

type sale struct {
	units int64
	at    time.Time
	back  int64
}

func newTruth(goods []farside.Product) truth {
	t := truth{mu: new(sync.Mutex), start: map[string]int64{}, sales: map[string][]sale{}, n: new(int64)}
	for _, g := range goods {
		t.start[g.SKU] = g.Stock
	}
	return t
}

func (t truth) sold(sku string, units int64, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*t.n++
	t.sales[sku] = append(t.sales[sku], sale{units: units, at: at})
}

func (t truth) cancelled(sku string, units int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.sales[sku] {
		if s := &t.sales[sku][i]; s.units == units && s.back == 0 {
			s.back = units
			return
		}
	}
}

func (t truth) arrived(sku string, units int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start[sku] += units
}

// left is how many units there are; negative when more was sold.
func (t truth) left(sku string) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.start[sku]
	for _, s := range t.sales[sku] {
		n -= s.units - s.back
	}
	return n
}

// busiest is the most units sold within any window of length d (M_D).
func (t truth) busiest(sku string, d time.Duration) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var most, sum int64
	first := 0
	for _, s := range t.sales[sku] {
		sum += s.units
		for s.at.Sub(t.sales[sku][first].at) > d {
			sum -= t.sales[sku][first].units
			first++
		}
		most = max(most, sum)
	}
	return most
}

// result counts what came of the run.
func (d *Demo) result(ctx context.Context) (r Result, err error) {
	o, err := d.app.Service.Overview(ctx, d.who)
	if err != nil {
		return r, err
	}
	r = Result{
		Accounts: int64(len(o.Accounts)), Sales: *d.truth.n, Writes: d.watch.writes,
		Latency: Latency{d.watch.percentile(50), d.watch.percentile(95), d.watch.percentile(99)},
	}
	for _, a := range o.Accounts {
		for _, s := range []service.Share{a.Counters, a.Prices} {
			held := s.Other["held"]
			r.Verified += s.Verified
			r.Held += held
			r.Unverified += s.Managed - s.Verified - held
		}
	}
	delay := d.watch.longest() + time.Second // the feed's own lag and poll come on top of what was measured from it
	for _, g := range d.goods {
		left := d.truth.left(g.SKU)
		r.Oversold += max(0, -left)
		r.OversellBound += max(0, d.truth.busiest(g.SKU, delay)-1)
		for _, s := range d.stalls {
			r.LostUpdateUnits += abs(s.market.Sellable(g.SKU) - max(0, left))
		}
	}
	err = d.app.Store.Read(ctx, func(tx *store.Tx) (err error) {
		r.Listings, r.EqualWrites, r.DriftFound, err = tx.Tallies(ctx, d.who.Tenant)
		return err
	})
	return r, err
}

func abs(n int64) int64 { return max(n, -n) }
