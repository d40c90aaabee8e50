package catalog

import (
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// significant is how many digits of a number a spreadsheet keeps and shows.
const significant = 15

// maxExponent bounds the zeros a number may be written out with.
const maxExponent = 30

// NumberText writes a stored spreadsheet number as the plain decimal the sheet shows: "18.489999999999998" is 18.49, the
// fifteen digits a spreadsheet has; "1E+2" is 100. It works on the digits, without floating point. A whole number of more
// than fifteen digits is refused: the spreadsheet has already changed it.
func NumberText(stored string) (string, error) {
	n, ok := split(stored)
	if !ok {
		return "", fault.New(fault.Invalid, "%s is not a number", show(stored))
	}
	n.round()
	switch {
	case len(n.digits) == 0:
		return "0", nil
	case n.point > significant:
		return "", fault.New(fault.Invalid, "%s has more digits than a spreadsheet keeps: make the column text and type it again", show(stored))
	case n.point < -maxExponent:
		return "", fault.New(fault.Invalid, "%s is smaller than any number here", show(stored))
	}
	return n.text(), nil
}

// decimal is 0.digits × 10^point, without zeros at either end of digits.
type decimal struct {
	negative bool
	digits   string
	point    int
}

func split(s string) (decimal, bool) {
	var n decimal
	s, n.negative = strings.CutPrefix(s, "-")
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var ok bool
		if exponent, ok = power(s[i+1:]); !ok {
			return n, false
		}
		mantissa = s[:i]
	}
	whole, frac, dot := strings.Cut(mantissa, ".")
	if !allDigits(whole) || dot && !allDigits(frac) || len(mantissa) > 400 {
		return n, false
	}
	n.digits = strings.TrimLeft(whole+frac, "0")
	n.point = len(whole) + exponent - (len(whole+frac) - len(n.digits))
	n.digits = strings.TrimRight(n.digits, "0")
	if n.digits == "" {
		return decimal{}, true
	}
	return n, true
}

// power reads an exponent of at most three digits.
func power(s string) (int, bool) {
	body, negative := strings.CutPrefix(s, "-")
	if !negative {
		body = strings.TrimPrefix(body, "+")
	}
	if !allDigits(body) || len(body) > 3 {
		return 0, false
	}
	n := 0
	for i := range len(body) {
		n = n*10 + int(body[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// round keeps fifteen digits, half away from zero. Digits before the point are never rounded: text refuses those.
func (n *decimal) round() {
	if len(n.digits) <= significant || n.point > significant {
		return
	}
	kept := []byte(n.digits[:significant])
	if n.digits[significant] >= '5' {
		i := significant - 1
		for ; i >= 0 && kept[i] == '9'; i-- {
			kept[i] = '0'
		}
		if i < 0 {
			kept, n.point = []byte("1"), n.point+1
		} else {
			kept[i]++
		}
	}
	n.digits = strings.TrimRight(string(kept), "0")
}

func (n decimal) text() string {
	sign := ""
	if n.negative {
		sign = "-"
	}
	switch {
	case n.point <= 0:
		return sign + "0." + strings.Repeat("0", -n.point) + n.digits
	case n.point >= len(n.digits):
		return sign + n.digits + strings.Repeat("0", n.point-len(n.digits))
	}
	return sign + n.digits[:n.point] + "." + n.digits[n.point:]
}
