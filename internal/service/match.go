package service

import (
	"context"
	"fmt"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Matched is what automatic matching did at one account.
type Matched struct {
	Account  string `json:"account"`
	BySKU    int64  `json:"by_sku"`
	ByGTIN   int64  `json:"by_gtin"`
	Unbound  int64  `json:"unbound"`  // left without an item
	Conflict int64  `json:"conflict"` // of them, those whose SKU or GTIN names an item, but not it alone
}

// matchStep is how many unbound listings one transaction looks at.
const matchStep = 20_000

// Match binds the listings of an account that nobody decided on, by exact unique SKU, then by exact unique GTIN (N11).
// What is ambiguous is never guessed: it is one finding, and bindings list --state conflict names it.
func (s *Service) Match(ctx context.Context, who Caller, ref string) (m Matched, err error) {
	a, err := s.account(ctx, who, ref)
	if err != nil {
		return m, err
	}
	return s.match(ctx, who, a)
}

// MatchAll matches the listings of every account.
func (s *Service) MatchAll(ctx context.Context, who Caller) ([]Matched, error) {
	var accounts []flow.Account
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		accounts, err = tx.Accounts(ctx, who.Tenant)
		return err
	})
	out := []Matched{}
	for _, a := range accounts {
		m, err := s.match(ctx, who, a)
		if err != nil {
			return out, err
		}
		out = append(out, m)
	}
	return out, err
}

func (s *Service) account(ctx context.Context, who Caller, ref string) (a flow.Account, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		a, err = account(ctx, tx, who.Tenant, ref)
		return err
	})
	return a, err
}

func (s *Service) match(ctx context.Context, who Caller, a flow.Account) (m Matched, err error) {
	m.Account = a.Name
	for after := ident.Listing(0); ; {
		var step store.Matched
		err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
			now := s.Now()
			if step, err = tx.Match(ctx, who.Tenant, a.ID, after, matchStep, now); err != nil {
				return err
			}
			bound := append(append([]ident.Listing{}, step.BySKU...), step.ByGTIN...)
			return rebook(ctx, tx, who.Tenant, a.ID, bound, now)
		})
		if err != nil {
			return m, err
		}
		m.BySKU += int64(len(step.BySKU))
		m.ByGTIN += int64(len(step.ByGTIN))
		if after = step.Last; step.Seen < matchStep {
			break
		}
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.BindingCounts(ctx, who.Tenant, a.ID)
		if err != nil {
			return err
		}
		m.Unbound, m.Conflict = n.Unbound, n.Conflict
		if err := s.tellConflicts(ctx, tx, who, a, n.Conflict); err != nil {
			return err
		}
		if m.BySKU+m.ByGTIN == 0 {
			return nil
		}
		return s.act(ctx, tx, who, a.ID, "match", "%d listings of %s were bound by SKU, %d by GTIN", m.BySKU, a.Name, m.ByGTIN)
	})
	s.Wake(who.Tenant, a.ID)
	return m, err
}

// tellConflicts opens the one finding about ambiguous listings of an account, or closes it.
func (s *Service) tellConflicts(ctx context.Context, tx *store.Tx, who Caller, a flow.Account, n int64) error {
	cause := "binding-conflict:" + ident.Text(a.ID)
	if n == 0 {
		return tx.Settle(ctx, who.Tenant, []string{cause}, "sync", s.Now())
	}
	return tx.Raise(ctx, who.Tenant, []flow.Finding{{
		Class: "binding-conflict", Cause: cause, Account: a.ID, Data: fmt.Sprintf(`{"listings":%d}`, n), At: s.Now(),
		Text: fmt.Sprintf("%d listings of %s have a SKU or GTIN of an item that another listing or item has too: none was picked. "+
			"See bindings list %d --state conflict", n, a.Name, a.ID),
	}})
}
