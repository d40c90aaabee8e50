package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
)

// maxWidth is how far to the right a sheet may have cells.
const maxWidth = 256

// xlsxRows reads the rows of one sheet.
type xlsxRows struct {
	part   string
	close  io.Closer
	x      *scanner
	texts  *texts
	styles styles
	line   int
	cells  []catalog.Cell
}

// rows opens a sheet with the texts and styles its cells refer to.
func (b *book) rows(name string, rel relations) (source, error) {
	s := &xlsxRows{part: name, texts: &texts{}}
	if r, ok := rel.ofType("sharedStrings"); ok {
		t, err := b.readTexts(r.Target)
		if err != nil {
			return nil, err
		}
		s.texts = t
	}
	if r, ok := rel.ofType("styles"); ok {
		st, err := b.readStyles(r.Target)
		if err != nil {
			return nil, err
		}
		s.styles = st
	}
	in, err := b.open(name, b.unpacked)
	if err != nil {
		return nil, err
	}
	s.close, s.x = in, newScanner(in)
	return s, nil
}

// next reads to the end of the next row. The end of the rows is the end of the part: what comes behind the rows is read
// too, so that a part that was cut there is found out.
func (s *xlsxRows) next() (int, []catalog.Cell, error) {
	for {
		err := s.x.next()
		if errors.Is(err, io.EOF) {
			if err := s.close.Close(); err != nil {
				return s.line, nil, damaged(s.part, err)
			}
			return s.line, nil, io.EOF
		}
		if err != nil {
			return s.line, nil, damaged(s.part, err)
		}
		if s.x.starts("row") {
			break
		}
	}
	line := s.line + 1
	if r := s.x.attribute("r"); r != "" {
		n, err := strconv.Atoi(r)
		if err != nil || n < line || n > 1<<20 {
			return line, nil, fault.New(fault.Invalid, "the rows of the sheet are out of order")
		}
		line = n
	}
	s.line, s.cells = line, s.cells[:0]
	for {
		if err := s.x.next(); err != nil {
			return line, nil, damaged(s.part, err)
		}
		if s.x.ends("row") {
			return line, s.cells, nil
		}
		if s.x.starts("c") {
			if err := s.cell(); err != nil {
				return line, nil, damaged(s.part, err)
			}
		}
	}
}

// cell reads one cell up to its end and puts it at its place.
func (s *xlsxRows) cell() error {
	at := len(s.cells)
	if r := s.x.attribute("r"); r != "" {
		var ok bool
		if at, ok = columnOf(r); !ok || at < len(s.cells) {
			return fault.New(fault.Invalid, "the cells of row %d are out of order", s.line)
		}
	}
	if at >= maxWidth {
		return fault.New(fault.TooLarge, "row %d has a cell in column %d, at most %d are read", s.line, at+1, maxWidth)
	}
	kind := s.x.attribute("t")
	style, err := strconv.Atoi(s.x.attribute("s"))
	if err != nil {
		style = 0
	}
	value, formula, err := s.value()
	if err != nil {
		return err
	}
	for len(s.cells) < at {
		s.cells = append(s.cells, catalog.Cell{})
	}
	c, err := s.typed(kind, style, value)
	if formula {
		c.Kind = catalog.CellFormula
	}
	s.cells = append(s.cells, c)
	return err
}

// value reads what a cell holds: the stored value, or its own text.
func (s *xlsxRows) value() (value string, formula bool, err error) {
	inValue := false
	for {
		if err := s.x.next(); err != nil {
			return "", false, err
		}
		switch {
		case s.x.ends("c"):
			return value, formula, nil
		case s.x.starts("f"):
			formula = true
		case s.x.starts("v"):
			inValue = true
		case s.x.ends("v"):
			inValue = false
		case s.x.starts("is"):
			if value, err = s.x.text("is"); err != nil {
				return "", false, err
			}
		default:
			if c, ok := s.x.token.(xml.CharData); ok && inValue {
				if value += string(c); len(value) > maxText {
					return "", false, tooLong()
				}
			}
		}
	}
}

// typed gives a stored value the kind the sheet says it is.
func (s *xlsxRows) typed(kind string, style int, value string) (catalog.Cell, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(value)
		text, ok := s.texts.at(i)
		if value == "" {
			return catalog.Cell{}, nil
		}
		if err != nil || !ok {
			return catalog.Cell{}, fault.New(fault.Invalid, "a cell of row %d refers to a text the workbook does not have", s.line)
		}
		return catalog.Cell{Text: text}, nil
	case "inlineStr":
		return catalog.Cell{Text: value}, nil
	case "str":
		return catalog.Cell{Text: unescape(value)}, nil
	case "b":
		return catalog.Cell{Kind: catalog.CellBool, Text: value}, nil
	case "e":
		return catalog.Cell{Kind: catalog.CellError, Text: value}, nil
	case "d":
		return catalog.Cell{Kind: catalog.CellDate, Text: value}, nil
	}
	if value == "" {
		return catalog.Cell{}, nil
	}
	return catalog.Cell{Kind: s.styles.kind(style), Text: value}, nil
}

// columnOf reads the column of a reference like "AB12", from 0.
func columnOf(ref string) (int, bool) {
	n, i := 0, 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		n = n*26 + int(ref[i]-'A') + 1
		if n > 1<<14 {
			return 0, false
		}
	}
	return n - 1, i > 0
}
