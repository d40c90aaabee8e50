package service

import (
	"context"
	"slices"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Overview is how everything stands, for one page.
type Overview struct {
	At       ident.Micros      `json:"at"`
	Items    int64             `json:"items"`
	Accounts []AccountOverview `json:"accounts"`
	Inbox    int64             `json:"inbox"` // open findings
	Pauses   int64             `json:"pauses"`
	Sales    []store.Sale      `json:"sales"`
}

// AccountOverview is how one account stands.
type AccountOverview struct {
	Account
	Progress  store.Progress `json:"progress"`
	Counters  Share          `json:"counters"`
	Prices    Share          `json:"prices"`
	Marked    int64          `json:"marked"`    // to be decided
	Stock     int64          `json:"stock"`     // to be written
	Price     int64          `json:"price"`     // to be written
	InFlight  int64          `json:"in_flight"` // sent, not answered
	Findings  int64          `json:"findings"`
	Latencies []Latency      `json:"latencies"`
}

// Share is how many targets are verified of how many that are ours to verify; those without a target (not bound, not
// counted, channel-fulfilled) are not ours.
type Share struct {
	Verified int64            `json:"verified"`
	Managed  int64            `json:"managed"`
	Other    map[string]int64 `json:"other"` // not verified, by state
}

// Percent is the verified share in percent, rounded down: 100 means all.
func (s Share) Percent() int64 {
	if s.Managed == 0 {
		return 100
	}
	return s.Verified * 100 / s.Managed
}

// sizes keeps how much there is of each account for a minute: counting to a million takes long, and it hardly changes.
type sizes struct {
	mu    sync.Mutex
	of    map[ident.Tenant][]store.Size
	items map[ident.Tenant]int64
	until map[ident.Tenant]ident.Micros
}

const (
	sizesFor    = time.Minute
	lastSales   = 20
	latencyBack = 24 * time.Hour
)

func (s *Service) sizesOf(ctx context.Context, tx *store.Tx, who Caller) ([]store.Size, int64, error) {
	now := s.Now()
	s.sizes.mu.Lock()
	of, items, until := s.sizes.of[who.Tenant], s.sizes.items[who.Tenant], s.sizes.until[who.Tenant]
	s.sizes.mu.Unlock()
	if now < until {
		return of, items, nil
	}
	of, err := tx.Sizes(ctx, who.Tenant)
	if err != nil {
		return nil, 0, err
	}
	if items, err = tx.CountItems(ctx, who.Tenant); err != nil {
		return nil, 0, err
	}
	s.sizes.mu.Lock()
	defer s.sizes.mu.Unlock()
	if s.sizes.of == nil {
		s.sizes.of, s.sizes.items, s.sizes.until = map[ident.Tenant][]store.Size{}, map[ident.Tenant]int64{}, map[ident.Tenant]ident.Micros{}
	}
	s.sizes.of[who.Tenant], s.sizes.items[who.Tenant] = of, items
	if small(of) {
		return of, items, nil // counting is cheap: always fresh
	}
	s.sizes.until[who.Tenant] = now.Add(sizesFor)
	return of, items, nil
}

// small reports whether counting takes no time to speak of.
func small(of []store.Size) bool {
	var n int64
	for _, x := range of {
		n += x.Counters + x.Listings
	}
	return n < 50_000
}

// Overview returns how everything stands. It reads indexes that hold open work only, so its cost follows what is open, not
// how much there is.
func (s *Service) Overview(ctx context.Context, who Caller) (o Overview, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		o = Overview{At: s.Now(), Accounts: []AccountOverview{}}
		accounts, err := tx.Accounts(ctx, who.Tenant)
		if err != nil {
			return err
		}
		parts, err := s.overviewParts(ctx, tx, who)
		if err != nil {
			return err
		}
		o.Items = parts.items
		for _, a := range accounts {
			v := AccountOverview{Account: accountOf(a)}
			if v.Progress, err = tx.Progress(ctx, who.Tenant, a.ID); err != nil {
				return err
			}
			parts.fill(&v)
			o.Accounts = append(o.Accounts, v)
		}
		for _, f := range parts.findings {
			o.Inbox += f.N
		}
		pauses, err := tx.PauseList(ctx, who.Tenant, false, maxLimit)
		if err != nil {
			return err
		}
		o.Pauses = int64(len(pauses))
		o.Sales, err = tx.LastSales(ctx, who.Tenant, lastSales)
		return err
	})
	return o, err
}

// parts is what an overview is made of, for all accounts.
type parts struct {
	items            int64
	sizes            []store.Size
	counters, prices []store.Tally
	queues           []store.Queue
	findings         []store.Tally
	latencies        []Latency
}

func (s *Service) overviewParts(ctx context.Context, tx *store.Tx, who Caller) (p parts, err error) {
	if p.sizes, p.items, err = s.sizesOf(ctx, tx, who); err != nil {
		return p, err
	}
	if p.counters, err = tx.OpenCounters(ctx, who.Tenant); err != nil {
		return p, err
	}
	if p.prices, err = tx.OpenPrices(ctx, who.Tenant); err != nil {
		return p, err
	}
	if p.queues, err = tx.Queues(ctx, who.Tenant); err != nil {
		return p, err
	}
	if p.findings, err = tx.OpenFindings(ctx, who.Tenant); err != nil {
		return p, err
	}
	delays, err := tx.Delays(ctx, who.Tenant, 0, s.Now().Add(-latencyBack))
	p.latencies = latenciesOf(delays)
	return p, err
}

// fill completes one account's part.
func (p parts) fill(v *AccountOverview) {
	for _, x := range p.sizes {
		if x.Account == v.ID {
			v.Counters, v.Prices = shareOf(x.Counters, p.counters, v.ID), shareOf(x.Listings, p.prices, v.ID)
		}
	}
	for _, q := range p.queues {
		if q.Account == v.ID {
			v.Marked, v.Stock, v.Price, v.InFlight = q.Marked, q.Stock, q.Price, q.Flight
		}
	}
	for _, f := range p.findings {
		if f.Account == v.ID {
			v.Findings += f.N
		}
	}
	v.Latencies = []Latency{}
	for _, l := range p.latencies {
		if l.Account == v.ID {
			v.Latencies = append(v.Latencies, l)
		}
	}
}

// notOurs are the states of targets that nobody can verify.
func notOurs(state string) bool {
	return slices.Contains([]string{"new", "absent", "foreign"}, state)
}

func shareOf(all int64, open []store.Tally, a ident.Account) Share {
	s := Share{Verified: all, Managed: all, Other: map[string]int64{}}
	for _, t := range open {
		if t.Account != a {
			continue
		}
		s.Other[t.State] += t.N
		s.Verified -= t.N
		if notOurs(t.State) {
			s.Managed -= t.N
		}
	}
	s.Verified, s.Managed = max(0, s.Verified), max(0, s.Managed)
	return s
}
