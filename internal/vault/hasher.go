package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Digest is a keyed hash of an order reference, the source key of a ledger entry (C05). Half of HMAC-SHA256.
type Digest [16]byte

// Hash turns the parts of a reference into its digest; parts are told apart ("a","bc" is not "ab","c"). It may be
// called at the same time from many goroutines.
type Hash func(parts ...string) Digest

// Hasher returns the hash of a tenant. Its sub-key comes from the tenant's own key and never changes while that lives, so
// the same order line has the same digest for ever, and none once the tenant is erased. Keep the returned hash no longer
// than one drive: it outlives Destroy.
func (v *Vault) Hasher(ctx context.Context, tenant ident.Tenant) (Hash, error) {
	k, err := v.keyset(ctx, tenant)
	if err != nil {
		return nil, err
	}
	key, err := k.root.derive("order-reference", keySize)
	if err != nil {
		return nil, err
	}
	pool := &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}
	return func(parts ...string) Digest {
		mac := pool.Get().(hash.Hash)
		defer pool.Put(mac)
		mac.Reset()
		var size [4]byte
		for _, p := range parts {
			binary.BigEndian.PutUint32(size[:], uint32(len(p)))
			mac.Write(size[:])
			mac.Write([]byte(p))
		}
		var sum [sha256.Size]byte
		return Digest(mac.Sum(sum[:0])[:16])
	}, nil
}
