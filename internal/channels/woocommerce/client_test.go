package woocommerce

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/secret"
)

// spy shows the address of each request.
type spy struct {
	next http.RoundTripper
	see  func(string)
}

// RoundTrip passes a request on.
func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.see(r.URL.String())
	return s.next.RoundTrip(r)
}

func TestAddressesThatAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "shop.example", "http://shop.example", "http://192.168.1.5", "ftp://shop.example", "https://user:pw@shop.example",
		"https://shop.example/?x=1", "https://", "http://127.0.0.1.evil.example", "javascript:alert(1)",
	} {
		if u, err := parseBase(text); err == nil {
			t.Errorf("parseBase(%q) = %v, want it refused", text, u)
		}
	}
	for text, want := range map[string]string{
		"https://shop.example": "https://shop.example", "https://shop.example/shop/": "https://shop.example/shop",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://[::1]:80": "http://[::1]:80", "http://localhost": "http://localhost",
	} {
		if u, err := parseBase(text); err != nil || u.String() != want {
			t.Errorf("parseBase(%q) = %v, %v, want %s", text, u, err, want)
		}
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	for name, value := range map[string]string{
		"currency": "EURO", "moment": "shipped", "batch": "0", "tax_included": "maybe", "query_auth": "x", "rest_route": "?",
	} {
		m := map[string]string{"url": "https://shop.example", "currency": "EUR", name: value}
		if _, err := parseSettings(m); !fault.Is(err, fault.Invalid) {
			t.Errorf("settings with %s=%q = %v, want invalid", name, value, err)
		}
	}
	s, err := parseSettings(map[string]string{"url": "https://shop.example", "currency": "eur"})
	if err != nil || s.tax != nil || s.moment != channel.AtPlaced || s.batch != defaultBatch {
		t.Errorf("usual settings = %+v, %v, want no word about tax, moment placed", s, err)
	}
}

func TestKeysTravelAsTheConnectionAllows(t *testing.T) {
	for _, x := range []struct {
		name     string
		tls      bool
		options  fake.Options
		traps    fake.Traps
		settings map[string]string
		header   bool
		query    string
	}{
		{name: "basic on https", tls: true, header: true},
		{name: "in the query where the host strips the header", tls: true, traps: fake.Traps{StripsHeader: true}, settings: map[string]string{"query_auth": "yes"}, query: "consumer_secret="},
		{name: "signed on http", query: "oauth_signature="},
		{name: "a shop in a folder", tls: true, options: fake.Options{Folder: "/shop"}, header: true},
		{name: "a shop in a folder, signed", options: fake.Options{Folder: "/shop"}, query: "oauth_signature="},
		{name: "a shop without pretty permalinks", tls: true, options: fake.Options{Plain: true}, settings: map[string]string{"rest_route": "yes"}, header: true, query: "rest_route="},
		{name: "without pretty permalinks, signed", options: fake.Options{Plain: true, Folder: "/x"}, settings: map[string]string{"rest_route": "yes"}, query: "oauth_signature="},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := openBench(t, x.options, x.settings, x.tls)
			b.Add(simple("MUG", 5, 1200))
			b.Trap(x.traps)
			var addresses []string
			b.ch.client.deps.Client.Transport = spy{b.log, func(s string) { addresses = append(addresses, s) }}
			drive(b)
			for i, a := range addresses {
				if open := strings.Contains(a, "_fields="+url.QueryEscape(indexFields)); open {
					if strings.Contains(a, testKey) || b.log.auth[i] != "" {
						t.Error("the shop's index was asked with a key, which it does not need")
					}
					continue
				}
				if !strings.Contains(a, x.query) || (b.log.auth[i] != "") != x.header {
					t.Errorf("request %d: header %v, want header %v and %q in the query", i, b.log.auth[i] != "", x.header, x.query)
				}
				if strings.Contains(a, testSecret) && x.settings["query_auth"] == "" {
					t.Error("the secret stands in an address")
				}
			}
		})
	}
}

// TestSignatureIsTheOneOthersMake compares with a signature made by the oauth-1.0a package that the shop's own clients use.
func TestSignatureIsTheOneOthersMake(t *testing.T) {
	u, err := url.Parse("http://127.0.0.1:8080/shop/wp-json/wc/v3/products")
	if err != nil {
		t.Fatal(err)
	}
	q := url.Values{
		"per_page": {"100"}, "_fields": {"id,sku"}, "search": {"a b+c~d*é&="},
		"oauth_consumer_key": {"ck_1"}, "oauth_nonce": {"n1"}, "oauth_timestamp": {"1700000000"}, "oauth_signature_method": {"HMAC-SHA256"},
	}
	const want = "VeJkRY0t4KQOp6YmATn7QlJmRn3SKlov4fD8hG1WHko="
	if got := sign("GET", u, q, "cs_1"); got != want {
		t.Errorf("sign = %s, want %s", got, want)
	}
}

