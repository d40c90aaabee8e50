package money_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

func TestParseAmountReadsPlainDecimalsOnly(t *testing.T) {
	for _, c := range []struct {
		text string
		cur  money.Currency
		want int64
		ok   bool
	}{
		{"19.90", "EUR", 1990, true},
		{"19.9", "EUR", 1990, true},
		{"19.900", "EUR", 1990, true},
		{"5", "EUR", 500, true},
		{"-3.00", "EUR", -300, true},
		{"500", "JPY", 500, true},
		{"1.234", "KWD", 1234, true},
		{"92233720368547758.07", "EUR", 9223372036854775807, true},
		{"92233720368547758.08", "EUR", 0, false},
		{"18,5", "EUR", 0, false},
		{"18.555", "EUR", 0, false},
		{"500.5", "JPY", 0, false},
		{"1e3", "EUR", 0, false},
		{"NaN", "EUR", 0, false},
		{"", "EUR", 0, false},
		{".5", "EUR", 0, false},
		{"5.", "EUR", 0, false},
		{"+5", "EUR", 0, false},
		{" 5", "EUR", 0, false},
		{"٥", "EUR", 0, false},
	} {
		got, err := money.ParseAmount(c.text, c.cur)
		if (err == nil) != c.ok || got.Minor != c.want {
			t.Errorf("ParseAmount(%q, %s) = %v, %v, want %d, ok %v", c.text, c.cur, got, err, c.want, c.ok)
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("ParseAmount(%q) error kind = %v, want invalid", c.text, fault.KindOf(err))
		}
	}
}

func TestTextOfAnAmountIsReadBackAsTheSameAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.Of(rapid.Int64().Draw(t, "minor"), rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD"}).Draw(t, "currency"))
		got, err := money.ParseAmount(a.Text(), a.Currency)
		if err != nil || got != a {
			t.Fatalf("ParseAmount(%q) = %v, %v, want %v", a.Text(), got, err, a)
		}
	})
}

func TestQuantityRefusesWhatIsNotAWholeNumberOfGoods(t *testing.T) {
	for _, text := range []string{"", "-1", "5.5", "1e3", "abc", "1,000", "2147483648", "9223372036854775808", "null", "NaN"} {
		if got, err := money.ParseQuantity(text); err == nil {
			t.Errorf("ParseQuantity(%q) = %d, want an error", text, got)
		}
	}
	for text, want := range map[string]int64{"0": 0, "5": 5, "5.0": 5, "2147483647": money.MaxQuantity} {
		if got, err := money.ParseQuantity(text); err != nil || got != want {
			t.Errorf("ParseQuantity(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		rate string
		how  money.Rounding
		want int64
	}{
		{"1.005", money.HalfUp, 101}, {"1.004", money.HalfUp, 100}, {"-1.005", money.HalfUp, -101},
		{"1.005", money.HalfEven, 100}, {"1.015", money.HalfEven, 102},
		{"1.009", money.Down, 100}, {"1.001", money.Up, 101}, {"1.00", money.Up, 100}, {"3", money.HalfUp, 300},
	} {
		got, err := money.MustRate(c.rate).Amount("EUR", c.how)
		if err != nil || got.Minor != c.want {
			t.Errorf("Rate(%s).Amount(EUR, %d) = %v, %v, want %d", c.rate, c.how, got, err, c.want)
		}
	}
}

func TestParseCurrency(t *testing.T) {
	for code, want := range map[string]money.Currency{"eur": "EUR", "JPY": "JPY", "E R": "", "XXY": "", "": "", "UR ": ""} {
		if got, err := money.ParseCurrency(code); got != want || (err == nil) != (want != "") {
			t.Errorf("ParseCurrency(%q) = %q, %v, want %q", code, got, err, want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"1", "1.5", "-0.01", "1e3", "18,5", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.ParseAmount(s, "EUR")
		if err != nil {
			return
		}
		if b, err := money.ParseAmount(a.Text(), "EUR"); err != nil || a != b {
			t.Fatalf("ParseAmount(%q) = %v, read back %v, %v", s, a, b, err)
		}
	})
}

func TestPerHourIsExactToSixDecimals(t *testing.T) {
	for _, c := range []struct {
		n    int64
		over time.Duration
		want string
	}{{24, 24 * time.Hour, "1"}, {1, 24 * time.Hour, "0.041667"}, {90, 30 * time.Minute, "180"}, {0, time.Hour, "0"}} {
		got, err := money.PerHour(c.n, c.over)
		if err != nil || got.Cmp(money.MustRate(c.want)) != 0 {
			t.Errorf("PerHour(%d, %v) = %v, %v, want %s", c.n, c.over, got, err, c.want)
		}
	}
	if got, err := money.PerHour(-1, time.Hour); err == nil {
		t.Errorf("PerHour(-1) = %v, want an error", got)
	}
}
