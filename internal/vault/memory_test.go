package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// errCut is what a store answers when the process is cut off at a chosen operation.
var errCut = errors.New("cut off")

// memory keeps the three ports' rows in memory and can be cut off before or after its n-th change.
type memory struct {
	mu      sync.Mutex
	keys    []Key
	records []Record
	uses    []Use

	changes int
	cutAt   int  // 0 for never; counts from 1
	after   bool // cut after the change took effect
	refuse  error
}

func (m *memory) change(f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	if m.changes == m.cutAt && !m.after {
		return errCut
	}
	err := f()
	if m.changes == m.cutAt && err == nil {
		return errCut
	}
	return err
}

type memoryKeys struct{ *memory }

func sameRow(k Key) func(Key) bool {
	return func(o Key) bool { return o.Tenant == k.Tenant && o.Class == k.Class && o.Version == k.Version }
}

func (m memoryKeys) Load(_ context.Context, tenant ident.Tenant) ([]Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Key
	for _, k := range m.keys {
		if k.Tenant == tenant {
			out = append(out, k)
		}
	}
	slices.Reverse(out) // the port promises no order
	return out, nil
}

func (m memoryKeys) Insert(_ context.Context, keys ...Key) error {
	return m.change(func() error {
		for _, k := range keys {
			if slices.ContainsFunc(m.keys, sameRow(k)) {
				return fault.New(fault.Exists, "key is there")
			}
		}
		m.keys = append(m.keys, keys...)
		return nil
	})
}

func (m memoryKeys) Replace(_ context.Context, old, next Key) error {
	return m.change(func() error {
		i := slices.IndexFunc(m.keys, sameRow(old))
		if i < 0 || !bytes.Equal(m.keys[i].Wrapped, old.Wrapped) {
			return fault.New(fault.Conflict, "key changed")
		}
		m.keys[i] = next
		return nil
	})
}

func (m memoryKeys) Delete(_ context.Context, keys ...Key) error {
	return m.change(func() error {
		for _, k := range keys {
			m.keys = slices.DeleteFunc(m.keys, sameRow(k))
		}
		return nil
	})
}

func (m memoryKeys) Tenants(_ context.Context, after ident.Tenant, limit int) ([]ident.Tenant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ident.Tenant
	for _, k := range m.keys {
		if k.Tenant > after {
			out = append(out, k.Tenant)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(limit, len(out))], nil
}

type memoryRecords struct{ *memory }

func (m memoryRecords) find(tenant ident.Tenant, account ident.Account, field string) int {
	return slices.IndexFunc(m.records, func(r Record) bool { return r.Tenant == tenant && r.Account == account && r.Field == field })
}

func (m memoryRecords) Get(_ context.Context, tenant ident.Tenant, account ident.Account, field string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(tenant, account, field)
	if i < 0 {
		return nil, fault.New(fault.NotFound, "no credential %q", field)
	}
	return m.records[i].Sealed, nil
}

func (m memoryRecords) Put(_ context.Context, r Record) error {
	return m.change(func() error {
		if i := m.find(r.Tenant, r.Account, r.Field); i >= 0 {
			m.records[i] = r
			return nil
		}
		m.records = append(m.records, r)
		return nil
	})
}

func (m memoryRecords) Replace(_ context.Context, r Record, old []byte) error {
	return m.change(func() error {
		i := m.find(r.Tenant, r.Account, r.Field)
		if i < 0 || !bytes.Equal(m.records[i].Sealed, old) {
			return fault.New(fault.Conflict, "record changed")
		}
		m.records[i] = r
		return nil
	})
}

func (m memoryRecords) Delete(_ context.Context, tenant ident.Tenant, account ident.Account) error {
	return m.change(func() error {
		m.records = slices.DeleteFunc(m.records, func(r Record) bool { return r.Tenant == tenant && r.Account == account })
		return nil
	})
}

func (m memoryRecords) After(_ context.Context, tenant ident.Tenant, account ident.Account, field string, limit int) ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	order := func(a, b Record) int { return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Field, b.Field)) }
	var out []Record
	for _, r := range m.records {
		if r.Tenant == tenant && order(r, Record{Account: account, Field: field}) > 0 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, order)
	return out[:min(limit, len(out))], nil
}

type memoryUses struct{ *memory }

func (m memoryUses) Note(_ context.Context, u Use) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	m.uses = append(m.uses, u)
	return nil
}

// bench is a vault over memory with a clock that the test moves.
type bench struct {
	*memory
	path   string
	master *Master
	vault  *Vault
	safe   *Safe
	now    time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{memory: &memory{}, path: filepath.Join(t.TempDir(), "master.key"), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	b.start(t)
	return b
}

// start opens everything again over the same rows and files, as a new process does.
func (b *bench) start(t *testing.T) {
	t.Helper()
	master, err := OpenMaster(t.Context(), b.path, memoryKeys{b.memory})
	if err != nil {
		t.Fatalf("OpenMaster: %v", err)
	}
	b.master = master
	b.vault = New(master, memoryKeys{b.memory}, memoryUses{b.memory}, func() time.Time { return b.now })
	b.safe = NewSafe(b.vault, memoryRecords{b.memory})
}

func (b *bench) enroll(t *testing.T, tenants ...ident.Tenant) {
	t.Helper()
	for _, tenant := range tenants {
		if err := b.vault.Enroll(t.Context(), tenant); err != nil {
			t.Fatalf("Enroll(%d): %v", tenant, err)
		}
	}
}
