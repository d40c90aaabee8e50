package vendure

import (
	"context"
	"encoding/json"
	"net/url"
	"sync/atomic"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Driver describes how a Vendure store is connected.
func Driver() channel.Driver {
	return channel.Driver{
		Kind:  "vendure",
		Title: "Vendure",
		Settings: []channel.Setting{
			{Name: "url", Help: "address of the store's Admin API, such as https://shop.example/admin-api", Required: true, Address: true},
			{Name: "location", Help: "id or name of the stock location to keep; empty: the only one, or all of several"},
			{Name: "currency", Help: "which of the channel's prices to keep, such as EUR; empty: the channel's default currency"},
			{Name: "channel_token", Help: "token of the Vendure channel; empty: the default channel"},
		},
		Secrets: []channel.Setting{
			{Name: secretUser, Help: "user name of an administrator made for the connector, with a role that has " + rights},
			{Name: secretPassword, Help: "password of that administrator; the store must allow tokenMethod 'bearer'"},
			{Name: secretKey, Help: "instead of a login: an API key with such a role; the store must allow tokenMethod 'api-key'"},
		},
		Open: open,
	}
}

// shop is one open account.
type shop struct {
	client   *client
	currency money.Currency       // "" for the channel's default
	location string               // id or name; "" for the only one or all
	site     atomic.Pointer[site] // what the store said of itself; nil before the first call
}

func open(d channel.Deps) (channel.Channel, error) {
	u, err := url.Parse(d.Settings["url"])
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "the setting url must be an http or https address without user, query and fragment")
	}
	s := &shop{location: d.Settings["location"]}
	if code := d.Settings["currency"]; code != "" {
		if s.currency, err = money.ParseCurrency(code); err != nil {
			return nil, err
		}
	}
	s.client = &client{
		url: u.String(), channel: d.Settings["channel_token"], http: d.Client, gate: d.Gate, now: d.Now,
		session: session{secret: d.Secret},
	}
	return s, nil
}

// Submit writes one batch of stock or of prices in one call.
func (s *shop) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	st, err := s.facts(ctx, opOf(b.Field))
	if err != nil {
		return answered(b, unsent(err))
	}
	var fit channel.Batch
	var out []channel.Outcome
	vars := inputVars{}
	doc := docSetStock
	if b.Field == channel.Price {
		doc = docSetPrice
		fit, vars.Input, out = st.priceWrites(b)
	} else {
		fit, out = st.stockWrites(b)
		vars.Input = stockInput(fit.Writes)
	}
	if len(fit.Writes) == 0 {
		return channel.Receipt{Outcomes: out}, nil
	}
	var r channel.Receipt
	data, err := s.client.ask(ctx, opOf(b.Field), doc, vars)
	if err != nil {
		r, err = answered(fit, err)
	} else {
		r, err = st.receipt(fit, vars.Input, data)
	}
	if err != nil {
		return channel.Receipt{}, fault.Wrap("write "+string(b.Field), err)
	}
	r.Outcomes = append(out, r.Outcomes...)
	return r, nil
}

// receipt reads the answer to a write of b.
func (s site) receipt(b channel.Batch, in []variantInput, data json.RawMessage) (channel.Receipt, error) {
	rows, err := decodeWritten(data)
	if err != nil {
		return channel.Receipt{}, err
	}
	if b.Field == channel.Price {
		return channel.Receipt{Outcomes: priceOutcomes(b, in, rows)}, nil
	}
	return channel.Receipt{Outcomes: s.stockOutcomes(b, rows)}, nil
}

func opOf(f channel.Field) channel.Op {
	if f == channel.Price {
		return channel.OpPrice
	}
	return channel.OpStock
}

// Read reads the counters and prices of chosen variants in one call.
func (s *shop) Read(ctx context.Context, keys channel.Keys) (channel.Page, error) {
	ids := chosen(keys)
	if len(ids) == 0 {
		return channel.Page{}, nil
	}
	if len(ids) > pageSize {
		return channel.Page{}, fault.New(fault.Invalid, "%d variants are more than one read takes (%d)", len(ids), pageSize)
	}
	st, err := s.facts(ctx, channel.OpRead)
	if err != nil {
		return channel.Page{}, err
	}
	data, err := s.client.ask(ctx, channel.OpRead, docChosen, idVars{ids})
	if err != nil {
		return channel.Page{}, fault.Wrap("read variants", err)
	}
	rows, err := decodeVariants(data)
	if err != nil {
		return channel.Page{}, err
	}
	return st.pick(keys, rows), nil
}
