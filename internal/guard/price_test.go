package guard_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/money"
)

func eur(minor int64) *money.Amount { return ptr(money.Of(minor, "EUR")) }

func TestJudgePrice(t *testing.T) {
	for name, c := range map[string]struct {
		price   guard.Price
		outcome guard.Outcome
		reason  guard.Reason
	}{
		"within everything":                         {guard.Price{Value: *eur(1000), Last: eur(1000), Median: eur(1000), Floor: eur(500), Ceiling: eur(2000)}, guard.Pass, ""},
		"25 % down is the limit itself":             {guard.Price{Value: *eur(750), Last: eur(1000)}, guard.Pass, ""},
		"a cent more than 25 % down":                {guard.Price{Value: *eur(749), Last: eur(1000)}, guard.Hold, guard.DropTooLarge},
		"50 % up is the limit itself":               {guard.Price{Value: *eur(1500), Last: eur(1000)}, guard.Pass, ""},
		"a cent more than 50 % up":                  {guard.Price{Value: *eur(1501), Last: eur(1000)}, guard.Hold, guard.RiseTooLarge},
		"40 % below the median":                     {guard.Price{Value: *eur(600), Last: eur(600), Median: eur(1000)}, guard.Pass, ""},
		"more than 40 % below the median":           {guard.Price{Value: *eur(599), Last: eur(600), Median: eur(1000)}, guard.Hold, guard.UnderMedian},
		"twice the median":                          {guard.Price{Value: *eur(2000), Last: eur(2000), Median: eur(1000)}, guard.Pass, ""},
		"more than twice the median":                {guard.Price{Value: *eur(2001), Last: eur(2000), Median: eur(1000)}, guard.Hold, guard.OverMedian},
		"a price of zero":                           {guard.Price{Value: *eur(0), Last: eur(1000)}, guard.Refuse, guard.NotPositive},
		"a negative price":                          {guard.Price{Value: *eur(-1), Last: eur(1000)}, guard.Refuse, guard.NotPositive},
		"the zero value of an amount":               {guard.Price{Value: money.Amount{}, Last: eur(1000)}, guard.Refuse, guard.WrongCurrency},
		"another currency":                          {guard.Price{Value: money.Of(1000, "GBP"), Last: eur(1000)}, guard.Refuse, guard.WrongCurrency},
		"below the configured floor":                {guard.Price{Value: *eur(999), Floor: eur(1000), Last: eur(1000)}, guard.Refuse, guard.BelowFloor},
		"above the configured ceiling":              {guard.Price{Value: *eur(1001), Ceiling: eur(1000), Last: eur(1000)}, guard.Refuse, guard.AboveCeiling},
		"a floor above the ceiling":                 {guard.Price{Value: *eur(1000), Floor: eur(900), Ceiling: eur(800), Last: eur(1000)}, guard.Refuse, guard.FloorOverCeil},
		"a floor in another currency":               {guard.Price{Value: *eur(1000), Floor: ptr(money.Of(1, "GBP")), Last: eur(1000)}, guard.Refuse, guard.WrongCurrency},
		"a ceiling in another currency":             {guard.Price{Value: *eur(1000), Ceiling: ptr(money.Of(9000, "GBP")), Last: eur(1000)}, guard.Refuse, guard.WrongCurrency},
		"a floor of zero":                           {guard.Price{Value: *eur(1000), Floor: eur(0), Last: eur(1000)}, guard.Refuse, guard.NotPositive},
		"60 % of the last price without a floor":    {guard.Price{Value: *eur(599), Last: eur(1000)}, guard.Hold, guard.UnderImplicit},
		"a first price without floor and ceiling":   {guard.Price{Value: *eur(1000)}, guard.Hold, guard.NoFloor},
		"a first price without a ceiling":           {guard.Price{Value: *eur(1000), Floor: eur(500)}, guard.Hold, guard.NoCeiling},
		"a first price between floor and ceiling":   {guard.Price{Value: *eur(1000), Floor: eur(500), Ceiling: eur(2000)}, guard.Pass, ""},
		"the last price was in another currency":    {guard.Price{Value: *eur(1000), Floor: eur(500), Ceiling: eur(2000), Last: ptr(money.Of(1000, "GBP"))}, guard.Hold, guard.CurrencyChanged},
		"the median is in another currency":         {guard.Price{Value: *eur(1000), Last: eur(1000), Median: ptr(money.Of(1, "GBP"))}, guard.Pass, ""},
		"an approved plan releases what is held":    {guard.Price{Value: *eur(100), Last: eur(1000), Median: eur(1000), Approved: eur(100)}, guard.Pass, ""},
		"an approved plan names another price":      {guard.Price{Value: *eur(100), Last: eur(1000), Approved: eur(101)}, guard.Hold, guard.UnderImplicit},
		"an approved plan cannot release a refusal": {guard.Price{Value: *eur(0), Last: eur(1000), Approved: eur(0)}, guard.Refuse, guard.NotPositive},
		"an approved plan is below the floor":       {guard.Price{Value: *eur(100), Floor: eur(500), Last: eur(1000), Approved: eur(100)}, guard.Refuse, guard.BelowFloor},
		"a refusal counts more than a hold":         {guard.Price{Value: *eur(100), Ceiling: eur(50), Last: eur(1000)}, guard.Refuse, guard.AboveCeiling},
	} {
		c.price.Currency = "EUR"
		got := guard.JudgePrice(guard.Defaults(), c.price)
		if got.Outcome != c.outcome || got.Reason != c.reason {
			t.Errorf("%s: JudgePrice = %v %q (%s), want %v %q", name, got.Outcome, got.Reason, got.Note, c.outcome, c.reason)
		}
		for i, check := range got.Checks {
			if check.Name != guard.Prices()[i] || check.Note == "" {
				t.Errorf("%s: check %d = %+v, want %q with a note", name, i, check, guard.Prices()[i])
			}
		}
	}
}

