package sheet_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/catalog/sheet"
	"carpediemstore.it/sync-connector/internal/fault"
)

// plan is what most tests declare.
var plan = catalog.Plan{File: "f", Kind: catalog.Stock, Scope: catalog.Complete}

// outcome is everything a file gives.
type outcome struct {
	info sheet.Info
	rows []catalog.Row
	bad  []error
	done bool
}

// open reads a file to its end.
func open(p catalog.Plan, data io.Reader, limits sheet.Limits) outcome {
	f, bad := sheet.Open(p, data, limits)
	if len(bad) > 0 {
		return outcome{bad: bad}
	}
	o := outcome{info: f.Info()}
	for row, err := range f.Rows() {
		if err != nil {
			o.bad = append(o.bad, err)
		} else {
			o.rows = append(o.rows, row)
		}
	}
	o.done = f.Done()
	return o
}

func openText(text string) outcome { return open(plan, strings.NewReader(text), sheet.Defaults()) }

// short shows rows as "line:sku=quantity".
func short(rows []catalog.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, itoa(int64(r.Line))+":"+r.SKU+"="+itoa(r.Stock.Quantity.Value))
	}
	return strings.Join(out, " ")
}

func TestCSVIsRecognisedByWhatItHolds(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
		info sheet.Info
	}{
		"commas":                       {"sku,quantity\nA,1\nB,2\n", "2:A=1 3:B=2", sheet.Info{Format: "csv", Separator: ",", HeaderLine: 1}},
		"semicolons":                   {"sku;quantity\r\nA;1\r\n", "2:A=1", sheet.Info{Format: "csv", Separator: ";", HeaderLine: 1}},
		"tabs":                         {"sku\tquantity\nA\t1\n", "2:A=1", sheet.Info{Format: "csv", Separator: "\t", HeaderLine: 1}},
		"a byte order mark":            {"\ufeffsku;quantity\nA;1\n", "2:A=1", sheet.Info{Format: "csv", Separator: ";", BOM: true, HeaderLine: 1}},
		"a declared separator":         {"sep=;\r\nsku;quantity\r\nA;1\r\n", "3:A=1", sheet.Info{Format: "csv", Separator: ";", HeaderLine: 2}},
		"separators inside quotes":     {"sku;quantity;\"#a,b,c,d\"\nA;1;x\n", "2:A=1", sheet.Info{Format: "csv", Separator: ";", HeaderLine: 1}},
		"no line end at the end":       {"sku,quantity\nA,1", "2:A=1", sheet.Info{Format: "csv", Separator: ",", HeaderLine: 1}},
		"blank lines":                  {"\n\nsku,quantity\n\n,\nA,1\n\n", "6:A=1", sheet.Info{Format: "csv", Separator: ",", HeaderLine: 3}},
		"quotes, and quotes in quotes": {"sku,quantity\n\"A \"\"x\"\", y\",1\n", `2:A "x", y=1`, sheet.Info{Format: "csv", Separator: ",", HeaderLine: 1}},
		"only a header":                {"sku,quantity\n", "", sheet.Info{Format: "csv", Separator: ",", HeaderLine: 1}},
	} {
		o := openText(c.text)
		if len(o.bad) > 0 || !o.done || short(o.rows) != c.want {
			t.Errorf("%s: rows = %q, errors %v, done %v, want %q", name, short(o.rows), o.bad, o.done, c.want)
		}
		if diff := cmp.Diff(c.info, o.info); diff != "" {
			t.Errorf("%s: Info differs (-want +got):\n%s", name, diff)
		}
	}
}

func TestAFileThatIsNotOneIsRefusedWithWhatToDo(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":            {"", "empty"},
		"only blank lines":   {"\n\n", "no header"},
		"UTF-16":             {"\xff\xfes\x00k\x00u\x00", "UTF-16"},
		"an old spreadsheet": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as xlsx"},
		"compressed":         {"\x1f\x8b\x08\x00\x00\x00\x00\x00", "unpack"},
		"a cut spreadsheet":  {"PK\x03\x04\x14\x00\x00\x00", "damaged"},
		"a web page":         {"<!DOCTYPE html><html>", "there is no column"},
		"an unknown column":  {"sku,quantitty\nA,1\n", "did you mean quantity?"},
	} {
		o := openText(c.text)
		if len(o.bad) == 0 || o.done || !strings.Contains(o.bad[0].Error(), c.want) || fault.WhereOf(o.bad[0]).File != "f" {
			t.Errorf("%s: Open = %v, want an error about f that says %q", name, o.bad, c.want)
		}
	}
}

func TestBadRowsAreNamedAndGoodOnesGiven(t *testing.T) {
	o := openText("sku,quantity\nA,1\nB,\"18,5\"\nC,2\nA,3\n,4\nD\n\"E\nF\",5\nG,6\n")
	if got := short(o.rows); got != "2:A=1 4:C=2 10:G=6" || !o.done {
		t.Errorf("rows = %q, done %v, want A, C and G", got, o.done)
	}
	var places []string
	for _, err := range o.bad {
		w := fault.WhereOf(err)
		places = append(places, itoa(int64(w.Line))+" "+w.Column)
	}
	want := []string{"3 quantity", "5 sku", "6 sku", "7 ", "8 sku"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("errors %v are elsewhere (-want +got):\n%s", o.bad, diff)
	}
	if text := o.bad[1].Error(); !strings.Contains(text, "line 2") || !strings.Contains(text, "line 5") {
		t.Errorf("a SKU twice: %q, want both lines named", text)
	}
}

