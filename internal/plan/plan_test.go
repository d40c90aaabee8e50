package plan_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/plan"
)

func TestBatchesHoldEveryKeyOnceWithinTheChannelsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caps := channel.BatchCaps{MaxBatch: rapid.IntRange(1, 7).Draw(t, "most"), ByGroup: rapid.Bool().Draw(t, "by group")}
		n := rapid.IntRange(0, 60).Draw(t, "writes")
		ws := make([]plan.Write, n)
		keys := map[string]bool{}
		for i := range ws {
			k := fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "key"))
			keys[k] = true
			ws[i] = plan.Write{Lane: rapid.Int64Range(1, 3).Draw(t, "lane"), Write: channel.Write{
				Ref: int64(i), Stock: channel.StockKey{Key: k}, Listing: channel.ListingRef{Group: fmt.Sprint(len(k))},
			}}
		}
		got := map[string]bool{}
		for _, b := range plan.Batches(channel.Stock, caps, ws) {
			if len(b.Writes) == 0 || len(b.Writes) > caps.MaxBatch {
				t.Fatalf("a batch has %d writes, want 1 … %d", len(b.Writes), caps.MaxBatch)
			}
			for _, w := range b.Writes {
				if got[w.Stock.Key] {
					t.Fatalf("key %s is in two writes", w.Stock.Key)
				}
				got[w.Stock.Key] = true
				if caps.ByGroup && w.Listing.Group != b.Group {
					t.Fatalf("group %q travels in a batch of %q", w.Listing.Group, b.Group)
				}
			}
		}
		if len(got) != len(keys) {
			t.Fatalf("%d keys are sent, want %d", len(got), len(keys))
		}
	})
}

func TestUrgentWritesComeFirst(t *testing.T) {
	ws := []plan.Write{{Lane: 3, Write: channel.Write{Ref: 1, Stock: channel.StockKey{Key: "a"}}}, {Lane: 1, Write: channel.Write{Ref: 2, Stock: channel.StockKey{Key: "b"}}}}
	got := plan.Batches(channel.Stock, channel.BatchCaps{MaxBatch: 1}, ws)
	if len(got) != 2 || got[0].Writes[0].Ref != 2 {
		t.Errorf("Batches = %v, want the write to zero first", got)
	}
}

func TestAFifthOfTheDailyBudgetIsKeptForZero(t *testing.T) {
	for _, c := range []struct {
		budget, spent int
		zero          bool
		want          int
	}{{250, 200, false, 0}, {250, 199, false, 1}, {250, 200, true, 50}, {250, 250, true, 0}, {1, 0, false, 0}, {1, 0, true, 1}, {0, 9999, false, 1 << 30}} {
		if got := plan.Left(c.budget, c.spent, c.zero); got != c.want {
			t.Errorf("Left(%d, %d, %v) = %d, want %d", c.budget, c.spent, c.zero, got, c.want)
		}
	}
}
