package money

import (
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Currency is an ISO 4217 code in capitals. The empty Currency is "not known".
type Currency string

// digits lists the currencies whose minor unit is not a hundredth (ISO 4217 table A.1).
const (
	none  = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
	three = "BHD IQD JOD KWD LYD OMR TND"
	two   = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK " +
		"DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP " +
		"LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB " +
		"SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
)

// ParseCurrency reads an ISO 4217 code in any case.
func ParseCurrency(code string) (Currency, error) {
	c := Currency(strings.ToUpper(code))
	if _, ok := c.lookup(); !ok {
		return "", fault.New(fault.Invalid, "%q is not an ISO 4217 currency code", code)
	}
	return c, nil
}

// Digits returns the number of decimals of c's minor unit; 2 for a currency that is not known.
func (c Currency) Digits() int {
	d, _ := c.lookup()
	return d
}

func (c Currency) lookup() (int, bool) {
	if len(c) == 3 && !strings.ContainsRune(string(c), ' ') {
		switch code := string(c); {
		case strings.Contains(two, code):
			return 2, true
		case strings.Contains(none, code):
			return 0, true
		case strings.Contains(three, code):
			return 3, true
		}
	}
	return 2, false
}