func TestAListingInAnUnknownCurrencyGetsNoPrice(t *testing.T) {
	got := guard.JudgePrice(guard.Defaults(), guard.Price{Value: money.Of(1000, "")})
	if got.Outcome != guard.Refuse || got.Reason != guard.WrongCurrency {
		t.Errorf("JudgePrice = %v %q, want refuse %q", got.Outcome, got.Reason, guard.WrongCurrency)
	}
}

func drawAmount(t *rapid.T, name string) *money.Amount {
	if !rapid.Bool().Draw(t, name+" is there") {
		return nil
	}
	currency := rapid.SampledFrom([]money.Currency{"EUR", "EUR", "EUR", "GBP"}).Draw(t, name+" currency")
	size := rapid.SampledFrom([]int64{2000, 1 << 62}).Draw(t, name+" size")
	return ptr(money.Of(rapid.Int64Range(-10, size).Draw(t, name), currency))
}

func drawPrice(t *rapid.T) guard.Price {
	p := guard.Price{
		Currency: "EUR", Floor: drawAmount(t, "floor"), Ceiling: drawAmount(t, "ceiling"),
		Last: drawAmount(t, "last"), Median: drawAmount(t, "median"),
	}
	if v := drawAmount(t, "value"); v != nil {
		p.Value = *v
	}
	if rapid.Bool().Draw(t, "approved") {
		p.Approved = &p.Value
	}
	return p
}

func TestNoPriceOutsideItsGuardsPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPrice(t)
		if guard.JudgePrice(guard.Defaults(), p).Outcome != guard.Pass {
			return
		}
		v := p.Value
		switch {
		case v.Minor <= 0 || v.Currency != "EUR":
			t.Fatalf("%v passes", v)
		case p.Floor != nil && (p.Floor.Currency != "EUR" || v.Minor < p.Floor.Minor):
			t.Fatalf("%v passes below the floor %v", v, *p.Floor)
		case p.Ceiling != nil && (p.Ceiling.Currency != "EUR" || v.Minor > p.Ceiling.Minor):
			t.Fatalf("%v passes above the ceiling %v", v, *p.Ceiling)
		case p.Approved != nil:
			return
		case p.Last == nil || p.Last.Minor <= 0:
			if p.Floor == nil || p.Ceiling == nil {
				t.Fatalf("a first price %v passes without floor and ceiling", v)
			}
		default:
			if !between(v.Minor, p.Last.Minor, 75, 150) {
				t.Fatalf("%v passes after %v", v, *p.Last)
			}
		}
		if m := p.Median; m != nil && m.Currency == "EUR" && m.Minor > 0 && p.Approved == nil && !between(v.Minor, m.Minor, 60, 200) {
			t.Fatalf("%v passes with a median of %v", v, *m)
		}
	})
}

// between reports low % of b ≤ a ≤ high % of b, for any size.
func between(a, b, low, high int64) bool {
	hundred := new(big.Int).Mul(big.NewInt(a), big.NewInt(100))
	return hundred.Cmp(new(big.Int).Mul(big.NewInt(b), big.NewInt(low))) >= 0 &&
		hundred.Cmp(new(big.Int).Mul(big.NewInt(b), big.NewInt(high))) <= 0
}
