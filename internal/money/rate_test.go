package money_test

import (
	"testing"

	"carpediemstore.it/sync-connector/internal/money"
)

func TestParseRateTakesEveryRateOfNineteenDigitsAndRefusesLongerOnes(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
		ok   bool
	}{
		{"1.0825", "1.0825", true},
		{"162.35", "162.35", true},
		{"-5", "-5", true},
		{"9999999999999999999", "9999999999999999999", true},
		{"0.1234567890123456789", "0.1234567890123456789", true},
		{"1.1234567890123456789", "", false},
		{"10000000000000000000", "", false},
		{"1e3", "", false},
		{"+1", "", false},
		{"1_000", "", false},
		{"", "", false},
	} {
		got, err := money.ParseRate(c.text)
		if (err == nil) != c.ok || (c.ok && got.String() != c.want) {
			t.Errorf("ParseRate(%q) = %v, %v, want %q, ok %v", c.text, got, err, c.want, c.ok)
		}
	}
}
