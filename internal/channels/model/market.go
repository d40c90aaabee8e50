package model

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// Market is one marketplace: its catalogue, its counters, its orders, and what it has promised to do later. It is safe
// for concurrent use; called from one goroutine it is deterministic.
type Market struct {
	mu  sync.Mutex
	o   Options
	now time.Time // the latest instant it was asked at; never goes back

	listings []*listing // in the order they were added, without the ended ones
	byKey    map[channel.ListingKey]*listing
	bySKU    map[string][]*listing
	groups   map[string][]*listing
	counters []*counter
	byStock  map[channel.StockKey]*counter
	orders   []*order
	byOrder  map[string]*order

	feed    feed
	later   agenda
	jobs    map[channel.Ticket]*job
	hooks   hooks
	injects []farside.Fault
	calls   map[channel.Op]int64
	denied  map[channel.Op]bool
	buckets []bucket
	access  access
	serial  int64 // of ids and versions
	stats   Stats
}

// Stats counts what happened since the market opened.
type Stats struct {
	Orders, Refused int64 // orders taken, and turned away for lack of stock
	Units           int64 // units sold, net of nothing
	Oversold        int64 // units taken beyond what there was
	Writes          int64 // rows applied
	Stale           int64 // rows refused by compare or by sequence
	Repeats         int64 // rows recognised by their idempotency key
	Late            int64 // writes that landed after their answer was lost
	OverBudget      int64 // rows refused because the day's revisions were used up (I15)
	Ended           int64 // listings ended because a full replace left them out
	Throttled       int64 // calls refused by a quota
}

// counter is one number.
type counter struct {
	key      channel.StockKey
	n        int64
	untaken  int64 // open units the number has not moved for
	past     []past
	fence    int64
	keys     memory
	revision revisions
	listings []*listing
}

// past is one former state of a number: what readings could see from seen on.
type past struct {
	seen time.Time
	n    int64
}

// revisions counts writes of one day.
type revisions struct {
	day int64
	n   int
}

// listing is one thing on sale.
type listing struct {
	num         int64 // in the order of adding
	key         channel.ListingKey
	group, sku  string
	gtin, title string
	pool        channel.Pool
	active      bool
	gone        bool
	counters    []*counter // one for each location
	price       money.Amount
	past        []past // prices in minor units
	fence       int64
	revision    revisions
}

// New opens a market.
func New(o Options) (*Market, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	m := &Market{
		o: o, now: o.Now(),
		byKey: map[channel.ListingKey]*listing{}, bySKU: map[string][]*listing{}, groups: map[string][]*listing{},
		byStock: map[channel.StockKey]*counter{}, byOrder: map[string]*order{}, jobs: map[channel.Ticket]*job{},
		calls: map[channel.Op]int64{}, denied: map[channel.Op]bool{}, access: access{},
	}
	m.buckets = newBuckets(o.Caps.Limits, m.now)
	if o.Rival.Every > 0 {
		m.rival(m.now.Add(o.Rival.Every))
	}
	return m, nil
}

// enter locks the market and brings it to the present: what is due happens now. Callers defer the returned unlock.
func (m *Market) enter() func() {
	m.mu.Lock()
	t := m.o.Now()
	if t.Before(m.now) {
		t = m.now
	}
	for due, ok := m.later.pop(t); ok; due, ok = m.later.pop(t) {
		m.now = due.at
		due.do()
	}
	m.now = t
	return m.mu.Unlock
}

// Due returns when the next thing the market has planned will happen; ok is false when nothing is planned.
func (m *Market) Due() (at time.Time, ok bool) {
	defer m.enter()()
	if len(m.later.acts) == 0 {
		return time.Time{}, false
	}
	return m.later.acts[0].at, true
}

// Stats returns the counts so far.
func (m *Market) Stats() Stats {
	defer m.enter()()
	return m.stats
}

// Add puts products on sale: a listing for each storefront, a counter for each location; all stock is at the first.
func (m *Market) Add(products ...farside.Product) {
	defer m.enter()()
	for _, p := range products {
		m.add(p)
	}
}

