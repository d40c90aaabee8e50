package limits

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

func TestBucketsAreTakenTogetherOrNotAtAll(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{
		{Name: "all", Rate: 10, Per: time.Second, Burst: 10},
		{Name: "writes", Ops: []channel.Op{channel.OpStock, channel.OpPrice}, Rate: 1, Per: time.Minute, Burst: 2},
	}, c.now)
	if n := drain(t, t.Context(), g, channel.OpStock); n != 2 {
		t.Errorf("writes before the limit = %d, want 2", n)
	}
	for range 50 {
		if ok, after := take(t, t.Context(), g, channel.OpPrice, 1); ok || after != time.Minute {
			t.Fatalf("Take(price) = %v, after %v, want to wait %v", ok, after, time.Minute)
		}
	}
	if n := drain(t, t.Context(), g, channel.OpList); n != 8 {
		t.Errorf("lists beside 2 writes and 50 refusals = %d, want 8", n)
	}
}

func TestWaitIsThatOfTheSlowestBucketAndExact(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{
		{Name: "second", Rate: 3, Per: time.Second, Burst: 3},
		{Name: "day", Rate: 4, Per: 24 * time.Hour, Fixed: true},
	}, c.now)
	if n := drain(t, t.Context(), g, channel.OpRead); n != 3 {
		t.Fatalf("burst = %d, want 3", n)
	}
	_, after := take(t, t.Context(), g, channel.OpRead, 1)
	if want := 333334 * time.Microsecond; after != want {
		t.Errorf("after = %v, want %v", after, want)
	}
	c.add(after - time.Microsecond)
	if ok, rest := take(t, t.Context(), g, channel.OpRead, 1); ok || rest != time.Microsecond {
		t.Errorf("just before the time: %v, %v, want one more µs", ok, rest)
	}
	c.add(time.Microsecond)
	if ok, _ := take(t, t.Context(), g, channel.OpRead, 1); !ok {
		t.Errorf("at the stated time the call is refused")
	}
	c.add(time.Second)
	_, after = take(t, t.Context(), g, channel.OpRead, 1)
	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	if want := midnight.Sub(c.t); after != want {
		t.Errorf("after the day's budget = %v, want %v (midnight)", after, want)
	}
	c.t = midnight
	if n := drain(t, t.Context(), g, channel.OpRead); n != 3 {
		t.Errorf("after midnight = %d, want the burst of 3", n)
	}
}

func TestMinimumInterval(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{{Name: "import", Rate: 1, Per: time.Minute, Burst: 1, Reserve: 50}}, c.now)
	for range 3 {
		if ok, _ := take(t, t.Context(), g, channel.OpStock, 1); !ok {
			t.Fatalf("Take a minute after the last is refused")
		}
		if _, after := take(t, t.Context(), g, channel.OpStock, 1); after != time.Minute {
			t.Errorf("after = %v, want %v", after, time.Minute)
		}
		c.add(time.Hour) // an hour's rest saves up no second call
	}
}

func TestWeights(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{
		{Name: "cost", Rate: 100, Per: time.Second, Burst: 1000, Reserve: 20},
		{Name: "calls", Rate: 10, Per: time.Second, Burst: 10, Calls: true},
	}, c.now)
	for _, tt := range []struct {
		weight int64
		want   fault.Kind
	}{{-1, fault.Invalid}, {1001, fault.Invalid}} {
		if err := g.Take(t.Context(), channel.OpList, tt.weight); !fault.Is(err, tt.want) {
			t.Errorf("Take(weight %d) = %v, want kind %v", tt.weight, err, tt.want)
		}
	}
	if ok, _ := take(t, t.Context(), g, channel.OpList, 0); !ok {
		t.Errorf("Take(weight 0) is refused")
	}
	if ok, _ := take(t, t.Context(), g, channel.OpList, 1000); !ok {
		t.Errorf("a call as big as the bucket is refused although it is full")
	}
	if _, after := take(t, t.Context(), g, channel.OpList, 100); after != 3*time.Second {
		t.Errorf("after = %v, want 3 s for 100 beside a reserve of 200", after)
	}
	c.add(10 * time.Second)
	for i := range 9 {
		if ok, _ := take(t, t.Context(), g, channel.OpList, 80); !ok {
			t.Fatalf("call %d of 80 is refused, want 10 calls of any weight", i+1)
		}
	}
	if ok, _ := take(t, t.Context(), g, channel.OpList, 80); !ok {
		t.Errorf("tenth call is refused")
	}
	c.add(2 * time.Second)
	if ok, _ := take(t, t.Context(), g, channel.OpList, 1); !ok {
		t.Errorf("call after two seconds is refused")
	}
}

