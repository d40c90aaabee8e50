package woocommerce

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// settings are an account's settings, checked.
type settings struct {
	base      *url.URL // no trailing slash, no query
	currency  money.Currency
	tax       *bool
	moment    channel.Moment
	batch     int
	queryAuth bool
	restRoute bool
}

func parseSettings(m map[string]string) (settings, error) {
	var s settings
	var err error
	if s.base, err = parseBase(m["url"]); err != nil {
		return settings{}, err
	}
	if s.currency, err = money.ParseCurrency(m["currency"]); err != nil {
		return settings{}, err
	}
	switch moment := channel.Moment(m["moment"]); moment {
	case "", channel.AtPlaced:
		s.moment = channel.AtPlaced
	case channel.AtPaid:
		s.moment = channel.AtPaid
	default:
		return settings{}, fault.New(fault.Invalid, "moment %q is neither placed nor paid", m["moment"])
	}
	s.batch = defaultBatch
	if text := m["batch"]; text != "" {
		if s.batch, err = strconv.Atoi(text); err != nil || s.batch < 1 || s.batch > mostBatch {
			return settings{}, fault.New(fault.Invalid, "batch %q is not a number from 1 to %d", text, mostBatch)
		}
	}
	tax, told, err := parseYes("tax_included", m["tax_included"])
	if err != nil {
		return settings{}, err
	}
	if told {
		s.tax = &tax
	}
	if s.queryAuth, _, err = parseYes("query_auth", m["query_auth"]); err != nil {
		return settings{}, err
	}
	if s.restRoute, _, err = parseYes("rest_route", m["rest_route"]); err != nil {
		return settings{}, err
	}
	return s, nil
}

// parseYes reads yes or no; told is false for an empty text.
func parseYes(name, text string) (yes, told bool, err error) {
	switch strings.ToLower(text) {
	case "yes", "true", "1":
		return true, true, nil
	case "no", "false", "0":
		return false, true, nil
	case "":
		return false, false, nil
	}
	return false, false, fault.New(fault.Invalid, "%s is %q, want yes or no", name, text)
}

// parseBase reads the shop's address. Plain http would let anybody on the way change numbers, so it is for loopback only.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "the shop's address must look like https://example.com or https://example.com/shop")
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fault.New(fault.Invalid, "the shop's address must start with https: over plain http anybody on the way can read and change what is sent")
	default:
		return nil, fault.New(fault.Invalid, "the shop's address must start with https")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
