package model

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Server speaks the HTTP API of doc.go for one market. It is the farside.Shop of this channel.
type Server struct {
	*Market
	mux *http.ServeMux
}

// maxBody is the longest request body that is read.
const maxBody = 16 << 20

// answer is what a request gets.
type answer struct {
	status int
	body   any // marshalled as JSON; nil for none
	err    error
}

// call is one request inside the market's lock.
type call struct {
	r       *http.Request
	body    []byte
	arrived time.Time
	kind    farside.FaultKind
}

// NewServer returns the HTTP face of m.
func NewServer(m *Market) *Server {
	s := &Server{Market: m, mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /v1/token", s.handle(channel.OpAuth, s.login))
	s.mux.HandleFunc("DELETE /v1/token", s.handle(channel.OpAuth, s.logout))
	s.mux.HandleFunc("GET /v1/shop", s.handle(channel.OpAuth, s.shop))
	s.mux.HandleFunc("GET /v1/listings", s.handle(channel.OpList, s.list))
	s.mux.HandleFunc("POST /v1/read", s.handle(channel.OpRead, s.read))
	s.mux.HandleFunc("GET /v1/orders", s.handle(channel.OpSales, s.sales))
	s.mux.HandleFunc("POST /v1/stock", s.handle(channel.OpStock, s.write(channel.Stock)))
	s.mux.HandleFunc("POST /v1/prices", s.handle(channel.OpPrice, s.write(channel.Price)))
	s.mux.HandleFunc("GET /v1/tickets/{ticket}", s.handle(channel.OpPoll, s.ticket))
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// handle reads the body, enters the market, and lets do answer unless something goes wrong before.
func (s *Server) handle(op channel.Op, do func(*call) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		arrived := s.o.Now()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.send(w, r, "", answer{err: fault.New(fault.TooLarge, "the body has more than %d bytes", maxBody)})
			return
		}
		c := &call{r: r, body: body, arrived: arrived}
		a := s.within(w, op, c, do)
		s.send(w, r, c.kind, a)
	}
}

// within does the locked part of a request: draw the mishap, check the caller, answer, and state what is left of quotas.
func (s *Server) within(w http.ResponseWriter, op channel.Op, c *call, do func(*call) answer) answer {
	defer s.enter()()
	if c.kind = s.mishap(op); before(c.kind) {
		return answer{}
	}
	a := s.check(op, c)
	if a.err == nil {
		a = do(c)
	}
	if name, n, ok := left(s.buckets, op); ok && s.o.Quota.Enforce {
		w.Header().Set("RateLimit-Bucket", name)
		w.Header().Set("RateLimit-Remaining", strconv.FormatInt(n, 10))
	}
	return a
}

// check turns a request away for its credentials or for what the market admits.
func (s *Server) check(op channel.Op, c *call) answer {
	login := c.r.URL.Path == "/v1/token" && c.r.Method == http.MethodPost
	if !login && !s.access.good(bearer(c.r), s.now) {
		return answer{err: fault.New(fault.Unauthorized, "the access is not valid")}
	}
	if err := s.admit(op, s.weight(rowsOf(op, c.body))); err != nil {
		return answer{err: err}
	}
	return answer{}
}

