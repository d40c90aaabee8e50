package sim_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"carpediemstore.it/sync-connector/internal/sim"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// traced is the digest of everything that passed between the connector and its markets in the world of a seed.
func traced(t *testing.T, db *store.DB, seed uint64) string {
	t.Helper()
	w := sim.New(db, seed)
	sum := sha256.New()
	n := 0
	w.Trace = func(s string) {
		n++
		fmt.Fprintln(sum, w.Now(), s)
	}
	live(t, w, seed)
	if n < 1000 {
		t.Errorf("%d steps, want more than a thousand", n)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// TestTheSameSeedGivesTheSameRun, twice on one database and once on the other: a failing seed can be played again, and
// nothing depends on the order in which a database returns rows.
func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	t.Parallel()
	const seed = 7
	want := traced(t, storetest.SQLite(t), seed)
	if got := traced(t, storetest.SQLite(t), seed); got != want {
		t.Errorf("seed %d ran as %s, then as %s on SQLite", seed, want, got)
	}
	if got := traced(t, storetest.Postgres(t), seed); got != want {
		t.Errorf("seed %d ran as %s on SQLite, as %s on PostgreSQL", seed, want, got)
	}
}
