package app

import (
	"context"
	"encoding/hex"
	"maps"
	"net/http"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/wrap"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/limits"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/vault"
)

// Channels opens accounts and keeps them open: adapter, decorators, limits and the way out of each.
type Channels struct {
	app   *App
	vault *vault.Vault
	safe  *vault.Safe

	mu   sync.Mutex
	open map[key]*opened
}

type key struct {
	tenant  ident.Tenant
	account ident.Account
}

// opened is one open account.
type opened struct {
	settings map[string]string
	state    string
	channel  *wrap.Account
	caps     channel.Capabilities
	gate     *limits.Gate
	breakers *wrap.Breakers
	saved    int64 // gate.Changes when its limits were stored last
}

var _ flow.Channels = (*Channels)(nil)

func newChannels(a *App, v *vault.Vault, safe *vault.Safe) *Channels {
	return &Channels{app: a, vault: v, safe: safe, open: map[key]*opened{}}
}

// Open returns the open channel of a; it is opened anew when its settings or its state changed.
func (c *Channels) Open(ctx context.Context, a flow.Account) (channel.Channel, channel.Capabilities, error) {
	k := key{a.Tenant, a.ID}
	c.mu.Lock()
	o := c.open[k]
	c.mu.Unlock()
	if o != nil && o.state == a.State && maps.Equal(o.settings, a.Settings) {
		return o.channel, o.caps, nil
	}
	fresh, err := c.connect(ctx, a, o)
	if err != nil {
		return nil, channel.Capabilities{}, err
	}
	c.mu.Lock()
	c.open[k] = fresh
	c.mu.Unlock()
	return fresh.channel, fresh.caps, nil
}

// connect opens an account: its limits go on where they were, in this process or before a restart.
func (c *Channels) connect(ctx context.Context, a flow.Account, before *opened) (*opened, error) {
	d, err := c.app.Registry.Driver(a.Kind)
	if err != nil {
		return nil, err
	}
	o := &opened{settings: maps.Clone(a.Settings), state: a.State, breakers: wrap.NewBreakers(wrap.BreakerOptions{})}
	o.gate = limits.New(nil, time.Now)
	if before != nil {
		o.breakers = before.breakers
	}
	adapter, err := d.Open(channel.Deps{
		Settings: a.Settings, Client: c.client(d, a.Settings), Gate: o.gate, Now: time.Now,
		Secret: c.safe.Reader(a.Tenant, a.ID, vault.Reason{By: c.app.owner, Purpose: "drive"}),
	})
	if err != nil {
		return nil, err
	}
	if o.caps, err = adapter.Capabilities(ctx); err != nil {
		return nil, fault.Wrap("ask what the channel can do", err)
	}
	o.gate.Use(o.caps.Limits)
	if before != nil {
		o.gate.Restore(before.gate.Snapshot())
		o.saved = -1 // what the other gate had not stored yet
	} else if err := c.restore(ctx, a, o.gate); err != nil {
		return nil, err
	}
	o.channel = wrap.New(adapter, o.caps, wrap.Options{Breakers: o.breakers})
	return o, nil
}

// client reaches the addresses of the account's settings and nothing else (C06).
func (c *Channels) client(d channel.Driver, settings map[string]string) *http.Client {
	var hosts []string
	for _, s := range d.Settings {
		if u, err := c.app.guard.Address(settings[s.Name]); s.Address && settings[s.Name] != "" && err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return c.app.guard.Client(hosts...)
}

// Try opens an account that is not stored yet, or is asked about by a person.
func (c *Channels) Try(_ context.Context, a flow.Account, d channel.Driver, secrets service.Secrets) (channel.Channel, error) {
	return d.Open(channel.Deps{
		Settings: a.Settings, Client: c.client(d, a.Settings), Gate: limits.New(nil, time.Now), Now: time.Now,
		Secret: func(ctx context.Context, name string) (secret.Text, error) { return secrets(ctx, name) },
	})
}

// Hasher returns the tenant's keyed hash (C05).
func (c *Channels) Hasher(ctx context.Context, tenant ident.Tenant) (func(...string) string, error) {
	h, err := c.vault.Hasher(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return func(parts ...string) string {
		d := h(parts...)
		return hex.EncodeToString(d[:])
	}, nil
}

// Forget closes an account: the next Open starts anew, with the credentials it has then.
func (c *Channels) Forget(tenant ident.Tenant, account ident.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, key{tenant, account})
}

// restore takes limits up where the last process left them: a daily budget does not begin anew with a restart.
func (c *Channels) restore(ctx context.Context, a flow.Account, g *limits.Gate) error {
	return c.app.Store.Read(ctx, func(tx *store.Tx) error {
		text, err := tx.Buckets(ctx, a.Tenant, a.ID)
		if err != nil || text == "" {
			return err
		}
		return g.Parse(text)
	})
}

// saveEvery is how much of a budget's use a killed process may forget.
const saveEvery = 10 * time.Second

// keep stores limits from time to time until ctx ends.
func (c *Channels) keep(ctx context.Context) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := c.save(ctx); err != nil && ctx.Err() == nil {
			c.app.config.Log.Error("storing limits", "error", err)
		}
	}
}

// save stores the limits of the open accounts that made calls since they were stored last. One that made none is left
// alone: another process may drive it now and know better.
func (c *Channels) save(ctx context.Context) error {
	type state struct {
		of      *opened
		changes int64
		text    string
	}
	states := map[key]state{}
	c.mu.Lock()
	for k, o := range c.open {
		if n := o.gate.Changes(); n != o.saved {
			states[k] = state{o, n, o.gate.Text()}
		}
	}
	c.mu.Unlock()
	if len(states) == 0 {
		return nil
	}
	err := c.app.Store.Write(ctx, func(tx *store.Tx) error {
		for k, s := range states {
			if err := tx.SaveLimits(ctx, k.tenant, k.account, s.text, c.app.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range states {
		s.of.saved = s.changes
	}
	return nil
}
