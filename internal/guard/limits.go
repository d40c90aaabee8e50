package guard

import (
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy/rule"
)

// Version is the version of the limits' JSON form.
const Version = 1

// Limits is what the guards compare with. A limit that is reached passes, beyond it is the breach.
type Limits struct {
	PriceDrop     money.Percent // below the last accepted price
	PriceRise     money.Percent // above it
	MedianDrop    money.Percent // below the 30-day median
	MedianRise    money.Percent
	ImplicitFloor money.Percent // of the last accepted price, where no floor is configured

	RunPricePercent money.Percent // of the listings of an account, changed in price in one run
	RunPriceCount   int64
	RunZeroPercent  money.Percent // of the listings of an account, newly zeroed by one source in one run
	RunZeroCount    int64
	Coverage        money.Percent // of the last good complete file that the next one must cover

	Flips         int64 // direction changes of one listing …
	FlipMinutes   int64 // … in this time
	BlindMinutes  int64 // without readable orders until the blind policy applies
	OverdueFactor int64 // times the channel's p95 until a verification is overdue
}

// Defaults returns the limits that hold until somebody changes them.
func Defaults() Limits {
	return Limits{
		PriceDrop: percent(25), PriceRise: percent(50),
		MedianDrop: percent(40), MedianRise: percent(100),
		ImplicitFloor:   percent(60),
		RunPricePercent: percent(20), RunPriceCount: 500,
		RunZeroPercent: percent(5), RunZeroCount: 50,
		Coverage: percent(90),
		Flips:    4, FlipMinutes: 10,
		BlindMinutes: 15, OverdueFactor: 3,
	}
}

func percent(n int64) money.Percent { return money.Percent(n) * money.Hundred / 100 }

// Settings is one level's change to the limits. A nil field says nothing.
type Settings struct {
	Version         int            `json:"version"`
	PriceDrop       *money.Percent `json:"price_drop,omitempty"`
	PriceRise       *money.Percent `json:"price_rise,omitempty"`
	MedianDrop      *money.Percent `json:"median_drop,omitempty"`
	MedianRise      *money.Percent `json:"median_rise,omitempty"`
	ImplicitFloor   *money.Percent `json:"implicit_floor,omitempty"`
	RunPricePercent *money.Percent `json:"run_price_percent,omitempty"`
	RunPriceCount   *int64         `json:"run_price_count,omitempty"`
	RunZeroPercent  *money.Percent `json:"run_zero_percent,omitempty"`
	RunZeroCount    *int64         `json:"run_zero_count,omitempty"`
	Coverage        *money.Percent `json:"coverage,omitempty"`
	Flips           *int64         `json:"flips,omitempty"`
	FlipMinutes     *int64         `json:"flip_minutes,omitempty"`
	BlindMinutes    *int64         `json:"blind_minutes,omitempty"`
	OverdueFactor   *int64         `json:"overdue_factor,omitempty"`
}

// field is what is to be known of a limit: its name in the JSON form, its bounds, and which way is looser.
type field struct {
	name    string
	percent bool
	low     int64
	high    int64
	looser  bool // a larger value lets more pass
}

const (
	whole = int64(money.Hundred)        // 100 %
	wide  = 1000 * int64(money.Hundred) // 100,000 %
	day   = int64(24 * time.Hour / time.Minute)
)

// fields lists the limits in the order of the form; values and said follow it.
func fields() []field {
	return []field{
		{"price_drop", true, 0, whole, true},
		{"price_rise", true, 0, wide, true},
		{"median_drop", true, 0, whole, true},
		{"median_rise", true, 0, wide, true},
		{"implicit_floor", true, 1, whole, false},
		{"run_price_percent", true, 0, whole, true},
		{"run_price_count", false, 0, money.MaxQuantity, true},
		{"run_zero_percent", true, 0, whole, true},
		{"run_zero_count", false, 0, money.MaxQuantity, true},
		{"coverage", true, 0, whole, false},
		{"flips", false, 1, 1000, true},
		{"flip_minutes", false, 1, day, false},
		{"blind_minutes", false, 1, day, true},
		{"overdue_factor", false, 1, 100, true},
	}
}

func (l *Limits) values() []*int64 {
	return []*int64{
		(*int64)(&l.PriceDrop), (*int64)(&l.PriceRise), (*int64)(&l.MedianDrop), (*int64)(&l.MedianRise),
		(*int64)(&l.ImplicitFloor), (*int64)(&l.RunPricePercent), &l.RunPriceCount, (*int64)(&l.RunZeroPercent),
		&l.RunZeroCount, (*int64)(&l.Coverage), &l.Flips, &l.FlipMinutes, &l.BlindMinutes, &l.OverdueFactor,
	}
}

func (s *Settings) said() []*int64 {
	return []*int64{
		(*int64)(s.PriceDrop), (*int64)(s.PriceRise), (*int64)(s.MedianDrop), (*int64)(s.MedianRise),
		(*int64)(s.ImplicitFloor), (*int64)(s.RunPricePercent), s.RunPriceCount, (*int64)(s.RunZeroPercent),
		s.RunZeroCount, (*int64)(s.Coverage), s.Flips, s.FlipMinutes, s.BlindMinutes, s.OverdueFactor,
	}
}

// ParseSettings reads the JSON form strictly and checks it.
func ParseSettings(data []byte) (Settings, error) {
	var s Settings
	if err := rule.Decode(data, &s); err != nil {
		return Settings{}, err
	}
	if err := s.Check(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// Check reports every field that cannot be accepted, by name.
func (s Settings) Check() error {
	var bad rule.Faults
	if s.Version != Version {
		bad.Add("version", "must be %d", Version)
	}
	said := s.said()
	for i, f := range fields() {
		if v := said[i]; v != nil && (*v < f.low || *v > f.high) {
			bad.Add(f.name, "must be %s … %s, not %s", f.text(f.low), f.text(f.high), f.text(*v))
		}
	}
	return bad.Err()
}

func (f field) text(v int64) string {
	if f.percent {
		return money.Percent(v).String()
	}
	return fmt.Sprint(v)
}

// Level is the settings of one level with where they come from.
type Level = rule.Level[Settings]

// Merge lays the levels over the defaults, the first lowest, and says where what is not a default comes from.
func Merge(levels ...Level) (Limits, rule.Sources) {
	l := Defaults()
	var sources rule.Sources
	values := l.values()
	for _, level := range levels {
		said := level.Rules.said()
		for i, f := range fields() {
			if said[i] != nil {
				*values[i] = *said[i]
				rule.Note(&sources, level, f.name)
			}
		}
	}
	return l, sources
}

// Loosened names the limits that let more pass in b than in a: such a change needs an approver.
func Loosened(a, b Limits) []string {
	var out []string
	va, vb := a.values(), b.values()
	for i, f := range fields() {
		if *vb[i] != *va[i] && (*vb[i] > *va[i]) == f.looser {
			out = append(out, fmt.Sprintf("%s from %s to %s", f.name, f.text(*va[i]), f.text(*vb[i])))
		}
	}
	return out
}
