package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// texts is what the cells of a workbook share, in one piece of memory.
type texts struct {
	all  []byte
	ends []uint32
}

// at returns text number i.
func (t *texts) at(i int) (string, bool) {
	if i < 0 || i >= len(t.ends) {
		return "", false
	}
	var from uint32
	if i > 0 {
		from = t.ends[i-1]
	}
	return string(t.all[from:t.ends[i]]), true
}

// readTexts reads the shared texts of a workbook.
func (b *book) readTexts(name string) (*texts, error) {
	r, err := b.open(name, b.unpacked)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t := &texts{}
	x := newScanner(r)
	for {
		err := x.next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, damaged(name, err)
		}
		if !x.starts("si") {
			continue
		}
		s, err := x.text("si")
		if err != nil {
			return nil, damaged(name, err)
		}
		if t.all = append(t.all, s...); int64(len(t.all)) > b.texts {
			return nil, fault.New(fault.TooLarge, "the texts of the workbook have more than %d bytes: save it as CSV", b.texts)
		}
		t.ends = append(t.ends, uint32(len(t.all)))
	}
}

// The bounds of what one token, one text and the nesting of a part may take.
const (
	maxToken = 1 << 20
	maxText  = 1 << 17
	maxNest  = 64
)

// scanner goes through an XML part token by token. The decoder checks that elements match, so a part that was cut ends
// with an error.
type scanner struct {
	d      *xml.Decoder
	budget *budget
	token  xml.Token
	depth  int
}

func newScanner(r io.Reader) *scanner {
	b := &budget{from: r, limit: maxToken}
	return &scanner{d: xml.NewDecoder(b), budget: b}
}

func (x *scanner) next() error {
	x.budget.used = 0
	var err error
	if x.token, err = x.d.Token(); err != nil {
		return err
	}
	switch x.token.(type) {
	case xml.StartElement:
		if x.depth++; x.depth > maxNest {
			return fault.New(fault.Invalid, "the workbook nests deeper than any does")
		}
	case xml.EndElement:
		x.depth--
	}
	return nil
}

// Token lets a decoder read structures with the same bounds.
func (x *scanner) Token() (xml.Token, error) {
	err := x.next()
	return x.token, err
}

// starts reports whether the token starts an element, ends whether it ends one.
func (x *scanner) starts(name string) bool {
	e, ok := x.token.(xml.StartElement)
	return ok && e.Name.Local == name
}

func (x *scanner) ends(name string) bool {
	e, ok := x.token.(xml.EndElement)
	return ok && e.Name.Local == name
}

// attribute returns an attribute of the element that starts here.
func (x *scanner) attribute(name string) string {
	e, ok := x.token.(xml.StartElement)
	if !ok {
		return ""
	}
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// text reads up to the end of the open element and returns the texts (t) in it, without reading aids (rPh).
func (x *scanner) text(element string) (string, error) {
	var out strings.Builder
	inText, aids := false, 0
	for {
		if err := x.next(); err != nil {
			return "", err
		}
		switch {
		case x.ends(element):
			return unescape(out.String()), nil
		case x.starts("rPh"):
			aids++
		case x.ends("rPh"):
			aids--
		case x.starts("t"):
			inText = true
		case x.ends("t"):
			inText = false
		default:
			if c, ok := x.token.(xml.CharData); ok && inText && aids == 0 {
				if out.Write(c); out.Len() > maxText {
					return "", tooLong()
				}
			}
		}
	}
}

func tooLong() error {
	return fault.New(fault.TooLarge, "a text of the workbook has more than %d bytes", maxText)
}

// unescape reads _xHHHH_, by which a spreadsheet writes control characters, and the underscore in front of what looks
// like one. Others are left as they are: not every writer escapes, and a SKU must not become another one.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for {
		i := strings.Index(s, "_x")
		if i < 0 || len(s) < i+7 {
			out.WriteString(s)
			return out.String()
		}
		n, err := strconv.ParseUint(s[i+2:i+6], 16, 16)
		if err != nil || s[i+6] != '_' || n >= ' ' && n != '_' {
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		out.WriteString(s[:i])
		out.WriteRune(rune(n))
		s = s[i+7:]
	}
}
