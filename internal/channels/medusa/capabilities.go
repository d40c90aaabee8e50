package medusa

import (
	"context"
	"net/url"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

const (
	// mostLevels rows took the shop less than 0.1 s; more would only make a refused batch dearer.
	mostLevels = 100
	// mostPrices keeps a price write small, for its rows are read just before and may change meanwhile; the shop takes 2 MiB.
	mostPrices = 50
	// mostKeys keeps the address of a read below the 8 KiB that proxies take.
	mostKeys = 100
	// longest is how long a request may still take effect after its answer was lost: the shop works on what it has taken
	// in, however long ago the caller left.
	longest = 2 * time.Minute
	// feedLag covers the time between the order's own stamp and its commit.
	feedLag = 10 * time.Second
)

// Capabilities asks the shop whether the location exists and whether its prices hold VAT.
func (s *shop) Capabilities(ctx context.Context) (channel.Capabilities, error) {
	if err := s.checkLocation(ctx); err != nil {
		return channel.Capabilities{}, err
	}
	tax, err := s.taxOf(ctx)
	if err != nil {
		return channel.Capabilities{}, err
	}
	return channel.Capabilities{
		Stock: channel.StockCaps{
			BatchCaps: channel.BatchCaps{MaxBatch: mostLevels, AllOrNothing: true, Longest: longest},
			Mode:      channel.Absolute, Moment: channel.AtShipped, Zero: channel.SetZero,
		},
		Price: channel.PriceCaps{
			BatchCaps: channel.BatchCaps{MaxBatch: mostPrices, ByGroup: true, Longest: longest},
			Write:     true, TaxIncluded: tax,
		},
		Sales:    channel.SalesCaps{Feed: true, Lag: feedLag, Poll: 30 * time.Second},
		Read:     channel.ReadCaps{MaxKeys: mostKeys, Sweep: 10 * time.Minute},
		Currency: s.currency,
		// The shop has no limit of its own. Checking a key costs it about 40 ms of its one thread, so this is what leaves
		// it most of its time for buyers.
		Limits: []channel.Limit{{Name: "requests", Rate: 8, Per: time.Second, Burst: 40, Reserve: 20}},
	}, nil
}

// checkLocation refuses a location the shop does not have: every write to it would be refused one by one.
func (s *shop) checkLocation(ctx context.Context) error {
	if s.location == "" {
		return nil
	}
	body, err := s.get(ctx, channel.OpRead, pathLocations, only(wanting(locationFields), []string{s.location}))
	if err != nil {
		return fault.Wrap("look for the stock location", err)
	}
	l, err := decodeList(body, "stock_locations")
	if err != nil {
		return err
	}
	if len(l.rows) == 0 {
		return fault.New(fault.Invalid, "the shop has no stock location %q; copy the id from the shop's settings", s.location)
	}
	return nil
}

// taxOf says whether prices hold VAT: by the account's setting, else by the shop's preference for the currency. Without a
// preference the shop takes prices as net. It is nil when the shop does not let us see.
func (s *shop) taxOf(ctx context.Context) (*bool, error) {
	if s.taxIncluded != nil {
		return s.taxIncluded, nil
	}
	q := wanting(preferenceFields)
	q.Set("attribute", "currency_code")
	q.Set("value", strings.ToLower(string(s.currency)))
	body, err := s.get(ctx, channel.OpRead, pathPreferences, q)
	switch {
	case fault.Is(err, fault.Forbidden), fault.Is(err, fault.Invalid):
		return nil, nil
	case err != nil:
		return nil, fault.Wrap("ask whether prices hold VAT", err)
	}
	l, err := decodeList(body, "price_preferences")
	if err != nil {
		return nil, err
	}
	included := false
	for _, row := range l.rows {
		o, err := open(row, "is_tax_inclusive")
		if err != nil {
			return nil, badAnswer(err)
		}
		if included, err = o.flag("is_tax_inclusive"); err != nil {
			return nil, badAnswer(err)
		}
	}
	return &included, nil
}

// Probe tests what the key may read, and that the shop knows the currency and the location.
func (s *shop) Probe(ctx context.Context) (channel.Grant, error) {
	body, err := s.get(ctx, channel.OpAuth, pathStores, wanting(storeFields))
	if err != nil {
		return channel.Grant{}, fault.Wrap("ask for the store", err)
	}
	name, currencies, err := decodeStore(body)
	if err != nil {
		return channel.Grant{}, err
	}
	known := len(currencies) == 0
	for _, c := range currencies {
		known = known || strings.EqualFold(c, string(s.currency))
	}
	if !known {
		return channel.Grant{}, fault.New(fault.Invalid, "the shop does not sell in %s; its currencies are %s", s.currency, strings.ToUpper(strings.Join(currencies, ", ")))
	}
	if err := s.checkLocation(ctx); err != nil {
		return channel.Grant{}, err
	}
	g := channel.Grant{Identity: name}
	for _, p := range []struct{ name, reason, path string }{
		{"products", "read variants and prices; the same right writes prices", pathVariants},
		{"inventory", "read stock; the same right writes stock", pathInventory},
		{"orders", "read which units are sold; nothing of the buyer is asked for", pathOrders},
	} {
		_, err := s.get(ctx, channel.OpAuth, p.path, url.Values{"fields": {idFields}, "limit": {"1"}})
		if err != nil && !fault.Is(err, fault.Forbidden) {
			return channel.Grant{}, fault.Wrap("test the right to "+p.name, err)
		}
		g.Scopes = append(g.Scopes, channel.Scope{Name: p.name, Reason: p.reason, Granted: err == nil})
	}
	return g, nil
}

// decodeStore reads the shop's name and its currencies.
func decodeStore(body []byte) (name string, currencies []string, err error) {
	l, err := decodeList(body, "stores")
	if err != nil {
		return "", nil, err
	}
	if len(l.rows) == 0 {
		return "", nil, badAnswer(fault.New(fault.Invalid, "it names no store"))
	}
	o, err := open(l.rows[0], "name", "supported_currencies")
	if err != nil {
		return "", nil, badAnswer(err)
	}
	if name, err = o.key("name"); err != nil {
		return "", nil, badAnswer(err)
	}
	if !o.has("supported_currencies") {
		return name, nil, nil
	}
	rows, err := o.rows("supported_currencies")
	if err != nil {
		return "", nil, badAnswer(err)
	}
	for _, row := range rows {
		c, err := open(row, "currency_code")
		if err != nil {
			return "", nil, badAnswer(err)
		}
		code, err := c.key("currency_code")
		if err != nil {
			return "", nil, badAnswer(err)
		}
		currencies = append(currencies, code)
	}
	return name, currencies, nil
}
