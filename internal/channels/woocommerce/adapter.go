package woocommerce

import (
	"context"

	"carpediemstore.it/sync-connector/internal/channel"
)

// Kind is the name of this channel.
const Kind channel.Kind = "woocommerce"

// adapter is one open shop. Its methods are called by one driver at a time, as channel.Channel says.
type adapter struct {
	set    settings
	client *client
	own    *freshness
}

var (
	_ channel.Seller = (*adapter)(nil)
	_ channel.Reader = (*adapter)(nil)
	_ channel.Hooked = (*adapter)(nil)
	_ channel.Prober = (*adapter)(nil)
)

// Driver returns the driver of WooCommerce shops.
func Driver() channel.Driver {
	return channel.Driver{
		Kind:  Kind,
		Title: "WooCommerce",
		Settings: []channel.Setting{
			{Name: "url", Help: "address of the shop, with its folder if it has one: https://example.com/shop", Required: true, Address: true},
			{Name: "currency", Help: "currency of the shop's prices, such as EUR", Required: true},
			{Name: "tax_included", Help: "yes when the shop's prices hold VAT, no when they do not (WooCommerce › Settings › Tax)"},
			{Name: "moment", Help: "when the shop lowers its stock: placed (cash on delivery, bank transfer) or paid (orders wait as pending)", Default: "placed"},
			{Name: "batch", Help: "rows a write call, 1 to 100; fewer for a slow host", Default: "50"},
			{Name: "query_auth", Help: "yes when the host strips the Authorization header: the keys then travel in the address", Default: "no"},
			{Name: "rest_route", Help: "yes for a shop without pretty permalinks: calls then use ?rest_route=", Default: "no"},
		},
		Secrets: []channel.Setting{
			{Name: secretKey, Help: "consumer key, ck_…", Required: true},
			{Name: secretSecret, Help: "consumer secret, cs_…", Required: true},
			{Name: secretWebhook, Help: "secret of the shop's webhooks, letters and digits only"},
		},
		Open: open,
	}
}

func open(d channel.Deps) (channel.Channel, error) {
	set, err := parseSettings(d.Settings)
	if err != nil {
		return nil, err
	}
	return &adapter{set: set, client: &client{deps: d, set: set}, own: newFreshness()}, nil
}

// Probe tells what the keys allow. Nothing is written: the right to write is tested with a batch of no rows.
func (a *adapter) Probe(ctx context.Context) (channel.Grant, error) {
	shop, err := a.index(ctx)
	if err != nil {
		return channel.Grant{}, err
	}
	g := channel.Grant{Identity: shop}
	for _, s := range []struct {
		scope channel.Scope
		try   func(context.Context) (bool, error)
	}{
		{channel.Scope{Name: "products:read", Reason: "to read stock and prices"}, a.mayList("/wc/v3/products")},
		{channel.Scope{Name: "products:write", Reason: "to write stock and prices"}, a.mayWrite},
		{channel.Scope{Name: "orders:read", Reason: "to see how many units each order line takes; buyer fields are not asked for"}, a.mayList("/wc/v3/orders")},
	} {
		if s.scope.Granted, err = s.try(ctx); err != nil {
			return channel.Grant{}, err
		}
		g.Scopes = append(g.Scopes, s.scope)
	}
	return g, nil
}
