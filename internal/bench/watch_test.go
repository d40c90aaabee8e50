package bench_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
)

// watch sees, on the side of the marketplaces, how long after a sale was shown to the connector its write reached the
// others.
type watch struct {
	mu     sync.Mutex
	orders map[string]int      // order → product
	early  map[string]sight    // orders that were shown before their buyer had told us
	waits  []map[int]time.Time // by shop: product → when a sale of it elsewhere was shown
	first  map[int]time.Time   // product → the same, for whichever shop is written first
	each   []time.Duration     // to each other shop
	any    []time.Duration     // to the first of them
	writes int64
	served int64
}

// sight is where and when an order was first shown.
type sight struct {
	shop int
	at   time.Time
}

func newWatch(shops int) *watch {
	w := &watch{orders: map[string]int{}, early: map[string]sight{}, first: map[int]time.Time{}}
	for range shops {
		w.waits = append(w.waits, map[int]time.Time{})
	}
	return w
}

// bought names the product of an order. Observers run inside a market's lock, so nobody may ask a market while holding
// ours: the order may be on a page before its buyer comes here.
func (w *watch) bought(id string, product int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x, seen := w.early[id]; seen {
		delete(w.early, id)
		w.shown(x, product)
		return
	}
	w.orders[id] = product
}

// servedBy: a page of shop n showed an order for the first time; from here the connector can know.
func (w *watch) servedBy(n int, id string) {
	x := sight{n, time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	product, known := w.orders[id]
	if !known {
		w.early[id] = x
		return
	}
	delete(w.orders, id)
	w.shown(x, product)
}

func (w *watch) shown(x sight, product int) {
	w.served++
	if _, waiting := w.first[product]; !waiting {
		w.first[product] = x.at
	}
	for other := range w.waits {
		if _, waiting := w.waits[other][product]; other != x.shop && !waiting {
			w.waits[other][product] = x.at
		}
	}
}

// wrote: a row of a write request reached shop n; x.At is when its head arrived.
func (w *watch) wrote(n int, x model.Seen) {
	if x.Field != channel.Stock {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	product := productOf(x.Stock)
	at, waiting := w.waits[n][product]
	if !waiting {
		return
	}
	delete(w.waits[n], product)
	w.each = append(w.each, x.At.Sub(at))
	if first, open := w.first[product]; open {
		delete(w.first, product)
		w.any = append(w.any, x.At.Sub(first))
	}
}

// productOf is the product of a counter: a market with one place and one storefront gives each product two numbers.
func productOf(k channel.StockKey) int {
	serial, _ := strconv.Atoi(k.Key[len("m0S"):])
	return (serial - 1) / 2
}

// waiting is how many writes are still to come.
func (w *watch) waiting() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.waits {
		n += len(m)
	}
	return n + len(w.orders)
}

// shopReport is what the marketplaces saw since the last one.
type shopReport struct {
	Sales, Served, Writes int64
	Missing               int // sales that some shop was not told of
	Each, Any             []time.Duration
	CPU                   time.Duration // of the process of the marketplaces, buyers included
	Stats                 []model.Stats
}

// buy lets buyers buy, one order of one piece each, and waits until what follows from it was written.
func (s *street) buy(o order) {
	r := rand.New(rand.NewPCG(o.Seed, 7))
	gap := time.Second / time.Duration(o.Rate)
	began := time.Now()
	for n := 0; ; n++ {
		at := began.Add(time.Duration(n) * gap)
		if at.Sub(began) >= o.For {
			break
		}
		if wait := time.Until(at); wait > 0 {
			<-time.After(wait)
		}
		shop, product := r.IntN(len(s.markets)), r.IntN(s.plan.Products)
		if id, ok := s.markets[shop].Buy(channeltest.Item{SKU: sku(product), Quantity: 1}); ok {
			s.watch.bought(id, product)
		}
	}
	for end := time.Now().Add(10 * time.Second); s.watch.waiting() > 0 && time.Now().Before(end); {
		<-time.After(10 * time.Millisecond)
	}
}

func (s *street) report() shopReport {
	r := shopReport{Missing: s.watch.waiting(), CPU: cpu()}
	for _, m := range s.markets {
		x := m.Stats()
		r.Stats, r.Sales = append(r.Stats, x), r.Sales+x.Orders
	}
	w := s.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.each)
	slices.Sort(w.any)
	r.Served, r.Writes, r.Each, r.Any = w.served, w.writes, w.each, w.any
	return r
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
