package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/catalog/sheet"
	"carpediemstore.it/sync-connector/internal/fault"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// workbook makes an XLSX file with the spreadsheet library.
func workbook(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// set fills cells of the first sheet, named by their references.
func set(t testing.TB, f *excelize.File, cells map[string]any) {
	t.Helper()
	for ref, v := range cells {
		if err := f.SetCellValue("Sheet1", ref, v); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCellsOfASpreadsheetAreReadByTheirType(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		set(t, f, map[string]any{
			"A1": "sku", "B1": "quantity", "C1": "location",
			"A2": "A", "B2": 5,
			"A3": "=1+1", "B3": "7",
			"A4": 12345, "B4": 0,
			"A5": " é😀_x0041_ ", "B5": 3, "C5": "Shop",
			"A7": "blank keeps",
			"A8": "float", "B8": 4.9999999999999999,
			"A9": "kit", "B9": 2, "Z9": "",
			"A10": "cleared", "B10": "#null",
			"A11": "_x005F_x0041_", "B11": 1,
		})
	})
	o := open(plan, bytes.NewReader(data), sheet.Defaults())
	want := "2:A=5 3:=1+1=7 4:12345=0 5: é😀_x0041_ =3 7:blank keeps=0 8:float=5 9:kit=2 10:cleared=0 11:_x0041_=1"
	if got := short(o.rows); got != want || len(o.bad) > 0 || !o.done {
		t.Errorf("rows = %q, errors %v, done %v, want %q", got, o.bad, o.done, want)
	}
	if w := o.rows[4].Stock.Quantity.Word; w != catalog.Keep {
		t.Errorf("a blank cell = %v, want keep", w)
	}
	if w := o.rows[7].Stock.Quantity.Word; w != catalog.Clear {
		t.Errorf("#null = %v, want clear", w)
	}
	info := sheet.Info{Format: "xlsx", Sheet: "Sheet1", HeaderLine: 1}
	if diff := cmp.Diff(info, o.info); diff != "" {
		t.Errorf("Info differs (-want +got):\n%s", diff)
	}
}

func TestCellsThatASpreadsheetChangedAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fill func(*testing.T, *excelize.File)
		want string
	}{
		"a formula": {func(t *testing.T, f *excelize.File) {
			if err := f.SetCellFormula("Sheet1", "B2", "2+3"); err != nil {
				t.Fatal(err)
			}
		}, "formula"},
		"a formula with a stored value": {func(t *testing.T, f *excelize.File) {
			set(t, f, map[string]any{"B2": 5})
			if err := f.SetCellFormula("Sheet1", "B2", "2+3"); err != nil {
				t.Fatal(err)
			}
		}, "formula"},
		"a date": {func(t *testing.T, f *excelize.File) {
			set(t, f, map[string]any{"A2": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
		}, "date"},
		"a date in a format of its own": {func(t *testing.T, f *excelize.File) { styled(t, f, "A2", 45000, `dd"."mmm`) }, "date"},
		"a time":                        {func(t *testing.T, f *excelize.File) { styled(t, f, "A2", 1.5, "[h]:mm") }, "date"},
		"true":                          {func(t *testing.T, f *excelize.File) { set(t, f, map[string]any{"A2": true}) }, "true or false"},
		"leading zeros that are shown":  {func(t *testing.T, f *excelize.File) { styled(t, f, "A2", 123, "00000") }, "shown otherwise"},
		"two decimals that are shown":   {func(t *testing.T, f *excelize.File) { builtIn(t, f, "A2", 123, 2) }, "shown otherwise"},
		"a percentage that is shown":    {func(t *testing.T, f *excelize.File) { builtIn(t, f, "A2", 1, 9) }, "shown otherwise"},
		"a built-in date":               {func(t *testing.T, f *excelize.File) { builtIn(t, f, "A2", 45000, 14) }, "date"},
		"a unit that is shown":          {func(t *testing.T, f *excelize.File) { styled(t, f, "A2", 123, `0 "Stk"`) }, "shown otherwise"},
		"a fraction of a piece":         {func(t *testing.T, f *excelize.File) { set(t, f, map[string]any{"B2": 18.5}) }, "decimals"},
		"a cell beside the header":      {func(t *testing.T, f *excelize.File) { set(t, f, map[string]any{"D2": "x"}) }, "has 4 cells"},
	} {
		data := workbook(t, func(f *excelize.File) {
			set(t, f, map[string]any{"A1": "sku", "B1": "quantity", "A2": "A", "B2": 1})
			c.fill(t, f)
		})
		o := open(plan, bytes.NewReader(data), sheet.Defaults())
		if len(o.bad) != 1 || len(o.rows) != 0 || !strings.Contains(o.bad[0].Error(), c.want) || fault.WhereOf(o.bad[0]).Line != 2 {
			t.Errorf("%s: rows %q, errors %v, want one error in line 2 that says %q", name, short(o.rows), o.bad, c.want)
		}
	}
}

func builtIn(t *testing.T, f *excelize.File, ref string, value any, format int) {
	t.Helper()
	set(t, f, map[string]any{ref: value})
	id, err := f.NewStyle(&excelize.Style{NumFmt: format})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellStyle("Sheet1", ref, ref, id); err != nil {
		t.Fatal(err)
	}
}

func styled(t *testing.T, f *excelize.File, ref string, value any, format string) {
	t.Helper()
	set(t, f, map[string]any{ref: value})
	id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellStyle("Sheet1", ref, ref, id); err != nil {
		t.Fatal(err)
	}
}

func TestNumbersShownWithSeparatorsAreStillNumbers(t *testing.T) {
	for _, format := range []string{"#,##0", "0.00", `0 "Stk"`, "[Red]0;-0", `_-* #,##0\ _€_-`, "0%"} {
		data := workbook(t, func(f *excelize.File) {
			set(t, f, map[string]any{"A1": "sku", "B1": "quantity", "A2": "A"})
			styled(t, f, "B2", 1200, format)
		})
		if o := open(plan, bytes.NewReader(data), sheet.Defaults()); short(o.rows) != "2:A=1200" {
			t.Errorf("format %s: rows %q, errors %v, want 1200", format, short(o.rows), o.bad)
		}
	}
}

func TestTheFirstVisibleSheetIsReadAndTheOthersAreCounted(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		set(t, f, map[string]any{"A1": "hidden"})
		for _, name := range []string{"Stock", "Other"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(name, "A1", &[]any{"sku", "quantity"}); err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(name, "A2", &[]any{"in " + name, 1}); err != nil {
				t.Fatal(err)
			}
		}
		f.SetActiveSheet(1)
		if err := f.SetSheetVisible("Sheet1", false); err != nil {
			t.Fatal(err)
		}
	})
	o := open(plan, bytes.NewReader(data), sheet.Defaults())
	if short(o.rows) != "2:in Stock=1" || o.info.Sheet != "Stock" || o.info.MoreSheets != 2 {
		t.Errorf("rows %q, info %+v, errors %v, want those of Stock", short(o.rows), o.info, o.bad)
	}
}

