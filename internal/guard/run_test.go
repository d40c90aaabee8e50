package guard_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
)

func TestPriceRun(t *testing.T) {
	for _, c := range []struct {
		listings, changed int64
		want              guard.Outcome
	}{
		{100, 20, guard.Pass}, {100, 21, guard.Hold}, {10_000, 500, guard.Pass}, {10_000, 501, guard.Hold}, {0, 0, guard.Pass}, {0, 1, guard.Hold},
	} {
		if got := guard.PriceRun(guard.Defaults(), c.listings, c.changed); got.Outcome != c.want || got.Note == "" {
			t.Errorf("PriceRun(%d, %d) = %+v, want %v", c.listings, c.changed, got, c.want)
		}
	}
}

func TestZeroRunCountsOnlyWhatWasNotSold(t *testing.T) {
	for name, c := range map[string]struct {
		zeroing guard.Zeroing
		want    guard.Outcome
	}{
		"nothing goes to zero":              {guard.Zeroing{Listings: 100}, guard.Pass},
		"5 % is the limit itself":           {guard.Zeroing{Listings: 100, Zeroed: 5}, guard.Pass},
		"more than 5 %":                     {guard.Zeroing{Listings: 100, Zeroed: 6}, guard.Hold},
		"50 is the limit itself":            {guard.Zeroing{Listings: 10_000, Zeroed: 50}, guard.Pass},
		"more than 50":                      {guard.Zeroing{Listings: 10_000, Zeroed: 51}, guard.Hold},
		"a day of sell-outs is not held":    {guard.Zeroing{Listings: 100, Zeroed: 90, Sold: 90}, guard.Pass},
		"the rest beside sell-outs is held": {guard.Zeroing{Listings: 100, Zeroed: 96, Sold: 90}, guard.Hold},
	} {
		if got := guard.ZeroRun(guard.Defaults(), c.zeroing); got.Outcome != c.want || got.Note == "" {
			t.Errorf("%s: ZeroRun = %+v, want %v", name, got, c.want)
		}
	}
}

func TestCovering(t *testing.T) {
	for _, c := range []struct {
		previous, covered int64
		want              guard.Outcome
	}{{0, 0, guard.Pass}, {100, 100, guard.Pass}, {100, 90, guard.Pass}, {100, 89, guard.Hold}, {100, 0, guard.Hold}} {
		if got := guard.Covering(guard.Defaults(), c.previous, c.covered); got.Outcome != c.want {
			t.Errorf("Covering(%d, %d) = %+v, want %v", c.previous, c.covered, got, c.want)
		}
	}
}

// history shows values a minute apart, the last one at now.
func history(now ident.Micros, values ...int64) []guard.Point {
	out := make([]guard.Point, len(values))
	for i, v := range values {
		out[i] = guard.Point{At: now.Add(-time.Duration(len(values)-1-i) * time.Minute), Value: v}
	}
	return out
}

func TestFlipFindsAListingThatGoesBackAndForth(t *testing.T) {
	now := ident.At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	for name, c := range map[string]struct {
		values []int64
		want   guard.Outcome
	}{
		"nothing is known":                        {nil, guard.Pass},
		"a run of sales":                          {[]int64{9, 8, 7, 6, 5, 4, 3, 2}, guard.Pass},
		"four turns are the limit itself":         {[]int64{5, 6, 5, 6, 5, 6}, guard.Pass},
		"five turns":                              {[]int64{5, 6, 5, 6, 5, 6, 5}, guard.Hold},
		"equal readings between do not hide them": {[]int64{5, 6, 6, 5, 5, 6, 5, 6, 5}, guard.Hold},
		"turns long ago are forgotten":            {[]int64{5, 6, 5, 6, 5, 6, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, guard.Pass},
	} {
		if got := guard.Flip(guard.Defaults(), history(now, c.values...), now); got.Outcome != c.want {
			t.Errorf("%s: Flip = %+v, want %v", name, got, c.want)
		}
	}
}

func TestBlindAndOverdue(t *testing.T) {
	now := ident.At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		read ident.Micros
		want bool
	}{{0, true}, {now, false}, {now.Add(-15 * time.Minute), false}, {now.Add(-15*time.Minute - time.Microsecond), true}} {
		if got := guard.Blind(guard.Defaults(), c.read, now); got != c.want {
			t.Errorf("Blind(%v at %v) = %v, want %v", c.read, now, got, c.want)
		}
	}
	for _, c := range []struct {
		age, p95 time.Duration
		want     bool
	}{{time.Minute, 20 * time.Second, false}, {61 * time.Second, 20 * time.Second, true}, {time.Hour, 0, false}} {
		if got := guard.Overdue(guard.Defaults(), now.Add(-c.age), now, c.p95); got != c.want {
			t.Errorf("Overdue(%v, p95 %v) = %v, want %v", c.age, c.p95, got, c.want)
		}
	}
}

