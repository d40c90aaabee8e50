package outbound

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// TestC23_AddressesInsideAreRefused goes through the numbered cases 1 to 14 of the outbound guard.
func TestC23_AddressesInsideAreRefused(t *testing.T) {
	j := newJudge(Config{Own: []netip.AddrPort{netip.MustParseAddrPort("8.8.4.4:0")}})
	j.interfaces = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("9.9.9.9"), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("2620:fe::9"), Mask: net.CIDRMask(64, 128)}}, nil
	}
	tests := []struct {
		name  string
		addrs []string
		want  string
	}{
		{"1 loopback", []string{"127.0.0.1", "127.255.255.255", "::1"}, "loopback"},
		{"2 RFC 1918", []string{"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"}, "private"},
		{"3 unique local", []string{"fc00::1", "fdff::1"}, "private"},
		{"4 link-local", []string{"169.254.0.1", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0"}, "link-local"},
		{"4 metadata", []string{"169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"}, "metadata service"},
		{"5 carrier-grade NAT", []string{"100.64.0.1", "100.127.255.255"}, "carrier-grade NAT"},
		{"6 unspecified", []string{"0.0.0.0", "0.1.2.3", "::"}, "unspecified"},
		{"7 multicast and broadcast", []string{"224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"}, "multicast or broadcast"},
		{"7 reserved", []string{"240.0.0.1", "255.255.255.254"}, "reserved"},
		{"8 special purpose", []string{"192.0.0.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "2001:2::1", "2001:20::1"}, "special purpose"},
		{"8 documentation", []string{"192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1"}, "documentation"},
		{"9 Azure", []string{"168.63.129.16"}, "metadata service"},
		{"10 IPv4-mapped", []string{"::ffff:127.0.0.1", "::ffff:8.8.8.8"}, "IPv4 inside IPv6"},
		{"11 NAT64", []string{"64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::1"}, "IPv4 inside IPv6"},
		{"12 6to4", []string{"2002:7f00:1::1", "2002::"}, "IPv4 inside IPv6"},
		{"13 Teredo", []string{"2001::1", "2001:0:53aa:64c::1"}, "IPv4 inside IPv6"},
		{"14 own address", []string{"8.8.4.4", "9.9.9.9", "2620:fe::9"}, "this program's own address"},
		{"not given out", []string{"4000::1", "::2", "5f00::1", "fec0::1"}, ""},
	}
	for _, tt := range tests {
		for _, a := range tt.addrs {
			got := j.refusal(netip.AddrPortFrom(netip.MustParseAddr(a), 443), false)
			if got == "" || tt.want != "" && got != tt.want {
				t.Errorf("%s: refusal(%s) = %q, want %q", tt.name, a, got, tt.want)
			}
		}
	}
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1", "198.17.255.255", "223.255.255.255", "2620:fe::fe", "2a00:1450::1"} {
		if got := j.refusal(netip.AddrPortFrom(netip.MustParseAddr(a), 443), false); got != "" {
			t.Errorf("refusal(%s) = %q, want none", a, got)
		}
	}
}

func TestC23_SettingsOpenNetworksButNeverMetadata(t *testing.T) {
	j := newJudge(Config{
		AllowPrivate: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
		Own:          []netip.AddrPort{netip.MustParseAddrPort("[::]:8080"), netip.MustParseAddrPort("10.1.2.3:9090")},
	})
	j.interfaces = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("192.168.7.7"), Mask: net.CIDRMask(24, 32)}}, nil
	}
	tests := []struct {
		to   string
		want string
	}{
		{"127.0.0.1:80", ""},
		{"192.168.1.10:8443", ""},
		{"[fd12::1]:443", ""},
		{"[64:ff9b::808:808]:443", ""},
		{"169.254.169.254:80", "metadata service"},
		{"[fd00:ec2::254]:80", "metadata service"},
		{"100.100.100.200:80", "metadata service"},
		{"168.63.129.16:80", "metadata service"},
		{"169.254.7.7:80", "link-local"},
		{"[fe80::1]:80", "link-local"},
		{"[::ffff:169.254.169.254]:80", "IPv4 inside IPv6"},
		{"[64:ff9b::a9fe:a9fe]:80", "metadata service"},
		{"[2002:a9fe:a9fe::1]:80", "IPv4 inside IPv6"},
		{"0.0.0.0:80", "unspecified"},
		{"127.0.0.1:8080", "this program's own address"},
		{"[::1]:8080", "this program's own address"},
		{"192.168.7.7:8080", "this program's own address"},
		{"192.168.7.8:8080", ""},
		{"10.1.2.3:9090", "this program's own address"},
		{"10.1.2.3:9091", ""},
	}
	for _, tt := range tests {
		if got := j.refusal(netip.MustParseAddrPort(tt.to), true); got != tt.want {
			t.Errorf("refusal(%s) = %q, want %q", tt.to, got, tt.want)
		}
	}
}

func TestPublicAddressesTakeAllowedPortsAndTLSOnly(t *testing.T) {
	j := newJudge(Config{Ports: []uint16{8443}, AllowPlain: true})
	j.interfaces = func() ([]net.Addr, error) { return nil, nil }
	tests := []struct {
		to    string
		plain bool
		want  string
	}{
		{"8.8.8.8:443", false, ""},
		{"8.8.8.8:8443", false, ""},
		{"8.8.8.8:22", false, "port not allowed"},
		{"8.8.8.8:80", true, "http at a public address"},
		{"8.8.8.8:443", true, "http at a public address"},
	}
	for _, tt := range tests {
		if got := j.refusal(netip.MustParseAddrPort(tt.to), tt.plain); got != tt.want {
			t.Errorf("refusal(%s, plain %v) = %q, want %q", tt.to, tt.plain, got, tt.want)
		}
	}
	j.interfaces = func() ([]net.Addr, error) { return nil, errors.New("no answer") }
	if got := j.refusal(netip.MustParseAddrPort("8.8.8.8:443"), false); got == "" {
		t.Errorf("refusal without knowing the own addresses = none, want one")
	}
}
