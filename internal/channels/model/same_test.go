package model_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/money"
)

// full is what both ways to a market are.
type full interface {
	channel.Channel
	channel.Seller
	channel.Reader
	channel.Poller
}

// The simulator trusts the channel in process, production the adapter over HTTP: both must tell the same of one history.
func TestInProcessAndOverHTTPTellTheSame(t *testing.T) {
	for _, p := range model.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			var twin *model.Market
			l := channeltest.Open(t, channeltest.Target{
				Driver: model.Driver(), Secrets: map[string]string{"token": token},
				New: func(t testing.TB, now func() time.Time) channeltest.Shop {
					o := p.Apply(model.Options{Name: "m", Now: now})
					o.Caps.Sales.Lag, o.Caps.Read.Lag, o.Caps.Stock.Settle, o.Caps.Price.Settle, o.Async.Queue = 0, 0, 0, 0, 0
					m, err := model.New(o)
					if err != nil {
						t.Fatal(err)
					}
					if twin, err = model.New(o); err != nil {
						t.Fatal(err)
					}
					return model.NewServer(m)
				},
			})
			compare(t, l, twin)
		})
	}
}

func compare(t *testing.T, l *channeltest.Link, twin *model.Market) {
	t.Helper()
	shops := []interface {
		Add(...channeltest.Product)
		Buy(...channeltest.Item) (string, bool)
		Pay(string)
		Ship(string)
		Cancel(string)
	}{l.Shop, twin}
	channels := []full{l.Channel.(full), twin.Channel(nil)}
	r := rand.New(rand.NewPCG(9, 9))
	for _, s := range shops {
		for i := range 6 {
			s.Add(channeltest.Product{SKU: fmt.Sprint("P", i), GTIN: "4006381333931", Title: "thing", Group: fmt.Sprint("G", i/3), Stock: 20, Price: money.Of(1234, "EUR")})
		}
	}
	var orders []string
	at := []channel.Cursor{"", ""}
	for round := range 40 {
		sku, n, what, which := fmt.Sprint("P", r.IntN(6)), r.Int64N(3)+1, r.IntN(5), r.IntN(len(orders)+1)
		quantity, pick := r.Int64N(15), r.IntN(6)
		var said [2][]any
		for i, s := range shops {
			id, ok := "", false
			switch {
			case what < 2 || which == len(orders):
				if id, ok = s.Buy(channeltest.Item{SKU: sku, Quantity: n}); ok && i == 1 {
					orders = append(orders, id)
				}
			case what == 2:
				s.Pay(orders[which])
			case what == 3:
				s.Ship(orders[which])
			default:
				s.Cancel(orders[which])
			}
			said[i] = append(said[i], id, ok)
			said[i] = append(said[i], tell(t, channels[i], &at[i], int64(round), quantity, pick)...)
		}
		if diff := cmp.Diff(said[1], said[0]); diff != "" {
			t.Fatalf("round %d (-in process +over HTTP):\n%s", round, diff)
		}
		l.Clock.Advance(time.Second)
	}
}

// tell reads everything and writes one counter.
func tell(t *testing.T, c full, at *channel.Cursor, ref, quantity int64, pick int) []any {
	t.Helper()
	p, err := c.List(t.Context(), "")
	if err != nil || len(p.Listings) == 0 {
		t.Fatalf("List() = %d listings, %v", len(p.Listings), err)
	}
	x := p.Listings[pick%len(p.Listings)]
	ref1 := channel.ListingRef{Key: x.Key, Group: x.Group}
	k, err := c.Read(t.Context(), channel.Keys{Stock: []channel.StockKey{x.Stock[0].StockKey, {Key: "none"}}, Prices: []channel.ListingRef{ref1, {Key: "none"}}})
	if err != nil {
		t.Fatalf("Read() = %v", err)
	}
	for i := range k.Listings {
		k.Listings[i].Stock = nil // over HTTP a read of prices does not repeat the counters
	}
	b := channel.Batch{Field: channel.Stock, Group: x.Group, Writes: []channel.Write{{
		Ref: ref, Stock: x.Stock[0].StockKey, Listing: ref1, Quantity: quantity, Base: k.Counts[0].Quantity - quantity%2, Delta: quantity - 7, Key: fmt.Sprint(ref % 7), Sequence: ref ^ 3,
	}}}
	receipt, err := c.Submit(t.Context(), b)
	if err != nil {
		t.Fatalf("Submit() = %v", err)
	}
	out := []any{p, k, receipt}
	if receipt.Ticket != "" {
		os, done, err := c.Poll(t.Context(), receipt.Ticket)
		out = append(out, os, done, err == nil)
	}
	s, err := c.Sales(t.Context(), *at)
	if err != nil {
		t.Fatalf("Sales(%q) = %v", *at, err)
	}
	*at = s.Next
	return append(out, s)
}
