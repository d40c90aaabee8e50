package limits

import (
	"context"
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
)

// sent is one call that got through.
type sent struct {
	at     time.Time
	weight int64
}

// checkWindows verifies that no window of any length holds more than l allows.
func checkWindows(t rapid.TB, l channel.Limit, calls []sent) {
	t.Helper()
	weight := func(s sent) int64 {
		if l.Calls {
			return 1
		}
		return s.weight
	}
	if l.Fixed {
		per := l.Per.Microseconds()
		used := make(map[int64]int64)
		for _, s := range calls {
			w := s.at.UnixMicro() / per
			if used[w] += weight(s); used[w] > l.Rate {
				t.Fatalf("limit %q: %d in the window that ends %v, want at most %d", l.Name, used[w], time.UnixMicro((w+1)*per).UTC(), l.Rate)
			}
		}
		return
	}
	// A level of burst + rate·time − taken that never falls below its lowest former value minus burst is the same as
	// checking all pairs. Exact fractions.
	var taken int64
	low := new(big.Rat) // least of taken − rate·time before a call
	for i, s := range calls {
		passed := new(big.Rat).SetFrac(big.NewInt(s.at.Sub(calls[0].at).Microseconds()), big.NewInt(l.Per.Microseconds()))
		passed.Mul(passed, new(big.Rat).SetInt64(l.Rate))
		here := new(big.Rat).Sub(new(big.Rat).SetInt64(taken), passed)
		if i == 0 || here.Cmp(low) < 0 {
			low.Set(here)
		}
		taken += weight(s)
		here.Add(here, new(big.Rat).SetInt64(weight(s)))
		if over := here.Sub(here, low); over.Cmp(new(big.Rat).SetInt64(l.Burst)) > 0 {
			t.Fatalf("limit %q: a window up to %v holds %s more than its length allows, burst %d", l.Name, s.at, over.FloatString(3), l.Burst)
		}
	}
}

func describe(l channel.Limit) string {
	return fmt.Sprintf("%d per %v, burst %d, fixed %v, reserve %d", l.Rate, l.Per, l.Burst, l.Fixed, l.Reserve)
}

// TestF1_FullLoadUsesTheWholeLimit asks again as soon as it may, over virtual time.
func TestF1_FullLoadUsesTheWholeLimit(t *testing.T) {
	tests := []struct {
		limit  channel.Limit
		weight int64
		run    time.Duration
	}{
		{channel.Limit{Rate: 5, Per: time.Second, Burst: 60, Reserve: 10}, 1, time.Hour},
		{channel.Limit{Rate: 1, Per: time.Minute, Burst: 1}, 1, 30 * 24 * time.Hour},
		{channel.Limit{Rate: 1, Per: 3 * time.Minute, Burst: 20}, 1, 30 * 24 * time.Hour},
		{channel.Limit{Rate: 100, Per: time.Hour, Burst: 10}, 1, 7 * 24 * time.Hour},
		{channel.Limit{Rate: 111, Per: time.Second, Burst: 111, Reserve: 20}, 1, 2 * time.Minute},
		{channel.Limit{Rate: 100, Per: time.Second, Burst: 2000, Reserve: 20}, 252, time.Hour},
		{channel.Limit{Rate: 9000, Per: time.Minute, Burst: 1000}, 7, 20 * time.Minute},
		{channel.Limit{Rate: 1000, Per: 24 * time.Hour, Fixed: true}, 1, 30 * 24 * time.Hour},
		{channel.Limit{Rate: 250, Per: time.Hour, Fixed: true}, 5, 30 * 24 * time.Hour},
		{channel.Limit{Rate: 7, Per: 13 * time.Second, Burst: 3}, 2, 24 * time.Hour},
	}
	for _, tt := range tests {
		c := newClock()
		g := New([]channel.Limit{tt.limit}, c.now)
		end := c.t.Add(tt.run)
		var calls []sent
		var used int64
		for c.t.Before(end) {
			ok, after := take(t, t.Context(), g, channel.OpStock, tt.weight)
			if ok {
				calls = append(calls, sent{c.t, tt.weight})
				used += tt.weight
				continue
			}
			c.add(after)
		}
		due := new(big.Int).Mul(big.NewInt(tt.limit.Rate), big.NewInt(int64(tt.run)))
		due.Div(due, big.NewInt(int64(tt.limit.Per)))
		if want := due.Int64() * 99 / 100; used < want {
			t.Errorf("%s: used %d in %v, want at least %d (99 %%)", describe(tt.limit), used, tt.run, want)
		}
		checkWindows(t, tt.limit, calls)
	}
}