func TestCheckStock(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*guard.Stock)
		want   fault.Kind
		ok     bool
	}{
		"a plain write":                                  {func(*guard.Stock) {}, 0, true},
		"a negative number":                              {func(s *guard.Stock) { s.Wire, s.Target = -1, -1 }, fault.Invalid, false},
		"a wire value below its target":                  {func(s *guard.Stock) { s.Wire = 4 }, fault.Invalid, false},
		"2^31":                                           {func(s *guard.Stock) { s.Wire, s.Target = 1<<31, 1<<31 }, fault.Invalid, false},
		"more than the channel takes":                    {func(s *guard.Stock) { s.Max = 4 }, fault.Invalid, false},
		"goods of the channel":                           {func(s *guard.Stock) { s.Pool = channel.ByChannel }, fault.Invalid, false},
		"goods of nobody knows whom":                     {func(s *guard.Stock) { s.Pool = channel.PoolAbsent }, fault.Invalid, false},
		"not bound":                                      {func(s *guard.Stock) { s.Bound = false }, fault.Invalid, false},
		"not bound any more, down to zero":               {func(s *guard.Stock) { s.Bound, s.Wire, s.Target = false, 0, 0 }, 0, true},
		"paused":                                         {func(s *guard.Stock) { s.Pause, s.Wire, s.Target = guard.PauseAll, 0, 0 }, fault.Paused, false},
		"no increases, and it is one":                    {func(s *guard.Stock) { s.Pause = guard.NoIncreases }, fault.Paused, false},
		"no increases, and what is shown is not known":   {func(s *guard.Stock) { s.Pause, s.Base = guard.NoIncreases, nil }, fault.Paused, false},
		"no increases, and it goes down":                 {func(s *guard.Stock) { s.Pause, s.Base = guard.NoIncreases, ptr(int64(9)) }, 0, true},
		"to zero only, and it is not":                    {func(s *guard.Stock) { s.Pause, s.Base = guard.ToZeroOnly, ptr(int64(9)) }, fault.Paused, false},
		"to zero only, and it is":                        {func(s *guard.Stock) { s.Pause, s.Wire, s.Target = guard.ToZeroOnly, 0, 0 }, 0, true},
		"to zero only, with open units of a gross count": {func(s *guard.Stock) { s.Pause, s.Wire, s.Target = guard.ToZeroOnly, 2, 0 }, 0, true},
		"a pause nobody knows":                           {func(s *guard.Stock) { s.Pause = "maybe" }, fault.Paused, false},
		"a rise of what is not known":                    {func(s *guard.Stock) { s.DownOnly = true }, fault.Held, false},
		"a fall of what is not known":                    {func(s *guard.Stock) { s.DownOnly, s.Base = true, ptr(int64(6)) }, 0, true},
	} {
		s := guard.Stock{Wire: 5, Target: 5, Base: ptr(int64(3)), Bound: true, Pool: channel.Merchant}
		c.change(&s)
		err := guard.CheckStock(s)
		if (err == nil) != c.ok || (err != nil && fault.KindOf(err) != c.want) {
			t.Errorf("%s: CheckStock = %v, want ok %v, kind %v", name, err, c.ok, c.want)
		}
	}
}

func TestParsePauseKnowsThreeModes(t *testing.T) {
	for text, ok := range map[string]bool{"all": true, "no-increases": true, "to-zero-only": true, "": false, "ALL": false, "none": false} {
		if got, err := guard.ParsePause(text); (err == nil) != ok || (ok && string(got) != text) {
			t.Errorf("ParsePause(%q) = %q, %v, want ok %v", text, got, err, ok)
		}
	}
}