func TestANonceIsUsedOnce(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 5, 1200))
	var first string
	b.ch.client.deps.Client.Transport = spy{b.log, func(s string) { first = s }}
	b.read(channel.Keys{Stock: stocks("1")})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, first, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.log.next.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the same signed request again = %d, want 401", resp.StatusCode)
	}
	b.read(channel.Keys{Stock: stocks("1")}) // signed anew
}

func TestRefusedKeys(t *testing.T) {
	for _, tls := range []bool{false, true} {
		b := openBench(t, fake.Options{Key: testKey, Secret: "cs_another"}, nil, tls)
		_, err := b.ch.List(t.Context(), "")
		if !fault.Is(err, fault.Unauthorized) {
			t.Errorf("List with a wrong secret (tls %v) = %v, want unauthorized", tls, err)
		}
		b = openBench(t, fake.Options{Key: "ck_another", Secret: testSecret}, nil, tls)
		_, err = b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: channel.StockKey{Key: "1"}}}})
		if !fault.Is(err, fault.Unauthorized) {
			t.Errorf("Submit with an unknown key (tls %v) = %v, want unauthorized", tls, err)
		}
	}
}

func TestARoleForStockAloneHasNoFeed(t *testing.T) {
	b := openBench(t, fake.Options{Rights: &fake.Rights{ReadProducts: true, EditProducts: true, EditVariations: true}}, nil, true)
	c, err := b.ch.Capabilities(t.Context())
	if err != nil || c.Sales.Feed {
		t.Errorf("capabilities = feed %v, %v, want none without an error", c.Sales.Feed, err)
	}
	g, err := b.ch.Probe(t.Context())
	if err != nil || len(g.Scopes) != 3 || !g.Scopes[0].Granted || !g.Scopes[1].Granted || g.Scopes[2].Granted || g.Identity != "Shop Example" {
		t.Errorf("Probe = %+v, %v, want products granted and orders not", g, err)
	}
	if _, err := b.ch.Sales(t.Context(), ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("Sales = %v, want forbidden", err)
	}
	b = openBench(t, fake.Options{Rights: &fake.Rights{ReadProducts: true, EditProducts: true, ReadOrders: true, ReadOnlyKey: true}}, nil, true)
	g, err = b.ch.Probe(t.Context())
	if err != nil || !g.Scopes[0].Granted || g.Scopes[1].Granted || !g.Scopes[2].Granted {
		t.Errorf("Probe with a key for reading = %+v, %v, want writing not granted", g, err)
	}
	for _, s := range b.log.seen {
		if strings.HasPrefix(s, "POST") && !strings.HasSuffix(s, `{"update":[]}`) {
			t.Errorf("Probe wrote: %s", s)
		}
	}
}

func TestTrapHostsAnswerInPlaceOfTheShop(t *testing.T) {
	write := channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: channel.StockKey{Key: "1"}, Quantity: 4}}}
	for _, x := range []struct {
		name  string
		traps fake.Traps
		kind  fault.Kind
		word  string
		after time.Duration
	}{
		{"a redirect", fake.Traps{Redirect: true}, fault.Invalid, "canonical", 0},
		{"a firewall", fake.Traps{Firewall: true}, fault.Unavailable, "403", 0},
		{"maintenance", fake.Traps{Maintenance: true}, fault.Unavailable, "maintenance", 90 * time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := newBench(t)
			b.Add(simple("MUG", 5, 1200))
			b.Trap(x.traps)
			_, err := b.ch.List(t.Context(), "")
			if !fault.Is(err, x.kind) || !strings.Contains(err.Error(), x.word) || fault.AfterOf(err) != x.after {
				t.Errorf("List = %v (kind %v, after %v), want %v after %v with a word of %q", err, fault.KindOf(err), fault.AfterOf(err), x.kind, x.after, x.word)
			}
			if _, err = b.ch.Submit(t.Context(), write); !fault.Is(err, x.kind) || !fault.SentOf(err) {
				t.Errorf("Submit = %v (sent %v), want %v, sent", err, fault.SentOf(err), x.kind)
			}
			if x.after > 0 && (len(b.gate.Notes()) == 0 || b.gate.Notes()[0].Note.Until != x.after) {
				t.Errorf("the gate was told %+v, want to wait %v", b.gate.Notes(), x.after)
			}
		})
	}
}

