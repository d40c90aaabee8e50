package service

import (
	"context"
	"encoding/json"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/vault"
)

// NewAccount is what a person says of an account to be connected.
type NewAccount struct {
	Kind     string
	Name     string
	Settings map[string]string
	Secrets  map[string]secret.Text
}

// Connected is an account with what its credentials were found to allow.
type Connected struct {
	Account      ident.Account        `json:"account"`
	Name         string               `json:"name"`
	Kind         channel.Kind         `json:"kind"`
	Mode         flow.Mode            `json:"mode"`
	Grant        *channel.Grant       `json:"grant,omitempty"` // nil: the channel cannot be asked
	Missing      []string             `json:"missing,omitempty"`
	Capabilities channel.Capabilities `json:"capabilities"`
}

// Kinds lists what can be connected, with the settings and secrets each asks for.
func (s *Service) Kinds() []channel.Driver { return s.Channels.Drivers() }

// Connect makes an account in mode observe. The credentials are tried first, without writing anything at the channel, and
// nothing is kept when they fail.
func (s *Service) Connect(ctx context.Context, who Caller, n NewAccount) (c Connected, err error) {
	d, err := s.Channels.Driver(channel.Kind(n.Kind))
	if err != nil {
		return c, err
	}
	if err := checkName(n.Name); err != nil {
		return c, err
	}
	settings, err := d.Check(n.Settings)
	if err != nil {
		return c, err
	}
	if err := checkSecrets(d, n.Secrets, nil); err != nil {
		return c, err
	}
	a := flow.Account{
		Tenant: who.Tenant, Name: n.Name, Kind: d.Kind, Mode: flow.Observe, Role: flow.Sales, OnDrift: flow.Report,
		Settings: settings, State: "connected", CreatedAt: s.Now(),
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.AccountNamed(ctx, who.Tenant, n.Name); !fault.Is(err, fault.NotFound) {
			if err == nil {
				err = fault.New(fault.Exists, "there is an account named %q already", n.Name)
			}
			return err
		}
		a.ID, err = tx.NextAccount(ctx)
		return err
	})
	if err != nil {
		return c, err
	}
	if c, err = s.try(ctx, a, d, given(n.Secrets)); err != nil {
		return c, fault.Wrap("connect "+n.Name, err)
	}
	if err := s.putSecrets(ctx, a, n.Secrets); err != nil {
		return c, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		caps, err := json.Marshal(c.Capabilities)
		if err != nil {
			return fault.New(fault.Internal, "encode capabilities: %w", err)
		}
		if err := tx.AddAccount(ctx, a, string(caps)); err != nil {
			return err
		}
		return s.act(ctx, tx, who, a.ID, "connect", "account %s (%s) was connected in mode observe", a.Name, a.Kind)
	})
	if err != nil {
		return c, keepFirst(err, s.Safe.Delete(ctx, a.Tenant, a.ID))
	}
	s.Wake(who.Tenant, a.ID)
	return c, nil
}

// keepFirst returns err; that cleaning up failed too is less than why.
func keepFirst(err, _ error) error { return err }

// try opens a channel and asks what it allows and can do; it writes nothing.
func (s *Service) try(ctx context.Context, a flow.Account, d channel.Driver, secrets Secrets) (Connected, error) {
	c := Connected{Account: a.ID, Name: a.Name, Kind: a.Kind, Mode: a.Mode}
	ch, err := s.Open(ctx, a, d, secrets)
	if err != nil {
		return c, err
	}
	if p, ok := ch.(channel.Prober); ok {
		g, err := p.Probe(ctx)
		if err != nil {
			return c, err
		}
		c.Grant = &g
		for _, sc := range g.Scopes {
			if !sc.Granted {
				c.Missing = append(c.Missing, sc.Name)
			}
		}
	}
	c.Capabilities, err = ch.Capabilities(ctx)
	return c, err
}

// checkSecrets refuses names the driver does not know, and required ones that are neither given nor stored.
func checkSecrets(d channel.Driver, secrets map[string]secret.Text, stored []string) error {
	for name, text := range secrets {
		if !slices.ContainsFunc(d.Secrets, func(x channel.Setting) bool { return x.Name == name }) {
			return fault.New(fault.Invalid, "%s has no secret %q", d.Title, name)
		}
		if text.Empty() {
			return fault.New(fault.Invalid, "secret %q is empty", name)
		}
	}
	for _, x := range d.Secrets {
		if _, ok := secrets[x.Name]; x.Required && !ok && !slices.Contains(stored, x.Name) {
			return fault.New(fault.Invalid, "%s needs --secret %s=@FILE (%s)", d.Title, x.Name, x.Help)
		}
	}
	return nil
}

