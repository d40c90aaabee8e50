package woocommerce

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/secret"
)

// bench is a fake shop on a loopback listener with the adapter open against it. Every exchange is checked against the
// official material as it passes, unless the test bends answers on purpose (loose).
type bench struct {
	*fake.Server
	t     testing.TB
	ch    *adapter
	clock *channeltest.Clock
	gate  *channeltest.Gate
	url   string
	log   *transport
}

// open puts a shop up. Settings are added to the usual ones; tls serves https, as a real shop is.
func openBench(t testing.TB, o fake.Options, settings map[string]string, tls bool) *bench {
	t.Helper()
	b := &bench{t: t, clock: channeltest.NewClock(), gate: channeltest.NewGate()}
	o.Now, o.Canary, o.HookSecret = b.clock.Now, canary, hookSecret
	if o.Key == "" {
		o.Key, o.Secret = testKey, testSecret
	}
	b.Server = fake.New(o)
	start := httptest.NewServer
	if tls {
		start = httptest.NewTLSServer
	}
	srv := start(b.Server)
	t.Cleanup(srv.Close)
	b.url = srv.URL + o.Folder
	b.log = &transport{t: t, next: srv.Client().Transport, official: loadOfficial(t), folder: o.Folder}
	all := map[string]string{"url": b.url, "currency": "EUR"}
	maps.Copy(all, settings)
	checked, err := Driver().Check(all)
	if err != nil {
		t.Fatal(err)
	}
	ch, err := Driver().Open(channel.Deps{
		Settings: checked, Gate: b.gate, Now: b.clock.Now,
		Client: &http.Client{Transport: b.log, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Secret: func(_ context.Context, name string) (secret.Text, error) {
			s, ok := map[string]string{secretKey: testKey, secretSecret: testSecret, secretWebhook: hookSecret}[name]
			if !ok {
				return secret.Text{}, fault.New(fault.NotFound, "no such credential")
			}
			return secret.New(s), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.ch = ch.(*adapter)
	return b
}

// newBench is a shop over plain http with the usual settings.
func newBench(t testing.TB) *bench {
	t.Helper()
	return openBench(t, fake.Options{}, nil, false)
}

// transport records and checks exchanges.
type transport struct {
	t        testing.TB
	next     http.RoundTripper
	official *official
	folder   string
	loose    bool // answers are bent on purpose: only requests are checked

	requests, responses int
	seen                []string
	auth                []string
}

// RoundTrip passes a request on and checks both ways.
func (x *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	q := r.URL.Query()
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, x.folder), "/wp-json")
	if route := q.Get("rest_route"); route != "" {
		path = route
	}
	x.seen = append(x.seen, line(r.Method, path, q, body))
	x.auth = append(x.auth, r.Header.Get("Authorization"))
	if x.official != nil {
		x.requests++
		for _, wrong := range x.official.checkRequest(r.Method, path, q, body) {
			x.t.Errorf("request %s %s: %s", r.Method, path, wrong)
		}
	}
	resp, err := x.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if x.official == nil || x.loose || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, nil
	}
	answered, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(answered))
	x.responses++
	for _, wrong := range x.official.checkResponse(r.Method, path, q, resp.StatusCode, answered) {
		x.t.Errorf("answer to %s %s: %s", r.Method, path, wrong)
	}
	return resp, nil
}

// line renders a request without what changes each time.
func line(method, path string, q url.Values, body []byte) string {
	kept := url.Values{}
	for name, v := range q {
		if !strings.HasPrefix(name, "oauth_") && name != "_" {
			kept[name] = v
		}
	}
	text, err := url.QueryUnescape(kept.Encode())
	if err != nil {
		text = kept.Encode()
	}
	if text != "" {
		path += "?" + text
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", method, path, body))
}

// euro is an amount in the bench's currency.
func euro(minor int64) money.Amount { return money.Of(minor, "EUR") }

// simple is a product without variations.
func simple(sku string, stock, minor int64) channeltest.Product {
	return channeltest.Product{SKU: sku, Title: sku, Stock: stock, Price: euro(minor)}
}

// list reads the whole catalogue.
func (b *bench) list() (out channel.Page) {
	b.t.Helper()
	from := channel.Cursor("")
	for range 10_000 {
		p, err := b.ch.List(b.t.Context(), from)
		if err != nil {
			b.t.Fatalf("List() = %v, want a page", err)
		}
		out.Listings = append(out.Listings, p.Listings...)
		out.Counts = append(out.Counts, p.Counts...)
		out.Findings = append(out.Findings, p.Findings...)
		if p.Total != nil {
			out.Total = p.Total
		}
		if from = p.Next; from == "" {
			return out
		}
	}
	b.t.Fatal("the list has no end")
	return out
}

// sales reads the order feed from a cursor to the end of the poll.
func (b *bench) sales(from channel.Cursor) (lines []channel.Line, findings []channel.Finding, next channel.Cursor) {
	b.t.Helper()
	for range 100 {
		p, err := b.ch.Sales(b.t.Context(), from)
		if err != nil {
			b.t.Fatalf("Sales() = %v, want a page", err)
		}
		lines, findings = append(lines, p.Lines...), append(findings, p.Findings...)
		if from = p.Next; !p.More {
			return lines, findings, from
		}
	}
	b.t.Fatal("the order feed has no end")
	return nil, nil, ""
}

// set writes one number and returns its outcome.
func (b *bench) set(key string, group string, n int64) channel.Outcome {
	b.t.Helper()
	return b.one(channel.Stock, channel.Write{
		Ref: 7, Stock: channel.StockKey{Key: key}, Listing: channel.ListingRef{Key: channel.ListingKey(key), Group: group}, Quantity: n,
	})
}

// price writes one price and returns its outcome.
func (b *bench) price(key string, p money.Amount) channel.Outcome {
	b.t.Helper()
	return b.one(channel.Price, channel.Write{Ref: 7, Listing: channel.ListingRef{Key: channel.ListingKey(key)}, Price: p})
}

func (b *bench) one(f channel.Field, w channel.Write) channel.Outcome {
	b.t.Helper()
	r, err := b.ch.Submit(b.t.Context(), channel.Batch{Field: f, Group: w.Listing.Group, Writes: []channel.Write{w}})
	if err != nil {
		b.t.Fatalf("Submit(%s) = %v, want a receipt", f, err)
	}
	if len(r.Outcomes) != 1 || r.Outcomes[0].Ref != w.Ref {
		b.t.Fatalf("Submit(%s) = %+v, want one outcome of ref %d", f, r.Outcomes, w.Ref)
	}
	return r.Outcomes[0]
}

// secretOf is a vault that holds one secret under every name.
func secretOf(text string) func(context.Context, string) (secret.Text, error) {
	return func(context.Context, string) (secret.Text, error) { return secret.New(text), nil }
}