func TestReserveIsForWritesToZero(t *testing.T) {
	for _, l := range []channel.Limit{
		{Name: "refilling", Rate: 1, Per: time.Hour, Burst: 50, Reserve: 20},
		{Name: "fixed", Rate: 50, Per: 24 * time.Hour, Fixed: true, Reserve: 20},
	} {
		c := newClock()
		g := New([]channel.Limit{l}, c.now)
		if n := drain(t, t.Context(), g, channel.OpStock); n != 40 {
			t.Errorf("%s: ordinary writes = %d, want 40", l.Name, n)
		}
		if n := drain(t, channel.ToZero(t.Context()), g, channel.OpStock); n != 10 {
			t.Errorf("%s: writes to zero after that = %d, want 10", l.Name, n)
		}
	}
	// Rounded down: a bucket of a few keeps nothing back, else ordinary writes would never go.
	g := New([]channel.Limit{{Name: "few", Rate: 1, Per: time.Hour, Burst: 4, Reserve: 20}}, newClock().now)
	if n := drain(t, t.Context(), g, channel.OpStock); n != 4 {
		t.Errorf("ordinary writes of a bucket of 4 = %d, want 4", n)
	}
}

func TestCorrections(t *testing.T) {
	limits := []channel.Limit{
		{Name: "cost", Rate: 10, Per: time.Second, Burst: 100},
		{Name: "day", Ops: []channel.Op{channel.OpStock}, Rate: 1000, Per: 24 * time.Hour, Fixed: true},
	}
	tests := []struct {
		name   string
		before int64 // taken and answered by the notes
		op     channel.Op
		notes  []channel.Note
		wait   time.Duration // of a call of one afterwards
		free   int64         // of "cost" afterwards
	}{
		{"nothing said", 1, channel.OpList, []channel.Note{{}}, 0, 99},
		{"less remains than we think", 1, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(5)}}, 0, 5},
		{"nothing remains", 1, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(0)}}, 100 * time.Millisecond, 0},
		{"more remains than we think", 1, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(4)}, {Bucket: "cost", Remaining: ptr(77)}}, 0, 77},
		{"more than fits", 1, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(5000)}}, 0, 100},
		{"less than nothing", 1, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(-3)}}, 100 * time.Millisecond, 0},
		{"calls are still out", 5, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(50)}}, 0, 46},
		{"no name: every bucket of the operation", 1, channel.OpStock, []channel.Note{{Remaining: ptr(0)}}, 90 * time.Minute, 0},
		{"wait", 1, channel.OpList, []channel.Note{{Bucket: "cost", Until: 7 * time.Second}}, 7 * time.Second, 0},
		{"wait, shorter after longer", 1, channel.OpList, []channel.Note{{Until: 7 * time.Second}, {Until: time.Second}}, 7 * time.Second, 0},
		{"a reset with tokens left is no reason to wait", 1, channel.OpList, []channel.Note{{Bucket: "cost", Remaining: ptr(9), Until: time.Minute}}, 0, 9},
		{"a year", 1, channel.OpList, []channel.Note{{Until: 365 * 24 * time.Hour}}, longestBlock, 0},
		{"the end of a daily window", 1, channel.OpStock, []channel.Note{{Bucket: "day", Remaining: ptr(0), Until: 3 * time.Hour}}, 3 * time.Hour, 99},
		{"unknown bucket can wait", 1, channel.OpList, []channel.Note{{Bucket: "new", Remaining: ptr(0), Until: 5 * time.Second}}, 5 * time.Second, 99},
		{"slower", 1, channel.OpList, []channel.Note{{Bucket: "cost", Rate: ptr(1), Remaining: ptr(0)}}, time.Second, 0},
		{"faster", 1, channel.OpList, []channel.Note{{Bucket: "cost", Rate: ptr(1000), Remaining: ptr(0)}}, time.Millisecond, 0},
		{"rate of nothing is not believed", 1, channel.OpList, []channel.Note{{Bucket: "cost", Rate: ptr(0), Remaining: ptr(0)}}, 100 * time.Millisecond, 0},
	}
	for _, tt := range tests {
		c := newClock()
		g := New(limits, c.now)
		for range tt.before {
			if ok, _ := take(t, t.Context(), g, tt.op, 1); !ok {
				t.Fatalf("%s: first call is refused", tt.name)
			}
		}
		for _, n := range tt.notes {
			g.Correct(tt.op, n)
		}
		if got := g.Snapshot()[0].Free; got != tt.free {
			t.Errorf("%s: free = %d, want %d", tt.name, got, tt.free)
		}
		ok, after := take(t, t.Context(), g, tt.op, 1)
		if after != tt.wait || ok != (tt.wait == 0) {
			t.Errorf("%s: Take = %v, after %v, want after %v", tt.name, ok, after, tt.wait)
		}
		c.add(tt.wait)
		if tt.wait > 0 {
			if ok, after := take(t, t.Context(), g, tt.op, 1); !ok {
				t.Errorf("%s: Take at the stated time has to wait %v more", tt.name, after)
			}
		}
	}
}

