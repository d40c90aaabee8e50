package money

import (
	"math/bits"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Percent is an exact percentage in ten-thousandths of a percent: 12.5 % is 125000, Hundred is 100 %.
type Percent int64

// Hundred is 100 %.
const Hundred Percent = 1_000_000

// percentDigits is how many decimals a percentage may have.
const percentDigits = 4

// maxPercent bounds what is read: 100,000 %.
const maxPercent = 1000 * Hundred

// ParsePercent reads a plain decimal with at most four decimals, 0 … 100000: "12.5" is 12.5 %.
func ParsePercent(text string) (Percent, error) {
	n, err := scaled(text, percentDigits)
	if err == nil && (n < 0 || Percent(n) > maxPercent) {
		err = fault.New(fault.Invalid, "it is not between 0 and 100000")
	}
	if err != nil {
		return 0, fault.New(fault.Invalid, "%s is not a percentage: %w", quote(text), err)
	}
	return Percent(n), nil
}

// Of returns p of n rounded down (towards the smaller number); n × p must fit, which any quantity does.
func (p Percent) Of(n int64) int64 {
	q, r := n*int64(p)/int64(Hundred), n*int64(p)%int64(Hundred)
	if r < 0 {
		q--
	}
	return q
}

// Compare tells how a relates to p of b for amounts of one currency that are not negative: -1 below, 0 equal, +1 above.
// It is exact for every size.
func (p Percent) Compare(a, b int64) int {
	ah, al := bits.Mul64(uint64(max(a, 0)), uint64(Hundred))
	bh, bl := bits.Mul64(uint64(max(b, 0)), uint64(max(p, 0)))
	switch {
	case ah < bh || (ah == bh && al < bl):
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}

// Rate returns p as a factor: 12.5 % is 0.125.
func (p Percent) Rate() Rate {
	neg, u := "", uint64(p)
	if p < 0 {
		neg, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	if len(s) < 7 {
		s = strings.Repeat("0", 7-len(s)) + s
	}
	return MustRate(neg + s[:len(s)-6] + "." + s[len(s)-6:])
}

// String renders p without its sign for a unit: "12.5".
func (p Percent) String() string {
	neg, u := "", uint64(p)
	if p < 0 {
		neg, u = "-", -u
	}
	s := neg + strconv.FormatUint(u/10_000, 10)
	if frac := u % 10_000; frac != 0 {
		f := strconv.FormatUint(frac, 10)
		s += "." + strings.TrimRight(strings.Repeat("0", 4-len(f))+f, "0")
	}
	return s
}

// MarshalText implements encoding.TextMarshaler.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *Percent) UnmarshalText(b []byte) error {
	v, err := ParsePercent(string(b))
	if err == nil {
		*p = v
	}
	return err
}

// UnmarshalJSON reads a JSON number (12.5) or text ("12.5"); both are read as decimals, never as floating point.
func (p *Percent) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(text) >= 2 && text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	return p.UnmarshalText([]byte(text))
}
