package vendure

import (
	"context"
	"slices"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// maxStock is the largest stockOnHand: a GraphQL Int.
const maxStock = 1<<31 - 1

// longest is the longest a sent call can still take effect: a client's deadline and the store's own transaction.
const longest = 2 * time.Minute

// site is what an account must know of its store before it can read a row.
type site struct {
	currency    money.Currency
	precision   int // decimals of every amount of the store, whatever the currency
	taxIncluded bool
	tracks      bool  // what a variant inherits
	threshold   int64 // what a variant inherits
	// places are the stock locations this account uses: the chosen one, the only one, or all.
	places []string
}

// single reports whether one place was chosen, so that a variant without a level there has zero.
func (s site) single() bool { return len(s.places) == 1 }

// facts returns what is known of the store and asks when nothing is.
func (s *shop) facts(ctx context.Context, op channel.Op) (site, error) {
	if st := s.site.Load(); st != nil {
		return *st, nil
	}
	return s.learn(ctx, op)
}

// learn asks the store for its settings.
func (s *shop) learn(ctx context.Context, op channel.Op) (site, error) {
	data, err := s.client.ask(ctx, op, docSite, nil)
	if err != nil {
		return site{}, fault.Wrap("read the store's settings", err)
	}
	row, err := decodeSite(data)
	if err != nil {
		return site{}, err
	}
	st, err := s.fit(row)
	if err != nil {
		return site{}, err
	}
	s.site.Store(&st)
	return st, nil
}

// fit checks the account's settings against the store's.
func (s *shop) fit(row siteRow) (site, error) {
	// With a single channel the store ignores a wrong token and answers for the only channel it has.
	if s.client.channel != "" && s.client.channel != row.Channel.Token {
		return site{}, fault.New(fault.Invalid, "the store has no channel with the token in the setting channel_token")
	}
	code := row.Channel.Currency
	if s.currency != "" {
		code = string(s.currency)
		if !slices.Contains(row.Channel.Currencies, code) {
			return site{}, fault.New(fault.Invalid, "the store's channel has no prices in %s: it has %s", code, strings.Join(row.Channel.Currencies, ", "))
		}
	}
	currency, err := money.ParseCurrency(code)
	if err != nil {
		return site{}, err
	}
	places, err := s.places(row)
	if err != nil {
		return site{}, err
	}
	return site{
		currency: currency, precision: row.Precision, taxIncluded: row.Channel.PricesIncludeTax,
		tracks: row.Tracks, threshold: row.Threshold, places: places,
	}, nil
}

// places picks the stock locations: the setting names one by id or by name.
func (s *shop) places(row siteRow) ([]string, error) {
	var ids, named, names []string
	for _, p := range row.Places {
		if s.location == p.ID {
			return []string{p.ID}, nil
		}
		if s.location == p.Name {
			named = append(named, p.ID)
		}
		ids, names = append(ids, p.ID), append(names, p.Name+" ("+p.ID+")")
	}
	switch {
	case s.location != "" && len(named) == 1:
		return named, nil
	case s.location != "":
		return nil, fault.New(fault.Invalid, "the setting location names none or several of the store's stock locations: %.300s", strings.Join(names, ", "))
	case row.MorePlaces:
		return nil, fault.New(fault.Invalid, "the store has more than %d stock locations: name one in the setting location", len(ids))
	case len(ids) == 0:
		return nil, fault.New(fault.Invalid, "the store's channel has no stock location")
	}
	return ids, nil
}

// Capabilities says what the store can do; it asks for currency, tax mode and stock locations.
func (s *shop) Capabilities(ctx context.Context) (channel.Capabilities, error) {
	st, err := s.learn(ctx, channel.OpList)
	if err != nil {
		return channel.Capabilities{}, err
	}
	// One refused row rolls the call back; 100 rows take about 0.7 s.
	batch := channel.BatchCaps{MaxBatch: pageSize, AllOrNothing: true, Longest: longest}
	return channel.Capabilities{
		Stock: channel.StockCaps{
			BatchCaps: batch, Mode: channel.Absolute, Moment: channel.AtShipped, Max: maxStock, Zero: channel.SetZero,
		},
		Price: channel.PriceCaps{BatchCaps: batch, Write: true, TaxIncluded: &st.taxIncluded},
		// An order is dated when its payment is taken and seen when that transaction ends.
		Sales: channel.SalesCaps{Feed: true, Lag: 30 * time.Second, Poll: 30 * time.Second},
		Read:  channel.ReadCaps{MaxKeys: pageSize, Sweep: 30 * time.Minute},
		// Vendure itself has no limits: this one keeps the connector from crowding out buyers.
		Limits:   []channel.Limit{{Name: "courtesy", Rate: 10, Per: time.Second, Burst: 30}},
		Currency: st.currency,
	}, nil
}

// Probe asks for one row of everything the account needs; the right to write is asked for with an empty input, which
// changes nothing.
func (s *shop) Probe(ctx context.Context) (channel.Grant, error) {
	data, err := s.client.ask(ctx, channel.OpAuth, docAlive, nil)
	if err != nil {
		return channel.Grant{}, err
	}
	code, err := decodeAlive(data)
	if err != nil {
		return channel.Grant{}, err
	}
	g := channel.Grant{Identity: "Vendure channel " + code}
	for _, p := range []struct{ doc, name, reason string }{
		{docMayRead, "ReadCatalog", "read variants, prices and stock levels"},
		{docMayLocate, "ReadStockLocation", "know the stock locations"},
		{docMayWrite, "UpdateCatalog", "write stock on hand and prices"},
		{docMaySell, "ReadOrder", "count units of orders; no customer field is asked for"},
	} {
		_, err := s.client.ask(ctx, channel.OpAuth, p.doc, nil)
		if err != nil && !fault.Is(err, fault.Forbidden) {
			return channel.Grant{}, fault.Wrap("test the right "+p.name, err)
		}
		g.Scopes = append(g.Scopes, channel.Scope{Name: p.name, Reason: p.reason, Granted: err == nil})
	}
	return g, nil
}
