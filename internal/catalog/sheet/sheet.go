package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Limits bound what one file may cost.
type Limits struct {
	Bytes    int64 // of the file as it arrives
	Rows     int
	Record   int   // bytes of one CSV record
	Unpacked int64 // bytes of an XLSX part when it is unpacked, if the file is small …
	Ratio    int64 // … and at most so many times the bytes of a large file
	Strings  int64 // bytes of the texts an XLSX file shares between its cells; they are kept in memory
}

// Defaults are the limits of an import.
func Defaults() Limits {
	return Limits{Bytes: 64 << 20, Rows: 2_000_000, Record: 1 << 20, Unpacked: 256 << 20, Ratio: 20, Strings: 64 << 20}
}

// Info is what a file turned out to be.
type Info struct {
	Format     string // "csv", "xlsx"
	Separator  string // of CSV: ",", ";" or "\t"
	BOM        bool   // a byte order mark stood in front
	Sheet      string // of XLSX: the name of the sheet that is read
	MoreSheets int    // of XLSX: how many sheets are not read
	HeaderLine int
}

// File is an open file. It is used by one goroutine.
type File struct {
	info   Info
	layout catalog.Layout
	kind   catalog.Kind
	rows   source
	limits Limits
	name   string
	done   bool
}

// source gives the rows of any format. Cells are valid until the next call; the end is io.EOF.
type source interface {
	next() (line int, cells []catalog.Cell, err error)
}

// Open reads a file up to and including its header. Every mistake in the header is in the list; then there is no file.
func Open(plan catalog.Plan, data io.Reader, limits Limits) (*File, []error) {
	f := &File{kind: plan.Kind, limits: limits, name: plan.File}
	in := bufio.NewReaderSize(&capped{from: data, left: limits.Bytes, name: plan.File}, peekSize)
	head, err := in.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, []error{f.fatal(0, err)}
	}
	switch {
	case len(head) == 0:
		return nil, []error{f.refuse(0, "the file is empty")}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		plan.Ragged = true
		f.rows, err = f.openXLSX(in)
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0")):
		return nil, []error{f.refuse(0, "the file is an old or encrypted spreadsheet: save it as xlsx without a password, or as CSV")}
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return nil, []error{f.refuse(0, "the file is UTF-16: save it as CSV UTF-8")}
	case bytes.HasPrefix(head, []byte("\x1F\x8B")):
		return nil, []error{f.refuse(0, "the file is compressed: unpack it first")}
	default:
		f.rows, err = f.openCSV(in)
	}
	if err != nil {
		return nil, []error{f.fatal(0, err)}
	}
	for {
		line, cells, err := f.rows.next()
		if errors.Is(err, io.EOF) {
			return nil, []error{f.refuse(0, "the file has no header")}
		}
		if err != nil {
			return nil, []error{f.fatal(line, err)}
		}
		if blank(cells) {
			continue
		}
		f.info.HeaderLine = line
		var bad []error
		if f.layout, bad = catalog.ReadHeader(plan, line, cells); len(bad) > 0 {
			return nil, bad
		}
		return f, nil
	}
}

func blank(cells []catalog.Cell) bool {
	for _, c := range cells {
		if c.Text != "" || c.Kind != catalog.CellText {
			return false
		}
	}
	return true
}

// Info returns what the file turned out to be.
func (f *File) Info() Info { return f.info }

// Done reports whether Rows has come to the end of the file: only then can it be a complete one.
func (f *File) Done() bool { return f.done }

// Rows gives every row of the file once: a good row with a nil error, a bad one with its line and one of its errors,
// several times if it has several. What cannot be read on ends the rows with an error, and Done stays false.
func (f *File) Rows() iter.Seq2[catalog.Row, error] {
	return func(yield func(catalog.Row, error) bool) {
		var seen catalog.Seen
		for n := 0; ; {
			line, cells, err := f.rows.next()
			if errors.Is(err, io.EOF) {
				f.done = true
				return
			}
			if err != nil {
				yield(catalog.Row{Line: line}, f.fatal(line, err))
				return
			}
			row, skip, bad := f.layout.Read(line, cells)
			if skip {
				continue
			}
			if n++; n > f.limits.Rows {
				err := fault.At(fault.TooLarge, fault.Place{File: f.name, Line: line}, "the file has more than %d rows: split it", f.limits.Rows)
				yield(catalog.Row{Line: line}, err)
				return
			}
			if len(bad) == 0 {
				if first := seen.Add(row.Key(f.kind), line); first > 0 {
					bad = []error{f.layout.Twice(row, first)}
				}
			}
			for _, err := range bad {
				if !yield(catalog.Row{Line: line}, err) {
					return
				}
			}
			if len(bad) == 0 && !yield(row, nil) {
				return
			}
		}
	}
}

func (f *File) refuse(line int, format string, args ...any) error {
	return fault.At(fault.Invalid, fault.Place{File: f.name, Line: line}, format, args...)
}

// fatal names the place of an error that ends the reading.
func (f *File) fatal(line int, err error) error {
	if w := fault.WhereOf(err); w != (fault.Place{}) {
		return err
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return fault.At(e.Kind, fault.Place{File: f.name, Line: line}, "%w", err)
	}
	return fault.At(fault.Unavailable, fault.Place{File: f.name, Line: line}, "the file cannot be read on: %w", err)
}

// capped is a reader that ends with an error behind left bytes, so that a file that is too large is not taken for one
// that ends there.
type capped struct {
	from io.Reader
	left int64
	name string
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, fault.At(fault.TooLarge, fault.Place{File: c.name}, "the file is larger than the limit: split it")
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.from.Read(p)
	if c.left -= int64(n); c.left < 0 {
		n--
		err = nil
	}
	return n, err
}
