package service

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// ReadNow makes accounts (all when none is named) read their orders and their whole catalogue as soon as they are driven.
func (s *Service) ReadNow(ctx context.Context, who Caller, refs []string) error {
	var woken []ident.Account
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		woken = nil
		if len(refs) == 0 {
			all, err := tx.Accounts(ctx, who.Tenant)
			for _, a := range all {
				woken = append(woken, a.ID)
			}
			if err != nil {
				return err
			}
		}
		for _, ref := range refs {
			a, err := account(ctx, tx, who.Tenant, ref)
			if err != nil {
				return err
			}
			woken = append(woken, a.ID)
		}
		return tx.ReadNow(ctx, who.Tenant, woken, s.Now())
	})
	if err == nil {
		s.Wake(who.Tenant, woken...)
	}
	return err
}
