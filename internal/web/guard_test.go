package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/service"
)

// TestEveryAnswerHasTheHeaders, whatever its status.
func TestEveryAnswerHasTheHeaders(t *testing.T) {
	p := serve(t, twoShops())
	for _, x := range []struct {
		name, method, path string
		want               int
		change             []func(*http.Request)
		broken             bool
	}{
		{"page", "GET", "/", 200, []func(*http.Request){p.signedIn}, false},
		{"live", "GET", "/live", 200, []func(*http.Request){p.signedIn}, false},
		{"style", "GET", "/style.css", 200, []func(*http.Request){p.signedIn}, false},
		{"head", "HEAD", "/", 200, []func(*http.Request){p.signedIn}, false},
		{"first visit", "GET", "/?token=" + p.token, 303, nil, false},
		{"no token", "GET", "/", 401, nil, false},
		{"no token, live", "GET", "/live", 401, nil, false},
		{"no token, style", "GET", "/style.css", 401, nil, false},
		{"wrong token", "GET", "/?token=" + strings.Repeat("0", 64), 401, nil, false},
		{"wrong cookie", "GET", "/", 401, []func(*http.Request){header("Cookie", "carpediem=0")}, false},
		{"no such page", "GET", "/other", 404, []func(*http.Request){p.signedIn}, false},
		{"no such page, no token", "GET", "/other", 401, nil, false},
		{"wrong method", "POST", "/", 405, []func(*http.Request){p.signedIn}, false},
		{"foreign host", "GET", "/", 421, []func(*http.Request){p.signedIn, host("rebind.invalid")}, false},
		{"foreign host with token", "GET", "/?token=" + p.token, 421, []func(*http.Request){host("rebind.invalid:80")}, false},
		{"foreign host like ours", "GET", "/", 421, []func(*http.Request){p.signedIn, host("localhost.rebind.invalid")}, false},
		{"host of a net", "GET", "/", 421, []func(*http.Request){p.signedIn, host("10.0.0.1:8420")}, false},
		{"host by number", "GET", "/", 200, []func(*http.Request){p.signedIn, host("127.0.0.1:8420")}, false},
		{"host by long number", "GET", "/", 200, []func(*http.Request){p.signedIn, host("[::1]:8420")}, false},
		{"posted from elsewhere", "POST", "/", 403, []func(*http.Request){p.signedIn, header("Sec-Fetch-Site", "cross-site")}, false},
		{"posted from another origin", "POST", "/live", 403, []func(*http.Request){p.signedIn, header("Origin", "https://other.invalid")}, false},
		{"broken page", "GET", "/", 503, []func(*http.Request){p.signedIn}, true},
		{"broken live", "GET", "/live", 503, []func(*http.Request){p.signedIn}, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			p.shown.set(twoShops(), nil)
			if x.broken {
				p.shown.set(service.Overview{}, broken())
			}
			res, body := p.ask(t, x.method, x.path, x.change...)
			if res.StatusCode != x.want {
				t.Errorf("%s %s = %d, want %d: %s", x.method, x.path, res.StatusCode, x.want, body)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			csp := res.Header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
				if !strings.Contains(csp, want) {
					t.Errorf("Content-Security-Policy = %q, want %s in it", csp, want)
				}
			}
			if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
				t.Errorf("Content-Security-Policy = %q allows too much", csp)
			}
			if x.want >= 300 && (strings.Contains(body, "bottega") || strings.Contains(body, "/secret/place") || strings.Contains(body, p.token)) {
				t.Errorf("an answer of %d says %q", res.StatusCode, body)
			}
		})
	}
	if !strings.Contains(p.log.String(), "/secret/place") {
		t.Error("the log does not say why the page could not be shown")
	}
	if strings.Contains(p.log.String(), p.token) {
		t.Error("the log holds the token")
	}
	if p.shown.who.Tenant != 7 {
		t.Errorf("the page asked for tenant %d, want 7", p.shown.who.Tenant)
	}
}

func TestTheTokenBecomesACookieAndLeavesTheAddress(t *testing.T) {
	p := serve(t, twoShops())
	res, _ := p.ask(t, "GET", "/?token="+p.token)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/" {
		t.Errorf("first visit = %d to %q, want 303 to /", res.StatusCode, to)
	}
	cookies := res.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("first visit set %d cookies, want 1", len(cookies))
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 || c.MaxAge > 24*3600 {
		t.Errorf("cookie = %v, want HttpOnly, SameSite=Strict, of this host alone and for a day at most", c)
	}
	if res, _ := p.ask(t, "GET", "/", func(r *http.Request) { r.AddCookie(c) }); res.StatusCode != http.StatusOK {
		t.Errorf("page with the cookie = %d, want 200", res.StatusCode)
	}
	if res, _ := p.ask(t, "GET", "/?token="+strings.Repeat("f", 64)); len(res.Cookies()) != 0 {
		t.Error("a wrong token set a cookie")
	}
}

// TestATokenOpensOneServer: the token of another run is a wrong one.
func TestATokenOpensOneServer(t *testing.T) {
	a, b := serve(t, twoShops()), serve(t, twoShops())
	if a.token == b.token {
		t.Fatal("two servers have the same token")
	}
	if res, _ := a.ask(t, "GET", "/", b.signedIn); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("page with another server's token = %d, want 401", res.StatusCode)
	}
}

// TestTheScriptRunsByItsNonceAlone: the nonce is in the header and at the one script, and new each time.
func TestTheScriptRunsByItsNonceAlone(t *testing.T) {
	p := serve(t, twoShops())
	seen := map[string]bool{}
	for range 3 {
		res, body := p.ask(t, "GET", "/", p.signedIn)
		m := regexp.MustCompile(`script-src 'nonce-([0-9a-f]{64})'`).FindStringSubmatch(res.Header.Get("Content-Security-Policy"))
		if m == nil {
			t.Fatalf("Content-Security-Policy = %q, want a nonce in it", res.Header.Get("Content-Security-Policy"))
		}
		if strings.Count(body, "<script") != 1 || !strings.Contains(body, `<script nonce="`+m[1]+`">`) {
			t.Errorf("the page's scripts do not carry the nonce of its header")
		}
		seen[m[1]] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d nonces in 3 pages, want 3", len(seen))
	}
	if res, _ := p.ask(t, "GET", "/live", p.signedIn); !strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src 'none'") {
		t.Error("/live may run scripts")
	}
}

func TestListenStaysOnThisMachine(t *testing.T) {
	p := serve(t, twoShops())
	for _, address := range []string{
		"0.0.0.0:0", ":0", "[::]:0", "10.1.2.3:0", "192.168.1.5:8420", "example.invalid:80", "localhost.example.invalid:80", "127.0.0.1", "", "nonsense",
	} {
		if err := p.Listen(t.Context(), address); !fault.Is(err, fault.Usage) {
			t.Errorf("Listen(%q) = %v, want a usage fault", address, err)
		}
	}
	taken := strings.TrimPrefix(p.base, "http://localhost:")
	if err := p.Listen(t.Context(), "127.0.0.1:"+taken); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Listen on a taken port = %v, want unavailable", err)
	}
}
