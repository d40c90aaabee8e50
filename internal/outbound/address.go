package outbound

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Address reads the base URL of an account and returns its one canonical form: https (or http where that is allowed),
// the host in lower-case ASCII, no default port, no slash at the end. Store and show that form; its Host is what
// Guard.Client takes. A text without a scheme is taken as https.
func (g *Guard) Address(raw string) (*url.URL, error) {
	raw = strings.TrimSpace(raw)
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The text stays out of the message: it may hold a password.
		return nil, fault.New(fault.Invalid, "the address is not a web address such as https://shop.example")
	}
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && g.config.AllowPlain):
		return nil, fault.New(fault.Invalid, "the address starts with %s://, only https:// is allowed", u.Scheme)
	case u.User != nil:
		return nil, fault.New(fault.Invalid, "the address holds a user name or password: give them as --secret instead")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "":
		return nil, fault.New(fault.Invalid, "the address goes on after the path: leave out everything from ? or # on")
	}
	host, err := g.host(u.Scheme, u.Host)
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: u.Scheme, Host: host, Path: strings.TrimRight(u.Path, "/")}, nil
}

// host canonicalises host[:port] of a URL.
func (g *Guard) host(scheme, hostport string) (string, error) {
	u := url.URL{Host: hostport}
	name, err := g.name(u.Hostname(), strings.HasPrefix(hostport, "["))
	if err != nil {
		return "", err
	}
	text := u.Port()
	if text == "" || text == defaultPort(scheme) {
		if strings.Contains(name, ":") {
			return "[" + name + "]", nil
		}
		return name, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return "", fault.New(fault.Invalid, "port %q is not a number from 1 to 65535", text)
	}
	// With allowed networks the decision falls when the address is known.
	if port != 443 && len(g.config.AllowPrivate) == 0 && !slices.Contains(g.config.Ports, uint16(port)) {
		return "", fault.New(fault.Invalid, "port %d is not one that this installation reaches (443 is)", port)
	}
	return net.JoinHostPort(name, strconv.FormatUint(port, 10)), nil
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// name canonicalises a host name; an IP address passes only inside an allowed network.
func (g *Guard) name(h string, bracketed bool) (string, error) {
	if addr, err := netip.ParseAddr(h); err == nil {
		if addr.Zone() != "" || !g.judge.allowed(addr) || nameIn(g.judge.never, addr) != "" {
			return "", fault.New(fault.Invalid, "%s is an IP address: use the shop's name, or let the installation allow its network", h)
		}
		return addr.String(), nil
	}
	if bracketed {
		return "", fault.New(fault.Invalid, "the address holds [ ] without an IPv6 address")
	}
	ascii, err := idna.Lookup.ToASCII(h)
	if again, _ := idna.Lookup.ToASCII(ascii); err != nil || again != ascii || ascii == "" || len(ascii) > 253 || !utf8.ValidString(h) {
		return "", fault.New(fault.Invalid, "%q is not a host name", h)
	}
	labels := strings.Split(ascii, ".")
	last := labels[len(labels)-1]
	switch {
	case last == "":
		return "", fault.New(fault.Invalid, "host name %q ends in a dot: leave it out", h)
	case isNumber(last):
		return "", fault.New(fault.Invalid, "%q is an IP address in disguise: use the shop's name", h)
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return "", fault.New(fault.Invalid, "%q is not a host name", h)
		}
		if text, err := idna.ToUnicode(l); err != nil || mixed(text) {
			return "", fault.New(fault.Invalid, "host name %q mixes letters of several scripts, as look-alikes do", h)
		}
	}
	return ascii, nil
}

// isNumber reports whether a resolver may read the last label as part of an IPv4 address: 2130706433, 0177, 0x7f.
func isNumber(label string) bool {
	hex, isHex := strings.CutPrefix(label, "0x")
	if isHex {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// mixed reports whether a label has letters of scripts that no language writes together.
func mixed(label string) bool {
	var seen []string
	for _, r := range label {
		if s := script(r); s != "" && !slices.Contains(seen, s) {
			seen = append(seen, s)
		}
	}
	if len(seen) <= 1 {
		return false
	}
	for _, together := range [][]string{
		{"Latin", "Han", "Hiragana", "Katakana"},
		{"Latin", "Han", "Hangul"},
		{"Latin", "Han", "Bopomofo"},
	} {
		if !slices.ContainsFunc(seen, func(s string) bool { return !slices.Contains(together, s) }) {
			return false
		}
	}
	return true
}

// script names the script of a letter; "" for what all scripts share.
func script(r rune) string {
	if r < unicode.MaxASCII {
		if r >= 'a' && r <= 'z' {
			return "Latin"
		}
		return ""
	}
	if unicode.In(r, unicode.Common, unicode.Inherited) {
		return ""
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return "unknown"
}
