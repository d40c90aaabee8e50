package fake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

// Options describe a shop. The zero Options are a shop in euro with one location and a key of its own.
type Options struct {
	Now      func() time.Time
	Key      string         // secret API key; "sk_fake" when empty
	Currency money.Currency // of the products that Add puts on sale; EUR when empty
	// TaxIncluded is the shop's price preference for Currency; nil for a shop without one.
	TaxIncluded *bool
	Locations   int // stock locations; 1 when 0. Products are stocked at the first
	// Canary is what buyers are made of: name, address of mail, street, note. Canary() when empty.
	Canary []string
}

// Canary returns the buyer data of a shop whose options name none.
func Canary() []string {
	return []string{"Anna Canarini", "anna.canarini@buyer.example", "Via dei Canarini 7", "a gift for my canary"}
}

// Server is one shop. It is safe for concurrent use.
type Server struct {
	opt Options

	mu        sync.Mutex
	serial    int
	locations []string
	products  []*product
	variants  []*variant
	items     []*item
	orders    []*order
	faults    []farside.Fault
	requests  []string
}

var _ farside.Shop = (*Server)(nil)

// New returns an empty shop.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Key == "" {
		o.Key = "sk_fake"
	}
	if o.Currency == "" {
		o.Currency = "EUR"
	}
	if len(o.Canary) < 4 {
		o.Canary = Canary()
	}
	s := &Server{opt: o}
	for range max(1, o.Locations) {
		s.locations = append(s.locations, s.id("sloc"))
	}
	return s
}

// id makes an id of the shop's form; ids sort in the order they were made.
func (s *Server) id(prefix string) string {
	s.serial++
	return fmt.Sprintf("%s_01FAKE%020d", prefix, s.serial)
}

// now is the shop's clock, which keeps milliseconds.
func (s *Server) now() time.Time { return s.opt.Now().UTC().Truncate(time.Millisecond) }

// Locations returns the ids of the stock locations.
func (s *Server) Locations() []string { return slices.Clone(s.locations) }

// Requests returns method and path of every request so far.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// call is one request being worked on, with the lock held.
type call struct {
	s    *Server
	r    *http.Request
	mode farside.FaultKind // of the kinds that change what a handler does
	body []byte
}

// reply is an answer in the making.
type reply struct {
	status int
	body   any
	html   string
}

// route is one call of the interface.
type route struct {
	method, path string // a path element in braces matches anything
	op           channel.Op
	serve        func(call, []string) reply
}

func routes() []route {
	return []route{
		{"GET", "/admin/product-variants", channel.OpList, listVariants},
		{"GET", "/admin/inventory-items", channel.OpRead, listItems},
		{"POST", "/admin/inventory-items/location-levels/batch", channel.OpStock, writeLevels},
		{"POST", "/admin/products/batch", channel.OpPrice, writeProducts},
		{"POST", "/admin/products/{id}/variants/batch", channel.OpPrice, writeVariants},
		{"GET", "/admin/orders", channel.OpSales, listOrders},
		{"GET", "/admin/orders/{id}/line-items", channel.OpSales, listOrderItems},
		{"GET", "/admin/stock-locations", channel.OpAuth, listLocations},
		{"GET", "/admin/price-preferences", channel.OpAuth, listPreferences},
		{"GET", "/admin/stores", channel.OpAuth, listStores},
	}
}

// match finds the route of a request and the elements in braces.
func match(method, path string) (route, []string, bool) {
	have := strings.Split(path, "/")
	for _, rt := range routes() {
		want := strings.Split(rt.path, "/")
		if rt.method != method || len(want) != len(have) {
			continue
		}
		var args []string
		ok := true
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				args = append(args, have[i])
			} else if w != have[i] {
				ok = false
			}
		}
		if ok {
			return rt, args, true
		}
	}
	return route{}, nil, false
}

// opOf says which kind of call a request is; reading chosen variants is a read, paging through them a list.
func opOf(rt route, r *http.Request) channel.Op {
	if rt.op == channel.OpList && (r.URL.Query().Has("id") || r.URL.Query().Has("id[]")) {
		return channel.OpRead
	}
	return rt.op
}

// answer works on a request and returns what the healthy shop would say.
func (s *Server) answer(rt route, args []string, r *http.Request, body []byte, mode farside.FaultKind) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rt.serve(call{s: s, r: r, mode: mode, body: body}, args)
}

// allowed checks the key the way the shop does: basic authentication, with the key plain or in base64.
func (s *Server) allowed(r *http.Request) *reply {
	auth := r.Header.Get("Authorization")
	if t, ok := strings.CutPrefix(auth, "Bearer "); ok && strings.HasPrefix(t, "sk_") {
		return &reply{status: 401, body: message("A secret API key was passed as a Bearer token. Secret API keys must be sent using HTTP Basic authentication instead (Authorization: Basic <secret-api-key>).")}
	}
	if t, ok := strings.CutPrefix(auth, "Basic "); ok {
		plain, err := base64.StdEncoding.DecodeString(t)
		if t == s.opt.Key || err == nil && strings.TrimSuffix(string(plain), ":") == s.opt.Key {
			return nil
		}
	}
	return &reply{status: 401, body: message("Unauthorized")}
}

func message(text string) map[string]any { return map[string]any{"message": text} }

// invalid, notFound and unknown are the shop's errors.
func invalid(format string, a ...any) reply {
	return reply{status: 400, body: map[string]any{"type": "invalid_data", "message": fmt.Sprintf(format, a...)}}
}

func notFound(text string) reply {
	return reply{status: 404, body: map[string]any{"type": "not_found", "message": text}}
}

func unknown() reply {
	return reply{status: 500, body: map[string]any{"code": "unknown_error", "type": "unknown_error", "message": "An unknown error occurred."}}
}

func ok(body any) reply { return reply{status: 200, body: body} }

// write sends rp.
func (rp reply) write(w http.ResponseWriter) {
	if rp.html != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(rp.status)
		_, _ = w.Write([]byte(rp.html))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(rp.status)
	_, _ = w.Write(rp.bytes())
}

func (rp reply) bytes() []byte {
	b, err := json.Marshal(rp.body)
	if err != nil {
		return []byte(err.Error()) // a defect of this package: no test would pass
	}
	return b
}
