package sheet

import (
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/catalog"
)

// styles says how the numbers of each cell style are shown.
type styles []catalog.CellKind

// kind returns what a number in a cell of style s is.
func (s styles) kind(style int) catalog.CellKind {
	if style < 0 || style >= len(s) {
		return catalog.CellNumber
	}
	return s[style]
}

// readStyles reads the number formats of a workbook.
func (b *book) readStyles(name string) (styles, error) {
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.small(name, &sheet); err != nil {
		return nil, err
	}
	custom := make(map[int]string, len(sheet.Formats))
	for _, f := range sheet.Formats {
		custom[f.ID] = f.Code
	}
	out := make(styles, len(sheet.Cells))
	for i, c := range sheet.Cells {
		out[i] = kindOf(c.Format, custom[c.Format])
	}
	return out, nil
}

// The built-in formats that show a number as it is stored (general, whole, text), and those that show a date or time.
var (
	plainFormats = [...]int{0, 1, 49}
	dateFormats  = [...][2]int{{14, 22}, {27, 36}, {45, 47}, {50, 58}}
)

// kindOf tells what a number in a format is; code is the custom format, "" for a built-in one.
func kindOf(id int, code string) catalog.CellKind {
	if code == "" {
		for _, r := range dateFormats {
			if id >= r[0] && id <= r[1] {
				return catalog.CellDate
			}
		}
		if slices.Contains(plainFormats[:], id) {
			return catalog.CellNumber
		}
		return catalog.CellFormatted
	}
	switch bare := letters(code); {
	case strings.EqualFold(code, "general") || code == "0" || code == "@":
		return catalog.CellNumber
	case strings.ContainsAny(bare, "ymdhs"):
		return catalog.CellDate
	}
	return catalog.CellFormatted
}

// letters is the first section of a format code without quoted text, escaped characters, padding and brackets, in small
// letters. A bracket with a length of time in it ("[h]") is kept.
func letters(code string) string {
	var out strings.Builder
	code = strings.ToLower(code)
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case ';':
			return out.String()
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return out.String()
			}
			i += end + 1
		case '\\', '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return out.String()
			}
			if in := code[i+1 : i+end]; in != "" && strings.Trim(in, in[:1]) == "" && strings.ContainsAny(in[:1], "hms") {
				out.WriteString(in)
			}
			i += end
		default:
			out.WriteByte(code[i])
		}
	}
	return out.String()
}
