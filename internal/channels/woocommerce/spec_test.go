package woocommerce

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// official is what was read from a running shop: routes with their arguments, schemas, and the shapes of real answers.
type official struct {
	routes  map[string]route
	schemas map[string]map[string]property
	// members and types of real objects, by kind: "product", "variation", "line", "webhook", "order".
	shapes    map[string]map[string][]string
	exchanges []exchange
	hooks     []captured
}

type route struct {
	Endpoints []struct {
		Methods []string            `json:"methods"`
		Args    map[string]property `json:"args"`
	} `json:"endpoints"`
}

type property struct {
	Type    any      `json:"type"`
	Enum    []any    `json:"enum"`
	Minimum *int64   `json:"minimum"`
	Maximum *int64   `json:"maximum"`
	Format  string   `json:"format"`
	Items   *itemsOf `json:"items"`
}

type itemsOf struct {
	Type any   `json:"type"`
	Enum []any `json:"enum"`
}

type exchange struct {
	Name    string `json:"name"`
	Request struct {
		Method string          `json:"method"`
		Path   string          `json:"path"`
		Body   json.RawMessage `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"response"`
}

type captured struct {
	Headers map[string]string `json:"headers"`
	Secret  string            `json:"secret"`
	Signed  *bool             `json:"signature_ok"`
	Body    string            `json:"body_text"`
}

// spec reads a file of the official material. Where it is missing nothing can be proven: that fails where CI says so.
func spec(t testing.TB, name string) ([]byte, bool) {
	t.Helper()
	dir := os.Getenv("SPECS_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "specs")
	}
	b, err := os.ReadFile(filepath.Join(dir, "woocommerce", name))
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("SPECS_DIR") != "" {
			t.Fatalf("official material %s is missing: %v", name, err)
		}
		t.Logf("official material %s is not here: nothing is compared", name)
		return nil, false
	}
	return b, true
}

