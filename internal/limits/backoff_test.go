package limits

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoffStaysBetweenItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Backoff{
			First: time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "first")),
			Most:  time.Duration(rapid.Int64Range(int64(time.Minute), math.MaxInt64).Draw(t, "most")),
		}
		wait := time.Duration(rapid.Int64Range(-5, math.MaxInt64).Draw(t, "previous"))
		r := rapid.Uint64().Draw(t, "r")
		next := b.Next(wait, r)
		if next < b.First || next > b.Most {
			t.Fatalf("Next(%v, %d) = %v, want within [%v, %v]", wait, r, next, b.First, b.Most)
		}
		if from := max(wait, b.First); next/3 > from {
			t.Fatalf("Next(%v, %d) = %v, want at most three times %v", wait, r, next, from)
		}
		if again := b.Next(wait, r); again != next {
			t.Fatalf("Next(%v, %d) = %v, then %v, want the same", wait, r, next, again)
		}
		if r < math.MaxUint64 && b.Next(wait, r+1) < next {
			t.Fatalf("Next(%v, %d) falls with r", wait, r)
		}
	})
}

func TestBackoffSpreadsAndGrows(t *testing.T) {
	b := Backoff{First: time.Second, Most: time.Minute}
	tests := []struct {
		previous time.Duration
		r        uint64
		want     time.Duration
	}{
		{0, 0, time.Second},
		{0, math.MaxUint64, 3 * time.Second},
		{0, 1 << 63, 2 * time.Second},
		{3 * time.Second, math.MaxUint64, 9 * time.Second},
		{30 * time.Second, math.MaxUint64, time.Minute},
		{time.Hour, math.MaxUint64, time.Minute},
		{time.Hour, 0, time.Second},
	}
	for _, tt := range tests {
		if got := b.Next(tt.previous, tt.r); got != tt.want {
			t.Errorf("Next(%v, %d) = %v, want %v", tt.previous, tt.r, got, tt.want)
		}
	}
}

func TestRetriesAreAShareOfWhatSucceeds(t *testing.T) {
	var r Retries
	repeats := func() (n int) {
		for {
			next, ok := r.Repeat()
			if !ok {
				return n
			}
			r = next
			n++
		}
	}
	if n := repeats(); n != 10 {
		t.Errorf("repeats of a full budget = %d, want 10", n)
	}
	for range 9 {
		r = r.Succeeded()
	}
	if n := repeats(); n != 0 {
		t.Errorf("repeats after 9 successes = %d, want 0", n)
	}
	for range 21 {
		r = r.Succeeded()
	}
	if n := repeats(); n != 3 {
		t.Errorf("repeats after 30 successes = %d, want 3", n)
	}
	for range 1000 {
		r = r.Succeeded()
	}
	if r != (Retries{}) {
		t.Errorf("budget after many successes = %+v, want the full one", r)
	}
}