func TestAWindowIsTheChannels(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{{Name: "day", Rate: 10, Per: 24 * time.Hour, Fixed: true}}, c.now)
	drain(t, t.Context(), g, channel.OpList)
	g.Correct(channel.OpList, channel.Note{Bucket: "day", Remaining: ptr(0), Until: 10 * time.Hour}) // at 08:30
	for day := range 3 {
		_, after := take(t, t.Context(), g, channel.OpList, 1)
		want := 24 * time.Hour
		if day == 0 {
			want = 10 * time.Hour
		}
		if after != want {
			t.Errorf("day %d: after = %v, want %v", day, after, want)
		}
		c.add(after)
		if n := drain(t, t.Context(), g, channel.OpList); n != 10 {
			t.Errorf("day %d: calls = %d, want 10", day, n)
		}
	}
}

func TestOperationsWithoutBucketsCanBePaused(t *testing.T) {
	c := newClock()
	g := New(nil, c.now)
	if ok, _ := take(t, t.Context(), g, channel.OpList, 1<<40); !ok {
		t.Errorf("a call without limits is refused")
	}
	g.Correct(channel.OpList, channel.Note{Until: 3 * time.Second})
	if ok, after := take(t, t.Context(), g, channel.OpList, 1); ok || after != 3*time.Second {
		t.Errorf("Take = %v, after %v, want after 3s", ok, after)
	}
	if ok, _ := take(t, t.Context(), g, channel.OpStock, 1); !ok {
		t.Errorf("another operation is refused")
	}
	for i := range 10 * maxPauses {
		g.Correct(channel.Op(fmt.Sprint("op", i)), channel.Note{Until: time.Minute})
	}
	if n := len(g.Snapshot()); n > maxPauses {
		t.Errorf("%d paused operations are kept, want at most %d", n, maxPauses)
	}
	c.add(3 * time.Second)
	if ok, _ := take(t, t.Context(), g, channel.OpList, 1); !ok {
		t.Errorf("Take after the pause is refused")
	}
}

