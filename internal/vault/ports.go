package vault

import (
	"context"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Installation is the tenant number under which the operator's own secrets (a channel app's client secret) are sealed.
const Installation ident.Tenant = 0

// Class says what a key of a tenant is for.
type Class string

// The classes. The tenant's own key is wrapped by the master key and wraps the data keys.
const (
	TenantKey  Class = "tenant"
	Credential Class = "credential"
)

// Key is one wrapped key as it is stored; it holds no plain key material.
type Key struct {
	Tenant  ident.Tenant `json:"tenant"`
	Class   Class        `json:"class"`
	Version uint32       `json:"version"` // counts from 1 within its class; the highest one seals
	// By is the id of the wrapping key, 16 hex digits: of the master key for a tenant's key, else of the tenant's key.
	By      string       `json:"by"`
	Wrapped []byte       `json:"-"` // 60 bytes
	Made    ident.Micros `json:"made"`
}

// Keys stores wrapped keys, apart from the data and its backups (C12). Rows are named by tenant, class and version.
type Keys interface {
	// Load returns all keys of a tenant in any order; none is no error.
	Load(ctx context.Context, tenant ident.Tenant) ([]Key, error)
	// Insert stores all of keys or none; fault.Exists when one is there already.
	Insert(ctx context.Context, keys ...Key) error
	// Replace stores next where the row still holds old.Wrapped; fault.Conflict when it does not.
	Replace(ctx context.Context, old, next Key) error
	// Delete removes keys; those that are not there are no error.
	Delete(ctx context.Context, keys ...Key) error
	// Tenants lists up to limit tenants that have keys and a number above after, in order.
	Tenants(ctx context.Context, after ident.Tenant, limit int) ([]ident.Tenant, error)
}

// Record is one sealed credential as it is stored.
type Record struct {
	Tenant  ident.Tenant
	Account ident.Account
	Field   string
	Sealed  []byte
}

// Records stores sealed credentials. Rows are named by tenant, account and field.
type Records interface {
	// Get returns the sealed bytes; fault.NotFound when there are none.
	Get(ctx context.Context, tenant ident.Tenant, account ident.Account, field string) ([]byte, error)
	// Put inserts r or replaces what is there.
	Put(ctx context.Context, r Record) error
	// Replace stores r where the row still holds old; fault.Conflict when it does not.
	Replace(ctx context.Context, r Record, old []byte) error
	// Delete removes all records of an account.
	Delete(ctx context.Context, tenant ident.Tenant, account ident.Account) error
	// After lists up to limit records of a tenant that follow (account, field) in that order.
	After(ctx context.Context, tenant ident.Tenant, account ident.Account, field string, limit int) ([]Record, error)
}

// Reason says on whose behalf a secret is opened.
type Reason struct {
	By      string // node or person
	Person  bool   // true when a person asked; such uses get a row each
	Purpose string // "drive", "probe", "revoke"
}

// Use is one decryption of one credential.
type Use struct {
	Tenant  ident.Tenant
	Account ident.Account
	Field   string
	Version uint32 // of the data key
	Reason
}

// Uses is the ledger of decryptions (C15). Note returns after u is committed; an error refuses the decryption.
type Uses interface {
	Note(ctx context.Context, u Use) error
}
