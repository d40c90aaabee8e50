package medusa

import (
	"net/url"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Driver returns what is needed to connect a Medusa shop.
func Driver() channel.Driver {
	return channel.Driver{
		Kind:  "medusa",
		Title: "Medusa",
		Settings: []channel.Setting{
			{Name: "url", Help: "address of Medusa's backend, like https://shop.example", Required: true, Address: true},
			{Name: "currency", Help: "currency of the price that is kept in sync, like EUR; prices in other currencies stay as they are", Required: true},
			{Name: "location", Help: "id of the stock location to keep in sync, like sloc_01…; without it, all locations are reported"},
			{Name: "tax_included", Help: "true when prices hold VAT, false when not; without it, the shop's own price preference counts"},
		},
		Secrets: []channel.Setting{
			{Name: secretKey, Help: "secret API key of the shop (sk_…); it carries every right of an administrator, Medusa has no narrower ones", Required: true},
		},
		Open: connect,
	}
}

// shop is one connected account.
type shop struct {
	client
	view
	taxIncluded *bool // as the account's setting says; nil to ask the shop
}

// The interfaces a Medusa account offers.
var (
	_ channel.Channel = (*shop)(nil)
	_ channel.Seller  = (*shop)(nil)
	_ channel.Reader  = (*shop)(nil)
	_ channel.Prober  = (*shop)(nil)
)

func connect(d channel.Deps) (channel.Channel, error) {
	s := &shop{client: client{http: d.Client, gate: d.Gate, secret: d.Secret, now: d.Now}}
	var err error
	if s.base, err = address(d.Settings["url"]); err != nil {
		return nil, err
	}
	if s.currency, err = money.ParseCurrency(d.Settings["currency"]); err != nil {
		return nil, err
	}
	s.location = d.Settings["location"]
	switch d.Settings["tax_included"] {
	case "":
	case "true":
		s.taxIncluded = new(true)
	case "false":
		s.taxIncluded = new(false)
	default:
		return nil, fault.New(fault.Invalid, "tax_included must be true or false")
	}
	return s, nil
}

// address checks a base address and takes its trailing slash away.
func address(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fault.New(fault.Invalid, "url must be an address like https://shop.example, without user, query or fragment")
	}
	return strings.TrimRight(text, "/"), nil
}
