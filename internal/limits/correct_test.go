package limits

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// TestRefundsAreUsed runs against a channel that asks for 100 points before a call, takes 20 in the end and says what is
// left. Its points, not our estimate, must set the pace, and it must never have to refuse.
func TestRefundsAreUsed(t *testing.T) {
	const (
		asked, real = 100, 20
		rate, burst = 50, 1000
		hours       = 2
	)
	c := newClock()
	g := New([]channel.Limit{{Name: "cost", Rate: rate, Per: time.Second, Burst: burst}}, c.now)
	points, last := int64(burst)*1_000_000, c.t // the channel's, in millionths
	calls := 0
	for end := c.t.Add(hours * time.Hour); c.t.Before(end); {
		if ok, after := take(t, t.Context(), g, channel.OpStock, asked); !ok {
			c.add(after)
			continue
		}
		points, last = min(burst*1_000_000, points+c.t.Sub(last).Microseconds()*rate), c.t
		if points < asked*1_000_000 {
			t.Fatalf("call %d: the channel has %d points left and refuses", calls, points/1_000_000)
		}
		points -= real * 1_000_000
		calls++
		g.Correct(channel.OpStock, channel.Note{Bucket: "cost", Remaining: ptr(points / 1_000_000)})
	}
	if want := hours * 3600 * rate / real * 99 / 100; calls < want {
		t.Errorf("%d calls, want at least %d (99 %% of what the channel takes)", calls, want)
	}
}

// TestWholeNumbersCostNoFractions lets a slow channel say what is left as a whole number after each call.
func TestWholeNumbersCostNoFractions(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{{Name: "slow", Rate: 1, Per: time.Minute, Burst: 10}}, c.now)
	for range 3 {
		take(t, t.Context(), g, channel.OpSales, 1)
		g.Correct(channel.OpSales, channel.Note{})
	}
	c.add(90 * time.Second) // 8.5 tokens
	g.Correct(channel.OpSales, channel.Note{Bucket: "slow", Remaining: ptr(8)})
	if n := drain(t, t.Context(), g, channel.OpSales); n != 8 {
		t.Errorf("calls = %d, want 8", n)
	}
	if _, after := take(t, t.Context(), g, channel.OpSales, 1); after != 30*time.Second {
		t.Errorf("after = %v, want 30s: half a token is there already", after)
	}
}

func TestCallsWithoutAnAnswerAreForgotten(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{{Name: "a", Rate: 1, Per: time.Hour, Burst: 1000}}, c.now)
	for range 500 {
		take(t, t.Context(), g, channel.OpList, 1)
	}
	if n := len(g.buckets[0].out); n != maxOut {
		t.Errorf("%d calls are remembered, want at most %d", n, maxOut)
	}
	g.Correct(channel.OpList, channel.Note{Bucket: "a", Remaining: ptr(300)})
	if got, want := g.Snapshot()[0].Free, int64(300-maxOut+1); got != want {
		t.Errorf("free = %d, want %d: 300 less what is out", got, want)
	}
	c.add(lostAfter + time.Microsecond)
	g.Correct(channel.OpList, channel.Note{Bucket: "a", Remaining: ptr(300)})
	if got := g.Snapshot()[0].Free; got != 300 {
		t.Errorf("free = %d, want 300: the lost calls no longer count", got)
	}
}

func TestANewRateOfAWindowKeepsWhatWasUsed(t *testing.T) {
	g := New([]channel.Limit{{Name: "day", Rate: 100, Per: 24 * time.Hour, Fixed: true}}, newClock().now)
	for range 30 {
		take(t, t.Context(), g, channel.OpList, 1)
	}
	for _, tt := range []struct{ rate, free int64 }{{200, 170}, {50, 20}, {10, 0}} {
		g.Correct(channel.OpList, channel.Note{Bucket: "day", Rate: ptr(tt.rate)})
		if got := g.Snapshot()[0]; got.Free != tt.free || got.Most != tt.rate {
			t.Errorf("rate %d: free %d of %d, want %d", tt.rate, got.Free, got.Most, tt.free)
		}
	}
}
