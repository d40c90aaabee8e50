package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// The limits of what is read.
const (
	MaxBytes = 64 << 10
	maxDepth = 16
)

// Decode reads exactly one JSON object from data into v.
func Decode(data []byte, v any) error {
	if len(data) > MaxBytes {
		return fault.New(fault.TooLarge, "rules may have %d bytes, not %d", MaxBytes, len(data))
	}
	if err := walk(json.NewDecoder(bytes.NewReader(data))); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return explain(err)
	}
	return nil
}

// frame is an object or array that is open.
type frame struct {
	path   string
	object bool
	key    string // of an object: the key whose value comes next; "" when a key comes next
	seen   map[string]bool
}

// walk reads every token and checks keys, null, depth, and that there is one object and nothing behind it.
func walk(d *json.Decoder) error {
	var open []frame
	for {
		token, err := d.Token()
		if err != nil {
			return explain(err)
		}
		top := len(open) - 1
		if top < 0 && token != json.Delim('{') {
			return fault.New(fault.Invalid, "rules are one JSON object in { }")
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:top]
			if top > 0 {
				open[top-1].key = ""
				continue
			}
			if _, err := d.Token(); !errors.Is(err, io.EOF) {
				return fault.New(fault.Invalid, "there is something behind the end of the rules")
			}
			return nil
		}
		if top >= 0 && open[top].object && open[top].key == "" {
			if err := open[top].next(token.(string)); err != nil {
				return err
			}
			continue
		}
		path := ""
		if top >= 0 {
			path = strings.TrimPrefix(open[top].path+"."+open[top].key, ".")
			path = strings.TrimSuffix(path, ".")
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if len(open) == maxDepth {
				return fault.New(fault.Invalid, "%s is nested deeper than %d", path, maxDepth)
			}
			open = append(open, frame{path: path, object: token == json.Delim('{'), seen: map[string]bool{}})
			continue
		case nil:
			return fault.New(fault.Invalid, "%s is null: leave it out to inherit, or write the value", path)
		}
		open[top].key = ""
	}
}

// next takes a key of an object.
func (f *frame) next(key string) error {
	full := strings.TrimPrefix(f.path+"."+key, ".")
	for _, c := range []byte(key) {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return fault.New(fault.Invalid, "key %q is not known: keys are written in small letters", full)
		}
	}
	if key == "" {
		return fault.New(fault.Invalid, "there is an empty key in %q", f.path)
	}
	if f.seen[key] {
		return fault.New(fault.Invalid, "key %q is given twice", full)
	}
	f.seen[key], f.key = true, key
	return nil
}

// explain turns the decoder's error into one for a person.
func explain(err error) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.New(fault.Invalid, "%s cannot be a %s", e.Field, e.Value)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Invalid, "the rules end in the middle")
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	return fault.New(fault.Invalid, "%s", strings.Replace(text, "unknown field", "there is no rule called", 1))
}
