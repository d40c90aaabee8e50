package fake

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// Options make a store. The zero value is a store in euro with one stock location.
type Options struct {
	Now func() time.Time // nil: the machine's clock
	// Username and Password log in; APIKey is accepted in their place. All empty: nobody gets in.
	Username, Password, APIKey string
	// Canary are the buyer data in every order.
	Canary []string
	// Locations are the names of the stock locations; empty: one.
	Locations []string
	// Currencies of the channel, the default one first; empty: EUR.
	Currencies []money.Currency
	// NetPrices makes a store whose prices hold no tax.
	NetPrices bool
	// Precision is the number of decimals the store keeps money with; 0 means 2, -1 means none.
	Precision int
	// ChannelToken is the token of the store's channel; empty: "default-channel-token".
	ChannelToken string
	// Untracked makes a store whose variants track no inventory unless they say so; Threshold is the store's own
	// out-of-stock threshold.
	Untracked bool
	Threshold int64
	// Commit is how long after its date an order can be read: its payment's transaction; 0 means 5 s. Every third order
	// takes four times as long.
	Commit time.Duration
}

// Server is a store. It is safe for concurrent use.
type Server struct {
	opt Options

	mu       sync.Mutex
	ids      int
	variants []*variant
	products map[string]string // group → product id
	orders   []*order
	tokens   map[string]bool
	denied   map[string]bool // rights the login lacks
	fault    farside.Fault
	seen     int // requests so far
}

var _ farside.Shop = (*Server)(nil)

// New makes an empty store.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Locations) == 0 {
		o.Locations = []string{"Default Stock Location"}
	}
	if len(o.Currencies) == 0 {
		o.Currencies = []money.Currency{"EUR"}
	}
	switch o.Precision {
	case 0:
		o.Precision = 2
	case -1:
		o.Precision = 0
	}
	if o.ChannelToken == "" {
		o.ChannelToken = "default-channel-token"
	}
	if o.Commit == 0 {
		o.Commit = 5 * time.Second
	}
	return &Server{opt: o, products: map[string]string{}, tokens: map[string]bool{}, denied: map[string]bool{}}
}

// variant is one product variant.
type variant struct {
	id, product, sku, name string
	enabled                bool
	tracks                 string // TRUE, FALSE, INHERIT
	threshold              int64
	ownThreshold           bool
	prices                 map[money.Currency]int64 // in the store's units
	levels                 map[string]level         // by location id
	at                     time.Time                // updatedAt
}

type level struct{ onHand, allocated int64 }

// place returns the id of the i-th location.
func (s *Server) place(i int) string { return strconv.Itoa(i + 1) }

func (s *Server) id() string {
	s.ids++
	return strconv.Itoa(s.ids)
}

// units and amount convert money to what the store keeps and back.
func (s *Server) units(a money.Amount) int64 {
	n := a.Minor
	for d := a.Currency.Digits(); d < s.opt.Precision; d++ {
		n *= 10
	}
	return n
}

func (s *Server) amount(units int64, c money.Currency) money.Amount {
	for d := c.Digits(); d < s.opt.Precision; d++ {
		units /= 10
	}
	return money.Of(units, c)
}

// Add puts products on sale; the first stock location gets the stock, others have none.
func (s *Server) Add(products ...farside.Product) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range products {
		group := p.Group
		if group == "" {
			group = "own-" + strconv.Itoa(s.ids)
		}
		if s.products[group] == "" {
			s.products[group] = strconv.Itoa(len(s.products) + 1)
		}
		v := &variant{
			id: strconv.Itoa(len(s.variants) + 1), product: s.products[group], sku: p.SKU, name: p.Title, enabled: true, tracks: "INHERIT",
			prices: map[money.Currency]int64{p.Price.Currency: s.units(p.Price)}, levels: map[string]level{}, at: s.opt.Now(),
		}
		for i := range s.opt.Locations {
			v.levels[s.place(i)] = level{}
		}
		v.levels[s.place(0)] = level{onHand: p.Stock}
		s.variants = append(s.variants, v)
	}
}

