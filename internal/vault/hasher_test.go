package vault

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/ident"
)

func TestC05_HashesAreStableAndApart(t *testing.T) {
	b := newBench(t)
	b.enroll(t, 1, 2)
	hash := func(tenant ident.Tenant, parts ...string) Digest {
		t.Helper()
		h, err := b.vault.Hasher(t.Context(), tenant)
		if err != nil {
			t.Fatalf("Hasher: %v", err)
		}
		return h(parts...)
	}
	base := hash(1, "order", "42", "1")
	if err := b.vault.Renew(t.Context(), 1); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	if _, err := b.vault.RotateMaster(t.Context()); err != nil {
		t.Fatalf("RotateMaster: %v", err)
	}
	b.start(t)
	if got := hash(1, "order", "42", "1"); got != base {
		t.Errorf("hash after both rotations and a restart = %x, want %x", got, base)
	}
	for name, other := range map[string]Digest{
		"other tenant": hash(2, "order", "42", "1"), "other cut": hash(1, "order", "4", "21"),
		"fewer parts": hash(1, "order", "42"), "empty part": hash(1, "order", "42", "1", ""),
	} {
		if other == base {
			t.Errorf("%s: hash = %x, want another", name, other)
		}
	}
	h, err := b.vault.Hasher(t.Context(), 1)
	if err != nil {
		t.Fatalf("Hasher: %v", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p, q := rapid.SliceOf(rapid.String()).Draw(t, "p"), rapid.SliceOf(rapid.String()).Draw(t, "q")
		if same := cmp.Equal(p, q) || len(p)+len(q) == 0; (h(p...) == h(q...)) != same {
			t.Fatalf("hashes of %q and %q equal: %v, want %v", p, q, !same, same)
		}
	})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 200 {
				if got := h("order", "42", "1"); got != base {
					t.Errorf("hash beside others = %x, want %x", got, base)
				}
			}
		})
	}
	wait.Wait()
}