// loadOfficial reads schemas and captured exchanges; nil when they are not here.
func loadOfficial(t testing.TB) *official {
	t.Helper()
	zipped, ok := spec(t, "wc-v3-schema-10.0.2.json.gz")
	if !ok {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Routes  map[string]route `json:"routes"`
		Schemas map[string]struct {
			Properties map[string]property `json:"properties"`
		} `json:"schemas"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	recorded, ok := spec(t, "captured-10.0.2.json")
	if !ok {
		return nil
	}
	var record struct {
		Exchanges []exchange `json:"exchanges"`
		Hooks     []captured `json:"webhook_deliveries"`
	}
	if err := json.Unmarshal(recorded, &record); err != nil {
		t.Fatal(err)
	}
	o := &official{
		routes: schema.Routes, schemas: map[string]map[string]property{}, shapes: map[string]map[string][]string{},
		exchanges: record.Exchanges, hooks: record.Hooks,
	}
	for name, s := range schema.Schemas {
		o.schemas[name] = s.Properties
	}
	for _, x := range record.Exchanges {
		o.learn(decoded(t, x.Response.Body))
	}
	for _, name := range []string{"product", "variation", "line", "webhook"} {
		if len(o.shapes[name]) < 10 {
			t.Fatalf("the captured exchanges hold no whole %s", name)
		}
	}
	return o
}

func decoded(t testing.TB, raw []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	return v
}

// learn takes the shapes of the whole objects in a real answer.
func (o *official) learn(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			o.learn(x)
		}
	case map[string]any:
		has := func(name string) bool { _, ok := v[name]; return ok }
		kind := ""
		switch {
		case has("price_html"):
			kind = "product"
		case has("image") && has("tax_class") && has("attributes"):
			kind = "variation"
		case has("subtotal_tax"):
			kind = "line"
		case has("delivery_url"):
			kind = "webhook"
		}
		if kind != "" {
			if o.shapes[kind] == nil {
				o.shapes[kind] = map[string][]string{}
			}
			for name, x := range v {
				o.shapes[kind][name] = append(o.shapes[kind][name], typeOf(x))
			}
			if kind != "line" {
				return
			}
		}
		for _, x := range v {
			o.learn(x)
		}
	}
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case json.Number:
		if _, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return "integer"
		}
		return "number"
	}
	return "object"
}

// allows reports whether a schema type admits the JSON type got.
func allows(schema any, got string) bool {
	switch s := schema.(type) {
	case string:
		return s == got || s == "mixed" || s == "date-time" && (got == "string" || got == "null") || s == "number" && got == "integer"
	case []any:
		return slices.ContainsFunc(s, func(x any) bool { return allows(x, got) })
	}
	return false
}

// find returns the route of a path below wp-json.
func (o *official) find(path string) (name string, r route, ok bool) {
	for pattern, r := range o.routes {
		if regexp.MustCompile("^" + pattern + "$").MatchString(path) {
			return pattern, r, true
		}
	}
	return "", route{}, false
}

// args are the arguments a method of a route takes.
func (r route) args(method string) map[string]property {
	for _, e := range r.Endpoints {
		if slices.Contains(e.Methods, method) {
			return e.Args
		}
	}
	return nil
}

// unlisted are routes the official material leaves out, with the arguments used there. They are the site's own index and
// the refunds of an order.
var unlisted = map[string][]string{"/": {}, "refunds": {"per_page"}}

// checkRequest reports what in a request is not as the official material says.
func (o *official) checkRequest(method, path string, q url.Values, body []byte) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if i := strings.LastIndexByte(path, '/'); path == "/" || path[i+1:] == "refunds" {
		known := unlisted[path[i+1:]]
		if path == "/" {
			known = unlisted["/"]
		}
		for name := range q {
			if !everywhere(name) && !slices.Contains(known, name) {
				bad("argument %q of %s is not known", name, path)
			}
		}
		return wrong
	}
	pattern, r, ok := o.find(path)
	args := r.args(method)
	if !ok || args == nil {
		return []string{fmt.Sprintf("there is no route %s %s", method, path)}
	}
	for name, values := range q {
		if everywhere(name) {
			continue
		}
		p, known := args[name]
		if !known {
			bad("argument %q of %s is not known", name, path)
			continue
		}
		if text := p.wrongText(values[0]); text != "" {
			bad("argument %s=%q of %s %s", name, values[0], path, text)
		}
	}
	if names := q.Get("_fields"); names != "" {
		for name := range strings.SplitSeq(names, ",") {
			if !o.member(pattern, name) {
				bad("_fields of %s names %q, which such an object does not have", path, name)
			}
		}
	}
	if body != nil {
		wrong = append(wrong, o.checkBatch(pattern, body)...)
	}
	return wrong
}

// everywhere are the query values any route takes.
func everywhere(name string) bool {
	return name == "_" || name == "_fields" || name == "rest_route" || strings.HasPrefix(name, "oauth_") || strings.HasPrefix(name, "consumer_")
}

// wrongText says what is wrong with an argument's text; "" when nothing is.
func (p property) wrongText(text string) string {
	in := func(list []any, v string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(x any) bool { return fmt.Sprint(x) == v })
	}
	switch p.Type {
	case "integer":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || p.Minimum != nil && n < *p.Minimum || p.Maximum != nil && n > *p.Maximum {
			return "is not an integer in range"
		}
	case "boolean":
		if text != "true" && text != "false" {
			return "is not true or false"
		}
	case "array":
		for part := range strings.SplitSeq(text, ",") {
			if p.Items == nil {
				continue
			}
			if _, err := strconv.ParseInt(part, 10, 64); p.Items.Type == "integer" && err != nil {
				return "is not a list of integers"
			}
			if !in(p.Items.Enum, part) {
				return "holds a value that is not one of the list"
			}
		}
	case "string":
		if !in(p.Enum, text) {
			return "is not one of the list"
		}
		if p.Format == "date-time" && !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`).MatchString(text) {
			return "is not a time without zone"
		}
	}
	return ""
}

// kindOf is the kind of object a route answers with.
func kindOf(pattern string) string {
	switch {
	case strings.Contains(pattern, "/variations"):
		return "variation"
	case strings.HasPrefix(pattern, "/wc/v3/products"):
		return "product"
	case strings.HasPrefix(pattern, "/wc/v3/orders"):
		return "order"
	}
	return "webhook"
}

// member reports whether objects of a route have a member.
func (o *official) member(pattern, name string) bool {
	kind := kindOf(pattern)
	if kind == "order" {
		_, ok := o.schemas["shop_order"][name]
		return ok
	}
	return len(o.shapes[kind][name]) > 0
}

// checkBatch checks the rows of a batch against the arguments of a single write.
func (o *official) checkBatch(pattern string, body []byte) (wrong []string) {
	var batch map[string][]map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&batch); err != nil {
		return []string{"the body is no batch"}
	}
	single := strings.TrimSuffix(pattern, "batch") + `(?P<id>[\d]+)`
	args := o.routes[single].args(http.MethodPut)
	for list, rows := range batch {
		if _, ok := o.schemas["batch"][list]; !ok {
			wrong = append(wrong, fmt.Sprintf("a batch has no list %q", list))
		}
		for _, row := range rows {
			for name, v := range row {
				p, ok := args[name]
				if !ok || !allows(p.Type, typeOf(v)) {
					wrong = append(wrong, fmt.Sprintf("%s of a row is not known, or not a %s", name, typeOf(v)))
				}
			}
		}
	}
	return wrong
}
