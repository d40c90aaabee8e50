package service

import (
	"context"
	"encoding/json"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Account is a connected marketplace account or store as people see it.
type Account struct {
	ID        ident.Account     `json:"account"`
	Name      string            `json:"name"`
	Kind      channel.Kind      `json:"kind"`
	Mode      flow.Mode         `json:"mode"`
	Role      flow.Role         `json:"role"`
	OnDrift   flow.OnDrift      `json:"on_drift"`
	State     string            `json:"state"`
	Fault     string            `json:"fault,omitempty"`
	Settings  map[string]string `json:"settings"`
	CreatedAt ident.Micros      `json:"created_at"`
}

func accountOf(a flow.Account) Account {
	return Account{
		ID: a.ID, Name: a.Name, Kind: a.Kind, Mode: a.Mode, Role: a.Role, OnDrift: a.OnDrift, State: a.State, Fault: a.Fault,
		Settings: a.Settings, CreatedAt: a.CreatedAt,
	}
}

// AccountDetail is an account with how far it got.
type AccountDetail struct {
	Account
	Credentials  []string            `json:"credentials"` // names, never values
	Progress     store.Progress      `json:"progress"`
	Bindings     store.BindingCounts `json:"bindings"`
	StockLeft    int64               `json:"stock_differences"`
	PriceLeft    int64               `json:"price_differences"`
	Capabilities json.RawMessage     `json:"capabilities"`
}

// Accounts lists the accounts of the tenant.
func (s *Service) Accounts(ctx context.Context, who Caller) ([]Account, error) {
	out := []Account{}
	err := s.Store.Read(ctx, func(tx *store.Tx) error {
		as, err := tx.Accounts(ctx, who.Tenant)
		for _, a := range as {
			out = append(out, accountOf(a))
		}
		return err
	})
	return out, err
}

// Account returns one account by id or name.
func (s *Service) Account(ctx context.Context, who Caller, ref string) (d AccountDetail, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := account(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		d.Account = accountOf(a)
		if d.Credentials, err = tx.CredentialNames(ctx, a.Tenant, a.ID); err != nil {
			return err
		}
		if d.Progress, err = tx.Progress(ctx, a.Tenant, a.ID); err != nil {
			return err
		}
		if d.Bindings, err = tx.BindingCounts(ctx, a.Tenant, a.ID); err != nil {
			return err
		}
		if d.StockLeft, d.PriceLeft, err = tx.Differences(ctx, a.Tenant, a.ID); err != nil {
			return err
		}
		caps, err := tx.Capabilities(ctx, a.Tenant, a.ID)
		d.Capabilities = json.RawMessage(caps)
		return err
	})
	return d, err
}

// planCounts is how long an applied plan lets an account go live.
const planCounts = 24 * time.Hour

// SetMode changes whether an account is written to. Live needs a catalogue that was read completely, and either no open
// difference or a plan of this account that was applied within a day: nobody is surprised by the first write.
func (s *Service) SetMode(ctx context.Context, who Caller, ref string, m flow.Mode) (a Account, err error) {
	if m != flow.Observe && m != flow.Approve && m != flow.Live {
		return a, fault.New(fault.Usage, "%q is not a mode: it is observe, approve or live", m)
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		x, err := account(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		if x.State == "disconnected" && m != flow.Observe {
			return fault.New(fault.Conflict, "account %s is disconnected; use accounts reconnect first", x.Name)
		}
		if m == flow.Live && x.Mode != flow.Live {
			if err := s.mayGoLive(ctx, tx, x); err != nil {
				return err
			}
		}
		if err := tx.SetMode(ctx, x.Tenant, x.ID, m); err != nil {
			return err
		}
		if err := tx.LookNow(ctx, x.Tenant, x.ID); err != nil {
			return err
		}
		before := x.Mode
		x.Mode = m
		a = accountOf(x)
		return s.act(ctx, tx, who, x.ID, "mode", "mode of account %s: %s to %s", x.Name, before, m)
	})
	if err == nil {
		s.Wake(who.Tenant, a.ID)
	}
	return a, err
}

