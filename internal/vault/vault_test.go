package vault

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/secret"
)

const canary = "canary-5f1c0e-refresh-token"

var drive = Reason{By: "node-1", Purpose: "drive"}

func TestSealedTextOpensAtItsPlace(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 7)
	for _, plain := range []string{canary, "", "ß\x01 \n", strings.Repeat("k", maxPlain)} {
		sealed, err := b.vault.Seal(t.Context(), 7, 3, "token", secret.New(plain))
		if err != nil {
			t.Fatalf("Seal(%d bytes): %v", len(plain), err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("Seal(%d bytes) holds the plain text", len(plain))
		}
		got, err := b.vault.Open(t.Context(), 7, 3, "token", sealed, drive)
		if err != nil || got.Reveal() != plain {
			t.Errorf("Open(Seal(%d bytes)) = %d bytes, %v, want the same text", len(plain), len(got.Reveal()), err)
		}
	}
}

func TestSealRefusesWhatItCannotKeep(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 7)
	tests := []struct {
		name   string
		tenant ident.Tenant
		field  string
		text   string
		want   fault.Kind
	}{
		{"tenant without keys", 8, "token", "x", fault.NotFound},
		{"no field name", 7, "", "x", fault.Invalid},
		{"long field name", 7, strings.Repeat("f", maxField+1), "x", fault.Invalid},
		{"text too long", 7, "token", strings.Repeat("k", maxPlain+1), fault.TooLarge},
	}
	for _, tt := range tests {
		_, err := b.vault.Seal(t.Context(), tt.tenant, 1, tt.field, secret.New(tt.text))
		if !fault.Is(err, tt.want) {
			t.Errorf("%s: Seal = %v, want kind %v", tt.name, err, tt.want)
		}
	}
}

// TestC13_SwappedRecordsDoNotOpen moves one record to every other place and changes each of its bytes.
// TestC13_EachPartOfABindingCounts covers parts that other keys protect a second time.
func TestC15_NoNoteNoSecret(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	sealed, err := b.vault.Seal(t.Context(), 1, 10, "token", secret.New(canary))
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	b.refuse = fault.New(fault.Unavailable, "disk full")
	got, err := b.vault.Open(t.Context(), 1, 10, "token", sealed, drive)
	if !fault.Is(err, fault.Unavailable) || !got.Empty() {
		t.Errorf("Open without a ledger = %v, want kind %v and no text", err, fault.Unavailable)
	}
	if _, _, err := b.vault.Reseal(t.Context(), Record{1, 10, "token", sealed}, drive); err != nil {
		t.Errorf("Reseal of a record under the newest key = %v, want no opening", err)
	}
	if err := b.vault.Renew(t.Context(), 1); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	if _, _, err := b.vault.Reseal(t.Context(), Record{1, 10, "token", sealed}, drive); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Reseal without a ledger = %v, want kind %v", err, fault.Unavailable)
	}

	b.refuse = nil
	person := Reason{By: "anna", Person: true, Purpose: "export"}
	for range 3 {
		if _, err := b.vault.Open(t.Context(), 1, 10, "token", sealed, person); err != nil {
			t.Fatalf("Open: %v", err)
		}
	}
	want := Use{Tenant: 1, Account: 10, Field: "token", Version: 1, Reason: person}
	if diff := cmp.Diff([]Use{want, want, want}, b.uses); diff != "" {
		t.Errorf("uses differ (-want +got):\n%s", diff)
	}
}

// TestC14_NothingPrintsASecret formats and encodes everything that a program could hold, and every error.
func TestC14_NothingPrintsASecret(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	text := secret.New(canary)
	sealed, err := b.vault.Seal(t.Context(), 1, 10, "token", text)
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	if err := b.safe.Put(t.Context(), 1, 10, "token", text); err != nil {
		t.Fatalf("Put: %v", err)
	}
	set, err := b.vault.keyset(t.Context(), 1)
	if err != nil {
		t.Fatalf("keyset: %v", err)
	}
	raw := string(set.root.bytes()[:])
	masterKey, err := readMaster(b.path)
	if err != nil {
		t.Fatalf("readMaster: %v", err)
	}
	rawMaster := string(masterKey.bytes()[:])

	_, wrongPlace := b.vault.Open(t.Context(), 1, 11, "token", sealed, drive)
	_, tooLong := b.vault.Seal(t.Context(), 1, 10, strings.Repeat("f", 200), text)
	_, _, onCommandLine := ReadSecret(canary, strings.NewReader(""))
	_, _, withAt := ReadSecret("@", strings.NewReader(canary))
	held := struct {
		Text   secret.Text
		Vault  *Vault
		Safe   *Safe
		Master *Master
		hidden any
	}{text, b.vault, b.safe, b.master, set}

	var out bytes.Buffer
	for _, v := range []any{
		text, &text, b.vault, b.safe, b.master, set, *set, set.root, held, &held,
		[]any{held},
		map[string]any{"k": text},
		wrongPlace, tooLong, onCommandLine, withAt, b.keys, b.uses,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		_ = json.NewEncoder(&out).Encode(v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	if err := gob.NewEncoder(&out).Encode(text); err != nil {
		t.Errorf("gob: %v", err)
	}
	if strings.Contains(out.String(), "gcm.") {
		t.Errorf("a cipher with its round keys shows up")
	}
	for what, s := range map[string]string{"secret": canary, "tenant key": raw, "master key": rawMaster} {
		for form, needle := range map[string]string{
			"plain": s, "hex": fmt.Sprintf("%x", s), "list": strings.Trim(fmt.Sprint([]byte(s)), "[]"),
			"quoted": strings.Trim(fmt.Sprintf("%q", s), `"`), "go bytes": strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(s)), "[]byte{"), "}"),
		} {
			if strings.Contains(out.String(), needle) {
				t.Errorf("the %s shows up as %s text", what, form)
			}
		}
	}
}

