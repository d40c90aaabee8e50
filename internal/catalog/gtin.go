package catalog

import (
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// CheckGTIN reports why s is not a GTIN: 8, 12, 13 or 14 digits, the last of which checks the others.
func CheckGTIN(s string) error {
	switch len(s) {
	case 8, 12, 13, 14:
	default:
		return fault.New(fault.Invalid, "%s is not a GTIN: it needs 8, 12, 13 or 14 digits; a spreadsheet may have dropped leading zeros", show(s))
	}
	sum, weight := 0, 3
	for i := len(s) - 2; i >= 0; i-- {
		if !digit(s[i]) {
			return fault.New(fault.Invalid, "%s is not a GTIN: it has other characters than digits", show(s))
		}
		sum += weight * int(s[i]-'0')
		weight = 4 - weight
	}
	if !digit(s[len(s)-1]) {
		return fault.New(fault.Invalid, "%s is not a GTIN: it has other characters than digits", show(s))
	}
	if want := byte('0' + (10-sum%10)%10); s[len(s)-1] != want {
		return fault.New(fault.Invalid, "%s is not a GTIN: its check digit is %c, not %c", show(s), want, s[len(s)-1])
	}
	if strings.Trim(s, "0") == "" {
		return fault.New(fault.Invalid, "%s is a placeholder, not a GTIN", show(s))
	}
	return nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// GTINKey returns the 14 digits by which GTINs are compared: a UPC-12, the EAN-13 with a leading zero and the GTIN-14
// with two are the same. "" for what is not a GTIN.
func GTINKey(s string) string {
	if CheckGTIN(s) != nil {
		return ""
	}
	return "00000000000000"[:14-len(s)] + s
}

// Restricted reports whether a key belongs to the numbers a shop gives out by itself (in-store codes, coupons): equal
// ones need not be the same goods, so they never match automatically.
func Restricted(key string) bool {
	if len(key) != 14 {
		return true
	}
	if strings.HasPrefix(key, "000000") { // a GTIN-8: 0… and 2… are in-store
		return key[6] == '0' || key[6] == '2'
	}
	switch p := key[1:4]; {
	case p >= "020" && p <= "029", p >= "040" && p <= "049", p >= "200" && p <= "299": // in-store
		return true
	case p >= "050" && p <= "059", p >= "980" && p <= "999": // coupons
		return true
	}
	return false
}

// core is what a trade item and the cases it is packed in have in common: the key without packing level and check digit.
func core(key string) string {
	if len(key) != 14 {
		return ""
	}
	return key[1:13]
}
