package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/web"
)

// shown is what the page shows; a test changes it while the page is open.
type shown struct {
	mu  sync.Mutex
	is  service.Overview
	err error
	who service.Caller
}

func (s *shown) Overview(_ context.Context, who service.Caller) (service.Overview, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = who
	return s.is, s.err
}

func (s *shown) set(o service.Overview, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is, s.err = o, err
}

const at ident.Micros = 1_800_000_000_000_000

// twoShops is an overview with something in each place.
func twoShops() service.Overview {
	account := func(id ident.Account, name string, kind channel.Kind) service.Account {
		return service.Account{ID: id, Name: name, Kind: kind, Mode: flow.Live, Role: flow.Sales, State: "connected"}
	}
	return service.Overview{
		At: at, Items: 1234, Inbox: 2, Pauses: 1,
		Accounts: []service.AccountOverview{
			{
				Account: account(1, "bottega", "woocommerce"), Progress: store.Progress{SalesThrough: at.Add(-1)},
				Counters: service.Share{Verified: 999, Managed: 1000, Other: map[string]int64{"held": 0, "pending": 1}},
				Prices:   service.Share{Verified: 500, Managed: 500}, Marked: 3, Stock: 2, Price: 1, InFlight: 4, Findings: 2,
				Latencies: []service.Latency{{Stage: "booked-sent", N: 10, P50: 350_000, P95: 2_400_000}},
			},
			{
				Account:  account(2, "piazza", "medusa"),
				Counters: service.Share{Verified: 0, Managed: 10, Other: map[string]int64{"held": 4, "pending": 6}},
				Prices:   service.Share{},
			},
		},
		Sales: []store.Sale{
			{Account: 1, SKU: "CD-0001", Quantity: 2, SeenAt: at, Booked: true},
			{Account: 2, SKU: "CD-0002", Quantity: 1, Shipped: 1, SeenAt: at - 90_000_000, Booked: true},
			{Account: 2, SKU: "CD-0003", SeenAt: at - 30_000_000, Booked: true},
			{Account: 9, SKU: "", Quantity: 1, SeenAt: at - 30_000_000},
		},
	}
}

// page is a running server.
type page struct {
	*web.Server

	base, token string
	shown       *shown
	log         *bytes.Buffer
	client      *http.Client
}

func serve(t *testing.T, o service.Overview) *page {
	t.Helper()
	p := &page{shown: &shown{is: o}, log: &bytes.Buffer{}}
	var err error
	if p.Server, err = web.New(p.shown, service.Caller{Tenant: 7, Name: "web"}, slog.New(slog.NewTextHandler(p.log, nil))); err != nil {
		t.Fatal(err)
	}
	if err := p.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("Stop() = %v, want nil", err)
		}
	})
	var found bool
	if p.base, p.token, found = strings.Cut(p.URL(), "/?token="); !found || len(p.token) != 64 {
		t.Fatalf("URL() = %q, want an address with a token of 32 bytes", p.URL())
	}
	p.client = &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

// ask sends a request; change may alter it before.
func (p *page) ask(t *testing.T, method, path string, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	res, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// signedIn carries the cookie that a browser got with its first visit.
func (p *page) signedIn(r *http.Request) {
	r.AddCookie(&http.Cookie{Name: "carpediem", Value: p.token})
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// broken is an error with words that no visitor may see.
func broken() error { return fault.New(fault.Unavailable, "the file /secret/place is locked") }
