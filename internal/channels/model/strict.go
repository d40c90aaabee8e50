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
	return once(raw)
}

// once reports a member name that comes twice in one object of raw, at any depth. raw is valid JSON.
func once(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	type frame struct {
		object bool
		name   bool // the next token is a name
		names  map[string]bool
	}
	var stack []frame
	for {
		t, err := d.Token()
		if err != nil {
			return nil //nolint:nilerr // the end: raw was valid when it was unmarshalled
		}
		if top := len(stack) - 1; top >= 0 && stack[top].object && stack[top].name {
			if name, ok := t.(string); ok {
				if stack[top].names[name] {
					return fault.New(fault.Invalid, "a member of the row comes twice")
				}
				stack[top].names[name], stack[top].name = true, false
				continue
			}
		}
		switch t {
		case json.Delim('{'):
			stack = append(stack, frame{object: true, name: true, names: map[string]bool{}})
			continue
		case json.Delim('['):
			stack = append(stack, frame{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
		if top := len(stack) - 1; top >= 0 {
			stack[top].name = stack[top].object
		}
	}
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
