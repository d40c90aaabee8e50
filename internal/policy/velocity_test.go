package policy_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
)

func percent(text string) money.Percent {
	p, err := money.ParsePercent(text)
	if err != nil {
		panic(err)
	}
	return p
}

func TestSuggestBufferGivesTheExampleOfTheDesign(t *testing.T) {
	// 24 sales an hour and 240 s to know: mean 1.6; three kept back leave 2.4 %, five leave 0.13 %.
	for _, c := range []struct {
		epsilon string
		want    int64
	}{{"2.4", 3}, {"2.3", 4}, {"0.14", 5}, {"0.13", 6}, {"47", 1}, {"48", 0}, {"100", 0}} {
		got, err := policy.SuggestBuffer(money.MustRate("24"), 240*time.Second, percent(c.epsilon))
		if err != nil || got != c.want {
			t.Errorf("SuggestBuffer(24/h, 240s, %s %%) = %d, %v, want %d", c.epsilon, got, err, c.want)
		}
	}
}

// tailOf is P(Poisson(mean) ≥ k), computed the other way round: with floating point, from the probabilities themselves.
func tailOf(mean float64, k int64) float64 {
	p, sum := math.Exp(-mean), 0.0
	for i := int64(0); i < k+200; i++ {
		if i >= k {
			sum += p
		}
		p *= mean / float64(i+1)
	}
	return sum
}

func TestSuggestBufferIsTheSmallestThatIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perHour := rapid.Int64Range(1, 2000).Draw(t, "per hour")
		delay := time.Duration(rapid.Int64Range(1, 600).Draw(t, "delay")) * time.Second
		epsilon := money.Percent(rapid.Int64Range(10, int64(money.Hundred)/2).Draw(t, "epsilon"))
		got, err := policy.SuggestBuffer(money.MustRate(itoa(perHour)), delay, epsilon)
		if err != nil {
			t.Fatal(err)
		}
		mean := float64(perHour) * delay.Seconds() / 3600
		eps := float64(epsilon) / float64(money.Hundred)
		if p := tailOf(mean, got+2); p > eps*(1+1e-9) {
			t.Fatalf("B = %d leaves %v, want at most %v", got, p, eps)
		}
		if got > 0 {
			if p := tailOf(mean, got+1); p < eps*(1-1e-9) {
				t.Fatalf("B = %d, but %d leaves %v already, want at most %v", got, got-1, p, eps)
			}
		}
	})
}

func TestSuggestBufferRefusesWhatMakesNoSense(t *testing.T) {
	for name, c := range map[string]struct {
		rate    string
		delay   time.Duration
		epsilon money.Percent
		kind    fault.Kind
	}{
		"negative sales":        {"-1", time.Second, 1, fault.Invalid},
		"negative delay":        {"1", -time.Second, 1, fault.Invalid},
		"epsilon of nothing":    {"1", time.Second, 0, fault.Invalid},
		"epsilon above certain": {"1", time.Second, money.Hundred + 1, fault.Invalid},
		"too fast to matter":    {"4001", time.Hour, 1, fault.TooLarge},
	} {
		if got, err := policy.SuggestBuffer(money.MustRate(c.rate), c.delay, c.epsilon); !fault.Is(err, c.kind) {
			t.Errorf("%s: SuggestBuffer = %d, %v, want %v", name, got, err, c.kind)
		}
	}
	for _, rate := range []string{"0", "0.0"} {
		if got, err := policy.SuggestBuffer(money.MustRate(rate), time.Hour, 1); got != 0 || err != nil {
			t.Errorf("SuggestBuffer(%s) = %d, %v, want 0", rate, got, err)
		}
	}
	got, err := policy.SuggestBuffer(money.MustRate("4000"), time.Hour, percent("1"))
	if err != nil || got < 4140 || got > 4155 {
		t.Errorf("SuggestBuffer(4000/h, 1h, 1 %%) = %d, %v, want about 4147", got, err)
	}
}

func BenchmarkSuggestBuffer(b *testing.B) {
	for _, rate := range []string{"24", "4000"} {
		b.Run(rate, func(b *testing.B) {
			r := money.MustRate(rate)
			for b.Loop() {
				if _, err := policy.SuggestBuffer(r, 240*time.Second, 10_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
