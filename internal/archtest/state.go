package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// State checks that nothing happens at import and that no package variable ever changes. A package variable is
//
//   - an error value, a compiled pattern or a parsed network: constants that Go has no form for;
//   - an embedded file;
//   - a table (composite literal) that no line of its package writes to;
//   - `var _ I = T{}`, a proof for the compiler.
func State(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		if harness(p.Folder) {
			continue
		}
		vars := map[string]*ast.ValueSpec{}
		for _, f := range p.product() {
			for _, d := range f.Syntax.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Name.Name == "init" && d.Recv == nil {
						out = append(out, Finding{t.at(d), "init() runs at import: construct explicitly"})
					}
				case *ast.GenDecl:
					out = append(out, t.vars(f, d, vars)...)
				}
			}
		}
		for _, f := range p.product() {
			out = append(out, t.writes(f, vars)...)
		}
	}
	return out
}

// vars checks the package variables of a declaration and collects them.
func (t Tree) vars(f *File, d *ast.GenDecl, vars map[string]*ast.ValueSpec) (out []Finding) {
	if d.Tok != token.VAR {
		return nil
	}
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range v.Names {
			if name.Name == "_" {
				continue
			}
			vars[name.Name] = v
			switch {
			case embedded(d.Doc), embedded(v.Doc):
			case i >= len(v.Values):
				out = append(out, Finding{t.at(name), fmt.Sprintf("package variable %s has no value: it is made to be changed", name.Name)})
			case !constant(f, v.Values[i]):
				out = append(out, Finding{t.at(name), fmt.Sprintf("package variable %s is neither an error, a pattern nor a table", name.Name)})
			}
		}
	}
	return out
}

func embedded(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// constant reports whether an initial value is of a kind that nobody means to change.
func constant(f *File, v ast.Expr) bool {
	switch v := v.(type) {
	case *ast.CompositeLit:
		_, pointer := v.Type.(*ast.StarExpr)
		return !pointer
	case *ast.CallExpr:
		s, ok := v.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := s.X.(*ast.Ident)
		if !ok {
			return false
		}
		switch ip := f.imported(x.Name); ip {
		case "errors", "regexp", "net/netip", "math/big", Module + "/internal/fault":
			return s.Sel.Name == "New" || strings.HasPrefix(s.Sel.Name, "Must")
		}
	}
	return false
}

// writes finds lines that change one of the package's variables.
func (t Tree) writes(f *File, vars map[string]*ast.ValueSpec) (out []Finding) {
	found := func(n ast.Node, e ast.Expr) {
		id := root(e)
		if id == nil || vars[id.Name] == nil {
			return
		}
		if id.Obj != nil && id.Obj.Decl != vars[id.Name] {
			return // a local name
		}
		out = append(out, Finding{t.at(n), fmt.Sprintf("changes the package variable %s", id.Name)})
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					found(n, e)
				}
			}
		case *ast.IncDecStmt:
			found(n, n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND { // its address could be kept by anybody
				if _, literal := n.X.(*ast.CompositeLit); !literal {
					found(n, n.X)
				}
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 {
				switch id.Name {
				case "delete", "clear", "copy":
					found(n, n.Args[0])
				}
			}
		}
		return true
	})
	return out
}

// root returns the name that an assignable expression starts from: x of x, x[i], x.f, (*x)[i].f.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}
