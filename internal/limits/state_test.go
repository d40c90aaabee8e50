package limits

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

func kindAfter(err error) (string, time.Duration) {
	return fault.KindOf(err).String(), fault.AfterOf(err)
}

func micros(n int64) ident.Micros { return ident.Micros(n) }

func dayAndSecond() []channel.Limit {
	return []channel.Limit{
		{Name: "day", Rate: 100, Per: 24 * time.Hour, Fixed: true},
		{Name: "second", Rate: 2, Per: time.Second, Burst: 50},
	}
}

func TestBudgetsSurviveARestart(t *testing.T) {
	c := newClock()
	g := New(dayAndSecond(), c.now)
	for range 40 {
		take(t, t.Context(), g, channel.OpList, 1)
	}
	g.Correct(channel.OpList, channel.Note{Bucket: "second", Rate: ptr(4)})
	g.Correct(channel.OpList, channel.Note{Bucket: "day", Until: 90 * time.Second})
	g.Correct("unlisted", channel.Note{Bucket: "?", Until: time.Minute})
	text := g.Text()

	c.add(5 * time.Second)
	next := New(dayAndSecond(), c.now)
	if err := next.Parse(text); err != nil {
		t.Fatalf("Parse(%s) = %v", text, err)
	}
	if diff := cmp.Diff(g.Snapshot(), next.Snapshot()); diff != "" {
		t.Errorf("state after a restart differs (-before +after):\n%s", diff)
	}
	if _, after := take(t, t.Context(), next, channel.OpList, 1); after != 85*time.Second {
		t.Errorf("after = %v, want the rest of the block, 85s", after)
	}
	c.add(85 * time.Second)
	next.Restore(next.Snapshot())
	if n := drain(t, t.Context(), next, channel.OpList); n != 50 {
		t.Errorf("calls after the block = %d, want the burst of 50", n)
	}
	c.add(time.Hour - time.Minute)
	if n := drain(t, t.Context(), next, channel.OpList); n != 10 {
		t.Errorf("calls after that = %d, want 10: the rest of the day's 100", n)
	}
	c.add(time.Hour)
	if n := drain(t, t.Context(), next, channel.OpList); n != 50 {
		t.Errorf("calls after midnight = %d, want the burst of 50", n)
	}
}

func TestRestoreOfFrequentSnapshotsLosesNothing(t *testing.T) {
	limits := []channel.Limit{{Name: "orders", Rate: 1, Per: 3 * time.Minute, Burst: 1}}
	c := newClock()
	g := New(limits, c.now)
	got := drain(t, t.Context(), g, channel.OpSales)
	for range 360 { // an hour, restarted every ten seconds
		c.add(10 * time.Second)
		text := g.Text()
		g = New(limits, c.now)
		if err := g.Parse(text); err != nil {
			t.Fatalf("Parse(%s) = %v", text, err)
		}
		got += drain(t, t.Context(), g, channel.OpSales)
	}
	if got != 21 {
		t.Errorf("calls in an hour = %d, want 21", got)
	}
}

func TestRestoreDistrustsStrangeStates(t *testing.T) {
	c := newClock()
	now := c.t.UnixMicro()
	day := int64(24 * time.Hour / time.Microsecond)
	tests := []struct {
		name  string
		state State
		calls int64 // of "second" or "day" at once, whichever is named
	}{
		{"unknown bucket", State{Bucket: "gone", Level: 0, Unit: 1_000_000}, 50},
		{"more than full", State{Bucket: "second", Level: 1 << 62, Unit: 1_000_000, At: micros(now)}, 50},
		{"less than nothing", State{Bucket: "second", Level: -1 << 62, Unit: 1_000_000, At: micros(now)}, 0},
		{"no unit", State{Bucket: "second", Level: 0, At: micros(now)}, 50},
		{"of the future", State{Bucket: "second", Level: 3_000_000, Unit: 1_000_000, At: micros(now + day)}, 3},
		{"of the beginning of time", State{Bucket: "second", Level: 0, Unit: 1_000_000, At: micros(-1 << 63)}, 50},
		{"other period: whole tokens", State{Bucket: "second", Level: 7_900, Unit: 1_000, At: micros(now)}, 7},
		{"other period, absurd", State{Bucket: "second", Level: 1 << 62, Unit: 1, At: micros(now)}, 50},
		{"blocked for ever", State{Bucket: "second", Level: 9_000_000, Unit: 1_000_000, At: micros(now), Blocked: micros(1<<63 - 1)}, 0},
	}
	for _, tt := range tests {
		g := New(dayAndSecond()[1:], c.now)
		g.Restore([]State{tt.state})
		if n := drain(t, t.Context(), g, channel.OpList); n != tt.calls {
			t.Errorf("%s: calls at once = %d, want %d", tt.name, n, tt.calls)
		}
		if _, after := take(t, t.Context(), g, channel.OpList, 1); after > longestBlock {
			t.Errorf("%s: blocked for %v, want at most %v", tt.name, after, longestBlock)
		}
	}
	g := New(dayAndSecond()[:1], c.now)
	g.Restore([]State{{Bucket: "day", Level: 1, Unit: 1, At: micros(now), Ends: micros(now + 10*day + 5)}})
	drain(t, t.Context(), g, channel.OpList)
	if _, after := take(t, t.Context(), g, channel.OpList, 1); after > 24*time.Hour {
		t.Errorf("a window that ends in ten days: after = %v, want at most one day", after)
	}
	if err := g.Parse("{"); !fault.Is(err, fault.Invalid) {
		t.Errorf("Parse of nonsense = %v, want kind %v", err, fault.Invalid)
	}
}

func FuzzParse(f *testing.F) {
	c := newClock()
	g := New(dayAndSecond(), c.now)
	f.Add(g.Text())
	f.Add(`[{"bucket":"day","level":9223372036854775807,"unit":9223372036854775807,"ends":"2026-11-23T00:00:00Z"}]`)
	f.Add(`[{"op":"list","blocked":"9999-01-01T00:00:00Z"},{"bucket":"second","rate":9223372036854775807,"unit":1,"level":-5}]`)
	f.Fuzz(func(t *testing.T, text string) {
		c := newClock()
		g := New(dayAndSecond(), c.now)
		if g.Parse(text) != nil {
			return
		}
		for range 200 {
			if err := g.Take(t.Context(), channel.OpList, 1); err != nil {
				kind, after := kindAfter(err)
				if kind != "rate-limited" || after <= 0 || after > longestBlock {
					t.Fatalf("Take = %v after %v, want a wait of at most a day", err, after)
				}
				c.add(after)
			}
		}
		again := New(dayAndSecond(), c.now)
		if err := again.Parse(g.Text()); err != nil {
			t.Fatalf("Parse(Text()) = %v", err)
		}
		if diff := cmp.Diff(g.Snapshot(), again.Snapshot()); diff != "" {
			t.Fatalf("state differs after a restart (-before +after):\n%s", diff)
		}
	})
}

func BenchmarkTake(b *testing.B) {
	c := newClock()
	g := New([]channel.Limit{
		{Name: "second", Rate: 1_000_000, Per: time.Second, Burst: 1_000_000},
		{Name: "minute", Rate: 60_000_000, Per: time.Minute, Burst: 1_000_000},
		{Name: "day", Rate: 1 << 50, Per: 24 * time.Hour, Fixed: true},
	}, c.now)
	b.ReportAllocs()
	for b.Loop() {
		c.add(time.Microsecond)
		if err := g.Take(b.Context(), channel.OpStock, 1); err != nil {
			b.Fatal(err)
		}
		g.Correct(channel.OpStock, channel.Note{})
	}
}