func TestUseKeepsWhatWasUsed(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{{Name: "a", Rate: 1, Per: time.Minute, Burst: 10}}, c.now)
	drain(t, t.Context(), g, channel.OpList)
	g.Use([]channel.Limit{{Name: "a", Rate: 1, Per: time.Minute, Burst: 20}, {Name: "b", Rate: 1, Per: time.Minute, Burst: 5}})
	if _, after := take(t, t.Context(), g, channel.OpList, 1); after != time.Minute {
		t.Errorf("after = %v, want %v: the bucket was empty", after, time.Minute)
	}
	g.Use([]channel.Limit{{Name: "b", Rate: 1, Per: time.Minute, Burst: 5}})
	if n := drain(t, t.Context(), g, channel.OpList); n != 5 {
		t.Errorf("calls = %d, want 5", n)
	}
}

func TestCheckFindsNonsense(t *testing.T) {
	fine := channel.Limit{Name: "a", Rate: 5, Per: time.Second, Burst: 10, Reserve: 20}
	tests := []struct {
		want   string // "" for none
		limits []channel.Limit
	}{
		{"", nil},
		{"", []channel.Limit{fine, {Name: "day", Rate: 5, Per: 24 * time.Hour, Fixed: true}}},
		{"no name", []channel.Limit{{Rate: 1, Per: time.Second, Burst: 1}}},
		{"listed twice", []channel.Limit{fine, fine}},
		{"makes no sense", []channel.Limit{{Name: "a", Per: time.Second, Burst: 1}}},
		{"makes no sense", []channel.Limit{{Name: "a", Rate: 1, Burst: 1}}},
		{"makes no sense", []channel.Limit{{Name: "a", Rate: 1, Per: time.Second}}},
		{"makes no sense", []channel.Limit{{Name: "a", Rate: 1, Per: time.Second, Burst: 1, Reserve: 100}}},
		{"makes no sense", []channel.Limit{{Name: "a", Rate: 1, Per: time.Second, Burst: 1, Reserve: -1}}},
		{"makes no sense", []channel.Limit{{Name: "a", Rate: 1, Per: 24 * time.Hour, Burst: 1 << 60}}},
		{"has no burst", []channel.Limit{{Name: "a", Rate: 1, Per: time.Second, Burst: 1, Fixed: true}}},
	}
	for _, tt := range tests {
		err := Check(tt.limits)
		if tt.want == "" && err != nil || tt.want != "" && (!fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("Check(%+v) = %v, want %q", tt.limits, err, tt.want)
		}
		if len(tt.limits) > 0 && tt.want != "" && tt.limits[0].Burst <= 10 {
			if n := drain(t, t.Context(), New([]channel.Limit{tt.limits[0]}, newClock().now), channel.OpList); n > 10 {
				t.Errorf("%+v lets %d calls through, want a strict reading", tt.limits[0], n)
			}
		}
	}
}

func TestAClockThatStepsBackGivesNothing(t *testing.T) {
	c := newClock()
	g := New([]channel.Limit{{Name: "a", Rate: 1, Per: time.Second, Burst: 2}}, c.now)
	drain(t, t.Context(), g, channel.OpList)
	c.add(-time.Hour)
	if ok, after := take(t, t.Context(), g, channel.OpList, 1); ok || after != time.Second {
		t.Errorf("Take = %v, after %v, want after 1s", ok, after)
	}
}

func TestManyTakersShareOneLimit(t *testing.T) {
	g := New([]channel.Limit{{Name: "a", Rate: 1, Per: time.Hour, Burst: 1000}, {Name: "b", Ops: []channel.Op{channel.OpRead}, Rate: 1, Per: time.Hour, Burst: 300}}, newClock().now)
	var reads, lists atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 500 {
				if g.Take(context.Background(), channel.OpRead, 1) == nil {
					reads.Add(1)
				}
				if g.Take(context.Background(), channel.OpList, 1) == nil {
					lists.Add(1)
				}
				g.Correct(channel.OpRead, channel.Note{})
				g.Snapshot()
			}
		})
	}
	wait.Wait()
	if reads.Load() > 300 || reads.Load()+lists.Load() != 1000 {
		t.Errorf("%d reads and %d lists, want at most 300 reads and 1000 in all", reads.Load(), lists.Load())
	}
}