func (s *Server) counts(v *variant) bool {
	return v.tracks == "TRUE" || v.tracks == "INHERIT" && !s.opt.Untracked
}

// saleable is what a buyer can still get.
func (s *Server) saleable(v *variant) int64 {
	if !s.counts(v) {
		return money.MaxQuantity
	}
	n := -s.opt.Threshold
	if v.ownThreshold {
		n = -v.threshold
	}
	for _, l := range v.levels {
		n += l.onHand - l.allocated
	}
	return n
}

func (s *Server) bySKU(sku string) *variant {
	for _, v := range s.variants {
		if v.sku == sku {
			return v
		}
	}
	return nil
}

func (s *Server) byID(id string) *variant {
	if n, err := strconv.Atoi(id); err == nil && n >= 1 && n <= len(s.variants) && s.variants[n-1] != nil && s.variants[n-1].id == id {
		return s.variants[n-1]
	}
	for _, v := range s.variants {
		if v.id == id {
			return v
		}
	}
	return nil
}

// SetStock is the owner's hand edit of stock on hand.
func (s *Server) SetStock(key channel.StockKey, n int64) {
	s.edit(key.Key, func(v *variant) {
		l := v.levels[key.Location]
		l.onHand = n
		v.levels[key.Location] = l
	})
}

// SetPrice is the owner's hand edit of a price.
func (s *Server) SetPrice(key channel.ListingKey, p money.Amount) {
	s.edit(string(key), func(v *variant) { v.prices[p.Currency] = s.units(p) })
}

// SetTracking sets a variant's trackInventory: TRUE, FALSE or INHERIT.
func (s *Server) SetTracking(key channel.ListingKey, flag string) {
	s.edit(string(key), func(v *variant) { v.tracks = flag })
}

// SetThreshold gives a variant an out-of-stock threshold of its own.
func (s *Server) SetThreshold(key channel.ListingKey, n int64) {
	s.edit(string(key), func(v *variant) { v.threshold, v.ownThreshold = n, true })
}

// Remove takes a variant out of the catalogue.
func (s *Server) Remove(key channel.ListingKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.variants = slices.DeleteFunc(s.variants, func(v *variant) bool { return v.id == string(key) })
}

// EndSessions forgets every login: the next call with an old token is FORBIDDEN.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Deny takes a right such as ReadOrder from the login and the key.
func (s *Server) Deny(right string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[right] = true
}

func (s *Server) edit(id string, f func(*variant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.byID(id); v != nil {
		f(v)
		v.at = s.opt.Now()
	}
}

// Truth is what the store really holds.
func (s *Server) Truth() farside.Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := farside.Truth{
		Counts: map[channel.StockKey]int64{}, Sellable: map[string]int64{}, Prices: map[channel.ListingKey]money.Amount{},
		SKUs: map[channel.ListingKey]string{}, Stocks: map[channel.ListingKey][]channel.StockKey{},
	}
	for _, v := range s.variants {
		key := channel.ListingKey(v.id)
		t.SKUs[key] = v.sku
		t.Sellable[v.sku] += max(0, s.saleable(v))
		if n, ok := v.prices[s.opt.Currencies[0]]; ok {
			t.Prices[key] = s.amount(n, s.opt.Currencies[0])
		}
		if !s.counts(v) {
			continue
		}
		for _, place := range slices.Sorted(maps.Keys(v.levels)) {
			k := channel.StockKey{Key: v.id, Location: place}
			t.Counts[k] = v.levels[place].onHand
			t.Stocks[key] = append(t.Stocks[key], k)
		}
	}
	for _, o := range s.orders {
		if o.placed.IsZero() {
			continue
		}
		t.Orders = append(t.Orders, o.truth())
	}
	return t
}

// Inject makes the next matching requests fail; the zero Fault ends that.
func (s *Server) Inject(f farside.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Requests is how many requests came.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}
