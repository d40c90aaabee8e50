package model

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Channel is a market seen through a channel in process: what an adapter and its network together would show. It has
// every optional interface; the capabilities say which of them mean something.
type Channel struct {
	m    *Market
	gate channel.Gate
}

// Channel opens m in process. gate is asked before each call as an adapter would before each request; nil asks nobody.
func (m *Market) Channel(gate channel.Gate) *Channel { return &Channel{m, gate} }

// Capabilities says what the market declares.
func (c *Channel) Capabilities(ctx context.Context) (channel.Capabilities, error) {
	if err := ctx.Err(); err != nil {
		return channel.Capabilities{}, notSent(err)
	}
	return c.m.declared(), nil
}

func (m *Market) declared() channel.Capabilities {
	if m.o.Declared != nil {
		return *m.o.Declared
	}
	return m.o.Caps
}

// begin asks the gate, enters the market and draws the mishap of the call. On an error nothing is locked; else the caller
// defers leave. A mishap that ends the call for reads and writes alike is an error already.
func (c *Channel) begin(ctx context.Context, op channel.Op, rows int) (kind farside.FaultKind, leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return "", nil, notSent(err)
	}
	weight := c.m.weight(rows)
	if c.gate != nil {
		if err := c.gate.Take(ctx, op, weight); err != nil {
			return "", nil, err
		}
	}
	leave = c.m.enter()
	switch kind = c.m.mishap(op); kind {
	case FaultRefused:
		err = notSent(fault.New(fault.Unavailable, "the channel refused the connection"))
	case farside.FaultUnauth:
		err = fault.New(fault.Unauthorized, "the channel refuses the credentials of this account; connect it again")
	case farside.Fault429:
		limited := fault.New(fault.RateLimited, "the channel asks for a pause")
		limited.After, err = time.Second, limited
	case farside.Fault500, farside.FaultHTML, farside.FaultHTML200, farside.FaultDropped,
		farside.FaultEmpty, farside.FaultHuge, farside.FaultSlow:
		err = lost("the channel gave no usable answer")
	default:
		err = c.m.admit(op, weight)
		if fault.Is(err, fault.Unavailable) {
			err = lost("the channel is closed for maintenance")
		}
	}
	if err != nil {
		leave()
		return kind, nil, err
	}
	return kind, leave, nil
}

// lost is the fault of a request that left and whose answer says nothing.
func lost(format string, args ...any) *fault.Error {
	err := fault.New(fault.Unavailable, format, args...)
	err.Sent = true
	return err
}

// notSent is the fault of a request that certainly did not leave.
func notSent(err error) error {
	return &fault.Error{Kind: fault.KindOf(err), Msg: err.Error(), Err: err, After: fault.AfterOf(err)}
}

// List reads one page of the catalogue.
func (c *Channel) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	kind, leave, err := c.begin(ctx, channel.OpList, 0)
	if err != nil {
		return channel.Page{}, err
	}
	defer leave()
	p, err := parsePlace(string(from))
	if err != nil {
		return channel.Page{}, err
	}
	l, err := c.m.page(p, 0)
	if err != nil {
		return channel.Page{}, err
	}
	out := channel.Page{Listings: l.listings, Counts: l.counts, Total: l.total}
	if l.next != nil {
		out.Next = channel.Cursor(l.next.token())
	}
	return out, damage(&out, kind)
}

// Read reads chosen keys.
func (c *Channel) Read(ctx context.Context, k channel.Keys) (channel.Page, error) {
	kind, leave, err := c.begin(ctx, channel.OpRead, len(k.Stock)+len(k.Prices))
	if err != nil {
		return channel.Page{}, err
	}
	defer leave()
	p, err := c.m.look(k)
	if err != nil {
		return channel.Page{}, err
	}
	return p, damage(&p, kind)
}