func TestEnrollKeepsTheFirstKey(t *testing.T) {
	b := newBench(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := b.vault.Enroll(t.Context(), 5); err != nil {
				t.Errorf("Enroll: %v", err)
			}
		})
	}
	wait.Wait()
	if len(b.keys) != 2 {
		t.Errorf("8 calls of Enroll left %d key rows, want 2", len(b.keys))
	}
}

func TestDestroyLosesTheTenantAlone(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1, 2)
	for _, tenant := range []ident.Tenant{1, 2} {
		if err := b.safe.Put(t.Context(), tenant, 10, "token", secret.New(canary)); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	if err := b.vault.Destroy(t.Context(), 1); err != nil {
		t.Fatalf("Destroy: %v", err)
	}
	if _, err := b.safe.Get(t.Context(), 1, 10, "token", drive); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get after Destroy = %v, want kind %v", err, fault.NotFound)
	}
	if _, err := b.vault.Hasher(t.Context(), 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("Hasher after Destroy = %v, want kind %v", err, fault.NotFound)
	}
	b.enroll(t, 1)
	if _, err := b.safe.Get(t.Context(), 1, 10, "token", drive); !fault.Is(err, fault.Invalid) {
		t.Errorf("Get under a new key = %v, want kind %v", err, fault.Invalid)
	}
	if got, err := b.safe.Get(t.Context(), 2, 10, "token", drive); err != nil || got.Reveal() != canary {
		t.Errorf("Get of the other tenant = %v, want its text", err)
	}
}

func TestKeysLeaveMemory(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	if _, err := b.vault.Seal(t.Context(), 1, 1, "token", secret.New("x")); err != nil {
		t.Fatalf("Seal: %v", err)
	}
	b.keys = nil
	b.now = b.now.Add(keepKeys - 1)
	if _, err := b.vault.Seal(t.Context(), 1, 1, "token", secret.New("x")); err != nil {
		t.Errorf("Seal within %v = %v, want the key from memory", keepKeys, err)
	}
	b.now = b.now.Add(1)
	if _, err := b.vault.Seal(t.Context(), 1, 1, "token", secret.New("x")); !fault.Is(err, fault.NotFound) {
		t.Errorf("Seal after %v = %v, want kind %v", keepKeys, err, fault.NotFound)
	}
}

func TestManyTenantsKeepMemoryBounded(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	set, err := b.vault.keyset(t.Context(), 1)
	if err != nil {
		t.Fatalf("keyset: %v", err)
	}
	for i := ident.Tenant(2); i < 2*keepTenants; i++ {
		b.vault.mu.Lock()
		if len(b.vault.cache) >= keepTenants {
			b.vault.makeRoom(i)
		}
		b.vault.cache[i] = set
		n := len(b.vault.cache)
		b.vault.mu.Unlock()
		if n > keepTenants {
			t.Fatalf("%d tenants' keys in memory, want at most %d", n, keepTenants)
		}
	}
}

func TestSafeReaderServesOneAccount(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1)
	if err := b.safe.Put(t.Context(), 1, 10, "token", secret.New(canary)); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if got, err := b.safe.Reader(1, 10, drive)(t.Context(), "token"); err != nil || got.Reveal() != canary {
		t.Errorf("Reader(token) = %v, want the text", err)
	}
	if _, err := b.safe.Reader(1, 11, drive)(t.Context(), "token"); !fault.Is(err, fault.NotFound) {
		t.Errorf("Reader of another account = %v, want kind %v", err, fault.NotFound)
	}
	if err := b.safe.Delete(t.Context(), 1, 10); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if _, err := b.safe.Get(t.Context(), 1, 10, "token", drive); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get after Delete = %v, want kind %v", err, fault.NotFound)
	}
	b.cutAt = b.changes + 1
	if err := b.safe.Put(t.Context(), 1, 10, "token", secret.New(canary)); !errors.Is(err, errCut) {
		t.Errorf("Put on a store that fails = %v, want %v", err, errCut)
	}
}
