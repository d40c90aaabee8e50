package woocommerce

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/money"
)

// members are the wanted members of one JSON object, raw. A member that is null counts as absent.
type members map[string]json.RawMessage

// The reasons why a row cannot be read. They hold nothing of the row.
var (
	errShape     = errors.New("it is not a JSON object")
	errTwice     = errors.New("a member comes twice")
	errText      = errors.New("it is not text")
	errBytes     = errors.New("the text is not valid UTF-8")
	errNumber    = errors.New("it is not a whole number")
	errRange     = errors.New("the number is too large")
	errMissing   = errors.New("it is missing")
	errTime      = errors.New("it is not a time")
	errPositive  = errors.New("it is not a positive number")
	errNegative  = errors.New("it is negative")
	errManage    = errors.New("it is neither true, false nor parent")
	errSurrogate = errors.New("the text holds half a character")
)

func valid(doc []byte) bool { return json.Valid(doc) }

// object splits one JSON object and keeps the wanted members. Any member that comes twice makes the object unusable: two
// readers of it could see two things (F26); then those that came once are returned beside errTwice, to name the row.
// Names are compared as they are, not without case as encoding/json does.
func object(raw []byte, want ...string) (members, error) {
	if !utf8.Valid(raw) {
		return nil, errBytes
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errShape
	}
	out, seen, twice := members{}, map[string]bool{}, error(nil)
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errShape
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, errShape
		}
		if seen[name] {
			twice = errTwice
			delete(out, name)
			continue
		}
		seen[name] = true
		for _, w := range want {
			if w == name && string(v) != "null" {
				out[name] = v
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, errShape
	}
	return out, twice
}

// rows splits a JSON array.
func rows(doc []byte) ([]json.RawMessage, bool) {
	var out []json.RawMessage
	if len(doc) == 0 || doc[0] != '[' || json.Unmarshal(doc, &out) != nil {
		return nil, false
	}
	return out, true
}

// list splits a JSON array, or an object that PHP made of an array whose keys have holes.
func list(raw json.RawMessage) []json.RawMessage {
	if out, ok := rows(raw); ok {
		return out
	}
	var byKey map[string]json.RawMessage
	if json.Unmarshal(raw, &byKey) != nil {
		return nil
	}
	out := make([]json.RawMessage, 0, len(byKey))
	for _, v := range byKey {
		out = append(out, v)
	}
	return out
}

// text returns a member that is text; "" when it is absent.
func (m members) text(name string) (string, error) {
	raw, ok := m[name]
	if !ok {
		return "", nil
	}
	if raw[0] != '"' {
		return "", errText
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", errText
	}
	if strings.ContainsRune(s, utf8.RuneError) && !bytes.Contains(raw, []byte(string(utf8.RuneError))) {
		return "", errSurrogate // a lone half would silently become another SKU (F27)
	}
	return s, nil
}

// whole returns a member that is a whole number; nil when it is absent. Text is refused: "abc" is a quantity of nothing.
func (m members) whole(name string) (*int64, error) {
	raw, ok := m[name]
	if !ok {
		return nil, nil
	}
	return whole(string(raw))
}

// whole reads a plain whole number; "5.0" is 5, an exponent is refused.
func whole(text string) (*int64, error) {
	if before, after, dot := strings.Cut(text, "."); dot && after != "" && strings.Trim(after, "0") == "" {
		text = before
	}
	if strings.Trim(text, "-0123456789") != "" || text == "" {
		return nil, errNumber
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && (n > money.MaxQuantity || n < -money.MaxQuantity):
		return nil, errRange
	case err != nil:
		return nil, errNumber
	}
	return &n, nil
}

// id returns a member that is an id above zero. The shop's ids are whole numbers of 64 bits.
func (m members) id(name string) (int64, error) {
	n, err := strconv.ParseInt(string(m[name]), 10, 64)
	if err != nil || n <= 0 {
		return 0, errPositive
	}
	return n, nil
}