func TestSharedAndInlineTextsAreTheSame(t *testing.T) {
	streamed := open(plan, bytes.NewReader(stockXLSX(t, 20)), sheet.Defaults())
	shared := open(plan, bytes.NewReader(workbook(t, func(f *excelize.File) {
		set(t, f, map[string]any{"A1": "sku", "B1": "location", "C1": "quantity"})
		for i := range 20 {
			set(t, f, map[string]any{
				fmt.Sprintf("A%d", i+2): fmt.Sprintf("SKU-%07d-X", i), fmt.Sprintf("B%d", i+2): "main", fmt.Sprintf("C%d", i+2): i,
			})
		}
	})), sheet.Defaults())
	if diff := cmp.Diff(shared.rows, streamed.rows); diff != "" || len(shared.rows) != 20 {
		t.Errorf("rows differ (-shared +inline):\n%s", diff)
	}
}

// parts is a hand-made workbook; the test changes one part of it.
func parts(change func(map[string]string)) []byte {
	p := map[string]string{
		"xl/workbook.xml": `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/s.xml"/>` +
			`<Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/texts.xml"/></Relationships>`,
		"xl/texts.xml":        `<sst><si><t>sku</t></si><si><r><t>quan</t></r><r><t>tity</t></r><rPh><t>aid</t></rPh></si><si><t>A</t></si></sst>`,
		"xl/worksheets/s.xml": sheetXML(`<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2"><v>5</v></c></row>`),
	}
	change(p)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/texts.xml", "xl/worksheets/s.xml"} {
		if text, ok := p[name]; ok {
			w, err := z.Create(name)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			if err != nil {
				panic(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func sheetXML(rows string) string {
	return `<?xml version="1.0"?><worksheet><sheetData>` + rows + `</sheetData></worksheet>`
}

func TestAHandMadeWorkbookIsRead(t *testing.T) {
	o := open(plan, bytes.NewReader(parts(func(map[string]string) {})), sheet.Defaults())
	if short(o.rows) != "2:A=5" || len(o.bad) > 0 || !o.done {
		t.Errorf("rows %q, errors %v, want A=5", short(o.rows), o.bad)
	}
}

func TestADamagedWorkbookIsNeverTakenForAShortOne(t *testing.T) {
	const s = "xl/worksheets/s.xml"
	header := `<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>`
	for name, change := range map[string]func(map[string]string){
		"a sheet that is cut behind a row":    func(p map[string]string) { p[s] = p[s][:strings.Index(p[s], `<row r="2"`)] },
		"a sheet that is cut in a cell":       func(p map[string]string) { p[s] = p[s][:strings.Index(p[s], `<v>5`)] },
		"a sheet that is cut behind its rows": func(p map[string]string) { p[s] = strings.TrimSuffix(p[s], "</worksheet>") },
		"elements that do not match":          func(p map[string]string) { p[s] = strings.Replace(p[s], "</row>", "</raw>", 1) },
		"rows out of order":                   func(p map[string]string) { p[s] = sheetXML(header + `<row r="3"/><row r="2"/>`) },
		"cells out of order": func(p map[string]string) {
			p[s] = sheetXML(header + `<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>`)
		},
		"a text that is not there": func(p map[string]string) { p[s] = sheetXML(header + `<row r="2"><c t="s"><v>99</v></c></row>`) },
		"an entity that is not there": func(p map[string]string) {
			p[s] = sheetXML(header + `<row r="2"><c t="inlineStr"><is><t>&x;</t></is></c></row>`)
		},
		"a cell far to the right":        func(p map[string]string) { p[s] = sheetXML(header + `<row r="2"><c r="XFD2"><v>1</v></c></row>`) },
		"a cell without a place":         func(p map[string]string) { p[s] = sheetXML(header + `<row r="2"><c r="2"><v>1</v></c></row>`) },
		"a sheet that nests without end": func(p map[string]string) { p[s] = sheetXML(header + strings.Repeat("<a>", 1000)) },
		"a value without end": func(p map[string]string) {
			p[s] = sheetXML(header + `<row r="2"><c><v>` + strings.Repeat("1<!-- -->", 100_000))
		},
		"an attribute without end":   func(p map[string]string) { p[s] = sheetXML(header + `<row r="` + strings.Repeat("1", 2<<20) + `"/>`) },
		"a missing sheet":            func(p map[string]string) { delete(p, s) },
		"missing texts":              func(p map[string]string) { delete(p, "xl/texts.xml") },
		"texts that are cut":         func(p map[string]string) { p["xl/texts.xml"] = `<sst><si><t>sku</t></si>` },
		"a missing list of parts":    func(p map[string]string) { delete(p, "xl/_rels/workbook.xml.rels") },
		"a missing workbook":         func(p map[string]string) { delete(p, "xl/workbook.xml") },
		"a workbook without a sheet": func(p map[string]string) { p["xl/workbook.xml"] = `<workbook/>` },
	} {
		o := open(plan, bytes.NewReader(parts(change)), sheet.Defaults())
		if len(o.bad) == 0 || o.done {
			t.Errorf("%s: rows %q, done %v, want an error and not done", name, short(o.rows), o.done)
			continue
		}
		if k := fault.KindOf(o.bad[0]); k != fault.Invalid && k != fault.TooLarge && k != fault.NotFound {
			t.Errorf("%s: %v of kind %v", name, o.bad[0], k)
		}
	}
}

func TestAFlippedBitIsFound(t *testing.T) {
	data := stockXLSX(t, 2000)
	at := bytes.Index(data, []byte("xl/worksheets/sheet1.xml"))
	for _, offset := range []int{200, 2000, 5000} {
		bad := bytes.Clone(data)
		bad[at+offset] ^= 0x10
		if o := open(plan, bytes.NewReader(bad), sheet.Defaults()); o.done && len(o.bad) == 0 {
			t.Errorf("a bit flipped at %d: %d rows are read to the end", at+offset, len(o.rows))
		}
	}
}

func TestAWorkbookThatGrowsWithoutMeasureIsRefused(t *testing.T) {
	bomb := parts(func(p map[string]string) {
		p["xl/worksheets/s.xml"] = sheetXML(`<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>` + strings.Repeat("<row/>", 1<<20))
	})
	limits := sheet.Defaults()
	limits.Unpacked = 1 << 20
	o := open(plan, bytes.NewReader(bomb), limits)
	if len(o.bad) == 0 || o.done || !fault.Is(o.bad[0], fault.TooLarge) {
		t.Errorf("a file of %d bytes: errors %v, done %v, want too-large", len(bomb), o.bad, o.done)
	}
	limits = sheet.Defaults()
	limits.Strings = 5
	if o := open(plan, bytes.NewReader(parts(func(map[string]string) {})), limits); len(o.bad) == 0 || !fault.Is(o.bad[0], fault.TooLarge) {
		t.Errorf("texts beyond the limit: %v, want too-large", o.bad)
	}
}
