package medusa_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa"
	"carpediemstore.it/sync-connector/internal/channels/medusa/fake"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/secret"
)

// link is a fake shop with an account open on it.
type link struct {
	*channeltest.Link
	shop *fake.Server
}

// connect opens an account with settings on a shop with options. {location} in a setting is the first location.
func connect(t *testing.T, o fake.Options, settings map[string]string) link {
	t.Helper()
	o.Key = key
	var l link
	target := target()
	all := map[string]string{"currency": "EUR"}
	for name, value := range settings {
		all[name] = value
	}
	target.New = func(_ testing.TB, now func() time.Time) channeltest.Shop {
		o.Now = now
		l.shop = fake.New(o)
		for name, value := range all {
			all[name] = strings.ReplaceAll(value, "{location}", l.shop.Locations()[0])
		}
		return l.shop
	}
	target.Settings = all
	l.Link = channeltest.Open(t, target)
	return l
}

// against opens an account on a handler that is no shop.
func against(t *testing.T, h http.HandlerFunc) channel.Channel {
	t.Helper()
	target := target()
	target.New = func(testing.TB, func() time.Time) channeltest.Shop { return odd{h: h} }
	target.Settings = map[string]string{"currency": "EUR", "tax_included": "true"}
	return channeltest.Open(t, target).Channel
}

// odd is a server that is no shop.
type odd struct {
	channeltest.Shop
	h http.HandlerFunc
}

func (o odd) ServeHTTP(w http.ResponseWriter, r *http.Request) { o.h(w, r) }

// answers makes a handler that gives every request the same answer.
func answers(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func product(sku string, stock, cents int64) channeltest.Product {
	return channeltest.Product{SKU: sku, Title: "product " + sku, Group: "one", Stock: stock, Price: money.Of(cents, "EUR")}
}

// products makes n products … of one group.
func products(n int) []channeltest.Product {
	out := make([]channeltest.Product, n)
	for i := range out {
		out[i] = product(fmt.Sprintf("A-%03d", i+1), 1000, 1000)
	}
	return out
}

// all reads the whole catalogue.
func (l link) all(t *testing.T) channel.Page {
	t.Helper()
	var out channel.Page
	for from := channel.Cursor(""); ; {
		p, err := l.Channel.List(t.Context(), from)
		if err != nil {
			t.Fatalf("List(%q) = %v, want a page", from, err)
		}
		out.Listings = append(out.Listings, p.Listings...)
		out.Counts = append(out.Counts, p.Counts...)
		out.Findings = append(out.Findings, p.Findings...)
		out.Total = p.Total
		if from = p.Next; from == "" {
			return out
		}
	}
}

// listing finds a listing by its SKU.
func listing(t *testing.T, p channel.Page, sku string) channel.Listing {
	t.Helper()
	i := slices.IndexFunc(p.Listings, func(x channel.Listing) bool { return x.SKU == sku })
	if i < 0 {
		t.Fatalf("the catalogue has no %s", sku)
	}
	return p.Listings[i]
}

// codes lists the codes of findings.
func codes(fs []channel.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Code)
	}
	return out
}

// feed polls orders and keeps the newest state of each line by order and SKU.
type feed struct {
	l     link
	at    channel.Cursor
	lines map[string]channel.Line
	calls int
	codes []string
}

func (l link) feed() *feed { return &feed{l: l, lines: map[string]channel.Line{}} }

// poll reads to the end and returns how many lines came.
func (f *feed) poll(t *testing.T) int {
	t.Helper()
	n := 0
	for range 1000 {
		p, err := f.l.Channel.(channel.Seller).Sales(t.Context(), f.at)
		if err != nil {
			t.Fatalf("Sales(%q) = %v, want a page", f.at, err)
		}
		f.calls++
		f.codes = append(f.codes, codes(p.Findings)...)
		skus := f.l.shop.Truth().SKUs
		for _, x := range p.Lines {
			name := x.Order + " " + skus[x.Listing]
			if old, known := f.lines[name]; !known || x.Version > old.Version {
				f.lines[name] = x
			}
			n++
		}
		f.at = p.Next
		if !p.More {
			return n
		}
	}
	t.Fatal("the feed has no end")
	return 0
}

// state is quantity, shipped, returned, taken of a line.
func (f *feed) state(order, sku string) [4]int64 {
	x := f.lines[order+" "+sku]
	return [4]int64{x.Quantity, x.Shipped, x.Returned, x.Taken}
}

func (l link) buy(t *testing.T, items ...channeltest.Item) string {
	t.Helper()
	id, ok := l.shop.Buy(items...)
	if !ok {
		t.Fatalf("Buy(%v) was refused", items)
	}
	return id
}

func TestSettingsAreChecked(t *testing.T) {
	for _, x := range []struct {
		name, value string
		ok          bool
	}{
		{"url", "https://shop.example/", true},
		{"url", "https://shop.example/backend", true},
		{"url", "shop.example", false},
		{"url", "ftp://shop.example", false},
		{"url", "https://user:pass@shop.example", false},
		{"url", "https://shop.example?x=1", false},
		{"url", "", false},
		{"currency", "eur", true},
		{"currency", "", false},
		{"currency", "EURO", false},
		{"tax_included", "true", true},
		{"tax_included", "false", true},
		{"tax_included", "yes", false},
	} {
		settings := map[string]string{"url": "https://shop.example", "currency": "EUR"}
		settings[x.name] = x.value
		if _, err := medusa.Driver().Open(channel.Deps{Settings: settings}); (err == nil) != x.ok {
			t.Errorf("Open with %s=%q = %v, want accepted %v", x.name, x.value, err, x.ok)
		}
	}
}

// reopen opens another account on the shop of l.
func reopen(t *testing.T, l link, settings map[string]string) channel.Channel {
	t.Helper()
	all := map[string]string{"url": l.URL, "currency": "EUR"}
	for name, value := range settings {
		all[name] = value
	}
	c, err := medusa.Driver().Open(channel.Deps{
		Settings: all, Client: http.DefaultClient, Gate: l.Gate, Now: l.Clock.Now,
		Secret: func(context.Context, string) (secret.Text, error) { return secret.New(key), nil },
	})
	if err != nil {
		t.Fatalf("Open(%v) = %v, want a channel", settings, err)
	}
	return c
}
