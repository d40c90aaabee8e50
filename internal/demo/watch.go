package demo

import (
	"slices"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/model"
)

// watch sees, on the side of the marketplaces, what the connector does: every write, and how long after a sale was shown
// to it the first write about it reached another marketplace.
type watch struct {
	mu     sync.Mutex
	skus   map[*stall]map[channel.StockKey]string
	orders map[string][]string             // order → SKUs
	waits  map[string]map[*stall]time.Time // SKU → other marketplace → when the sale was shown
	stalls func() []*stall
	writes int64
	equal  int64
	delays []time.Duration
}

func newWatch() *watch {
	return &watch{skus: map[*stall]map[channel.StockKey]string{}, orders: map[string][]string{}, waits: map[string]map[*stall]time.Time{}}
}

// know tells which counter is which SKU.
func (w *watch) know(s *stall) {
	t := s.market.Truth()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skus[s] = map[channel.StockKey]string{}
	for listing, keys := range t.Stocks {
		for _, k := range keys {
			w.skus[s][k] = t.SKUs[listing]
		}
	}
}

// bought notes what an order was for.
func (w *watch) bought(order string, skus ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orders[order] = skus
}

// served: the marketplace showed an order for the first time; from here the connector can know.
func (w *watch) served(from *stall, order string) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sku := range w.orders[order] {
		for other := range w.skus {
			if other == from {
				continue
			}
			if w.waits[sku] == nil {
				w.waits[sku] = map[*stall]time.Time{}
			}
			if _, waiting := w.waits[sku][other]; !waiting {
				w.waits[sku][other] = now
			}
		}
	}
}

// wrote: a row of a write request arrived.
func (w *watch) wrote(s *stall, x model.Seen) {
	if x.Field != channel.Stock {
		w.mu.Lock()
		w.writes++
		w.mu.Unlock()
		return
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	if sku := w.skus[s][x.Stock]; sku != "" {
		if at, waiting := w.waits[sku][s]; waiting {
			w.delays = append(w.delays, now.Sub(at))
			delete(w.waits[sku], s)
		}
	}
}

// percentile returns the p-th percentile of the delays in milliseconds.
func (w *watch) percentile(p int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.delays) == 0 {
		return 0
	}
	d := slices.Clone(w.delays)
	slices.Sort(d)
	return d[min(len(d)-1, len(d)*p/100)].Milliseconds()
}

// longest returns the longest delay seen: D of the oversell bound.
func (w *watch) longest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.delays) == 0 {
		return 0
	}
	return slices.Max(w.delays)
}
