package vault

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
)

// Safe keeps the credentials of accounts: a vault and the place where sealed records lie.
type Safe struct {
	vault   *Vault
	records Records
}

// NewSafe returns a safe.
func NewSafe(v *Vault, records Records) *Safe { return &Safe{vault: v, records: records} }

// Put seals and stores one credential and replaces the one that was there.
func (s *Safe) Put(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, text secret.Text) error {
	sealed, err := s.vault.Seal(ctx, tenant, account, field, text)
	if err != nil {
		return fault.Wrap("seal a credential", err)
	}
	return fault.Wrap("store a credential", s.records.Put(ctx, Record{tenant, account, field, sealed}))
}

// Get opens one credential; fault.NotFound when the account has none of that name.
func (s *Safe) Get(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, why Reason) (secret.Text, error) {
	sealed, err := s.records.Get(ctx, tenant, account, field)
	if err != nil {
		return secret.Text{}, fault.Wrap("read a credential", err)
	}
	text, err := s.vault.Open(ctx, tenant, account, field, sealed, why)
	return text, fault.Wrap("open a credential", err)
}

// Reader returns Get for one account: what channel.Deps.Secret asks for.
func (s *Safe) Reader(tenant ident.Tenant, account ident.Account, why Reason) func(context.Context, string) (secret.Text, error) {
	return func(ctx context.Context, field string) (secret.Text, error) {
		return s.Get(ctx, tenant, account, field, why)
	}
}

// Delete removes the credentials of an account.
func (s *Safe) Delete(ctx context.Context, tenant ident.Tenant, account ident.Account) error {
	return fault.Wrap("delete credentials", s.records.Delete(ctx, tenant, account))
}

// Reseal moves the tenant's records to its newest data key and returns how many it moved. A record that changes
// meanwhile is left to the next call. Each opening is on record under why.
func (s *Safe) Reseal(ctx context.Context, tenant ident.Tenant, why Reason) (int, error) {
	done := 0
	err := s.each(ctx, tenant, func(r Record) error {
		sealed, changed, err := s.vault.Reseal(ctx, r, why)
		if err != nil || !changed {
			return err
		}
		old := r.Sealed
		r.Sealed = sealed
		err = s.records.Replace(ctx, r, old)
		if fault.Is(err, fault.Conflict) {
			return nil
		}
		if err == nil {
			done++
		}
		return err
	})
	return done, fault.Wrap("reseal credentials", err)
}

// Retire destroys the tenant's data keys that are older than the newest and returns how many. It refuses with
// fault.Conflict while a record still needs one, and for twice ten minutes after Renew, because a node that has not yet
// heard of the new key may still seal under the former one.
func (s *Safe) Retire(ctx context.Context, tenant ident.Tenant) (int, error) {
	rows, err := s.vault.keys.Load(ctx, tenant)
	if err != nil {
		return 0, fault.Wrap("load keys", err)
	}
	newest := newestDataKey(rows)
	if age := ident.At(s.vault.now()).Sub(newest.Made); age < 2*keepKeys {
		return 0, &fault.Error{Kind: fault.Conflict, After: 2*keepKeys - age, Msg: "the new data key is too young: another node may not know it yet; try again in " +
			(2*keepKeys - age).Round(time.Second).String()}
	}
	needed := 0
	err = s.each(ctx, tenant, func(r Record) error {
		h, _, err := parse(r.Sealed)
		if err == nil && h.version != newest.Version {
			needed++
		}
		return err
	})
	if err != nil {
		return 0, fault.Wrap("look for records under old keys", err)
	}
	if needed > 0 {
		return 0, fault.New(fault.Conflict, "%d records still need an older data key: reseal them first", needed)
	}
	var old []Key
	for _, k := range rows {
		if k.Class == Credential && k.Version < newest.Version {
			old = append(old, k)
		}
	}
	if err := s.vault.keys.Delete(ctx, old...); err != nil {
		return 0, fault.Wrap("destroy old data keys", err)
	}
	s.vault.Forget(tenant)
	return len(old), nil
}

func newestDataKey(rows []Key) Key {
	var newest Key
	for _, k := range rows {
		if k.Class == Credential && k.Version > newest.Version {
			newest = k
		}
	}
	return newest
}

// each calls f with every record of a tenant, page by page.
func (s *Safe) each(ctx context.Context, tenant ident.Tenant, f func(Record) error) error {
	for last := (Record{}); ; {
		records, err := s.records.After(ctx, tenant, last.Account, last.Field, page)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
		for _, r := range records {
			if err := f(r); err != nil {
				return err
			}
		}
		last = records[len(records)-1]
	}
}
