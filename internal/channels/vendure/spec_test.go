package vendure

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

var update = flag.Bool("update", false, "rewrite golden files")

// spec reads a file of the official material. Without the material nothing can be proven: that fails where CI says so.
func spec(t testing.TB, name string) ([]byte, bool) {
	t.Helper()
	dir := os.Getenv("SPECS_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "specs")
	}
	b, err := os.ReadFile(filepath.Join(dir, "vendure", name))
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("SPECS_DIR") != "" {
			t.Fatalf("official material %s is missing: %v", name, err)
		}
		t.Logf("official material %s is not here: nothing is compared", name)
		return nil, false
	}
	return b, true
}

// schema loads the official Admin API schema.
func schema(t testing.TB) (*ast.Schema, bool) {
	t.Helper()
	b, ok := spec(t, "admin-api-3.7.3.nodesc.graphql.gz")
	if !ok {
		return nil, false
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "admin-api", Input: string(text)})
	if err != nil {
		t.Fatalf("the official schema cannot be loaded: %v", err)
	}
	return s, true
}

func TestEveryDocumentFitsTheOfficialSchema(t *testing.T) {
	s, ok := schema(t)
	if !ok {
		return
	}
	for _, doc := range documents() {
		if _, err := gqlparser.LoadQuery(s, doc); err != nil {
			t.Errorf("document does not fit the schema: %v\n%s", err, doc)
		}
	}
}

// TestRequestedFieldsAreTheApprovedOnes lists every field any document names, with its type, and compares the list with
// the approved one: a field about a buyer could not come in unseen (C03).
func TestRequestedFieldsAreTheApprovedOnes(t *testing.T) {
	s, ok := schema(t)
	if !ok {
		return
	}
	var got []string
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, x := range set {
			switch x := x.(type) {
			case *ast.Field:
				got = append(got, x.ObjectDefinition.Name+"."+x.Name)
				walk(x.SelectionSet)
			case *ast.InlineFragment:
				walk(x.SelectionSet)
			default:
				t.Errorf("%T in a document, want fields and inline fragments", x)
			}
		}
	}
	for _, doc := range documents() {
		q, err := gqlparser.LoadQuery(s, doc)
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		for _, op := range q.Operations {
			walk(op.SelectionSet)
		}
	}
	slices.Sort(got)
	golden(t, "fields.txt", strings.Join(slices.Compact(got), "\n")+"\n")
	for _, f := range got {
		for _, word := range []string{"customer", "address", "email", "payment", "note", "identifier", "phone", "coupon", "customFields"} {
			if strings.Contains(strings.ToLower(f), strings.ToLower(word)) {
				t.Errorf("field %s is requested, want none about a buyer", f)
			}
		}
	}
}

// golden compares got with testdata/name.
func golden(t testing.TB, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// exchange is one recorded request with its answer.
type exchange struct {
	Query     string          `json:"query"`
	Variables map[string]any  `json:"variables"`
	Answer    json.RawMessage `json:"-"`
}

// recorder passes requests on to a shop and keeps what was said.
type recorder struct {
	next http.Handler
	mu   sync.Mutex
	said []exchange
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, "read", http.StatusBadRequest)
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	r.next.ServeHTTP(rec, req)
	var e exchange
	if json.Unmarshal(body, &e) == nil {
		e.Answer = rec.Body.Bytes()
		r.mu.Lock()
		r.said = append(r.said, e)
		r.mu.Unlock()
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// conform checks an answer against the schema: every selected field is there, of the declared type.
func conform(t *testing.T, s *ast.Schema, e exchange) {
	t.Helper()
	q, gerr := gqlparser.LoadQuery(s, e.Query)
	if gerr != nil {
		t.Errorf("request does not fit the schema: %v\n%s", gerr, e.Query)
		return
	}
	var a struct {
		Data   map[string]any `json:"data"`
		Errors []any          `json:"errors"`
	}
	d := json.NewDecoder(bytes.NewReader(e.Answer))
	d.UseNumber()
	if err := d.Decode(&a); err != nil {
		t.Errorf("answer is not JSON: %v", err)
		return
	}
	if len(a.Errors) == 0 {
		selection(t, s, q.Operations[0].SelectionSet, a.Data, q.Operations[0].Name)
	}
}

func selection(t *testing.T, s *ast.Schema, set ast.SelectionSet, o map[string]any, where string) {
	t.Helper()
	for _, x := range set {
		switch x := x.(type) {
		case *ast.InlineFragment:
			if name, _ := o["__typename"].(string); name == x.TypeCondition || slices.ContainsFunc(s.PossibleTypes[x.TypeCondition], func(d *ast.Definition) bool { return d.Name == name }) {
				selection(t, s, x.SelectionSet, o, where)
			}
		case *ast.Field:
			v, ok := o[x.Alias]
			if !ok {
				t.Errorf("%s.%s is missing from the answer", where, x.Alias)
				continue
			}
			typed(t, s, x.Definition.Type, x.SelectionSet, v, where+"."+x.Alias)
		}
	}
}

func typed(t *testing.T, s *ast.Schema, typ *ast.Type, set ast.SelectionSet, v any, where string) {
	t.Helper()
	if v == nil {
		if typ.NonNull {
			t.Errorf("%s is null, want %s", where, typ)
		}
		return
	}
	if typ.Elem != nil {
		items, ok := v.([]any)
		if !ok {
			t.Errorf("%s is %T, want %s", where, v, typ)
		}
		for _, item := range items {
			typed(t, s, typ.Elem, set, item, where+"[]")
		}
		return
	}
	ok := true
	switch def := s.Types[typ.NamedType]; {
	case len(set) > 0:
		o, isObject := v.(map[string]any)
		if ok = isObject; ok {
			selection(t, s, set, o, where)
		}
	case typ.NamedType == "Int", typ.NamedType == "Money":
		n, isNumber := v.(json.Number)
		ok = isNumber && !strings.ContainsAny(string(n), ".eE")
	case typ.NamedType == "Boolean":
		_, ok = v.(bool)
	case def != nil && def.Kind == ast.Enum:
		name, isText := v.(string)
		ok = isText && slices.ContainsFunc(def.EnumValues, func(e *ast.EnumValueDefinition) bool { return e.Name == name })
	default:
		_, ok = v.(string)
	}
	if !ok {
		t.Errorf("%s is %v (%T), want %s", where, v, v, typ)
	}
}
