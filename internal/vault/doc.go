// Package vault keeps credentials sealed and hands them out one at a time, on the record (C13, C14, C15).
//
// Three levels of keys. The master key lies in a file outside the database (Master). It wraps one random key per tenant
// and never encrypts data. A tenant's key wraps that tenant's data keys, which seal credentials with AES-256-GCM and a
// random nonce, and yields the sub-key that hashes order references (Hasher), so both die with it: Destroy is what
// erasure relies on.
//
// A sealed record is
//
//	version 1 byte | algorithm 1 | tenant key id 8 | data key version 4 | nonce 12 | ciphertext and tag
//
// and is bound to product, tenant, account, field and these first 14 bytes: moved to another row, tenant, field or
// version it does not open.
//
// What holds:
//   - C13: there is no plaintext mode; a vault without keys seals nothing, and keys are made by Enroll alone, because a
//     tenant that silently got a second key would hash its orders anew and count every open sale twice (I2).
//   - C15: Open notes the use through Uses before it decrypts; no note, no secret (F39).
//   - Rotation never stops service. Renew adds a data key for new records, Safe.Reseal moves the old ones, Safe.Retire
//     destroys what no record needs. Rotate changes the master key and re-wraps tenants' keys one by one; each step may
//     be cut short and called again.
//   - Unwrapped keys are kept for ten minutes at most and for a bounded number of tenants.
//
// It must not log, hold SQL, or put key material, plaintext or ciphertext into an error. A data key is meant for at most
// 2^24 records between two renewals; a tenant's credentials are some hundreds, so age (90 days) is what asks for Renew.
//
//	master, err := vault.OpenMaster(ctx, path, keys)
//	…
//	v := vault.New(master, keys, uses, time.Now)
//	safe := vault.NewSafe(v, records)
//	deps.Secret = safe.Reader(tenant, account, vault.Reason{By: node, Purpose: "drive"})
package vault
