package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"carpediemstore.it/sync-connector/internal/fault"
)

// oldMark stands between the name of the master key file and the id of a master key it held before.
const oldMark = ".old-"

// Master is the master key of the installation: a file of 32 random bytes that only its owner may read. Master keys it
// had before lie beside it (path.old-ID) until the operator removes them, so that key backups made under them still open.
type Master struct {
	path string

	mu      sync.Mutex
	current string
	ring    map[string]lock // by id: the current one and older ones
}

// OpenMaster reads the master key at path. On the first start, when keys holds nothing yet, it creates the file; a file
// that is missing later is never replaced by a new one, because nothing sealed would ever open again.
func OpenMaster(ctx context.Context, path string, keys Keys) (*Master, error) {
	m := &Master{path: path}
	err := m.refresh()
	if !fault.Is(err, fault.NotFound) {
		return m, err
	}
	tenants, err := keys.Tenants(ctx, -1, 1)
	if err != nil {
		return nil, fault.Wrap("look for sealed data", err)
	}
	if len(tenants) > 0 {
		return nil, fault.New(fault.NotFound, "the master key %s is missing, and there are credentials sealed under it: put the file back from its backup; "+
			"if it is lost for good, delete the key store and connect every account again", path)
	}
	if err := createMaster(path); err != nil {
		return nil, err
	}
	return m, m.refresh()
}

// ID returns the id of the current master key, 16 hex digits that tell nothing about it.
func (m *Master) ID() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current
}

// Format prints the id alone, whatever the verb (C14).
func (m *Master) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "[master key %s]", m.ID()) }

// wrapper returns the lock of the current master key, read from the file just now: another node may have rotated it.
func (m *Master) wrapper() (string, lock, error) {
	if err := m.refresh(); err != nil {
		return "", nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current, m.ring[m.current], nil
}

// find returns the lock of the master key named id and looks at the files again when it is not known.
func (m *Master) find(id string) (lock, error) {
	m.mu.Lock()
	a, known := m.ring[id]
	m.mu.Unlock()
	if known {
		return a, nil
	}
	if err := m.refresh(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, known = m.ring[id]; known {
		return a, nil
	}
	return nil, fault.New(fault.NotFound, "a tenant's key is wrapped by master key %s, and %s holds %s: put the file of %s back from its backup as %s%s%s",
		id, m.path, m.current, id, m.path, oldMark, id)
}

// refresh reads the file and the older ones beside it.
func (m *Master) refresh() error {
	key, err := readMaster(m.path)
	if err != nil {
		return err
	}
	current, err := key.id()
	if err != nil {
		return err
	}
	ring := make(map[string]lock)
	if ring[current], err = key.wrapper(); err != nil {
		return err
	}
	files, err := os.ReadDir(filepath.Dir(m.path))
	if err != nil {
		return fault.New(fault.Unavailable, "older master keys: %w", err)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), filepath.Base(m.path)+oldMark) {
			continue
		}
		old, err := readMaster(filepath.Join(filepath.Dir(m.path), f.Name()))
		if err != nil {
			return err
		}
		id, err := old.id()
		if err != nil {
			return err
		}
		if ring[id], err = old.wrapper(); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current, m.ring = current, ring
	return nil
}

// replace puts a new master key in place of the current one, whose bytes move to path.old-ID. The new file exists in
// full before the old name points to it, so a kill leaves either master in place.
func (m *Master) replace() error {
	next := m.path + ".new"
	if err := createMaster(next); err != nil {
		if fault.Is(err, fault.Exists) {
			return fault.New(fault.Exists, "%s exists: another rotation is running, or one was cut short before it took effect; "+
				"in the second case remove this file and start again", next)
		}
		return err
	}
	err := m.exchange(next)
	if err != nil {
		_ = os.Remove(next)
		return err
	}
	return m.refresh()
}

func (m *Master) exchange(next string) error {
	key, err := readMaster(m.path)
	if err != nil {
		return err
	}
	id, err := key.id()
	if err != nil {
		return err
	}
	if err := writeMaster(m.path+oldMark+id, key); err != nil && !fault.Is(err, fault.Exists) {
		return err
	}
	if err := os.Rename(next, m.path); err != nil {
		return fault.New(fault.Unavailable, "put the new master key in place: %w", err)
	}
	return syncFolder(m.path)
}

func createMaster(path string) error { return writeMaster(path, newMaterial()) }

// writeMaster creates path with mode 0600 and fails with fault.Exists when there is a file.
func writeMaster(path string, key material) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Exists, "%s exists already", path)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "create the master key: %w", err)
	}
	_, err = f.Write(key.bytes()[:])
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(path)
		return fault.New(fault.Unavailable, "write the master key: %w", err)
	}
	return syncFolder(path)
}

// readMaster reads one master key file and refuses what is not one.
func readMaster(path string) (material, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return material{}, fault.New(fault.NotFound, "there is no master key at %s", path)
	}
	if err != nil {
		return material{}, fault.New(fault.Unavailable, "read the master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return material{}, fault.New(fault.Unavailable, "read the master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return material{}, fault.New(fault.Invalid, "the master key %s is not a regular file", path)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return material{}, fault.New(fault.Invalid, "the master key %s can be read or written by others (mode %04o): run chmod 600 on it, "+
			"and if others could really have read it, rotate it with keys rotate", path, info.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, keySize+1))
	if err != nil {
		return material{}, fault.New(fault.Unavailable, "read the master key: %w", err)
	}
	defer clear(b)
	if len(b) != keySize || info.Size() != keySize {
		return material{}, fault.New(fault.Invalid, "the master key %s holds %d bytes, a key has %d: put the file back from its backup; "+
			"if nothing was ever sealed here, remove it and start again", path, info.Size(), keySize)
	}
	if [keySize]byte(b) == [keySize]byte{} {
		return material{}, fault.New(fault.Invalid, "the master key %s holds only zeros: put the file back from its backup", path)
	}
	return materialOf(b)
}

// syncFolder makes the name of a new file survive a power loss.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return fault.New(fault.Unavailable, "folder of the master key: %w", err)
	}
	return nil
}
