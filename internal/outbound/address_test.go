package outbound

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/fault"
)

func TestAddressHasOneForm(t *testing.T) {
	lan := New(Config{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fd00::/8")}, AllowPlain: true})
	tests := []struct{ raw, want string }{
		{"https://shop.example", "https://shop.example"},
		{" https://SHOP.Example:443/ ", "https://shop.example"},
		{"shop.example", "https://shop.example"},
		{"shop.example/wp/", "https://shop.example/wp"},
		{"https://shop.example:8443/a/b", "https://shop.example:8443/a/b"},
		{"https://bücher.example", "https://xn--bcher-kva.example"},
		{"https://BÜCHER.example", "https://xn--bcher-kva.example"},
		{"https://магазин.рф", "https://xn--80aairftm.xn--p1ai"},
		{"https://東京ショップ.example", "https://xn--xckya1d0c792s9b5a.example"},
		{"http://nas.local", "http://nas.local"},
		{"http://nas.local:80", "http://nas.local"},
		{"http://192.168.1.10:8080", "http://192.168.1.10:8080"},
		{"https://[FD00::1]/shop", "https://[fd00::1]/shop"},
		{"https://[fd00::1]:8443", "https://[fd00::1]:8443"},
	}
	for _, tt := range tests {
		u, err := lan.Address(tt.raw)
		if err != nil {
			t.Errorf("Address(%q) = %v, want %s", tt.raw, err, tt.want)
			continue
		}
		if u.String() != tt.want {
			t.Errorf("Address(%q) = %s, want %s", tt.raw, u, tt.want)
		}
		again, err := lan.Address(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("Address(%q) = %v, %v, want it unchanged", u, again, err)
		}
	}
}

// TestC23_AddressesInDisguiseAreRefused covers cases 15 and 16 of the outbound guard, and what an address must not hold.
func TestC23_AddressesInDisguiseAreRefused(t *testing.T) {
	strict := New(Config{})
	open := New(Loopback())
	tests := []struct {
		name string
		raws []string
	}{
		{"15 number forms", []string{
			"https://2130706433", "https://0177.0.0.1", "https://0x7f.0.0.1", "https://0x7f000001", "https://127.1", "https://127.0.1", "https://017700000001",
			"https://１２７.0.0.1x.0x7f", "https://１２７.0.0.0x1", "https://127。0。1", "https://1.2.3.0x", "https://256.256.256.256", "https://shop.123",
		}},
		{"16 trailing dot", []string{"https://shop.example.", "https://localhost.", "https://shop.example。"}},
		{"16 mixed scripts", []string{"https://shоp.example", "https://аpple.example", "https://pаypal.example", "https://ρay.example", "https://xn--shp-fed.example"}},
		{"IP literals", []string{"https://8.8.8.8", "https://[2620:fe::fe]", "https://10.0.0.1", "https://[::ffff:127.0.0.1]", "https://[fe80::1%25eth0]", "https://169.254.169.254"}},
		{"scheme", []string{"ftp://shop.example", "file:///etc/passwd", "gopher://shop.example", "javascript://shop.example"}},
		{"user", []string{"https://user@shop.example", "https://user:pw@shop.example", "https://shop.example@evil.example"}},
		{"rest", []string{"https://shop.example?x=1", "https://shop.example?", "https://shop.example#x", "https://", "https:///x", "", "https://shop.example:0", "https://shop.example:65536", "https://shop.example:x"}},
		{"no host name", []string{"https://sh op.example", "https://-shop.example", "https://shop_a.example", "https://a..example", "https://.example", "https://" + strings.Repeat("a", 64) + ".example", "https://" + strings.Repeat("a.", 130) + "example"}},
	}
	for _, tt := range tests {
		for _, raw := range tt.raws {
			for _, g := range []*Guard{strict, open} {
				if u, err := g.Address(raw); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s: Address(%q) = %v, %v, want kind %v", tt.name, raw, u, err, fault.Invalid)
				}
			}
		}
	}
	for _, raw := range []string{"http://shop.example", "https://127.0.0.1", "https://[::1]", "https://shop.example:8443"} {
		if u, err := strict.Address(raw); !fault.Is(err, fault.Invalid) {
			t.Errorf("strict: Address(%q) = %v, %v, want kind %v", raw, u, err, fault.Invalid)
		}
	}
	_, err := open.Address("https://user:canary-pw@shop.example")
	if err == nil || strings.Contains(err.Error(), "canary-pw") {
		t.Errorf("Address with a password = %v, want an error without it", err)
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"https://shop.example", "https://0x7f.1", "https://[::1]:1", "bücher.example/x", "https://a@b", "https://１２７.0.0.1"} {
		f.Add(s)
	}
	g := New(Loopback())
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := g.Address(raw)
		if err != nil {
			return
		}
		again, err := g.Address(u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("Address(%q) = %q, which gives %v, %v", raw, u, again, err)
		}
		parsed, err := url.Parse(u.String())
		if err != nil || parsed.Host != u.Host || parsed.User != nil {
			t.Fatalf("Address(%q) = %q, which reads as host %q", raw, u, parsed.Host)
		}
		if addr, err := netip.ParseAddr(strings.Trim(u.Hostname(), "[]")); err == nil && !addr.IsLoopback() {
			t.Fatalf("Address(%q) = %q lets an IP address through", raw, u)
		}
		if g.Client(u.Host).Transport.(*trip).find(u.Scheme, u.Host) == nil {
			t.Fatalf("Client(%q) does not reach its own host", u.Host)
		}
	})
}
