package service

import (
	"context"
	"fmt"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/vault"
)

// Caller is the person who asks, and the tenant of that person's session.
type Caller struct {
	Tenant ident.Tenant
	Name   string
}

// Secrets returns a credential by name.
type Secrets func(ctx context.Context, name string) (secret.Text, error)

// Opener opens a channel for an account as it is described, stored or not.
type Opener func(ctx context.Context, a flow.Account, d channel.Driver, secrets Secrets) (channel.Channel, error)

// Keys makes the keys of new tenants (vault.Vault).
type Keys interface {
	Enroll(ctx context.Context, tenant ident.Tenant) error
}

// Safe keeps credentials sealed (vault.Safe).
type Safe interface {
	Put(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, text secret.Text) error
	Get(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, why vault.Reason) (secret.Text, error)
	Delete(ctx context.Context, tenant ident.Tenant, account ident.Account) error
}

// Act is one act of a person, as the log and the audit keep it.
type Act struct {
	Caller
	Account ident.Account // 0: of none
	Kind    string        // stable, kebab-case: "connect", "mode", "plan-apply" …
	Text    string        // no secrets, no order references
	At      ident.Micros
}

// Deps is what the service needs.
type Deps struct {
	Store    *store.DB
	Channels *channel.Registry
	Open     Opener
	Keys     Keys
	Safe     Safe
	Now      func() ident.Micros
	// Wake tells drivers in this process that accounts became due; nil when there are none: the database remembers.
	Wake func(tenant ident.Tenant, accounts ...ident.Account)
	// Audit appends the audit leaf of an act inside its transaction; an error undoes the act (F39). Nil: no audit is kept.
	Audit func(ctx context.Context, tx *store.Tx, a Act) error
}

// Service is what a person can do. Its methods may be called at the same time.
type Service struct {
	Deps
	sizes sizes
}

// New returns a service; it refuses to work without its parts.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Channels == nil || d.Open == nil || d.Keys == nil || d.Safe == nil || d.Now == nil {
		return nil, fault.New(fault.Internal, "service: a dependency is missing")
	}
	if d.Wake == nil {
		d.Wake = func(ident.Tenant, ...ident.Account) {}
	}
	if d.Audit == nil {
		d.Audit = func(context.Context, *store.Tx, Act) error { return nil }
	}
	return &Service{Deps: d}, nil
}

// act notes an act of who in the transaction that carries it out (I24).
func (s *Service) act(ctx context.Context, tx *store.Tx, who Caller, account ident.Account, kind, format string, args ...any) error {
	a := Act{Caller: who, Account: account, Kind: kind, Text: fmt.Sprintf(format, args...), At: s.Now()}
	if err := s.Audit(ctx, tx, a); err != nil {
		return fault.Wrap("audit", err)
	}
	return tx.Log(ctx, who.Tenant, flow.Event{Account: account, Kind: kind, Actor: who.Name, Text: a.Text, At: a.At})
}

// List is one page of a list. Next is where to go on; "" on the last page.
type List[T any] struct {
	Rows []T    `json:"rows"`
	Next string `json:"next,omitempty"`
}

// Paging is where a list goes on and how long a page is.
type Paging struct {
	After string
	Limit int
}

const (
	defaultLimit = 50
	maxLimit     = 1000
)

// limit returns the length of a page within its bounds.
func (p Paging) limit() int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, maxLimit)
}

// listOf makes a page of rows, of which one more than the limit was asked for.
func listOf[T any](rows []T, limit int, key func(T) string) List[T] {
	l := List[T]{Rows: rows}
	if len(rows) > limit {
		l.Rows = rows[:limit]
		l.Next = key(l.Rows[limit-1])
	}
	if l.Rows == nil {
		l.Rows = []T{} // an empty list is [], not null
	}
	return l
}

// position reads where a list goes on.
func position[T ~int64](p Paging) (T, error) {
	if p.After == "" {
		return 0, nil
	}
	n, ok := number(p.After)
	if !ok {
		return 0, fault.New(fault.Usage, "%q is not where a list goes on: use what next said", p.After)
	}
	return T(n), nil
}