// given reads secrets that are not stored yet.
func given(secrets map[string]secret.Text) Secrets {
	return func(_ context.Context, name string) (secret.Text, error) {
		if t, ok := secrets[name]; ok {
			return t, nil
		}
		return secret.Text{}, fault.New(fault.NotFound, "the account has no credential %q", name)
	}
}

// putSecrets seals and stores secrets in the order of their names.
func (s *Service) putSecrets(ctx context.Context, a flow.Account, secrets map[string]secret.Text) error {
	names := make([]string, 0, len(secrets))
	for n := range secrets {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := s.Safe.Put(ctx, a.Tenant, a.ID, n, secrets[n]); err != nil {
			return fault.Wrap("keep the credentials", err)
		}
	}
	return nil
}

// stored reads an account's sealed secrets on behalf of a person.
func (s *Service) stored(who Caller, a flow.Account, purpose string) Secrets {
	return func(ctx context.Context, name string) (secret.Text, error) {
		return s.Safe.Get(ctx, a.Tenant, a.ID, name, vault.Reason{By: who.Name, Person: true, Purpose: purpose})
	}
}

// Test tries the stored credentials of an account and stores what the channel can do now. It writes nothing there.
func (s *Service) Test(ctx context.Context, who Caller, ref string) (Connected, error) {
	a, d, err := s.known(ctx, who, ref)
	if err != nil {
		return Connected{}, err
	}
	if a.State == "disconnected" {
		return Connected{}, fault.New(fault.Conflict, "account %s is disconnected; use accounts reconnect", a.Name)
	}
	c, err := s.try(ctx, a, d, s.stored(who, a, "test"))
	if err != nil {
		return c, fault.Wrap("test "+a.Name, err)
	}
	return c, s.connected(ctx, who, a, c, "test")
}

// Reconnect tries new credentials or settings of an account and keeps them only when they work. Those not given stay.
// It needs no right but that to reconnect: nothing else of the account changes.
func (s *Service) Reconnect(ctx context.Context, who Caller, ref string, settings map[string]string, secrets map[string]secret.Text) (c Connected, err error) {
	a, d, err := s.known(ctx, who, ref)
	if err != nil {
		return c, err
	}
	merged := map[string]string{}
	for k, v := range a.Settings {
		merged[k] = v
	}
	for k, v := range settings {
		merged[k] = v
	}
	if a.Settings, err = d.Check(merged); err != nil {
		return c, err
	}
	var names []string
	err = s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		names, err = tx.CredentialNames(ctx, a.Tenant, a.ID)
		return err
	})
	if err != nil {
		return c, err
	}
	if err := checkSecrets(d, secrets, names); err != nil {
		return c, err
	}
	old := s.stored(who, a, "reconnect")
	c, err = s.try(ctx, a, d, func(ctx context.Context, name string) (secret.Text, error) {
		if t, ok := secrets[name]; ok {
			return t, nil
		}
		return old(ctx, name)
	})
	if err != nil {
		return c, fault.Wrap("reconnect "+a.Name, err)
	}
	if err := s.putSecrets(ctx, a, secrets); err != nil {
		return c, err
	}
	return c, s.connected(ctx, who, a, c, "reconnect")
}

// connected stores that an account works with what it can do.
func (s *Service) connected(ctx context.Context, who Caller, a flow.Account, c Connected, kind string) error {
	caps, err := json.Marshal(c.Capabilities)
	if err != nil {
		return fault.New(fault.Internal, "encode capabilities: %w", err)
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SetConnected(ctx, a.Tenant, a.ID, a.Settings, string(caps)); err != nil {
			return err
		}
		return s.act(ctx, tx, who, a.ID, kind, "the credentials of account %s were tried and work", a.Name)
	})
	if err == nil {
		s.Wake(who.Tenant, a.ID)
	}
	return err
}

// known returns an account with its driver.
func (s *Service) known(ctx context.Context, who Caller, ref string) (a flow.Account, d channel.Driver, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		a, err = account(ctx, tx, who.Tenant, ref)
		return err
	})
	if err != nil {
		return a, d, err
	}
	d, err = s.Channels.Driver(a.Kind)
	return a, d, err
}
