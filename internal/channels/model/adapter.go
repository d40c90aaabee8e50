package model

import (
	"context"
	"net/http"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Driver is the adapter for markets that a Server serves.
func Driver() channel.Driver {
	return channel.Driver{
		Kind:  "model",
		Title: "Model market",
		Settings: []channel.Setting{
			{Name: "url", Help: "address of the market, like http://127.0.0.1:8080", Required: true, Address: true},
		},
		Secrets: []channel.Setting{
			{Name: "token", Help: "the account's token", Required: true},
			{Name: "webhook", Help: "the secret that signs webhooks"},
		},
		Open: open,
	}
}

// remote is one account of a market behind HTTP.
type remote struct {
	client client
	caps   *channel.Capabilities // nil until asked for
}

func open(d channel.Deps) (channel.Channel, error) {
	base := strings.TrimRight(d.Settings["url"], "/")
	if !strings.HasPrefix(base, "http://") && !strings.HasPrefix(base, "https://") {
		return nil, fault.New(fault.Invalid, "the setting url needs an address that starts with http:// or https://")
	}
	return &remote{client: client{base: base, deps: d}}, nil
}

// Capabilities asks the market what it can do.
func (r *remote) Capabilities(ctx context.Context) (channel.Capabilities, error) {
	s, err := r.shop(ctx)
	if err != nil {
		return channel.Capabilities{}, fault.Wrap("read what the market can do", err)
	}
	r.caps, r.client.rowCost = &s.caps, s.rowCost
	return s.caps, nil
}

// known returns the capabilities, asking once.
func (r *remote) known(ctx context.Context) (channel.Capabilities, error) {
	if r.caps != nil {
		return *r.caps, nil
	}
	return r.Capabilities(ctx)
}

func (r *remote) shop(ctx context.Context) (shop, error) {
	body, err := r.client.call(ctx, request{op: channel.OpAuth, method: http.MethodGet, path: "/v1/shop"})
	if err != nil {
		return shop{}, err
	}
	return decodeShop(body)
}

// List reads one page of the catalogue.
func (r *remote) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	body, err := r.client.call(ctx, request{op: channel.OpList, method: http.MethodGet, path: "/v1/listings", query: listQuery(from)})
	if err != nil {
		return channel.Page{}, fault.Wrap("list", err)
	}
	p, err := decodeList(body)
	return p, fault.Wrap("list", err)
}

// Read reads chosen keys.
func (r *remote) Read(ctx context.Context, k channel.Keys) (channel.Page, error) {
	if len(k.Stock)+len(k.Prices) == 0 {
		return channel.Page{}, nil
	}
	body, err := r.client.call(ctx, request{
		op: channel.OpRead, method: http.MethodPost, path: "/v1/read", body: encodeKeys(k), rows: len(k.Stock) + len(k.Prices),
	})
	if err != nil {
		return channel.Page{}, fault.Wrap("read", err)
	}
	p, err := decodeRead(body)
	return p, fault.Wrap("read", err)
}

// Sales reads one page of the order feed. See bookmark for the way it goes.
func (r *remote) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	caps, err := r.known(ctx)
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read sales", err)
	}
	b, err := parseBookmark(from)
	if err != nil {
		return channel.SalesPage{}, err
	}
	body, err := r.client.call(ctx, request{op: channel.OpSales, method: http.MethodGet, path: "/v1/orders", query: salesQuery(b)})
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read sales", err)
	}
	s, err := decodeSales(body)
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read sales", err)
	}
	next := s.next(b, caps.Sales.Lag)
	return channel.SalesPage{Lines: s.lines, Findings: s.findings, Next: next.cursor(), More: next.open || next.asOf != 0}, nil
}

// next is where to go on after page s, which was read at b.
func (s sales) next(b bookmark, lag time.Duration) bookmark {
	if b.asOf == 0 {
		b.asOf = s.asOf
	}
	switch {
	case !s.more:
		return b.rest(lag)
	case b.open:
		return bookmark{open: true, after: s.after, asOf: b.asOf}
	case s.last > b.since:
		// A market may count rows as they are shown, and a line that changes moves the others up. So the next page begins
		// at the last time seen, not at a row: some rows come twice, none is missed.
		return bookmark{since: s.last, asOf: b.asOf}
	}
	return bookmark{since: b.since, skip: s.skip, asOf: b.asOf}
}

// Submit sends one batch.
func (r *remote) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	caps, err := r.known(ctx)
	if err != nil {
		// Whatever became of that question, no write has left.
		return channel.Receipt{}, notSent(fault.Wrap("write "+string(b.Field), err))
	}
	q := request{op: channel.OpStock, method: http.MethodPost, path: "/v1/stock", body: encodeBatch(b, caps.Stock.Mode), rows: len(b.Writes)}
	if b.Field == channel.Price {
		q.op, q.path = channel.OpPrice, "/v1/prices"
	}
	body, err := r.client.call(ctx, q)
	if receipt, answered := refusal(b, err); answered {
		return receipt, nil
	}
	if err != nil {
		return channel.Receipt{}, fault.Wrap("write "+string(b.Field), err)
	}
	receipt, err := decodeReceipt(body, b)
	return receipt, fault.Wrap("write "+string(b.Field), err)
}

// Poll asks for a job.
func (r *remote) Poll(ctx context.Context, t channel.Ticket) ([]channel.Outcome, bool, error) {
	body, err := r.client.call(ctx, request{op: channel.OpPoll, method: http.MethodGet, path: "/v1/tickets/" + pathSegment(string(t))})
	if err != nil {
		return nil, false, fault.Wrap("ask for the job", err)
	}
	outcomes, done, err := decodeJob(body)
	return outcomes, done, fault.Wrap("ask for the job", err)
}

// Probe asks what is granted.
func (r *remote) Probe(ctx context.Context) (channel.Grant, error) {
	s, err := r.shop(ctx)
	return s.grant, fault.Wrap("ask for rights", err)
}

// Revoke gives the access back.
func (r *remote) Revoke(ctx context.Context) error {
	_, err := r.client.call(ctx, request{op: channel.OpAuth, method: http.MethodDelete, path: "/v1/token"})
	return fault.Wrap("give the access back", err)
}