func (m *Market) add(p farside.Product) {
	id := m.next()
	var places []*counter
	for i, where := range m.o.Locations {
		c := &counter{key: channel.StockKey{Key: m.o.Name + "S" + id, Location: where}}
		if i == 0 {
			c.n = p.Stock
		}
		m.note(&c.past, c.n, 0)
		m.counters, m.byStock[c.key], places = append(m.counters, c), c, append(places, c)
	}
	group := p.Group
	if group == "" {
		group = "single-" + id
	}
	for _, front := range m.o.Storefronts {
		m.serial++
		x := &listing{
			num: m.serial, key: channel.ListingKey(m.o.Name + "L" + id), group: m.o.Name + group, sku: p.SKU, gtin: p.GTIN, title: p.Title,
			pool: channel.Merchant, active: true, counters: places, price: p.Price,
		}
		if front != "" {
			x.key += channel.ListingKey("@" + front)
			x.group += "@" + front
		}
		for _, c := range places {
			c.listings = append(c.listings, x)
		}
		m.note(&x.past, x.price.Minor, 0)
		m.listings, m.byKey[x.key] = append(m.listings, x), x
		m.bySKU[x.sku] = append(m.bySKU[x.sku], x)
		m.groups[x.group] = append(m.groups[x.group], x)
	}
}

// End takes a listing off the market: it is in no list and cannot be written. ok is false when there is none.
func (m *Market) End(key channel.ListingKey) (ok bool) {
	defer m.enter()()
	return m.end(key)
}

func (m *Market) end(key channel.ListingKey) bool {
	x := m.byKey[key]
	if x == nil || x.gone {
		return false
	}
	x.gone = true
	m.listings = slices.DeleteFunc(m.listings, func(y *listing) bool { return y == x })
	return true
}

// Move hands a listing to the channel's own warehouse, or back: pool is who keeps the goods.
func (m *Market) Move(key channel.ListingKey, pool channel.Pool) (ok bool) {
	defer m.enter()()
	x := m.byKey[key]
	if x == nil {
		return false
	}
	x.pool = pool
	return true
}

// Rename changes the SKU of a listing; its key stays (F34).
func (m *Market) Rename(key channel.ListingKey, sku string) (ok bool) {
	defer m.enter()()
	x := m.byKey[key]
	if x == nil {
		return false
	}
	m.bySKU[x.sku] = slices.DeleteFunc(m.bySKU[x.sku], func(y *listing) bool { return y == x })
	x.sku = sku
	m.bySKU[sku] = append(m.bySKU[sku], x)
	return true
}

// SetStock is the owner's hand edit of a counter.
func (m *Market) SetStock(key channel.StockKey, n int64) {
	defer m.enter()()
	if c := m.byStock[key]; c != nil {
		m.set(c, n, 0)
	}
}

// SetPrice is the owner's hand edit of a price.
func (m *Market) SetPrice(key channel.ListingKey, p money.Amount) {
	defer m.enter()()
	if x := m.byKey[key]; x != nil {
		m.setPrice(x, p, 0)
	}
}

// set makes n the number of c; readings see it after a delay of up to settle.
func (m *Market) set(c *counter, n int64, settle time.Duration) {
	c.n = n
	m.note(&c.past, n, settle)
	m.hint("stock", c.listings[0].key)
}

func (m *Market) setPrice(x *listing, p money.Amount, settle time.Duration) {
	x.price = p
	m.note(&x.past, p.Minor, settle)
	m.hint("price", x.key)
}

// note remembers a state for readings that lag, and forgets what no reading can see any more.
func (m *Market) note(h *[]past, n int64, settle time.Duration) {
	seen := m.now.Add(m.within(settle))
	*h = append(*h, past{seen, n})
	old := m.now.Add(-m.o.Caps.Read.Lag)
	k := 0
	for k+1 < len(*h) && !(*h)[k+1].seen.After(old) {
		k++
	}
	*h = append((*h)[:0], (*h)[k:]...)
}

// at returns the state a reading made as of t shows.
func at(h []past, t time.Time) int64 {
	for i := len(h) - 1; i > 0; i-- {
		if !h[i].seen.After(t) {
			return h[i].n
		}
	}
	return h[0].n
}

// asOf draws how old the reading being made is.
func (m *Market) asOf() time.Time { return m.now.Add(-m.within(m.o.Caps.Read.Lag)) }

// within draws a duration of 0 … d.
func (m *Market) within(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(m.o.Rand.Int64N(int64(d) + 1))
}

// chance is true in perMille of 1,000 cases.
func (m *Market) chance(perMille int) bool {
	return perMille > 0 && m.o.Rand.IntN(1000) < perMille
}

// next makes the number of the next id.
func (m *Market) next() string {
	m.serial++
	return strconv.FormatInt(m.serial, 10)
}
