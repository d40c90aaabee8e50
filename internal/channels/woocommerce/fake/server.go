package fake

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// Options describe a shop.
type Options struct {
	// Now is the shop's clock; nil for the machine's.
	Now func() time.Time
	// Key and Secret are the consumer key the shop accepts; Rights what its user may do, nil for everything.
	Key, Secret string
	Rights      *Rights
	// Currency of the prices; EUR when empty.
	Currency money.Currency
	// Moment is when a checkout lowers stock: at once (AtPlaced, the default: bank transfer) or once paid (AtPaid).
	Moment channel.Moment
	// Canary is buyer data put into every order.
	Canary []string
	// Folder is where the shop lives, "/shop"; Plain shops have no pretty permalinks and answer ?rest_route= only.
	Folder string
	Plain  bool
	// Zone is the shop's distance from UTC.
	Zone time.Duration
	// NoTally is a shop too old to keep _restock_refunded_items.
	NoTally bool
	// HookSecret signs deliveries of webhooks that are made with Hook.
	HookSecret string
}

// Rights are what a key's user may do, and its permission.
type Rights struct {
	ReadProducts, EditProducts, EditVariations, ReadOrders, ManageShop bool
	ReadOnlyKey                                                        bool
}

// Server is one shop. It is safe for concurrent use.
type Server struct {
	opt Options

	mu       sync.Mutex
	lastID   int64 // products and orders
	lastItem int64 // order lines
	lastHook int64
	products map[int64]*product
	order    []int64 // ids of products and variations, ascending
	groups   map[string]int64
	orders   []*order
	hooks    []*hook
	queue    []waiting
	nonces   map[string]bool
	faults   []farside.Fault
	traps    Traps
	copies   map[string]copied
	odd      int // which wrong type comes next
}

var (
	_ farside.Shop   = (*Server)(nil)
	_ farside.Hooker = (*Server)(nil)
)

// New makes an empty shop.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Currency == "" {
		o.Currency = "EUR"
	}
	if o.Moment == "" {
		o.Moment = channel.AtPlaced
	}
	if o.Rights == nil {
		o.Rights = &Rights{ReadProducts: true, EditProducts: true, EditVariations: true, ReadOrders: true, ManageShop: true}
	}
	return &Server{
		opt: o, products: map[int64]*product{}, groups: map[string]int64{}, nonces: map[string]bool{}, copies: map[string]copied{},
	}
}

// mostRequest is the largest request body taken in.
const mostRequest = 8 << 20

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostRequest))
	if err != nil {
		return
	}
	s.mu.Lock()
	q := s.read(r, body)
	f := s.fault(q)
	s.mu.Unlock()
	w.Header().Set("Date", s.opt.Now().UTC().Format(http.TimeFormat))
	if s.before(w, r, f) {
		return
	}
	if s.fromCopy(w, q) {
		return
	}
	s.mu.Lock()
	a := s.answer(q, f)
	s.keepCopy(q, a)
	s.mu.Unlock()
	s.send(w, a, f)
}

// call is one request, taken apart.
type call struct {
	r      *http.Request
	method string
	route  string   // "/wc/v3/products/59"
	parts  []string // the route behind wc/v3, split
	query  map[string][]string
	body   []byte
	op     channel.Op
}

// arg returns a query value, "" when it is absent.
func (c call) arg(name string) string {
	if v := c.query[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// read finds the route of r.
func (s *Server) read(r *http.Request, body []byte) call {
	c := call{r: r, method: r.Method, query: r.URL.Query(), body: body}
	path := strings.TrimPrefix(r.URL.Path, s.opt.Folder)
	if route := c.arg("rest_route"); route != "" {
		c.route = route
	} else if rest, ok := strings.CutPrefix(path, "/wp-json"); ok && !s.opt.Plain {
		c.route = rest
	}
	if rest, ok := strings.CutPrefix(c.route, "/wc/v3/"); ok {
		c.parts = strings.Split(strings.Trim(rest, "/"), "/")
	}
	c.op = c.kind()
	return c
}

// kind says which of the connector's operations a call belongs to.
func (c call) kind() channel.Op {
	switch {
	case len(c.parts) == 0 || c.arg("per_page") == "1" && c.arg("_fields") == "id":
		return channel.OpAuth
	case c.parts[0] == "orders":
		return channel.OpSales
	case c.method != http.MethodGet && bytes.Contains(c.body, []byte(`"stock_quantity"`)):
		return channel.OpStock
	case c.method != http.MethodGet && bytes.Contains(c.body, []byte(`"regular_price"`)):
		return channel.OpPrice
	case c.method != http.MethodGet:
		return channel.OpAuth
	case c.arg("include") != "":
		return channel.OpRead
	}
	return channel.OpList
}

// answer routes a call.
func (s *Server) answer(c call, f farside.FaultKind) answer {
	if c.route == "" {
		return page(http.StatusNotFound, "Page not found")
	}
	if strings.Trim(c.route, "/") == "" {
		return s.index(c)
	}
	if len(c.parts) == 0 {
		return noRoute()
	}
	if e := s.authenticate(c); e != nil {
		return *e
	}
	if s.opt.Rights.ReadOnlyKey && c.method != http.MethodGet {
		return refuse(401, "woocommerce_rest_authentication_error", "The API key provided does not have write permissions.")
	}
	n := len(c.parts)
	last := c.parts[n-1]
	switch {
	case c.parts[0] == "products" && n == 1 && c.method == http.MethodGet:
		return s.listProducts(c)
	case c.parts[0] == "products" && n == 1:
		return s.createProduct(c)
	case c.parts[0] == "products" && n == 2 && last == "batch":
		return s.batch(c, 0, f)
	case c.parts[0] == "products" && n == 2:
		return s.oneProduct(c, id(last))
	case c.parts[0] == "products" && n == 3 && last == "variations" && c.method == http.MethodGet:
		return s.listVariations(c, id(c.parts[1]))
	case c.parts[0] == "products" && n == 4 && c.parts[2] == "variations" && last == "batch":
		return s.batch(c, id(c.parts[1]), f)
	case c.parts[0] == "products" && n == 4 && c.parts[2] == "variations":
		return s.oneVariation(c, id(c.parts[1]), id(last))
	case c.parts[0] == "orders" && n == 1 && c.method == http.MethodGet:
		return s.listOrders(c)
	case c.parts[0] == "orders" && n == 1:
		return s.createOrder(c)
	case c.parts[0] == "orders" && n == 2 && c.method == http.MethodGet:
		return s.oneOrder(c, id(last))
	case c.parts[0] == "orders" && n == 3 && last == "refunds" && c.method == http.MethodGet:
		return s.listRefunds(c, id(c.parts[1]))
	case c.parts[0] == "webhooks" && n == 1:
		return s.webhooks(c)
	}
	return noRoute()
}

// id reads an id of a route; 0 for anything else.
func id(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// newID gives the next id; products and orders share one sequence, as posts do.
func (s *Server) newID() int64 {
	s.lastID++
	return s.lastID
}

// SkipTo makes id the next id of a product or order.
func (s *Server) SkipTo(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID = max(s.lastID, id-1)
}

// now is the shop's time, to the second.
func (s *Server) now() time.Time { return s.opt.Now().UTC().Truncate(time.Second) }