func TestTheSameSKUAtAnotherLocationIsAnotherRow(t *testing.T) {
	o := openText("sku,location,quantity\nA,,1\nA,shop,2\nA,shop,3\n")
	if len(o.rows) != 2 || len(o.bad) != 1 || !strings.Contains(o.bad[0].Error(), `location "shop"`) {
		t.Errorf("rows = %v, errors %v, want two rows and one error about the shop", short(o.rows), o.bad)
	}
}

func TestWhatCannotBeReadOnEndsTheFileUnfinished(t *testing.T) {
	many := "sku,quantity\n" + strings.Repeat("A,1\n", 5)
	for name, c := range map[string]struct {
		data   io.Reader
		limits func(*sheet.Limits)
		kind   fault.Kind
	}{
		"a quote in the middle":      {strings.NewReader("sku,quantity\nA\"B,1\nC,2\n"), nil, fault.Invalid},
		"text behind a quote":        {strings.NewReader("sku,quantity\n\"A\"B,1\nC,2\n"), nil, fault.Invalid},
		"a quote that is not closed": {strings.NewReader("sku,quantity\n\"A,1\nC,2\n"), nil, fault.Invalid},
		"an endless quoted field":    {io.MultiReader(strings.NewReader("sku,quantity\n\""), endless{}), nil, fault.TooLarge},
		"a connection that breaks":   {io.MultiReader(strings.NewReader(many), iotest.ErrReader(io.ErrUnexpectedEOF)), nil, fault.Unavailable},
		"more rows than the limit":   {strings.NewReader(many), func(l *sheet.Limits) { l.Rows = 3 }, fault.TooLarge},
		"more bytes than the limit":  {strings.NewReader(many), func(l *sheet.Limits) { l.Bytes = 20 }, fault.TooLarge},
	} {
		limits := sheet.Defaults()
		if c.limits != nil {
			c.limits(&limits)
		}
		o := open(plan, c.data, limits)
		if len(o.bad) == 0 || o.done || !fault.Is(o.bad[len(o.bad)-1], c.kind) {
			t.Errorf("%s: errors %v, done %v, want the last of kind %v and not done", name, o.bad, o.done, c.kind)
		}
	}
	unclosed := open(plan, io.MultiReader(strings.NewReader("sku,quantity\n\""), endless{}), sheet.Defaults())
	if len(unclosed.bad) != 1 || !strings.Contains(unclosed.bad[0].Error(), "a quote may not be closed") {
		t.Errorf("an endless quoted field: %v, want it stopped long before the end of the file", unclosed.bad)
	}
	limits := sheet.Defaults()
	limits.Bytes = int64(len(many))
	if o := open(plan, strings.NewReader(many), limits); !o.done {
		t.Errorf("a file of exactly the limit: %v, want it read", o.bad)
	}
}

// endless gives the same bytes for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestReadingMayStopEarly(t *testing.T) {
	f, bad := sheet.Open(plan, strings.NewReader("sku,quantity\nA,1\nA,x\nB,1\n"), sheet.Defaults())
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	for range f.Rows() {
		break
	}
	if f.Done() {
		t.Error("Done after one row of three")
	}
}

var nasty = []rune("Aa0 =+-@'\"#;,*\\|%＝éß😀.")

func drawText(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom(nasty), 1, 10, -1),
		rapid.SampledFrom([]string{"#null", "'#null", "=1+1", "'=x", "-5", "@SUM(A1)", "''", "sep=;", `"`, `\.`}),
	).Draw(t, name)
}

func TestAnExportIsReadBackAndHoldsNoFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []catalog.Row
		for i, sku := range rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string { return drawText(t, "sku") }), 0, 5, rapid.ID).Draw(t, "skus") {
			r := catalog.Row{Line: i + 2, SKU: sku}
			switch rapid.IntRange(0, 2).Draw(t, "title word") {
			case 1:
				r.Item.Title = catalog.Field[string]{Word: catalog.Clear}
			case 2:
				r.Item.Title = catalog.SetTo(drawText(t, "title"))
			}
			want = append(want, r)
		}
		var b bytes.Buffer
		w, err := sheet.NewWriter(&b, catalog.Items)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range want {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		o := open(catalog.Plan{Kind: catalog.Items}, bytes.NewReader(b.Bytes()), sheet.Defaults())
		if diff := cmp.Diff(want, o.rows); len(o.bad) > 0 || !o.done || diff != "" {
			t.Fatalf("%q reads back %v (-written +read):\n%s", b.String(), o.bad, diff)
		}
		if !o.info.BOM || o.info.Separator != "," {
			t.Fatalf("Info = %+v, want a byte order mark and commas", o.info)
		}
	})
}

func TestWriteSaysWhenThereIsNoRoom(t *testing.T) {
	if _, err := sheet.NewWriter(full{}, catalog.Stock); err == nil {
		t.Error("NewWriter on a full disk: no error")
	}
}

// full refuses every byte.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		"sku,quantity\nA,1\n", "\ufeffsku;quantity\r\nA;1\r\n", "sep=;\nsku;quantity\nA;1", "sku,quantity\n\"A\"\"\",1\n", "PK\x03\x04",
		"sku,location,quantity\nA,=x,#null\n",
	} {
		f.Add([]byte(s))
	}
	f.Add(stockXLSX(f, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := open(plan, bytes.NewReader(data), sheet.Defaults())
		for _, err := range o.bad {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge && k != fault.NotFound {
				t.Fatalf("error %v of kind %v, want invalid, not-found or too-large", err, k)
			}
		}
		seen := map[string]bool{}
		for _, r := range o.rows {
			if r.SKU == "" || r.Line < 2 && o.info.HeaderLine > 0 && r.Line <= o.info.HeaderLine || seen[r.Key(plan.Kind)] {
				t.Fatalf("row %+v is no row", r)
			}
			seen[r.Key(plan.Kind)] = true
		}
	})
}