// TestF1_SeveralBucketsUseTheTightest runs several limits at once and checks each.
func TestF1_SeveralBucketsUseTheTightest(t *testing.T) {
	limits := []channel.Limit{
		{Name: "second", Rate: 20, Per: time.Second, Burst: 40},
		{Name: "minute", Rate: 600, Per: time.Minute, Burst: 100},
		{Name: "hour", Rate: 20000, Per: time.Hour, Fixed: true},
		{Name: "cost", Rate: 50, Per: time.Second, Burst: 500},
		{Name: "calls", Rate: 9, Per: time.Second, Burst: 9, Calls: true},
	}
	c := newClock()
	g := New(limits, c.now)
	var calls []sent
	var used int64
	const hours = 2
	for end := c.t.Add(hours * time.Hour); c.t.Before(end); {
		if ok, after := take(t, t.Context(), g, channel.OpStock, 2); !ok {
			c.add(after)
			continue
		}
		calls = append(calls, sent{c.t, 2})
		used += 2
	}
	if want := int64(hours) * 20000 * 99 / 100; used < want {
		t.Errorf("used %d, want at least %d (99 %% of the tightest)", used, want)
	}
	for _, l := range limits {
		checkWindows(t, l, calls)
	}
}

func drawLimit(t *rapid.T, name string) channel.Limit {
	l := channel.Limit{
		Name:    name,
		Rate:    rapid.Int64Range(1, 50).Draw(t, "rate"),
		Per:     time.Duration(rapid.SampledFrom([]int64{1, 7, 1000, 60_000, 3_600_000, 86_400_000}).Draw(t, "per")) * time.Millisecond,
		Burst:   rapid.Int64Range(1, 60).Draw(t, "burst"),
		Fixed:   rapid.IntRange(0, 3).Draw(t, "fixed") == 0,
		Calls:   rapid.IntRange(0, 3).Draw(t, "calls") == 0,
		Reserve: rapid.Int64Range(0, 60).Draw(t, "reserve"),
	}
	if l.Fixed {
		l.Burst = 0
	}
	if rapid.Bool().Draw(t, "narrow") {
		l.Ops = rapid.SliceOfNDistinct(rapid.SampledFrom([]channel.Op{channel.OpList, channel.OpStock, channel.OpPrice}), 1, 2, rapid.ID[channel.Op]).Draw(t, "ops")
	}
	return l
}

// TestPropertyNoWindowIsExceeded draws limits, calls, rests and restarts. Whatever happens, no window of any limit holds
// more than it allows; a stated wait is the exact one; a refused call changes nothing.
func TestPropertyNoWindowIsExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var limits []channel.Limit
		for i := range rapid.IntRange(1, 4).Draw(t, "limits") {
			limits = append(limits, drawLimit(t, fmt.Sprint("limit", i)))
		}
		if err := Check(limits); err != nil {
			t.Fatalf("Check = %v", err)
		}
		c := newClock()
		g := New(limits, c.now)
		calls := make(map[string][]sent)
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				c.add(time.Duration(rapid.Int64Range(0, 90_000_000).Draw(t, "rest")) * time.Microsecond)
				continue
			case 1: // a restart in between
				text := g.Text()
				g = New(limits, c.now)
				if err := g.Parse(text); err != nil {
					t.Fatalf("Parse(%s) = %v", text, err)
				}
				continue
			}
			op := rapid.SampledFrom([]channel.Op{channel.OpList, channel.OpStock, channel.OpPrice}).Draw(t, "op")
			weight := rapid.Int64Range(1, 5).Draw(t, "weight")
			ctx := context.Background()
			if rapid.Bool().Draw(t, "to zero") {
				ctx = channel.ToZero(ctx)
			}
			before := g.Text()
			err := g.Take(ctx, op, weight)
			if err != nil {
				if after := g.Text(); after != before {
					t.Fatalf("a refused call changed %s to %s", before, after)
				}
				waited := waitOut(t, ctx, g, c, op, weight, err)
				if !waited {
					continue
				}
			}
			for _, l := range limits {
				if b := (&bucket{limit: l}); b.counts(op) {
					calls[l.Name] = append(calls[l.Name], sent{c.t, weight})
				}
			}
		}
		for _, l := range limits {
			checkWindows(t, l, calls[l.Name])
		}
	})
}

// waitOut waits as long as err asks, checks that one microsecond less is too early, and takes. It reports false for a
// call that never fits.
func waitOut(t *rapid.T, ctx context.Context, g *Gate, c *clock, op channel.Op, weight int64, err error) bool {
	t.Helper()
	kind, after := kindAfter(err)
	if kind == "invalid" {
		return false
	}
	if kind != "rate-limited" || after <= 0 {
		t.Fatalf("Take(%s, %d) = %v after %v, want a time", op, weight, err, after)
	}
	c.add(after - time.Microsecond)
	if err := g.Take(ctx, op, weight); err == nil {
		t.Fatalf("Take(%s, %d) succeeds before the stated wait of %v is over", op, weight, after)
	}
	c.add(time.Microsecond)
	if err := g.Take(ctx, op, weight); err != nil {
		t.Fatalf("Take(%s, %d) after the stated wait of %v = %v", op, weight, after, err)
	}
	return true
}
