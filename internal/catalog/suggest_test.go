package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/catalog"
)

func TestPackHint(t *testing.T) {
	for text, want := range map[string]int64{
		"Pen x3": 3, "Pen 3x": 3, "3er Pack Pen": 3, "Pen, 3-er": 3, "Pen 3-pack": 3, "Pen (Pack of 3)": 3, "Set di 12 penne": 12,
		"Confezione da 6 penne": 6, "Lot de 4 stylos": 4, "6 Stück Pen": 6, "Pen 6 Stk.": 6, "Penna 10 pezzi": 10, "Pen 24ct": 24,
		"Water 6 x 500 ml": 6, "Water 6 x 1,5 l": 6, "PEN X3": 3,
		"Pen": 0, "Pen 3": 0, "Shelf 10 x 20 cm": 0, "Shelf 80x40": 0, "Cable 3x 20 cm": 0, "iPhone 12": 0, "Set 3": 0, "x1": 0,
		"1 pcs": 0, "Model X3000": 0, "007er": 0, "": 0, "3": 0, "Pen 0x": 0, "5 kg": 0,
	} {
		if got, ok := catalog.PackHint(text); got != want || ok != (want != 0) {
			t.Errorf("PackHint(%q) = %d, %v, want %d", text, got, ok, want)
		}
	}
}

func TestSuggestSaysWhy(t *testing.T) {
	item := catalog.Face{SKU: "ABC-123", GTIN: "036000291452", Title: "Carpe Diem fine pen blue"}
	for name, c := range map[string]struct {
		listing catalog.Face
		code    string
		pack    int64
	}{
		"another case":                     {catalog.Face{SKU: "abc-123"}, "sku-case", 1},
		"spaces for dashes":                {catalog.Face{SKU: "ABC 123"}, "sku-spelling", 1},
		"leading zeros":                    {catalog.Face{SKU: "00ABC-123"}, "sku-zeros", 1},
		"a pack suffix":                    {catalog.Face{SKU: "ABC-123-3x"}, "sku-pack", 3},
		"the same SKU, which is ambiguous": {catalog.Face{SKU: "ABC-123"}, "sku", 1},
		"a GTIN with one zero more":        {catalog.Face{GTIN: "0036000291452"}, "gtin-length", 1},
		"the GTIN of a case":               {catalog.Face{GTIN: "10036000291459"}, "gtin-case", 1},
		"a title with the same words":      {catalog.Face{Title: "Fine PEN, blue (Carpe Diem)"}, "title", 1},
		"a title of a pack":                {catalog.Face{Title: "Carpe Diem fine pen blue, pack of 5"}, "title", 5},
	} {
		got := catalog.Suggest(c.listing, []catalog.Candidate{{Item: 9, Face: item}})
		if len(got) != 1 || got[0].Item != 9 || got[0].Reasons[0].Code != c.code || got[0].Pack != c.pack {
			t.Errorf("%s: Suggest = %+v, want item 9 because of %q, pack %d", name, got, c.code, c.pack)
		}
	}
	for name, listing := range map[string]catalog.Face{
		"nothing in common": {SKU: "XYZ", Title: "Garden hose"},
		"one common word":   {Title: "Blue garden hose with a long guarantee"},
		"nothing at all":    {},
		"another GTIN":      {GTIN: "4006381333931"},
		"only punctuation":  {SKU: "--"},
	} {
		if got := catalog.Suggest(listing, []catalog.Candidate{{Item: 9, Face: item}}); len(got) != 0 {
			t.Errorf("%s: Suggest = %+v, want none", name, got)
		}
	}
}

func TestTheBestSuggestionComesFirst(t *testing.T) {
	listing := catalog.Face{SKU: "abc 1", GTIN: "036000291452", Title: "Fine pen blue"}
	got := catalog.Suggest(listing, []catalog.Candidate{
		{Item: 1, Face: catalog.Face{Title: "Fine pen blue"}},
		{Item: 2, Face: catalog.Face{SKU: "ABC-1", GTIN: "0036000291452", Title: "Fine pen blue"}},
		{Item: 3, Face: catalog.Face{SKU: "ABC-1"}},
		{Item: 3, Face: catalog.Face{SKU: "ABC-1"}},
		{Item: 4, Face: catalog.Face{Title: "Garden hose"}},
	})
	var order []string
	for _, s := range got {
		order = append(order, s.Reasons[0].Code)
	}
	if diff := cmp.Diff([]string{"gtin-length", "sku-spelling", "title"}, order); diff != "" {
		t.Errorf("order differs (-want +got):\n%s", diff)
	}
}

var alphabet = []rune("ABab01 -_./xXéÉßΣσς😀0003er")

func drawFace(t *rapid.T) catalog.Face {
	f := catalog.Face{
		SKU:   rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 12, -1).Draw(t, "sku"),
		Title: strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"Pen", "pen", "blue", "3er", "x2", "fine", "größe", "0001"}), 0, 6).Draw(t, "title"), " "),
	}
	if rapid.Bool().Draw(t, "has gtin") {
		f.GTIN = withCheckDigit(rapid.SampledFrom([]string{"400638133393", "03600029145", "003600029145", "1003600029145"}).Draw(t, "gtin"))
	}
	return f
}

func TestWhatLooksAlikeByKeyHasACandidateKeyInCommon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawFace(t), drawFace(t)
		ka, kb := catalog.CandidateKeys(a), catalog.CandidateKeys(b)
		for _, k := range append(ka, kb...) {
			if len(k) > 64 || !utf8.ValidString(k) {
				t.Fatalf("key %q is too long or not UTF-8", k)
			}
		}
		for _, s := range catalog.Suggest(a, []catalog.Candidate{{Item: 1, Face: b}}) {
			if s.Score < 1 || s.Score > 999 || s.Pack < 1 {
				t.Fatalf("suggestion %+v is out of bounds", s)
			}
			for _, r := range s.Reasons {
				if strings.HasPrefix(r.Code, "sku") || strings.HasPrefix(r.Code, "gtin") {
					if !slices.ContainsFunc(ka, func(k string) bool { return slices.Contains(kb, k) }) {
						t.Fatalf("%+v and %+v are alike (%s) but have no key in common: %q, %q", a, b, r.Code, ka, kb)
					}
				}
			}
		}
	})
}

func FuzzSuggest(f *testing.F) {
	f.Add("ABC-3x", "4006381333931", "Pen, pack of 3", "abc", "Pen")
	f.Add("\xff", "", "\xff 3x", "é", "")
	f.Fuzz(func(t *testing.T, sku, gtin, title, otherSKU, otherTitle string) {
		a := catalog.Face{SKU: sku, GTIN: gtin, Title: title}
		b := catalog.Face{SKU: otherSKU, Title: otherTitle}
		for _, k := range catalog.CandidateKeys(a) {
			if len(k) > 64 || !utf8.ValidString(k) {
				t.Fatalf("key %q is too long or not UTF-8", k)
			}
		}
		catalog.Suggest(a, []catalog.Candidate{{Item: 1, Face: b}})
		if n, ok := catalog.PackHint(title); ok && (n < 2 || n > 999) {
			t.Fatalf("PackHint(%q) = %d", title, n)
		}
	})
}
