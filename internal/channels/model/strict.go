package model

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// strict reads one row. It refuses bytes that are not UTF-8, which encoding/json would replace, and a member that comes
// twice, of which encoding/json would take the last (F26, F27).
func strict(raw json.RawMessage, into any) error {
	if !utf8.Valid(raw) {
		return fault.New(fault.Invalid, "the row is not UTF-8")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.New(fault.Invalid, "the row has members of a wrong type")
	}
	if repeats(raw) {
		return fault.New(fault.Invalid, "a member of the row comes twice")
	}
	return nil
}

// repeats reports whether one object in raw, at any depth, has a member name twice. Names that differ in case only are
// the same name, as encoding/json reads them. raw is valid JSON. It is written out because it runs for every row of
// every page: the token reader of encoding/json needs thirty times as long.
func repeats(raw []byte) bool {
	var deep [8]int
	var some [24][]byte
	open, names := deep[:0], some[:0] // where the names of each open object begin, -1 for a list; all their names
	isName := false
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{':
			open, isName = append(open, len(names)), true
		case '[':
			open, isName = append(open, -1), false
		case '}', ']':
			if first := open[len(open)-1]; first >= 0 {
				names = names[:first]
			}
			open, isName = open[:len(open)-1], false
		case ',':
			isName = len(open) > 0 && open[len(open)-1] >= 0
		case '"':
			end := closing(raw, i)
			if isName {
				name := unquoted(raw[i : end+1])
				for _, old := range names[open[len(open)-1]:] {
					if bytes.EqualFold(old, name) {
						return true
					}
				}
				names, isName = append(names, name), false
			}
			i = end
		}
	}
	return false
}

// closing returns where the text that opens at i ends.
func closing(raw []byte, i int) int {
	for i++; i < len(raw) && raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return min(i, len(raw)-1)
}

// unquoted returns what a quoted name says.
func unquoted(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return quoted
	}
	return []byte(s)
}

// integer reads a quantity: a JSON integer of at most 32 bits, negative where the market allows it.
func integer(raw json.RawMessage) (int64, error) {
	n, err := whole(raw)
	if err == nil && (n > money.MaxQuantity || n < -money.MaxQuantity) {
		err = fault.New(fault.Invalid, "the number is too large for a quantity")
	}
	return n, err
}

// whole reads a JSON integer written as digits: no fraction, no exponent, no text, not null, not absent.
func whole(raw json.RawMessage) (int64, error) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || raw[0] == '+' {
		return 0, fault.New(fault.Invalid, "there is no whole number where one belongs")
	}
	return n, nil
}

// isKey reports whether s can be an id: 1 to 256 bytes.
func isKey(s string) bool { return s != "" && len(s) <= 256 }

// shortened cuts a text for people to 200 characters.
func shortened(s string) string {
	if utf8.RuneCountInString(s) <= 200 {
		return s
	}
	return string([]rune(s)[:200])
}