func TestTrapWarningsBeforeTheDocumentAreCutOff(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 5, 1200), channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	b.Trap(fake.Traps{Warnings: true})
	drive(b)
	for doc, want := range map[string]string{
		`[]`: `[]`, " \n{\"a\":1}": `{"a":1}`, "\xef\xbb\xbf[{\"a\":1}]": `[{"a":1}]`, `<b>x[0]</b> [{"id":1}]`: `[{"id":1}]`,
		`<br>Notice: x {"code":"a"}`: `{"code":"a"}`,
	} {
		if got, ok := document([]byte(doc)); !ok || string(got) != want {
			t.Errorf("document(%q) = %s, %v, want %s", doc, got, ok, want)
		}
	}
	for _, doc := range []string{
		``, ` `, `<html></html>`, `[{"id":1,"variations":[12,13]`, `<b>w</b>[{"id":1,"line_items":[{"id":2}]`, `{"update":[{"id":1}`,
		`<script>x={"a":1};</script>`, `null`, `"text"`, `5`, `[{"id":1}]trailing`,
	} {
		if got, ok := document([]byte(doc)); ok {
			t.Errorf("document(%q) = %s, want none: a part must not pass for the whole", doc, got)
		}
	}
}

func TestAnEndlessAnswerIsNamed(t *testing.T) {
	b := newBench(t)
	b.log.loose = true
	b.Inject(channeltest.Fault{Kind: channeltest.FaultHuge})
	b.ch.client.deps.Client.Transport = b.log.next
	if _, err := b.ch.List(t.Context(), ""); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "32 MiB") {
		t.Errorf("List = %v, want unavailable with the limit", err)
	}
}

func TestErrorsShowNoSecretAndNoBody(t *testing.T) {
	for _, kind := range []channeltest.FaultKind{channeltest.FaultDropped, channeltest.FaultHTML200, channeltest.FaultTruncated, channeltest.FaultUnauth} {
		for _, tls := range []bool{false, true} {
			b := openBench(t, fake.Options{}, map[string]string{"query_auth": "yes"}, tls)
			b.Inject(channeltest.Fault{Kind: kind})
			_, err := b.ch.List(t.Context(), "")
			if err == nil {
				t.Errorf("List under %s = nil, want an error", kind)
				continue
			}
			for _, secret := range []string{testSecret, testKey, "oauth_", "?", "<html"} {
				if strings.Contains(strings.ReplaceAll(err.Error(), "(query_auth)?", ""), secret) && strings.Contains(err.Error(), "http") {
					t.Errorf("error under %s holds %q: %v", kind, secret, err)
				}
			}
		}
	}
}

func TestASealedCredentialThatCannotBeOpenedSendsNothing(t *testing.T) {
	b := newBench(t)
	b.ch.client.deps.Secret = func(context.Context, string) (secret.Text, error) {
		return secret.Text{}, errors.New("the vault is shut")
	}
	_, err := b.ch.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: channel.StockKey{Key: "1"}}}})
	if err == nil || fault.SentOf(err) || len(b.log.seen) != 0 {
		t.Errorf("Submit without credentials = %v (sent %v), want an error and nothing sent", err, fault.SentOf(err))
	}
}

func TestTrapBasicIsRefusedOnPlainHTTP(t *testing.T) {
	b := newBench(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/wp-json/wc/v3/products", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(testKey, testSecret)
	resp, err := b.log.next.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("good keys by Basic on plain http = %d, want 401: hence the signature", resp.StatusCode)
	}
}

// TestTrapTheProductsListKnowsNoVariations: hence one read for each parent.
func TestTrapTheProductsListKnowsNoVariations(t *testing.T) {
	b := newBench(t)
	b.Add(channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	q := position{}.query(productFields)
	q.Set("include", "2")
	ps, total, err := b.ch.rows(t.Context(), request{op: channel.OpRead, route: "/wc/v3/products", query: q})
	if err != nil || len(ps) != 0 || *total != 0 {
		t.Errorf("products with include of a variation = %d rows, %v, want none", len(ps), err)
	}
	b.log.official = nil // the material itself calls this wrong
	q.Set("type", "variation")
	if _, _, err = b.ch.rows(t.Context(), request{op: channel.OpRead, route: "/wc/v3/products", query: q}); !fault.Is(err, fault.Invalid) {
		t.Errorf("products of type variation = %v, want invalid", err)
	}
}
