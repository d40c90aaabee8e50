package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/fault"
)

func TestMasterIsCreatedOnceAndClosed(t *testing.T) {
	b := newBench(t)
	info, err := os.Stat(b.path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != keySize {
		t.Fatalf("first start left %v, %v, want 32 bytes with mode 0600", info, err)
	}
	before, _ := os.ReadFile(b.path)
	id := b.master.ID()
	b.start(t)
	after, _ := os.ReadFile(b.path)
	if !bytes.Equal(before, after) || b.master.ID() != id {
		t.Errorf("second start changed the key: id %s, want %s", b.master.ID(), id)
	}
	if err := createMaster(b.path); !fault.Is(err, fault.Exists) {
		t.Errorf("createMaster over a key = %v, want kind %v", err, fault.Exists)
	}
}

func TestMasterRefusesBadFiles(t *testing.T) {
	key := bytes.Repeat([]byte{7}, keySize)
	tests := []struct {
		name string
		make func(path string) error
		want string
	}{
		{"short", func(p string) error { return os.WriteFile(p, key[:31], 0o600) }, "holds 31 bytes, a key has 32"},
		{"long", func(p string) error { return os.WriteFile(p, append(key, '\n'), 0o600) }, "holds 33 bytes"},
		{"empty", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "holds 0 bytes"},
		{"zeros", func(p string) error { return os.WriteFile(p, make([]byte, keySize), 0o600) }, "only zeros"},
		{"group readable", func(p string) error { return os.WriteFile(p, key, 0o640) }, "chmod 600"},
		{"world readable", func(p string) error { return os.WriteFile(p, key, 0o604) }, "chmod 600"},
		{"folder", func(p string) error { return os.Mkdir(p, 0o700) }, "not a regular file"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "master.key")
		if err := tt.make(path); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		_, err := OpenMaster(t.Context(), path, memoryKeys{&memory{}})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: OpenMaster = %v, want kind %v with %q", tt.name, err, fault.Invalid, tt.want)
		}
	}
}

func TestMissingMasterIsNotReplacedOverSealedData(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	_, err := OpenMaster(t.Context(), b.path, memoryKeys{b.memory})
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "put the file back from its backup") {
		t.Errorf("OpenMaster = %v, want kind %v and what to do", err, fault.NotFound)
	}
	if _, err := os.Stat(b.path); !os.IsNotExist(err) {
		t.Errorf("OpenMaster created a key although data is sealed: %v", err)
	}
}

func TestForeignMasterIsNamed(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	was := b.master.ID()
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	if err := createMaster(b.path); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	_, err := b.vault.Hasher(t.Context(), 1)
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), was) || !strings.Contains(err.Error(), b.master.ID()) {
		t.Errorf("Hasher under a foreign master = %v, want kind %v naming %s and %s", err, fault.NotFound, was, b.master.ID())
	}
}