// rowsOf counts the rows of a request that are charged.
func rowsOf(op channel.Op, body []byte) int {
	var n struct {
		Writes []json.RawMessage `json:"writes"`
		Stock  []json.RawMessage `json:"stock"`
		Prices []json.RawMessage `json:"prices"`
	}
	switch op {
	case channel.OpRead, channel.OpStock, channel.OpPrice:
		if json.Unmarshal(body, &n) != nil {
			return 0
		}
	}
	return len(n.Writes) + len(n.Stock) + len(n.Prices)
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

func (s *Server) login(c *call) answer {
	if want := s.o.Token.Secret; want != "" && bearer(c.r) != want {
		return answer{err: fault.New(fault.Unauthorized, "the token is not known")}
	}
	return answer{body: s.access.make(s.Market)}
}

func (s *Server) logout(*call) answer {
	s.denied[""] = true
	s.access.renew()
	return answer{status: http.StatusNoContent}
}

func (s *Server) shop(*call) answer {
	g := s.grant()
	out := wireShop{Name: g.Identity, Capabilities: s.declared(), RowCost: s.o.Quota.RowCost}
	for _, x := range g.Scopes {
		out.Scopes = append(out.Scopes, wireScope(x))
	}
	return answer{body: out}
}

func (s *Server) list(c *call) answer {
	p, err := parsePlace(c.r.URL.Query().Get("after"))
	if err != nil {
		return answer{err: err}
	}
	l, err := s.page(p, number(c.r, "limit"))
	if err != nil {
		return answer{err: err}
	}
	counts := make(map[channel.StockKey]channel.Count, len(l.counts))
	for _, n := range l.counts {
		counts[n.StockKey] = n
	}
	out := wireList{Total: l.total, Listings: make([]wireListing, 0, len(l.listings))}
	for _, x := range l.listings {
		out.Listings = append(out.Listings, listed(x, counts))
	}
	if l.next != nil {
		out.Next = l.next.token()
	}
	out.spoil(c.kind)
	return answer{body: out}
}

func (s *Server) read(c *call) answer {
	var k wireKeys
	if err := json.Unmarshal(c.body, &k); err != nil {
		return answer{err: fault.New(fault.Invalid, "the keys cannot be read")}
	}
	var keys channel.Keys
	for _, x := range k.Stock {
		keys.Stock = append(keys.Stock, channel.StockKey{Key: x.ID, Location: x.Place})
	}
	for _, x := range k.Prices {
		keys.Prices = append(keys.Prices, channel.ListingRef{Key: channel.ListingKey(x)})
	}
	p, err := s.look(keys)
	if err != nil {
		return answer{err: err}
	}
	out := wireRead{}
	for _, n := range p.Counts {
		out.Stock = append(out.Stock, counted(n))
	}
	for _, x := range p.Listings {
		out.Prices = append(out.Prices, listed(x, nil))
	}
	for _, x := range p.GoneStock {
		out.GoneStock = append(out.GoneStock, wireKey{x.Key, x.Location})
	}
	for _, x := range p.Gone {
		out.Gone = append(out.Gone, string(x))
	}
	out.spoil(c.kind)
	return answer{body: out}
}

func (s *Server) sales(c *call) answer {
	q, limit := c.r.URL.Query(), number(c.r, "limit")
	var p salesPage
	if q.Get("open") != "" {
		p = s.openSales(int64(number(c.r, "after")), limit)
	} else {
		since, err := strconv.ParseInt(q.Get("since"), 10, 64)
		if err != nil {
			return answer{err: fault.New(fault.Invalid, "since is not a time in microseconds")}
		}
		if p, err = s.changesSince(time.UnixMicro(since), number(c.r, "skip"), limit); err != nil {
			return answer{err: err}
		}
	}
	out := wireOrders{Lines: make([]wireLine, 0, len(p.changes)), AsOf: p.asOf.UnixMicro(), After: p.after, Skip: p.skip, More: p.more}
	buyer := s.buyer()
	for n, i := range p.changes {
		x := s.feed.log[i]
		f := x.fact
		out.Lines = append(out.Lines, wireLine{
			Order: f.Order, Line: f.Line, Listing: string(f.Listing), Quantity: f.Quantity, Shipped: f.Shipped,
			Returned: f.Returned, Taken: f.Taken, Version: f.Version, Placed: f.PlacedAt.UnixMicro(),
			Changed: x.at.Add(s.o.Skew).UnixMicro(), Buyer: buyer, Contact: buyer.Name + " <" + buyer.Mail + ">",
		})
		if wrong, ok := wrongs(n); ok && c.kind == farside.FaultWrongType {
			out.Lines[n].Quantity = wrong
		}
	}
	return answer{body: out}
}

// buyer is the canary of every order.
func (m *Market) buyer() wireBuyer {
	part := func(i int) string {
		if i < len(m.o.Canary) {
			return m.o.Canary[i]
		}
		return ""
	}
	return wireBuyer{Name: part(0), Address: part(1), Mail: part(2), Phone: part(3), Note: part(4)}
}

func (s *Server) write(f channel.Field) func(*call) answer {
	return func(c *call) answer {
		var w wireBatch
		if err := json.Unmarshal(c.body, &w); err != nil {
			return answer{err: fault.New(fault.Invalid, "the batch cannot be read")}
		}
		b := w.batch(f)
		s.seen(b, c.arrived)
		if c.kind == FaultLate {
			s.land(b)
			return answer{}
		}
		r, err := s.Market.write(b, c.kind)
		if err != nil {
			return answer{err: err}
		}
		out := wireReceipt{Ticket: string(r.Ticket)}
		if r.Ticket != "" {
			return answer{status: http.StatusAccepted, body: out}
		}
		out.Results = results(r.Outcomes)
		switch c.kind {
		case FaultMissing:
			out.Results = out.Results[:len(out.Results)/2]
		case FaultReordered:
			s.o.Rand.Shuffle(len(out.Results), func(i, j int) { out.Results[i], out.Results[j] = out.Results[j], out.Results[i] })
		}
		return answer{body: out}
	}
}

func (s *Server) ticket(c *call) answer {
	os, done, err := s.poll(channel.Ticket(c.r.PathValue("ticket")))
	if err != nil {
		return answer{err: err}
	}
	return answer{body: wireReceipt{Done: &done, Results: results(os)}}
}

// number reads a parameter; anything but a small number is 0.
func number(r *http.Request, name string) int {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int(n)
}

// Hooks takes out the genuine webhooks that have arrived by now, as farside.Hooker asks.
func (s *Server) Hooks() []farside.Hook {
	var out []farside.Hook
	for _, d := range s.Deliveries() {
		if !d.Forged {
			out = append(out, farside.Hook{Header: d.Header, Body: d.Body})
		}
	}
	return out
}
