package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// field is one field of a selection set: its arguments with variables filled in, and what is selected of it.
type field struct {
	alias, name string
	args        map[string]any
	sel         []field
	on          string // the type of an inline fragment, whose fields stand in sel
}

// document is one operation.
type document struct {
	mutation bool
	sel      []field
}

// parse reads a document with one operation: enough of GraphQL for any plain client.
func parse(text string, vars map[string]any) (document, error) {
	p := &parser{vars: vars}
	if err := p.lex(text); err != nil {
		return document{}, err
	}
	d := document{mutation: p.word("mutation")}
	if !d.mutation {
		p.word("query")
	}
	if p.peek() != "{" && p.peek() != "(" {
		p.next()
	}
	if p.peek() == "(" { // the types of variables are the schema's business
		for depth := 0; ; {
			t := p.next()
			if t == "(" {
				depth++
			}
			if t == ")" {
				depth--
			}
			if depth == 0 || t == "" {
				break
			}
		}
	}
	var err error
	if d.sel, err = p.selection(); err == nil && p.peek() != "" {
		err = errors.New("more than one operation")
	}
	return d, err
}

type parser struct {
	tokens []string
	vars   map[string]any
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) word(w string) bool {
	if p.peek() == w {
		p.next()
		return true
	}
	return false
}

func (p *parser) lex(s string) error {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case strings.IndexByte(" \t\r\n,", c) >= 0:
			i++
		case strings.HasPrefix(s[i:], "..."):
			p.tokens = append(p.tokens, "...")
			i += 3
		case strings.IndexByte("{}()[]:!$=", c) >= 0:
			p.tokens = append(p.tokens, string(c))
			i++
		case c == '"':
			j := i + 1
			for j < len(s) && s[j] != '"' {
				j++
			}
			if j == len(s) {
				return errors.New("unterminated string")
			}
			p.tokens = append(p.tokens, s[i:j+1])
			i = j + 1
		default:
			j := i
			for j < len(s) && (s[j] == '_' || s[j] == '-' || s[j] >= '0' && s[j] <= '9' || s[j] >= 'A' && s[j] <= 'Z' || s[j] >= 'a' && s[j] <= 'z') {
				j++
			}
			if j == i {
				return fmt.Errorf("unexpected character %q", c)
			}
			p.tokens = append(p.tokens, s[i:j])
			i = j
		}
	}
	return nil
}

func (p *parser) selection() ([]field, error) {
	if !p.word("{") {
		return nil, fmt.Errorf("expected {, found %q", p.peek())
	}
	var out []field
	for !p.word("}") {
		if p.peek() == "" {
			return nil, errors.New("expected a name, found the end")
		}
		f := field{args: map[string]any{}}
		var err error
		if p.word("...") {
			p.word("on")
			f.on = p.next()
		} else {
			f.name = p.next()
			f.alias = f.name
			if p.word(":") {
				f.name = p.next()
			}
			if p.word("(") {
				for !p.word(")") {
					name := p.next()
					if !p.word(":") {
						return nil, fmt.Errorf("expected a colon behind %q", name)
					}
					if f.args[name], err = p.value(); err != nil {
						return nil, err
					}
				}
			}
		}
		if p.peek() == "{" {
			if f.sel, err = p.selection(); err != nil {
				return nil, err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

func (p *parser) value() (any, error) {
	switch t := p.next(); {
	case t == "":
		return nil, errors.New("expected a value, found the end")
	case t == "$":
		return p.vars[p.next()], nil
	case t == "[":
		out := []any{}
		for !p.word("]") {
			v, err := p.value()
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case t == "{":
		out := map[string]any{}
		for !p.word("}") {
			name := p.next()
			if !p.word(":") {
				return nil, fmt.Errorf("expected a colon behind %q", name)
			}
			v, err := p.value()
			if err != nil {
				return nil, err
			}
			out[name] = v
		}
		return out, nil
	case t[0] == '"':
		return strings.Trim(t, `"`), nil
	case t == "true", t == "false":
		return t == "true", nil
	case t == "null":
		return nil, nil
	case t[0] == '-' || t[0] >= '0' && t[0] <= '9':
		return json.Number(t), nil
	default:
		return t, nil // an enum value
	}
}

// object is a value with fields; a func is a field with arguments.
type object map[string]any

// project picks what sel names from v. A field that v does not have is an error, as in a schema.
func project(v any, sel []field) (any, error) {
	switch v := v.(type) {
	case []object:
		out := make([]any, len(v))
		for i, x := range v {
			var err error
			if out[i], err = project(x, sel); err != nil {
				return nil, err
			}
		}
		return out, nil
	case object:
		out := map[string]any{}
		return out, v.pick(sel, out)
	}
	if len(sel) > 0 && v != nil {
		return nil, errors.New("a scalar has no fields")
	}
	return v, nil
}

func (o object) pick(sel []field, out map[string]any) error {
	if len(sel) == 0 {
		return errors.New("an object needs a selection")
	}
	for _, f := range sel {
		if f.on != "" {
			if implements(o["__typename"], f.on) {
				if err := o.pick(f.sel, out); err != nil {
					return err
				}
			}
			continue
		}
		v, ok := o[f.name]
		if !ok {
			return fmt.Errorf("cannot query field %q on type %q", f.name, o["__typename"])
		}
		if get, ok := v.(func(args map[string]any) any); ok {
			v = get(f.args)
		}
		if v == (absent{}) {
			continue
		}
		var err error
		if out[f.alias], err = project(v, f.sel); err != nil {
			return err
		}
	}
	return nil
}

// implements reports whether an object of the named type matches a fragment on type on.
func implements(name any, on string) bool {
	s, _ := name.(string)
	return s == on || on == "ErrorResult" && strings.HasSuffix(s, "Error")
}

// integer reads a GraphQL Int; ok is false for what cannot be one.
func integer(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(string(n), 10, 32)
	return i, err == nil
}

// variables reads the variables of a request with exact numbers.
func variables(raw json.RawMessage) (map[string]any, error) {
	out := map[string]any{}
	if len(raw) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return out, d.Decode(&out)
}
