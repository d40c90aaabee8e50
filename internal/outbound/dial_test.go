package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func portOf(t testing.TB, host string) uint16 {
	t.Helper()
	_, text, err := net.SplitHostPort(host)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(port)
}

// TestC23_NamesThatLeadInsideAreRefused lets DNS answer with every kind of address that leads back inside. Port and
// scheme are allowed, so the address alone decides.
func TestC23_NamesThatLeadInsideAreRefused(t *testing.T) {
	var hits atomic.Int64
	_, host := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	port := portOf(t, host)
	for _, answer := range []string{"127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "192.168.1.1", "fd00::1"} {
		g := newGuard(t, Config{Ports: []uint16{port}, Resolver: names(func(string) []string { return []string{answer} })})
		address := fmt.Sprintf("shop.example:%d", port)
		_, _, err := get(t, g.Client(address), "https://"+address)
		wantFault(t, answer, err, fault.Invalid, false)
		if report := g.Egress(); len(report) != 1 || report[0].Refused == 0 || report[0].Dials != 0 {
			t.Errorf("%s: Egress = %+v, want one host with a refused dial", answer, report)
		}
		if len(g.Blocked()) != 1 {
			t.Errorf("%s: Blocked = %v, want one reason", answer, g.Blocked())
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests came through, want 0", hits.Load())
	}
}

// TestC23_RebindingIsSeenAtConnect is case 18: the name led to an allowed address when it was checked, and does not any
// more.
func TestC23_RebindingIsSeenAtConnect(t *testing.T) {
	_, host := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	c := Loopback()
	c.AllowPrivate = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	var lookups atomic.Int64
	c.Resolver = names(func(string) []string {
		if lookups.Add(1) <= 2 { // A and AAAA of the first dial
			return []string{"127.0.0.1"}
		}
		return []string{"127.0.0.2"}
	})
	g := newGuard(t, c)
	address := fmt.Sprintf("rebind.example:%d", portOf(t, host))
	client := g.Client(address)
	if _, _, err := get(t, client, "http://"+address); err != nil {
		t.Fatalf("first request = %v, want an answer", err)
	}
	_, _, err := get(t, client, "http://"+address)
	wantFault(t, "second request", err, fault.Invalid, false)
}

func TestC23_OfSeveralAddressesOnlyTheAllowedIsTried(t *testing.T) {
	_, host := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := Loopback()
	c.AllowPrivate = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	c.Resolver = names(func(string) []string { return []string{"127.0.0.2", "127.0.0.1", "::1"} })
	g := newGuard(t, c)
	address := fmt.Sprintf("two.example:%d", portOf(t, host))
	if _, _, err := get(t, g.Client(address), "http://"+address); err != nil {
		t.Errorf("request = %v, want an answer from the allowed address", err)
	}
}

func TestC23_OwnListenerIsNotReached(t *testing.T) {
	url, host := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the own listener was reached") })
	c := Loopback()
	c.Own = []netip.AddrPort{netip.MustParseAddrPort(host)}
	_, _, err := get(t, newGuard(t, c).Client(host), url)
	wantFault(t, "own listener", err, fault.Invalid, false)
}

// TestC23_EnvironmentProxyIsIgnored is case 19. net/http reads the environment once per process, so the request is sent
// by a second process.
func TestC23_EnvironmentProxyIsIgnored(t *testing.T) {
	if address := os.Getenv("OUTBOUND_TEST_ADDRESS"); address != "" {
		c := Loopback()
		c.Resolver = names(func(string) []string { return []string{"127.0.0.1"} })
		_, body, err := get(t, newGuard(t, c).Client(address), "http://"+address)
		if err != nil || string(body) != "direct" {
			t.Errorf("request = %q, %v, want it to go straight to the shop", body, err)
		}
		return
	}
	proxy, _ := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy of the environment was used") })
	_, host := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") })
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("OUTBOUND_TEST_ADDRESS=shop.example:%d", portOf(t, host)), "NO_PROXY=", "no_proxy=")
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		cmd.Env = append(cmd.Env, name+"="+proxy)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("request with a proxy in the environment: %v\n%s", err, out)
	}
}

// TestC23_RedirectsAreNotFollowed is case 17, with credentials that must not travel on (C14).
func TestC23_RedirectsAreNotFollowed(t *testing.T) {
	other, otherHost := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, code := range []int{301, 302, 303, 307, 308} {
		url, host := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other+"/inside", code) })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		resp, err := Do(newGuard(t, Loopback()).Client(host, otherHost), req)
		if err != nil || resp.StatusCode != code {
			t.Errorf("answer = %v, %v, want the %d itself", resp, err, code)
			continue
		}
		resp.Body.Close()
	}
}

func TestAHostIsOneHowEverItIsWritten(t *testing.T) {
	_, host := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := Loopback()
	c.Resolver = names(func(name string) []string {
		if name != "xn--bcher-kva.example" {
			return nil
		}
		return []string{"127.0.0.1"}
	})
	g := newGuard(t, c)
	port := fmt.Sprint(":", portOf(t, host))
	client := g.Client("Bücher.example" + port)
	for _, name := range []string{"xn--bcher-kva.example", "XN--BCHER-KVA.example", "bücher.example", "BÜCHER.Example"} {
		if _, _, err := get(t, client, "http://"+name+port); err != nil {
			t.Errorf("request to %s = %v, want an answer", name, err)
		}
	}
	if r := g.Egress(); len(r) != 1 || r[0].Requests != 4 || r[0].Dials == 0 {
		t.Errorf("Egress = %+v, want one host with 4 requests", r)
	}
}

