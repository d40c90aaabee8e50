package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/flow"
)

// stall is one marketplace of the demo.
type stall struct {
	name   string
	role   flow.Role
	market *model.Market
	server *http.Server
	url    string
	caps   channel.Capabilities
}

// kinds lists the marketplaces by what they can do: every algorithm of the design is there.
func kinds() []struct {
	name   string
	role   flow.Role
	preset func(model.Options) model.Options
} {
	return []struct {
		name   string
		role   flow.Role
		preset func(model.Options) model.Options
	}{
		{"bottega", flow.Master, model.Absolute},    // the seller's own shop: plain numbers, lowered when an order is placed
		{"piazza", flow.Sales, model.CompareAndSet}, // takes a number only over the one we believed in
		{"magazzino", flow.Sales, model.AtShipment}, // lowers its number when goods leave
		{"fiera", flow.Sales, model.Ticket},         // answers with a ticket
		{"catalogo", flow.Sales, model.FullReplace}, // replaces a whole product at once
		{"europa", flow.Sales, model.SharedCounter}, // two countries, one number
		{"mercatino", flow.Sales, model.Relative},   // takes differences
	}
}

// quick makes a preset live in seconds instead of minutes: the demo is watched by a person.
func quick(o model.Options) model.Options {
	o.Caps.Sales.Poll, o.Caps.Sales.Lag = 500*time.Millisecond, 300*time.Millisecond
	o.Caps.Read.Sweep, o.Caps.Read.Lag = 3*time.Second, 0
	for _, b := range []*channel.BatchCaps{&o.Caps.Stock.BatchCaps, &o.Caps.Price.BatchCaps} {
		b.Longest, b.Settle, b.Budget = 2*time.Second, 0, 0
	}
	o.Caps.Stock.Zero = channel.SetZero
	o.Async.Queue = 800 * time.Millisecond
	if o.Caps.Stock.Ticket {
		o.Caps.Read.Lag = 200 * time.Millisecond
	}
	o.Token.Secret = token
	o.Quota.Enforce = true
	return o
}

// token is what the marketplaces of the demo accept; they listen on loopback and end with the demo.
const token = "demo-token"

// openStalls starts the marketplaces with the goods in them.
func openStalls(ctx context.Context, seed uint64, goods []farside.Product, w *watch) ([]*stall, error) {
	var out []*stall
	for i, k := range kinds() {
		o := quick(k.preset(model.Options{}))
		o.Name, o.Rand = k.name, rand.New(rand.NewPCG(seed, uint64(i)))
		s := &stall{name: k.name, role: k.role, caps: o.Caps}
		o.OnServe = func(order, _ string, _ time.Time) { w.served(s, order) }
		o.OnWrite = func(x model.Seen) { w.wrote(s, x) }
		m, err := model.New(o)
		if err != nil {
			return out, err
		}
		m.Add(goods...)
		s.market = m
		if err := s.listen(ctx); err != nil {
			return out, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (s *stall) listen(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.url = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: model.NewServer(s.market), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }() // ends with close
	return nil
}

func closeStalls(stalls []*stall) {
	for _, s := range stalls {
		_ = s.server.Close() // nothing of a demo outlives it
	}
}

// goods makes a small catalogue: products with variants, each SKU with a stock and a price.
func goods(n int, r *rand.Rand) []farside.Product {
	words := []string{"Tazza", "Grembiule", "Candela", "Quaderno", "Borsa", "Sciarpa", "Lampada", "Vaso", "Cuscino", "Cornice"}
	out := make([]farside.Product, n)
	for i := range out {
		word := words[i%len(words)]
		out[i] = farside.Product{
			SKU: fmt.Sprintf("CD-%04d", i+1), Title: fmt.Sprintf("%s %d", word, i/len(words)+1), Group: fmt.Sprintf("product-%d", i/3),
			Stock: 5 + r.Int64N(40), Price: euros(990 + r.Int64N(9000)),
		}
	}
	return out
}
