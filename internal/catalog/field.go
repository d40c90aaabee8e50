package catalog

import (
	"strings"
	"unicode/utf8"
)

// Word says what a field of an import means.
type Word uint8

// The words. The zero Field keeps: what a file does not say changes nothing (N19).
const (
	Keep  Word = iota // blank, or the column is missing
	Clear             // #null: what is there is taken away and becomes absent
	Set               // Value replaces what is there
)

// Field is one value of an import row: keep, clear or set. None of them is a zero in disguise.
type Field[T any] struct {
	Word  Word
	Value T // of Set
}

// SetTo returns a field that sets v.
func SetTo[T any](v T) Field[T] { return Field[T]{Set, v} }

// Over returns what becomes of a current value; nil is absent.
func (f Field[T]) Over(current *T) *T {
	switch f.Word {
	case Clear:
		return nil
	case Set:
		return &f.Value
	}
	return current
}

// CellKind says what a file says a cell is.
type CellKind uint8

// The kinds. CSV has text only.
const (
	CellText      CellKind = iota // Text as it is
	CellNumber                    // Text is the stored number
	CellFormatted                 // a number that is shown otherwise than it is stored: "00123", "12 %"
	CellDate
	CellBool
	CellFormula
	CellError // #N/A and the like
)

// Cell is one cell of a file.
type Cell struct {
	Kind CellKind
	Text string
	// Literal says that Text is never the token #null: it was written with a protecting apostrophe.
	Literal bool
}

// null is the explicit token that takes a value away.
const null = "#null"

// CSVCell reads one field of a CSV file. An apostrophe in front of what a spreadsheet would take for a formula (or for
// our token) protects it and is not part of the value; any other apostrophe is.
func CSVCell(text string) Cell {
	if len(text) > 1 && text[0] == '\'' && needsProtection(text[1:]) {
		return Cell{Text: text[1:], Literal: true}
	}
	return Cell{Text: text}
}

// Protect is the opposite of CSVCell for a literal text: what it returns is read back as text, and no spreadsheet takes
// it for a formula.
func Protect(text string) string {
	if needsProtection(text) {
		return "'" + text
	}
	return text
}

// needsProtection tells texts that a spreadsheet might run, our own token, and texts that start like a protected one.
func needsProtection(text string) bool {
	if text == "" {
		return false
	}
	if text == null {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("=+-@'\t\r\n＝＋－＠", first)
}
