package pricing

import (
	"testing"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/money"
)

func TestRound(t *testing.T) {
	for _, c := range []struct {
		r    Rounding
		x    string
		cur  money.Currency
		want string
	}{
		{Rounding{}, "10.005", "EUR", "10.01"},
		{Rounding{None: true}, "10.004", "EUR", "10.00"},
		{Rounding{Ending: ".99", To: Up}, "10.99", "EUR", "10.99"},
		{Rounding{Ending: ".99", To: Up}, "10.9901", "EUR", "11.99"},
		{Rounding{Ending: ".99", To: Down}, "10.98999", "EUR", "9.99"},
		{Rounding{Ending: ".99", To: Nearest}, "10.49", "EUR", "10.99"},
		{Rounding{Ending: ".99", To: Nearest}, "10.4899", "EUR", "9.99"},
		{Rounding{Ending: ".99", To: Down}, "0.50", "EUR", "0.99"},
		{Rounding{Ending: "9.90", To: Up}, "10.00", "EUR", "19.90"},
		{Rounding{Ending: "9.90", To: Down}, "20.00", "EUR", "19.90"},
		{Rounding{Ending: "0", To: Nearest}, "15.00", "EUR", "20.00"},
		{Rounding{Ending: ".00", To: Up}, "10.01", "EUR", "11.00"},
		{Rounding{Step: "0.05", To: Up}, "10.01", "EUR", "10.05"},
		{Rounding{Step: "0.05", To: Down}, "0.04", "EUR", "0.05"},
		{Rounding{Step: "5", To: Nearest}, "12.50", "EUR", "15.00"},
		{Rounding{Step: "10", To: Nearest}, "1624.9", "JPY", "1620"},
		{Rounding{Ending: "80", To: Down}, "1679.99", "JPY", "1580"},
		{Rounding{Ending: ".990", To: Up}, "1.2345", "KWD", "1.990"},
	} {
		got, err := c.r.round(money.MustRate(c.x), c.cur)
		if err != nil || got.Text() != c.want {
			t.Errorf("%+v of %s %s = %v, %v, want %s", c.r, c.x, c.cur, got, err, c.want)
		}
	}
}

func TestRoundedPricesLieOnTheirGridBesideThePrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rounding{To: rapid.SampledFrom([]To{Nearest, Up, Down}).Draw(t, "to")}
		if rapid.Bool().Draw(t, "by step") {
			r.Step = rapid.SampledFrom([]string{"0.05", "0.10", "1", "5", "0.25"}).Draw(t, "step")
		} else {
			r.Ending = rapid.SampledFrom([]string{".99", ".95", ".00", "9.90", "0", "95.50"}).Draw(t, "ending")
		}
		minor := rapid.Int64Range(1, 10_000_000).Draw(t, "minor")
		x, err := money.MustRate("1.0001").Mul(must(money.Of(minor, "EUR").Rate()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.round(x, "EUR")
		if err != nil {
			t.Fatal(err)
		}
		start, step, err := r.grid("EUR")
		if err != nil || mod(got.Minor-start, step) != 0 || got.Minor <= 0 {
			t.Fatalf("%+v of %v = %v, which is not on its grid", r, x, got)
		}
		exact := must(got.Rate())
		switch far := must(x.Add(must(money.Of(step, "EUR").Rate()))); {
		case r.To == Up && exact.Cmp(x) < 0, r.To == Down && exact.Cmp(x) > 0 && got.Minor-step > 0:
			t.Fatalf("%+v of %v = %v, the wrong way", r, x, got)
		case exact.Cmp(far) >= 0:
			t.Fatalf("%+v of %v = %v, more than a step away", r, x, got)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