func TestC06_OnlyTheAccountsHostsAreReached(t *testing.T) {
	url, host := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came through") })
	g := newGuard(t, Loopback())
	strict := newGuard(t, Config{})
	tests := []struct {
		name   string
		client *http.Client
		url    string
		change func(*http.Request)
	}{
		{"host not listed", g.Client("127.0.0.1:1"), url, nil},
		{"no host at all", g.Client(), url, nil},
		{"port differs", g.Client("127.0.0.1"), url, nil},
		{"name in front", g.Client("shop.example"), "http://evil.shop.example", nil},
		{"name behind", g.Client("shop.example"), "http://shop.example.evil.example", nil},
		{"trailing dot", g.Client("shop.example"), "http://shop.example./", nil},
		{"user name", g.Client(host), strings.Replace(url, "://", "://user@", 1), nil},
		{"other host header", g.Client(host), url, func(r *http.Request) { r.Host = "inside.example" }},
		{"plain http where it is not allowed", strict.Client(host, "shop.example"), "http://shop.example", nil},
		{"loopback where it is not allowed", strict.Client(host), "https://" + host, nil},
		{"other scheme", g.Client(host), strings.Replace(url, "http", "ftp", 1), nil},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if tt.change != nil {
			tt.change(req)
		}
		_, err = Do(tt.client, req)
		wantFault(t, tt.name, err, fault.Invalid, false)
	}
	for _, r := range g.Egress() {
		if r.Requests+r.Dials != 0 {
			t.Errorf("Egress = %+v, want nothing sent", r)
		}
	}
}

// TestC22_Handshakes meets servers that must not be trusted, each over a name that leads to loopback.
func TestC22_Handshakes(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	later := time.Now().Add(30 * time.Minute)
	fine := ca.issue(t, "shop.example", later)
	tests := []struct {
		name string
		cert tls.Certificate
		most uint16
		want string // "" for an answer
	}{
		{"TLS 1.3", fine, tls.VersionTLS13, ""},
		{"TLS 1.2", fine, tls.VersionTLS12, ""},
		{"TLS 1.1", fine, tls.VersionTLS11, "version"},
		{"TLS 1.0", fine, tls.VersionTLS10, "version"},
		{"wrong name", ca.issue(t, "other.example", later), tls.VersionTLS13, "it is for another name"},
		{"expired", ca.issue(t, "shop.example", time.Now().Add(-time.Minute)), tls.VersionTLS13, "it has expired or is not valid yet"},
		{"not valid yet", ca.issue(t, "shop.example", time.Now().Add(2*time.Hour)), tls.VersionTLS13, "it has expired or is not valid yet"},
		{"unknown authority", stranger.issue(t, "shop.example", later), tls.VersionTLS13, "nobody we trust has signed it"},
	}
	for _, tt := range tests {
		port := serveTLS(t, tt.cert, tt.most, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
		c := Loopback()
		c.Resolver = names(func(string) []string { return []string{"127.0.0.1"} })
		c.Roots = map[string]*x509.CertPool{"shop.example": ca.pool()}
		g := newGuard(t, c)
		address := "shop.example:" + port
		_, body, err := get(t, g.Client(address), "https://"+address)
		if tt.want == "" {
			if err != nil || string(body) != "ok" {
				t.Errorf("%s: answer = %q, %v, want ok", tt.name, body, err)
			}
			continue
		}
		wantFault(t, tt.name, err, fault.Unavailable, false)
		if err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want %q in it", tt.name, err, tt.want)
		}
		if r := g.Egress(); len(r) != 1 || r[0].Failed != 1 {
			t.Errorf("%s: Egress = %+v, want one failed dial", tt.name, r)
		}
	}
}

func TestC22_APinnedAuthorityCountsForItsHostOnly(t *testing.T) {
	ca := newAuthority(t)
	port := serveTLS(t, ca.issue(t, "other.example", time.Now().Add(time.Minute)), tls.VersionTLS13, func(http.ResponseWriter, *http.Request) {})
	c := Loopback()
	c.Resolver = names(func(string) []string { return []string{"127.0.0.1"} })
	c.Roots = map[string]*x509.CertPool{"shop.example": ca.pool()}
	address := "other.example:" + port
	_, _, err := get(t, newGuard(t, c).Client(address), "https://"+address)
	wantFault(t, "other host under the pinned authority", err, fault.Unavailable, false)
}

func TestC22_PlainServerIsNotAnHTTPSServer(t *testing.T) {
	_, host := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came through") })
	_, _, err := get(t, newGuard(t, Loopback()).Client(host), "https://"+host)
	wantFault(t, "https to a plain server", err, fault.Unavailable, false)
	if err != nil && !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("error = %v, want to hear that it does not speak TLS", err)
	}
}
