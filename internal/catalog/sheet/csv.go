package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
)

// peekSize is how much of a file is looked at to find its separator.
const peekSize = 64 << 10

// separators that are recognised, in the order that decides between equals.
const separators = ",;\t"

// csvRows reads CSV.
type csvRows struct {
	r      *csv.Reader
	budget *budget
	cells  []catalog.Cell
	offset int // lines before the reader's first
}

func (f *File) openCSV(in *bufio.Reader) (source, error) {
	f.info.Format = "csv"
	if mark, err := in.Peek(3); err == nil && string(mark) == "\xEF\xBB\xBF" {
		f.info.BOM = true
		if _, err := in.Discard(3); err != nil {
			return nil, err
		}
	}
	head, err := in.Peek(peekSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	b := &budget{from: in, limit: f.limits.Record}
	rows := &csvRows{r: csv.NewReader(b), budget: b}
	rows.r.FieldsPerRecord = -1
	rows.r.ReuseRecord = true
	sep := separatorOf(head)
	if said, length := declared(head); length > 0 {
		// A first line "sep=;" is how one spreadsheet tells another; it is not a row.
		if _, err := in.Discard(length); err != nil {
			return nil, err
		}
		sep, rows.offset = said, 1
	}
	rows.r.Comma = rune(sep)
	f.info.Separator = string(sep)
	return rows, nil
}

// declared reads a first line "sep=X".
func declared(head []byte) (sep byte, length int) {
	line, _, ok := bytes.Cut(head, []byte("\n"))
	text := strings.TrimSuffix(string(line), "\r")
	if !ok || len(text) != len("sep=;") || !strings.EqualFold(text[:4], "sep=") || strings.IndexByte(separators, text[4]) < 0 {
		return 0, 0
	}
	return text[4], len(line) + 1
}

// separatorOf counts the separators of the first line that are not inside quotes; the most frequent wins.
func separatorOf(head []byte) byte {
	var counts [len(separators)]int
	quoted := false
	for _, c := range head {
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if c == '\n' {
			break
		}
		if i := strings.IndexByte(separators, c); i >= 0 {
			counts[i]++
		}
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return separators[best]
}

func (c *csvRows) next() (int, []catalog.Cell, error) {
	c.budget.used = 0
	record, err := c.r.Read()
	if err != nil {
		return c.explain(err)
	}
	line, _ := c.r.FieldPos(0)
	c.cells = c.cells[:0]
	for _, field := range record {
		c.cells = append(c.cells, catalog.CSVCell(field))
	}
	return line + c.offset, c.cells, nil
}

// explain turns the reader's errors into ones for a person. A broken quote ends the file: what comes behind it cannot be
// told apart any more.
func (c *csvRows) explain(err error) (int, []catalog.Cell, error) {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		line := e.StartLine + c.offset
		if errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote) {
			return line, nil, fault.New(fault.Invalid,
				"a quote stands where none can (line %d, character %d): put fields with quotes in quotes and write each twice", e.Line+c.offset, e.Column)
		}
		return line, nil, fault.New(fault.Invalid, "the line is not CSV")
	}
	return 0, nil, err
}

// budget bounds what one record or token may read: a quote that is never closed would take the rest of the file into
// memory. Whoever reads sets used back to 0 before each.
type budget struct {
	from  io.Reader
	limit int
	used  int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.used > b.limit {
		return 0, fault.New(fault.TooLarge, "one record or value has more than %d bytes: a quote may not be closed", b.limit)
	}
	n, err := b.from.Read(p)
	b.used += n
	return n, err
}
