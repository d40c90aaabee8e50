package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

func TestCheckSKUTakesEveryTextThatCanBeSeen(t *testing.T) {
	for name, c := range map[string]struct {
		sku string
		ok  bool
	}{
		"plain":                     {"ABC-1", true},
		"spaces around it":          {" ABC ", true},
		"looks like a formula":      {"=1+1", true},
		"four-byte characters":      {"👟-42", true},
		"exactly 200 bytes":         {strings.Repeat("a", 200), true},
		"empty":                     {"", false},
		"201 bytes":                 {strings.Repeat("a", 201), false},
		"101 characters of 2 bytes": {strings.Repeat("é", 101), false},
		"NUL":                       {"A\x00B", false},
		"a line feed":               {"A\nB", false},
		"a C1 control":              {"A\u0085B", false},
		"bad UTF-8":                 {"A\xffB", false},
		"a direction mark":          {"A\u202eB", false},
		"a byte order mark":         {"\ufeffA", false},
		"a lone surrogate in UTF-8": {"\xed\xa0\x80", false},
	} {
		err := catalog.CheckSKU(c.sku)
		if (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: CheckSKU(%q) = %v, want ok %v", name, c.sku, err, c.ok)
		}
	}
}

func TestATitleHasTwoHundredCharactersNotBytes(t *testing.T) {
	for _, c := range []struct {
		title string
		ok    bool
	}{{"", true}, {strings.Repeat("é", 200), true}, {strings.Repeat("é", 201), false}, {"tab\there", false}} {
		if err := catalog.CheckTitle(c.title); (err == nil) != c.ok {
			t.Errorf("CheckTitle(%.20q) = %v, want ok %v", c.title, err, c.ok)
		}
	}
}

func TestItemCheckNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		item catalog.Item
		want string
	}{
		{catalog.Item{Face: catalog.Face{SKU: "A", GTIN: "4006381333931", Title: "Pen"}}, ""},
		{catalog.Item{Face: catalog.Face{SKU: "A"}}, ""},
		{catalog.Item{}, "SKU"},
		{catalog.Item{Face: catalog.Face{SKU: "A", GTIN: "4006381333932"}}, "check digit"},
		{catalog.Item{Face: catalog.Face{SKU: "A", Title: "\x01"}}, "title"},
	} {
		err := c.item.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Check(%+v) = %v, want %q", c.item, err, c.want)
		}
	}
}

func TestCheckBundle(t *testing.T) {
	around := catalog.Composition{
		Bundle: func(i ident.Item) bool { return i == 50 },
		Part:   func(i ident.Item) bool { return i == 60 },
	}
	many := make([]catalog.Component, catalog.MaxComponents+1)
	for i := range many {
		many[i] = catalog.Component{Item: ident.Item(100 + i), Units: 1}
	}
	for name, c := range map[string]struct {
		item       ident.Item
		components []catalog.Component
		want       string
	}{
		"two components":                {1, []catalog.Component{{Item: 2, Units: 1}, {Item: 3, Units: 2}}, ""},
		"a pack of one item":            {1, []catalog.Component{{Item: 2, Units: 6}}, ""},
		"no components":                 {1, nil, "needs components"},
		"too many":                      {1, many, "at most"},
		"itself":                        {1, []catalog.Component{{Item: 1, Units: 1}}, "itself"},
		"a bundle inside":               {1, []catalog.Component{{Item: 50, Units: 1}}, "is a bundle"},
		"a component becomes a bundle":  {60, []catalog.Component{{Item: 2, Units: 1}}, "is a component"},
		"the same component twice":      {1, []catalog.Component{{Item: 2, Units: 1}, {Item: 2, Units: 1}}, "twice"},
		"none of a component":           {1, []catalog.Component{{Item: 2, Units: 0}}, "component 2"},
		"too many units of a component": {1, []catalog.Component{{Item: 2, Units: catalog.MaxUnits + 1}}, "component 2"},
	} {
		err := catalog.CheckBundle(c.item, c.components, around)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: CheckBundle = %v, want %q", name, err, c.want)
		}
	}
}

func TestRecipeMultipliesByThePack(t *testing.T) {
	plain := catalog.Item{ID: 7}
	if diff := cmp.Diff([]catalog.Component{{Item: 7, Units: 3}}, plain.Recipe(3)); diff != "" {
		t.Errorf("Recipe of a plain item differs (-want +got):\n%s", diff)
	}
	bundle := catalog.Item{ID: 7, Components: []catalog.Component{{Item: 8, Units: 2}, {Item: 9, Units: 1}}}
	if diff := cmp.Diff([]catalog.Component{{Item: 8, Units: 6}, {Item: 9, Units: 3}}, bundle.Recipe(3)); diff != "" {
		t.Errorf("Recipe of a bundle differs (-want +got):\n%s", diff)
	}
}

func TestCheckGTIN(t *testing.T) {
	for s, ok := range map[string]bool{
		"4006381333931": true, "036000291452": true, "96385074": true, "10036000291459": true, "00036000291452": true,
		"4006381333932": false, "400638133393": false, "0000000000000": false, "00000000": false, "": false,
		"400638133393X": false, "4006381 33931": false, "1234567890": false, "٤٠٠٦٣٨١": false,
	} {
		if err := catalog.CheckGTIN(s); (err == nil) != ok {
			t.Errorf("CheckGTIN(%q) = %v, want ok %v", s, err, ok)
		}
	}
}

// withCheckDigit completes digits to a GTIN by trying all ten.
func withCheckDigit(digits string) string {
	for c := '0'; c <= '9'; c++ {
		if s := digits + string(c); catalog.CheckGTIN(s) == nil {
			return s
		}
	}
	return ""
}

func TestAGTINIsTheSameInEveryLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{10}[1-9]`).Draw(t, "digits")
		upc := withCheckDigit(digits)
		if upc == "" {
			t.Fatalf("no check digit fits %s", digits)
		}
		for _, s := range []string{"0" + upc, "00" + upc} {
			if catalog.CheckGTIN(s) != nil || catalog.GTINKey(s) != catalog.GTINKey(upc) {
				t.Fatalf("GTINKey(%s) = %q, want that of %s: %q", s, catalog.GTINKey(s), upc, catalog.GTINKey(upc))
			}
		}
		// One wrong digit is always found.
		at := rapid.IntRange(0, len(upc)-1).Draw(t, "at")
		wrong := []byte(upc)
		wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if catalog.CheckGTIN(string(wrong)) == nil {
			t.Fatalf("CheckGTIN(%s) accepts %s with one wrong digit", wrong, upc)
		}
	})
}

func TestNumbersThatShopsGiveOutAreRestricted(t *testing.T) {
	for digits, want := range map[string]bool{
		"400638133393": false, "978316148410": false, "590123412345": false,
		"200000000001": true, "299999999999": true, "020000000001": true, "040000000001": true, "050000000001": true, "981000000001": true,
	} {
		if got := catalog.Restricted(catalog.GTINKey(withCheckDigit(digits))); got != want {
			t.Errorf("Restricted(%s…) = %v, want %v", digits, got, want)
		}
	}
	for digits, want := range map[string]bool{"9638507": false, "2000001": true, "0123456": true} {
		if got := catalog.Restricted(catalog.GTINKey(withCheckDigit(digits))); got != want {
			t.Errorf("Restricted(%s…) = %v, want %v", digits, got, want)
		}
	}
}
