package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/store/sqlite"
)

// TestABeginThatIsGivenUpLeavesNoTransactionOpen: a context may end while BEGIN is under way, after the database has begun
// already. The next one to begin must not find that transaction.
func TestABeginThatIsGivenUpLeavesNoTransactionOpen(t *testing.T) {
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	given := 0
	for n := range 3000 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%300)*time.Microsecond)
		for _, begin := range []func(context.Context) error{
			func(ctx context.Context) error {
				c, err := e.Begin(ctx)
				if err == nil {
					return c.Rollback()
				}
				return err
			},
			func(ctx context.Context) error {
				c, err := e.Snapshot(ctx)
				if err == nil {
					return c.Rollback()
				}
				return err
			},
		} {
			if err := begin(ctx); err != nil {
				given++
			}
			if err := begin(t.Context()); err != nil {
				t.Fatalf("round %d: begin after one that was given up = %v, want nil", n, err)
			}
		}
		cancel()
	}
	if given == 0 {
		t.Error("no begin was given up: nothing was shown")
	}
	t.Logf("%d were given up", given)
}
