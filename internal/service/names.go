package service

import (
	"context"
	"strconv"
	"unicode"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

const maxName = 80

// checkName refuses what cannot name a tenant or an account. Digits alone would read as an id.
func checkName(name string) error {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return fault.New(fault.Invalid, "a name has 1 to %d bytes", maxName)
	}
	digits := true
	for _, r := range name {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return fault.New(fault.Invalid, "a name has no control characters")
		}
		digits = digits && r >= '0' && r <= '9'
	}
	if digits {
		return fault.New(fault.Invalid, "%s is a number: a name has at least one other character", name)
	}
	return nil
}

// number reads an id.
func number(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}

// account finds an account by id or name.
func account(ctx context.Context, tx *store.Tx, tenant ident.Tenant, ref string) (flow.Account, error) {
	if n, ok := number(ref); ok {
		return tx.Account(ctx, tenant, ident.Account(n))
	}
	return tx.AccountNamed(ctx, tenant, ref)
}

// scope finds the account of a reference that may be empty: 0 is every account.
func scope(ctx context.Context, tx *store.Tx, tenant ident.Tenant, ref string) (ident.Account, error) {
	if ref == "" {
		return 0, nil
	}
	a, err := account(ctx, tx, tenant, ref)
	return a.ID, err
}

// field reads the name of a field; "" is both.
func field(name string) (channel.Field, error) {
	switch f := channel.Field(name); f {
	case channel.Stock, channel.Price, "":
		return f, nil
	}
	return "", fault.New(fault.Usage, "%q is not a field: it is stock or price", name)
}

// accountNames returns the names of a tenant's accounts by id.
func accountNames(ctx context.Context, tx *store.Tx, tenant ident.Tenant) (map[ident.Account]string, error) {
	as, err := tx.Accounts(ctx, tenant)
	out := make(map[ident.Account]string, len(as))
	for _, a := range as {
		out[a.ID] = a.Name
	}
	return out, err
}
