package woocommerce

import (
	"context"
	"net/url"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// index asks who the shop is and whether it speaks wc/v3; no key is needed for that.
func (a *adapter) index(ctx context.Context) (string, error) {
	ans, err := a.client.do(ctx, request{op: channel.OpAuth, route: "/", query: url.Values{"_fields": {indexFields}}, open: true})
	if err != nil {
		return "", fault.Wrap("find the shop", err)
	}
	name, speaks := decodeIndex(ans.body)
	if !speaks {
		return "", fault.New(fault.Invalid, "this is a WordPress site without WooCommerce, or its REST interface wc/v3 is switched off")
	}
	if name == "" {
		name = a.set.base.Host + a.set.base.Path
	}
	return cut(name, mostTitle), nil
}

// mayList reports whether the keys may read a list. The shop answers 403 to a good key without the right and 401 to a
// bad key, so only the first means "no".
func (a *adapter) mayList(route string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		_, err := a.client.do(ctx, request{op: channel.OpAuth, route: route, query: url.Values{"per_page": {"1"}, "_fields": {idField}}})
		return allowed(err)
	}
}

// mayWrite sends a batch of no rows: the shop checks the right and does nothing.
func (a *adapter) mayWrite(ctx context.Context) (bool, error) {
	_, err := a.client.do(ctx, request{op: channel.OpAuth, route: "/wc/v3/products/batch", body: []byte(`{"update":[]}`)})
	if fault.Is(err, fault.Unauthorized) {
		return false, nil // a key of permission "read" is refused so; reading was tested before this
	}
	return allowed(err)
}

func allowed(err error) (bool, error) {
	if fault.Is(err, fault.Forbidden) {
		return false, nil
	}
	return err == nil, err
}