func (s *Service) mayGoLive(ctx context.Context, tx *store.Tx, a flow.Account) error {
	p, err := tx.Progress(ctx, a.Tenant, a.ID)
	if err != nil {
		return err
	}
	if p.SweepDone == 0 {
		return fault.New(fault.Held, "the catalogue of %s was not read completely yet: run carpediem sync %d, then try again", a.Name, a.ID)
	}
	if err := finishPlans(ctx, tx, a.Tenant, a.ID); err != nil {
		return err
	}
	applied, err := tx.AppliedSync(ctx, a.Tenant, a.ID, s.Now().Add(-planCounts))
	if err != nil || applied != 0 {
		return err
	}
	stock, price, err := tx.Differences(ctx, a.Tenant, a.ID)
	if err != nil {
		return err
	}
	marked, err := tx.Undecided(ctx, a.Tenant, a.ID)
	if err != nil {
		return err
	}
	switch {
	case stock+price > 0:
		return fault.New(fault.Held, "%s would be written to at once: %d stock numbers and %d prices differ. Look at them with "+
			"carpediem plan create --account %d, apply that plan, then go live", a.Name, stock, price, a.ID)
	case marked > 0:
		return fault.New(fault.Held, "%d targets of %s are not decided yet: run carpediem sync %d, then try again", marked, a.Name, a.ID)
	}
	return nil
}

// SetRole changes whose word counts when somebody edits the channel by hand; an empty argument stays as it is.
func (s *Service) SetRole(ctx context.Context, who Caller, ref string, r flow.Role, d flow.OnDrift) (a Account, err error) {
	if r != "" && r != flow.Master && r != flow.Sales {
		return a, fault.New(fault.Usage, "%q is not a role: it is master or channel", r)
	}
	if d != "" && d != flow.Report && d != flow.Heal && d != flow.Adopt {
		return a, fault.New(fault.Usage, "%q is not an answer to drift: it is report, heal or adopt", d)
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		x, err := account(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		if r != "" {
			x.Role = r
		}
		if d != "" {
			x.OnDrift = d
		}
		if err := tx.SetRole(ctx, x.Tenant, x.ID, x.Role, x.OnDrift); err != nil {
			return err
		}
		a = accountOf(x)
		return s.act(ctx, tx, who, x.ID, "role", "role of account %s: %s, on drift %s", x.Name, x.Role, x.OnDrift)
	})
	if err == nil {
		s.Wake(who.Tenant, a.ID)
	}
	return a, err
}

// Disconnect stops an account: from its commit on nothing leaves for it and its credentials are gone. What was given back
// at the channel itself is told in revoked. Listings, bindings and history stay.
func (s *Service) Disconnect(ctx context.Context, who Caller, ref string) (a Account, revoked bool, err error) {
	x, d, err := s.known(ctx, who, ref)
	if err != nil {
		return a, false, err
	}
	if x.State == "disconnected" {
		return accountOf(x), false, nil
	}
	if _, err := s.SetMode(ctx, who, ident.Text(x.ID), flow.Observe); err != nil { // stop first
		return a, false, err
	}
	revoked = s.revoke(ctx, who, x, d)
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Disconnect(ctx, x.Tenant, x.ID); err != nil {
			return err
		}
		return s.act(ctx, tx, who, x.ID, "disconnect", "account %s was disconnected and its credentials deleted", x.Name)
	})
	x.State, x.Mode, x.Fault = "disconnected", flow.Observe, ""
	s.Wake(who.Tenant, x.ID)
	return accountOf(x), revoked, err
}

// revoke gives the credentials back at the channel where it can; a channel that does not answer keeps nobody connected.
func (s *Service) revoke(ctx context.Context, who Caller, a flow.Account, d channel.Driver) bool {
	ch, err := s.Open(ctx, a, d, s.stored(who, a, "revoke"))
	if err != nil {
		return false
	}
	r, ok := ch.(channel.Revoker)
	return ok && r.Revoke(ctx) == nil
}
