package catalog_test

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/catalog"
)

func TestNumberText(t *testing.T) {
	for stored, want := range map[string]string{
		"18.489999999999998": "18.49", "0.1": "0.1", "0.30000000000000004": "0.3", "100": "100", "1E+2": "100", "1.5e3": "1500",
		"-2.5": "-2.5", "0": "0", "-0": "0", "0.000": "0", "00123": "123", "4006381333931": "4006381333931",
		"123456789012345": "123456789012345", "9.9999999999999999": "10", "0.1234567890123455": "0.123456789012346", "0.1234567890123454": "0.123456789012345", "1E-3": "0.001", "2.2000000000000002": "2.2",
		"1234567890123450000": "", "12345678901234567": "", "1E+20": "", "1E-99": "", "NaN": "", "Infinity": "", "": "",
		"1,5": "", "1e": "", "1e+": "", "e5": "", ".5": "", "5.": "", "0x10": "", "1_000": "", "+5": "", "1e9999": "",
	} {
		got, err := catalog.NumberText(stored)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("NumberText(%q) = %q, %v, want %q", stored, got, err, want)
		}
	}
}

func TestWhatWasTypedComesBackFromAFloatingPointFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A spreadsheet stores what was typed as a binary number and writes 17 digits of it.
		typed := strconv.FormatInt(rapid.Int64Range(-999_999_999_999, 999_999_999_999).Draw(t, "whole"), 10)
		if cents := rapid.IntRange(0, 99).Draw(t, "cents"); cents > 0 {
			typed += "." + strings.TrimRight(strconv.Itoa(100 + cents)[1:], "0")
		}
		binary, err := strconv.ParseFloat(typed, 64)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []byte{'g', 'e', 'E'} {
			stored := strconv.FormatFloat(binary, format, 16, 64)
			got, err := catalog.NumberText(stored)
			if err != nil || !same(got, typed) {
				t.Fatalf("NumberText(%q) = %q, %v, want what was typed: %s", stored, got, err, typed)
			}
		}
	})
}

func same(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

func FuzzNumberText(f *testing.F) {
	for _, s := range []string{"18.489999999999998", "1E+2", "-0.5e-3", "999999999999999.9", "1e400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := catalog.NumberText(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		back, okBack := new(big.Rat).SetString(got)
		if !ok || !okBack || strings.ContainsAny(got, "eE") {
			t.Fatalf("NumberText(%q) = %q, which is not that number", s, got)
		}
		// Never off by more than half a unit of the fifteenth digit.
		off := new(big.Rat).Sub(want, back)
		off.Abs(off).Mul(off, big.NewRat(1_000_000_000_000_00, 1))
		if off.Cmp(new(big.Rat).Abs(want)) > 0 {
			t.Fatalf("NumberText(%q) = %q, too far off", s, got)
		}
		if again, err := catalog.NumberText(got); err != nil || again != got {
			t.Fatalf("NumberText(%q) = %q, %v, want itself", got, again, err)
		}
	})
}
