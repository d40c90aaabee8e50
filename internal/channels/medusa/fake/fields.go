package fake

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// doc is one row as the shop keeps it. Members that are rows of their own are in one or many, and are answered only when
// they are asked for.
type doc map[string]any

// one and many are relations. keep lists the members that come along unasked.
type one struct {
	doc  doc
	keep []string
}

type many struct {
	docs []doc
	keep []string
}

// tree is a parsed fields parameter.
type tree struct {
	all  bool
	kids map[string]*tree
}

// parseFields reads "id,*prices,items.detail.x,items.*".
func parseFields(text string) *tree {
	root := &tree{}
	for f := range strings.SplitSeq(text, ",") {
		path, star := strings.CutPrefix(strings.TrimSpace(f), "*")
		path, under := strings.CutSuffix(path, ".*")
		at := root
		for name := range strings.SplitSeq(path, ".") {
			at = at.kid(name)
		}
		at.all = at.all || star || under
	}
	return root
}

func (t *tree) kid(name string) *tree {
	if t.kids == nil {
		t.kids = map[string]*tree{}
	}
	if t.kids[name] == nil {
		t.kids[name] = &tree{}
	}
	return t.kids[name]
}

// pick answers the members of d that t asks for.
func (t *tree) pick(d doc, keep []string) map[string]any {
	out := map[string]any{}
	for name, v := range d {
		kid := t.kids[name]
		switch rel := v.(type) {
		case one:
			if kid != nil {
				out[name] = nil
				if rel.doc != nil {
					out[name] = kid.pick(rel.doc, rel.keep)
				}
			}
		case many:
			if kid != nil {
				out[name] = kid.picks(rel.docs, rel.keep)
			}
		default:
			if t.all || kid != nil || slices.Contains(keep, name) {
				out[name] = v
			}
		}
	}
	return out
}

func (t *tree) picks(ds []doc, keep []string) []map[string]any {
	out := make([]map[string]any, len(ds))
	for i, d := range ds {
		out[i] = t.pick(d, keep)
	}
	return out
}

// stamp writes a time as the shop does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// raw is how the shop repeats a number exactly.
func raw(n json.Number) doc { return doc{"value": n.String(), "precision": 20} }

// window is the part of a list that a query asks for.
type window struct {
	offset, limit int
	order         string
	down          bool
}

func readWindow(q url.Values, limit int) window {
	w := window{limit: limit}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		w.limit = n
	}
	if n, err := strconv.Atoi(q.Get("offset")); err == nil {
		w.offset = n
	}
	w.order, w.down = strings.CutPrefix(q.Get("order"), "-")
	if !w.down {
		w.order = q.Get("order")
	}
	return w
}

// row is anything in a list.
type row struct {
	id               string
	created, updated time.Time
	doc              doc
}

// sort orders rows as asked. Equal rows come newest first: the shop promises no order among them. It reports false for a
// member nobody can sort by.
func (w window) sort(rows []row) bool {
	key := map[string]func(row) string{
		"":           func(r row) string { return r.id },
		"id":         func(r row) string { return r.id },
		"created_at": func(r row) string { return stamp(r.created) },
		"updated_at": func(r row) string { return stamp(r.updated) },
	}[w.order]
	if key == nil {
		return false
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		c := cmp.Compare(key(a), key(b))
		if w.down {
			c = -c
		}
		return cmp.Or(c, -cmp.Compare(a.id, b.id))
	})
	return true
}

// list answers a list named name; keep names members that come along unasked.
func (w window) list(name string, rows []row, t *tree, keep ...string) reply {
	if !w.sort(rows) {
		return unknown()
	}
	count := len(rows)
	rows = rows[min(w.offset, count):]
	rows = rows[:min(w.limit, len(rows))]
	docs := make([]doc, len(rows))
	for i, r := range rows {
		docs[i] = r.doc
	}
	return ok(map[string]any{name: t.picks(docs, append(keep, "id")), "count": count, "offset": w.offset, "limit": w.limit})
}

// ids returns the values of an id filter: id=a or id[]=a&id[]=b. asked is false when there is none.
func ids(q url.Values) (values []string, asked bool) {
	for _, name := range []string{"id", "id[]"} {
		if q.Has(name) {
			values, asked = append(values, q[name]...), true
		}
	}
	return values, asked
}

// between applies filters of the form name[$gte]=… to t. bad is true for a value that is not a time.
func between(q url.Values, name string, t time.Time) (in, bad bool) {
	in = true
	for op, holds := range map[string]func(time.Time) bool{
		"$gt":  t.After,
		"$gte": func(x time.Time) bool { return !t.Before(x) },
		"$lt":  t.Before,
		"$lte": func(x time.Time) bool { return !t.After(x) },
	} {
		text := q.Get(name + "[" + op + "]")
		if text == "" {
			continue
		}
		x, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return false, true
		}
		in = in && holds(x)
	}
	return in, false
}
