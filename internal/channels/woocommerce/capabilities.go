package woocommerce

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

const (
	// mostBatch is the shop's own limit of rows a batch; more is refused as a whole with 413.
	mostBatch = 100
	// defaultBatch keeps a call short on a slow host, where 100 rows can take longer than a proxy waits.
	defaultBatch = 50
	// mostKeys bounds the requests one Read makes: variations need one for each parent.
	mostKeys = 50
	// pageSize is the most rows a list answers.
	pageSize = 100
	// lag is how long an order may take to show all it did: its status is saved first, the stock and the tally on the lines
	// after, within one PHP request (30 s by default).
	lag = 30 * time.Second
	// overlap is how far before the newest change seen the next poll starts: times have whole seconds and the filter is
	// exclusive, hence the two seconds more.
	overlap = lag + 2*time.Second
	// longest is a client deadline of a minute and a minute of PHP going on without a listener.
	longest = 2 * time.Minute
	// rest is how long to wait after a 429 or 503 that does not say.
	rest = 30 * time.Second
)

// Capabilities says what this shop can do. It asks the shop whether the key may read orders: a role made for stock alone
// may not, and then there is no feed.
func (a *adapter) Capabilities(ctx context.Context) (channel.Capabilities, error) {
	feed, err := a.mayList("/wc/v3/orders")(ctx)
	if err != nil {
		return channel.Capabilities{}, err
	}
	b := channel.BatchCaps{MaxBatch: a.set.batch, ByGroup: true, Longest: longest}
	return channel.Capabilities{
		Stock: channel.StockCaps{
			BatchCaps: b, Mode: channel.Absolute, Moment: a.set.moment, Max: money.MaxQuantity, Zero: channel.SetZero,
		},
		Price:    channel.PriceCaps{BatchCaps: b, Write: true, TaxIncluded: a.set.tax},
		Sales:    channel.SalesCaps{Feed: feed, Lag: lag, Poll: time.Minute},
		Read:     channel.ReadCaps{MaxKeys: mostKeys, Sweep: 24 * time.Hour},
		Currency: a.set.currency,
		// The shop has no limit of its own; this is what a small host bears, one request at a time.
		Limits: []channel.Limit{{Name: "requests", Rate: 5, Per: time.Second, Burst: 60, Reserve: 10}},
	}, nil
}
