package money

import (
	"strings"
	"time"

	"github.com/govalues/decimal"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Rate is an exact decimal factor: a percentage as 0.22, an exchange rate, a fee. The zero Rate is 0.
type Rate struct{ d decimal.Decimal }

// ParseRate reads a plain decimal of at most 19 digits.
func ParseRate(text string) (Rate, error) {
	whole, frac, dot := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if !isDigits(whole) || (dot && !isDigits(frac)) {
		return Rate{}, fault.New(fault.Invalid, "%s is not a decimal number: write digits with a point, like 1.0825", quote(text))
	}
	d, err := decimal.Parse(text)
	// The library rounds what does not fit: a rate that was silently another one is refused instead.
	if err != nil || len(strings.TrimLeft(whole, "0"))+len(frac) > decimal.MaxPrec || len(frac) > decimal.MaxScale {
		return Rate{}, fault.New(fault.Invalid, "%s has more than 19 digits", quote(text))
	}
	return Rate{d}, nil
}

// MustRate is ParseRate for literals in code and tests; it panics on bad text.
func MustRate(text string) Rate {
	r, err := ParseRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

// String renders r as a plain decimal.
func (r Rate) String() string { return r.d.String() }

// MarshalText and UnmarshalText keep a Rate exact in JSON.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Rate) UnmarshalText(b []byte) error {
	v, err := ParseRate(string(b))
	if err == nil {
		*r = v
	}
	return err
}

// IsZero reports whether r is 0.
func (r Rate) IsZero() bool { return r.d.IsZero() }

// Sign returns -1, 0 or +1.
func (r Rate) Sign() int { return r.d.Sign() }

// Cmp compares r and s: -1, 0 or +1.
func (r Rate) Cmp(s Rate) int { return r.d.Cmp(s.d) }

// Add returns r + s.
func (r Rate) Add(s Rate) (Rate, error) {
	d, err := r.d.Add(s.d)
	return Rate{d}, overflow(err)
}

// Mul returns r × s, rounded half to even at the 19th digit.
func (r Rate) Mul(s Rate) (Rate, error) {
	d, err := r.d.Mul(s.d)
	return Rate{d}, overflow(err)
}

// Quo returns r ÷ s, rounded half to even at the 19th digit.
func (r Rate) Quo(s Rate) (Rate, error) {
	if s.IsZero() {
		return Rate{}, fault.New(fault.Invalid, "division by zero")
	}
	d, err := r.d.Quo(s.d)
	return Rate{d}, overflow(err)
}

// Rate returns a in major units as an exact decimal, for rule arithmetic.
func (a Amount) Rate() (Rate, error) {
	d, err := decimal.New(a.Minor, a.Currency.Digits())
	return Rate{d}, overflow(err)
}

// Rounding says where the digits beyond the minor unit go.
type Rounding uint8

// The roundings. Prices round half up (commercial rounding) unless a rule says otherwise.
const (
	HalfUp Rounding = iota
	HalfEven
	Down
	Up
)

// Amount rounds r, major units of c, to whole minor units.
func (r Rate) Amount(c Currency, how Rounding) (Amount, error) {
	d, scale := r.d, c.Digits()
	switch how {
	case HalfEven:
		d = d.Round(scale)
	case Down:
		d = d.Trunc(scale)
	case Up:
		if t := d.Trunc(scale); t.Cmp(d) != 0 {
			step := decimal.MustNew(1, scale).CopySign(d)
			var err error
			if d, err = t.Add(step); err != nil {
				return Amount{}, overflow(err)
			}
		}
	default:
		d = halfUp(d, scale)
	}
	minor, err := scaled(d.Trunc(scale).String(), scale)
	if err != nil {
		return Amount{}, overflow(err)
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// halfUp rounds away from zero at exactly one half: the decimal library rounds half to even only.
func halfUp(d decimal.Decimal, scale int) decimal.Decimal {
	half, err := decimal.MustNew(5, scale+1).CopySign(d).Add(d)
	if err != nil {
		return d.Round(scale)
	}
	return half.Trunc(scale)
}

func overflow(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Invalid, "the number has more than 19 digits")
}

// PerHour is the rate of n events over d, per hour, to six decimals.
func PerHour(n int64, d time.Duration) (Rate, error) {
	if n < 0 || d <= 0 {
		return Rate{}, fault.New(fault.Invalid, "%d in %v is not a rate", n, d)
	}
	over, err := decimal.New(d.Milliseconds(), 0)
	if err != nil {
		return Rate{}, overflow(err)
	}
	hours, err := decimal.New(n, 0)
	if err == nil {
		hours, err = hours.Mul(decimal.MustNew(time.Hour.Milliseconds(), 0))
	}
	if err == nil {
		hours, err = hours.Quo(over)
	}
	return Rate{hours.Round(6)}, overflow(err)
}
