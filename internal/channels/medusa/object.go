package medusa

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// object is one JSON object of an answer. It holds the members that were asked for by name and no others, so what a
// decoder does not name cannot reach it.
type object map[string]json.RawMessage

// errNotObject says that a value is not a JSON object.
var errNotObject = errors.New("it is not an object")

// open reads raw and keeps the members named in want. Names are compared exactly. A member that comes twice is refused,
// wanted or not: two answers to one question are no answer (F26).
func open(raw []byte, want ...string) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotObject
	}
	out, seen := make(object, len(want)), map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotObject
		}
		if seen[name] {
			return nil, fault.New(fault.Invalid, "a member comes twice")
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNotObject
		}
		if slices.Contains(want, name) {
			out[name] = value
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errNotObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "something follows the object")
	}
	return out, nil
}

// has reports whether the member is there and not null: absent and null are both "not said".
func (o object) has(name string) bool {
	v, ok := o[name]
	return ok && string(v) != "null"
}

// text returns a text member; "" when it was not said. Text that is not valid Unicode is refused, because decoding it
// would turn it into another text (F27).
func (o object) text(name string) (string, error) {
	if !o.has(name) {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(o[name], &s); err != nil {
		return "", fault.New(fault.Invalid, "%s is not a text", name)
	}
	if strings.ContainsRune(s, '\uFFFD') {
		return "", fault.New(fault.Invalid, "%s is not valid Unicode", name)
	}
	return s, nil
}

// key returns a text member that names something: present, and at most 256 bytes.
func (o object) key(name string) (string, error) {
	s, err := o.text(name)
	if err == nil && (s == "" || len(s) > 256) {
		err = fault.New(fault.Invalid, "%s is missing or too long", name)
	}
	return s, err
}

// flag returns a boolean member that must be there.
func (o object) flag(name string) (bool, error) {
	switch string(o[name]) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fault.New(fault.Invalid, "%s is not true or false", name)
}

// whole returns a whole number of units, negative allowed; nil when it was not said.
func (o object) whole(name string) (*int64, error) {
	if !o.has(name) {
		return nil, nil
	}
	text := string(o[name])
	n, err := money.ParseQuantity(strings.TrimPrefix(text, "-"))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s is not a whole number within bounds", name)
	}
	if strings.HasPrefix(text, "-") {
		n = -n
	}
	return &n, nil
}

// count returns a whole number of at least 0 that must be there.
func (o object) count(name string) (int64, error) {
	n, err := o.whole(name)
	switch {
	case err != nil:
		return 0, err
	case n == nil:
		return 0, fault.New(fault.Invalid, "%s is missing", name)
	case *n < 0:
		return 0, fault.New(fault.Invalid, "%s is negative", name)
	}
	return *n, nil
}

// instant returns a time that must be there, of a year that a version of a line can hold.
func (o object) instant(name string) (time.Time, error) {
	s, err := o.key(name)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UnixMilli() < 0 || t.UnixMilli() >= 1<<timeBits {
		return time.Time{}, fault.New(fault.Invalid, "%s is not a time", name)
	}
	return t.UTC(), nil
}

// object opens a member that is an object and must be there.
func (o object) object(name string, want ...string) (object, error) {
	in, err := open(o[name], want...)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s cannot be read: %w", name, err)
	}
	return in, nil
}

// rows returns the elements of a list that must be there.
func (o object) rows(name string) ([]json.RawMessage, error) {
	var out []json.RawMessage
	if !o.has(name) || json.Unmarshal(o[name], &out) != nil {
		return nil, fault.New(fault.Invalid, "%s is not a list", name)
	}
	return out, nil
}
