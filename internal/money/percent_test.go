package money_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/money"
)

func TestParsePercentReadsPlainDecimalsOnly(t *testing.T) {
	for _, c := range []struct {
		text string
		want money.Percent
		ok   bool
	}{
		{"0", 0, true},
		{"100", money.Hundred, true},
		{"12.5", 125_000, true},
		{"0.0001", 1, true},
		{"100000", 1000 * money.Hundred, true},
		{"0.00001", 0, false},
		{"-1", 0, false},
		{"100000.0001", 0, false},
		{"12,5", 0, false},
		{"12.5%", 0, false},
		{"", 0, false},
		{"NaN", 0, false},
	} {
		got, err := money.ParsePercent(c.text)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("ParsePercent(%q) = %v, %v, want %v, ok %v", c.text, got, err, c.want, c.ok)
		}
	}
}

func TestAPercentageIsTheSameAsNumberAndAsTextInJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := money.Percent(rapid.Int64Range(0, int64(1000*money.Hundred)).Draw(t, "percent"))
		for _, text := range []string{p.String(), `"` + p.String() + `"`} {
			var got money.Percent
			if err := json.Unmarshal([]byte(text), &got); err != nil || got != p {
				t.Fatalf("Unmarshal(%s) = %v, %v, want %v", text, got, err, p)
			}
		}
		hundredfold, err := p.Rate().Mul(money.MustRate("100"))
		if err != nil || hundredfold.Cmp(money.MustRate(p.String())) != 0 {
			t.Fatalf("Rate(%v %%) × 100 = %v, %v, want %v", p, hundredfold, err, p)
		}
	})
}

func TestPercentOfRoundsDownExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-money.MaxQuantity, money.MaxQuantity).Draw(t, "n")
		p := money.Percent(rapid.Int64Range(0, int64(1000*money.Hundred)).Draw(t, "percent"))
		want, _ := new(big.Int).DivMod(new(big.Int).Mul(big.NewInt(n), big.NewInt(int64(p))), big.NewInt(int64(money.Hundred)), new(big.Int))
		if got := p.Of(n); got != want.Int64() {
			t.Fatalf("%v %% of %d = %d, want %v", p, n, got, want)
		}
	})
}

func TestPercentCompareIsExactForEveryAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Min(0).Draw(t, "a"), rapid.Int64Min(0).Draw(t, "b")
		p := money.Percent(rapid.Int64Range(0, int64(2*money.Hundred)).Draw(t, "percent"))
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(int64(money.Hundred))).Cmp(new(big.Int).Mul(big.NewInt(b), big.NewInt(int64(p))))
		if got := p.Compare(a, b); got != want {
			t.Fatalf("%v %%: Compare(%d, %d) = %d, want %d", p, a, b, got, want)
		}
	})
}