// damage makes of a good page what an adapter makes of a bad one.
func damage(p *channel.Page, kind farside.FaultKind) error {
	switch kind {
	case farside.FaultTruncated, farside.FaultLost:
		*p = channel.Page{}
		return lost("the answer of the channel was cut off")
	case farside.FaultShortList:
		if n := len(p.Listings); n > 0 {
			p.Listings = p.Listings[:n-1]
		}
	case farside.FaultDuplicate:
		if len(p.Listings) > 0 {
			p.Findings = append(p.Findings, channel.Finding{Listing: p.Listings[0].Key, Code: "duplicate-key", Text: "the channel lists this row twice"})
		}
	case farside.FaultWrongType:
		if len(p.Counts) > 0 {
			p.Findings = append(p.Findings, channel.Finding{Stock: p.Counts[0].StockKey, Field: channel.Stock, Code: "bad-quantity", Text: "the quantity is not a whole number"})
			p.Counts = p.Counts[1:]
		}
		if len(p.Listings) > 0 {
			p.Findings = append(p.Findings, channel.Finding{Listing: p.Listings[0].Key, Field: channel.Price, Code: "bad-price", Text: "the price is not a decimal number"})
			p.Listings[0].Price = nil
		}
	}
	return nil
}

// Sales reads one page of the order feed.
func (c *Channel) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	b, err := parseBookmark(from)
	if err != nil {
		return channel.SalesPage{}, err
	}
	kind, leave, err := c.begin(ctx, channel.OpSales, 0)
	if err != nil {
		return channel.SalesPage{}, err
	}
	defer leave()
	if kind == farside.FaultTruncated || kind == farside.FaultLost {
		return channel.SalesPage{}, lost("the answer of the channel was cut off")
	}
	p, next, err := c.m.readSales(b, c.m.declared().Sales.Lag)
	if err != nil {
		return channel.SalesPage{}, err
	}
	out := channel.SalesPage{Next: next.cursor(), More: next.open || next.asOf != 0}
	for _, i := range p.changes {
		out.Lines = append(out.Lines, c.m.feed.log[i].fact)
	}
	return out, nil
}

// readSales reads the page at b and says where to go on.
func (m *Market) readSales(b bookmark, lag time.Duration) (salesPage, bookmark, error) {
	if b.open {
		p := m.openSales(b.after, 0)
		if b.asOf == 0 {
			b.asOf = p.asOf.UnixMicro()
		}
		if p.more {
			return p, bookmark{open: true, after: p.after, asOf: b.asOf}, nil
		}
		return p, b.rest(lag), nil // what changed while the open lines were read comes with the first changes
	}
	p, err := m.changesSince(time.UnixMicro(b.since), b.skip, 0)
	if err != nil {
		return p, b, err
	}
	if b.asOf == 0 {
		b.asOf = p.asOf.UnixMicro()
	}
	if p.more {
		return p, bookmark{since: b.since, skip: p.skip, asOf: b.asOf}, nil
	}
	return p, b.rest(lag), nil
}

// Submit sends one batch.
func (c *Channel) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	op := channel.OpStock
	if b.Field == channel.Price {
		op = channel.OpPrice
	}
	kind, leave, err := c.begin(ctx, op, len(b.Writes))
	if fault.Is(err, fault.RateLimited) {
		wait := channel.Outcome{State: channel.RetryAfter, After: fault.AfterOf(err)}
		return channel.Receipt{Outcomes: b.Outcomes(wait)}, nil
	}
	if err != nil {
		return channel.Receipt{}, err
	}
	defer leave()
	c.m.seen(b, c.m.now)
	if kind == FaultLate {
		c.m.land(b)
		return channel.Receipt{}, lost("the channel did not answer in time")
	}
	r, err := c.m.write(b, kind)
	switch {
	case err != nil:
		return r, err
	case kind == farside.FaultTruncated, kind == farside.FaultLost:
		return channel.Receipt{}, lost("the connection was cut before the answer came")
	case kind == FaultMissing:
		r.Outcomes = r.Outcomes[:len(r.Outcomes)/2]
	case kind == FaultReordered:
		c.m.o.Rand.Shuffle(len(r.Outcomes), func(i, j int) { r.Outcomes[i], r.Outcomes[j] = r.Outcomes[j], r.Outcomes[i] })
	}
	return r, nil
}

