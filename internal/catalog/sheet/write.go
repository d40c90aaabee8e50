package sheet

import (
	"encoding/csv"
	"io"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Writer writes rows of one kind as CSV that Open reads back as the same rows, and in which a spreadsheet finds no
// formula. Close it to be sure that everything left.
type Writer struct {
	csv  *csv.Writer
	kind catalog.Kind
}

// NewWriter writes the byte order mark that lets spreadsheets read UTF-8, and the header.
func NewWriter(to io.Writer, kind catalog.Kind) (*Writer, error) {
	if _, err := io.WriteString(to, "\uFEFF"); err != nil {
		return nil, fault.Wrap("write the file", err)
	}
	w := &Writer{csv: csv.NewWriter(to), kind: kind}
	w.csv.UseCRLF = true // RFC 4180
	return w, fault.Wrap("write the file", w.csv.Write(catalog.Columns(kind)))
}

// Write writes one row.
func (w *Writer) Write(r catalog.Row) error {
	return fault.Wrap("write the file", w.csv.Write(r.Cells(w.kind)))
}

// Close writes what is left. It does not close what is written to.
func (w *Writer) Close() error {
	w.csv.Flush()
	return fault.Wrap("write the file", w.csv.Error())
}
