package money

import (
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Amount is a sum of money: Minor units (cents for EUR) of Currency. Amounts of two currencies never compare or add.
type Amount struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// Of returns minor units of c.
func Of(minor int64, c Currency) Amount { return Amount{Minor: minor, Currency: c} }

// ParseAmount reads a plain decimal ("19.90", "5", "-3.00") as money of c. It refuses an empty text, a comma, an
// exponent, spaces, and more significant decimals than c has; trailing zeros beyond them are accepted ("19.900").
func ParseAmount(text string, c Currency) (Amount, error) {
	minor, err := scaled(text, c.Digits())
	if err != nil {
		return Amount{}, fault.New(fault.Invalid, "%s is not an amount of %s: %w", quote(text), c, err)
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// Text renders a as a plain decimal with all of the currency's digits: "19.90".
func (a Amount) Text() string {
	d := a.Currency.Digits()
	if d == 0 {
		return strconv.FormatInt(a.Minor, 10)
	}
	neg, u := "", uint64(a.Minor)
	if a.Minor < 0 {
		neg, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	if len(s) <= d {
		s = strings.Repeat("0", d+1-len(s)) + s
	}
	return neg + s[:len(s)-d] + "." + s[len(s)-d:]
}

// String renders a for a person: "19.90 EUR".
func (a Amount) String() string { return a.Text() + " " + string(a.Currency) }

// scaled reads a plain decimal as an integer of 10^-digits, exactly.
func scaled(text string, digits int) (int64, error) {
	body, neg := strings.CutPrefix(text, "-")
	whole, frac, dot := strings.Cut(body, ".")
	if !isDigits(whole) || (dot && !isDigits(frac)) {
		return 0, fault.New(fault.Invalid, "write digits with a point, like 1234.50")
	}
	if len(frac) > digits {
		if strings.Trim(frac[digits:], "0") != "" {
			return 0, fault.New(fault.Invalid, "it has more than %d decimals", digits)
		}
		frac = frac[:digits]
	}
	sign := ""
	if neg {
		sign = "-"
	}
	n, err := strconv.ParseInt(sign+whole+frac+strings.Repeat("0", digits-len(frac)), 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "it is too large")
	}
	return n, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// quote shows a bad text in an error, shortened, with control characters made visible.
func quote(text string) string {
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return strconv.QuoteToGraphic(text)
}