// land plans a write whose answer is lost for a moment within the longest life of a request.
func (m *Market) land(b channel.Batch) {
	longest := m.o.Caps.Stock.Longest
	if b.Field == channel.Price {
		longest = m.o.Caps.Price.Longest
	}
	m.later.plan(m.now.Add(m.within(longest)), func() {
		if _, err := m.write(b, farside.FaultNone); err == nil {
			m.stats.Late += int64(len(b.Writes))
		}
	})
}

// seen tells the observer what arrived.
func (m *Market) seen(b channel.Batch, when time.Time) {
	if m.o.OnWrite == nil {
		return
	}
	for _, w := range b.Writes {
		m.o.OnWrite(Seen{
			Field: b.Field, Stock: w.Stock, Listing: w.Listing.Key, Quantity: w.Quantity, Delta: w.Delta, Price: w.Price, At: when,
		})
	}
}

// Poll asks for a job.
func (c *Channel) Poll(ctx context.Context, t channel.Ticket) ([]channel.Outcome, bool, error) {
	kind, leave, err := c.begin(ctx, channel.OpPoll, 0)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	if kind == farside.FaultTruncated || kind == farside.FaultLost {
		return nil, false, lost("the answer of the channel was cut off")
	}
	return c.m.poll(t)
}

// VerifyWebhook checks the signature and reads the hint.
func (c *Channel) VerifyWebhook(h http.Header, body []byte) ([]channel.Hint, error) {
	return verifyHook(c.m.o.Hooks.Secret, h, body)
}

// Probe says that everything that is not denied is granted.
func (c *Channel) Probe(ctx context.Context) (channel.Grant, error) {
	_, leave, err := c.begin(ctx, channel.OpAuth, 0)
	if err != nil {
		return channel.Grant{}, err
	}
	defer leave()
	return c.m.grant(), nil
}

// Revoke gives the authorisation back: every later call is refused.
func (c *Channel) Revoke(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return notSent(err)
	}
	c.m.Deny("", true)
	return nil
}

// grant lists the rights of the account.
func (m *Market) grant() channel.Grant {
	g := channel.Grant{Identity: "model market " + m.o.Name}
	for _, s := range []struct {
		op     channel.Op
		reason string
	}{
		{channel.OpList, "find the listings to keep in sync"},
		{channel.OpRead, "check numbers after they were written"},
		{channel.OpSales, "count what was sold"},
		{channel.OpStock, "write stock"},
		{channel.OpPrice, "write prices"},
	} {
		g.Scopes = append(g.Scopes, channel.Scope{Name: string(s.op), Reason: s.reason, Granted: !m.denied[s.op]})
	}
	return g
}

// decodeHook is what a hint needs of a webhook; the rest of the body is never read.
func decodeHook(body []byte) (channel.Hint, error) {
	var w struct {
		ID      json.Number `json:"id"`
		Topic   string      `json:"topic"`
		Listing string      `json:"listing"`
		Group   string      `json:"group"`
		Stock   []wireKey   `json:"stock"`
	}
	if err := json.Unmarshal(body, &w); err != nil || w.ID == "" {
		return channel.Hint{}, fault.New(fault.Invalid, "the webhook cannot be read")
	}
	h := channel.Hint{Topic: w.Topic, ID: w.ID.String(), Sales: w.Topic == "orders"}
	switch w.Topic {
	case "stock":
		for _, k := range w.Stock {
			h.Stock = append(h.Stock, channel.StockKey{Key: k.ID, Location: k.Place})
		}
	case "price":
		h.Price = []channel.ListingRef{{Key: channel.ListingKey(w.Listing), Group: w.Group}}
	}
	return h, nil
}
