package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"carpediemstore.it/sync-connector/internal/fault"
)

// product starts everything that a tag or a derivation covers, so that no other program's bytes fit.
const product = "carpediem-sync-connector/vault/1"

const keySize = 32

// hidden keeps a value out of every formatting (C14). A pointer would not do: %s on a struct prints what the pointers in
// it point to. Functions are printed as addresses.
type hidden[T any] func() T

func hide[T any](v T) hidden[T] { return func() T { return v } }

// material is 32 secret bytes.
type material struct{ bytes hidden[*[keySize]byte] }

// lock seals and opens under one key.
type lock = hidden[cipher.AEAD]

func newMaterial() material {
	b := new([keySize]byte)
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return material{hide(b)}
}

func materialOf(b []byte) (material, error) {
	if len(b) != keySize {
		return material{}, fault.New(fault.Internal, "a key of %d bytes was expected, there are %d", keySize, len(b))
	}
	own := [keySize]byte(b)
	return material{hide(&own)}, nil
}

// derive returns n bytes that only holders of m can compute and that differ by purpose.
func (m material) derive(purpose string, n int) ([]byte, error) {
	out, err := hkdf.Key(sha256.New, m.bytes()[:], nil, product+"/"+purpose, n)
	if err != nil {
		return nil, fault.New(fault.Internal, "key for %s: %w", purpose, err)
	}
	return out, nil
}

// id names m without telling anything about it: 16 hex digits.
func (m material) id() (string, error) {
	b, err := m.derive("id", 8)
	return hex.EncodeToString(b), err
}

// wrapper returns the lock that wraps other keys under m.
func (m material) wrapper() (lock, error) {
	b, err := m.derive("wrap", keySize)
	if err != nil {
		return nil, err
	}
	return newLock(b)
}

func newLock(key []byte) (lock, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fault.New(fault.Internal, "cipher: %w", err)
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.New(fault.Internal, "cipher: %w", err)
	}
	return hide(a), nil
}

// wrap seals m for its place in the key store.
func (m material) wrap(with lock, k Key) []byte {
	return with().Seal(nil, nil, m.bytes()[:], k.binding())
}

// unwrap opens what wrap sealed.
func unwrap(with lock, k Key) (material, error) {
	b, err := with().Open(nil, nil, k.Wrapped, k.binding())
	if err != nil {
		return material{}, fault.New(fault.Invalid, "%s key %d of tenant %d does not open: its row was changed or moved; restore the key store from its backup",
			k.Class, k.Version, k.Tenant)
	}
	defer clear(b)
	return materialOf(b)
}

// binding is the additional data of a wrapped key.
func (k Key) binding() []byte {
	b := appendText(nil, product+"/key")
	b = binary.BigEndian.AppendUint64(b, uint64(k.Tenant))
	b = appendText(b, string(k.Class))
	b = binary.BigEndian.AppendUint32(b, k.Version)
	return appendText(b, k.By)
}

// appendText adds s with its length, so that two lists of texts never read the same.
func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}
