package sheet

import (
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

// kindOf tells what a number in a format is; code is the custom format, "" for a built-in one.
func kindOf(id int, code string) catalog.CellKind {
	switch bare := letters(code); {
	case code == "":
		return builtIn(id)
	case strings.EqualFold(code, "general") || code == "0" || code == "@":
		return catalog.CellNumber
	case strings.ContainsAny(bare, "ymdhs"):
		return catalog.CellDate
	}
	return catalog.CellFormatted
}

// builtIn tells what a number in one of the formats without a code is.
func builtIn(id int) catalog.CellKind {
	switch {
	case id == 0, id == 1, id == 49: // general, whole, text: shown as it is stored
		return catalog.CellNumber
	case id >= 14 && id <= 22, id >= 27 && id <= 36, id >= 45 && id <= 47, id >= 50 && id <= 58:
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
