package guard_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy/rule"
)

func pc(text string) money.Percent {
	p, err := money.ParsePercent(text)
	if err != nil {
		panic(err)
	}
	return p
}

func ptr[T any](v T) *T { return &v }

func TestDefaultsAreThoseOfTheTable(t *testing.T) {
	want := guard.Limits{
		PriceDrop: pc("25"), PriceRise: pc("50"), MedianDrop: pc("40"), MedianRise: pc("100"), ImplicitFloor: pc("60"),
		RunPricePercent: pc("20"), RunPriceCount: 500, RunZeroPercent: pc("5"), RunZeroCount: 50, Coverage: pc("90"),
		Flips: 4, FlipMinutes: 10, BlindMinutes: 15, OverdueFactor: 3,
	}
	if diff := cmp.Diff(want, guard.Defaults()); diff != "" {
		t.Errorf("Defaults differ (-want +got):\n%s", diff)
	}
}

func TestParseSettingsNamesEachFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, "version must be 1"},
		{`{"version": 1, "price_dorp": 5}`, "price_dorp"},
		{`{"version": 1, "price_drop": 101}`, "price_drop must be 0 … 100, not 101"},
		{`{"version": 1, "price_rise": -1}`, "not a percentage"},
		{`{"version": 1, "implicit_floor": 0}`, "implicit_floor"},
		{`{"version": 1, "run_zero_count": -5}`, "run_zero_count"},
		{`{"version": 1, "flips": 0, "flip_minutes": 1441}`, "flip_minutes"},
		{`{"version": 1, "coverage": null}`, "coverage"},
	} {
		_, err := guard.ParseSettings([]byte(c.text))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseSettings(%s) = %v, want an error that says %q", c.text, err, c.want)
		}
	}
}

func TestMergeLaysLevelsOverTheDefaults(t *testing.T) {
	got, from := guard.Merge(
		guard.Level{Name: "tenant", ID: 4, Rules: guard.Settings{PriceDrop: ptr(pc("10")), Flips: ptr(int64(9))}},
		guard.Level{Name: "account", ID: 6, Rules: guard.Settings{PriceDrop: ptr(pc("80"))}},
	)
	want := guard.Defaults()
	want.PriceDrop, want.Flips = pc("80"), 9
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merge differs (-want +got):\n%s", diff)
	}
	sources := rule.Sources{{Field: "price_drop", Level: "account", Rule: 6}, {Field: "flips", Level: "tenant", Rule: 4}}
	if diff := cmp.Diff(sources, from); diff != "" {
		t.Errorf("sources differ (-want +got):\n%s", diff)
	}
}

// everyField returns settings that say each field, each with another value.
func everyField(t *testing.T) guard.Settings {
	t.Helper()
	s, err := guard.ParseSettings([]byte(`{"version": 1, "price_drop": 1, "price_rise": 2, "median_drop": 3, "median_rise": 4,
		"implicit_floor": 5, "run_price_percent": 6, "run_price_count": 7, "run_zero_percent": 8, "run_zero_count": 9,
		"coverage": 10, "flips": 11, "flip_minutes": 12, "blind_minutes": 13, "overdue_factor": 14}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEachSettingReachesItsLimit(t *testing.T) {
	got, from := guard.Merge(guard.Level{Name: "tenant", Rules: everyField(t)})
	want := guard.Limits{
		PriceDrop: pc("1"), PriceRise: pc("2"), MedianDrop: pc("3"), MedianRise: pc("4"), ImplicitFloor: pc("5"),
		RunPricePercent: pc("6"), RunPriceCount: 7, RunZeroPercent: pc("8"), RunZeroCount: 9, Coverage: pc("10"),
		Flips: 11, FlipMinutes: 12, BlindMinutes: 13, OverdueFactor: 14,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merge differs (-want +got):\n%s", diff)
	}
	if len(from) != 14 {
		t.Errorf("%d fields have a source, want 14", len(from))
	}
}

func TestSettingsReadBackAsWritten(t *testing.T) {
	want := everyField(t)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := guard.ParseSettings(data)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("ParseSettings(%s) = %v (-want +got):\n%s", data, err, diff)
	}
}

func TestLoosenedNamesWhatLetsMorePass(t *testing.T) {
	a := guard.Defaults()
	for name, c := range map[string]struct {
		change func(*guard.Limits)
		want   string
	}{
		"a larger drop":        {func(l *guard.Limits) { l.PriceDrop = pc("30") }, "price_drop from 25 to 30"},
		"a smaller drop":       {func(l *guard.Limits) { l.PriceDrop = pc("20") }, ""},
		"a lower floor":        {func(l *guard.Limits) { l.ImplicitFloor = pc("50") }, "implicit_floor from 60 to 50"},
		"a higher floor":       {func(l *guard.Limits) { l.ImplicitFloor = pc("70") }, ""},
		"less coverage":        {func(l *guard.Limits) { l.Coverage = pc("50.5") }, "coverage from 90 to 50.5"},
		"more zeroed listings": {func(l *guard.Limits) { l.RunZeroCount = 51 }, "run_zero_count from 50 to 51"},
		"flips in less time":   {func(l *guard.Limits) { l.FlipMinutes = 5 }, "flip_minutes from 10 to 5"},
		"longer until blind":   {func(l *guard.Limits) { l.BlindMinutes = 60 }, "blind_minutes from 15 to 60"},
		"nothing":              {func(*guard.Limits) {}, ""},
	} {
		b := a
		c.change(&b)
		if got := strings.Join(guard.Loosened(a, b), ", "); got != c.want {
			t.Errorf("%s: Loosened = %q, want %q", name, got, c.want)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(`{"version":1,"price_drop":"12.5","flips":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := guard.ParseSettings(data)
		if err != nil {
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := guard.ParseSettings(out); err != nil || !cmp.Equal(s, back) {
			t.Fatalf("ParseSettings(%s) reads back as %+v, %v", data, back, err)
		}
	})
}

func TestALooserLimitNeverHoldsWhatAStricterOneLetPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strict := guard.Defaults()
		loose := strict
		loose.PriceDrop += money.Percent(rapid.Int64Range(0, int64(pc("75"))).Draw(t, "drop"))
		loose.PriceRise += money.Percent(rapid.Int64Range(0, int64(pc("500"))).Draw(t, "rise"))
		loose.ImplicitFloor -= money.Percent(rapid.Int64Range(0, int64(pc("59"))).Draw(t, "floor"))
		p := drawPrice(t)
		if a, b := guard.JudgePrice(strict, p).Outcome, guard.JudgePrice(loose, p).Outcome; b > a {
			t.Fatalf("strict limits say %v, loose ones %v (%v)", a, b, p)
		}
	})
}
