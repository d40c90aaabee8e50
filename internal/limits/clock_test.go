package limits

import (
	"context"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// clock is virtual time.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 23, 22, 30, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.t }

func (c *clock) add(d time.Duration) { c.t = c.t.Add(d) }

// take takes and reports whether it could, and when it can else.
func take(t testing.TB, ctx context.Context, g *Gate, op channel.Op, weight int64) (ok bool, after time.Duration) {
	t.Helper()
	err := g.Take(ctx, op, weight)
	if err == nil {
		return true, 0
	}
	if !fault.Is(err, fault.RateLimited) || fault.AfterOf(err) <= 0 || fault.SentOf(err) {
		t.Fatalf("Take(%s, %d) = %v after %v, want kind %v with a time", op, weight, err, fault.AfterOf(err), fault.RateLimited)
	}
	return false, fault.AfterOf(err)
}

// drain takes ones until it cannot, and returns how many it took.
func drain(t testing.TB, ctx context.Context, g *Gate, op channel.Op) int64 {
	t.Helper()
	for n := int64(0); ; n++ {
		if ok, _ := take(t, ctx, g, op, 1); !ok {
			return n
		}
	}
}

func ptr(n int64) *int64 { return &n }
