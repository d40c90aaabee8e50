package archtest

import (
	"fmt"
	"go/ast"
	"regexp"
)

// promise recognises words in comments that put work off.
func promise() *regexp.Regexp {
	return regexp.MustCompile(`\b(` + "TO" + `DO|` + "FIX" + `ME|X` + `XX|HACK)\b`)
}

// Honest checks that tests run and that nothing waits for luck: no skipped test, no sleeping, no code for later.
func Honest(t Tree) (out []Finding) {
	words := promise()
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if f.Generated {
				continue
			}
			f.selections(func(n ast.Node, ip, name string) {
				if ip == "time" && name == "Sleep" {
					out = append(out, Finding{t.at(n), "sleeps: wait for a signal"})
				}
			})
			if f.Test || harness(p.Folder) {
				out = append(out, t.skips(f)...)
			}
			for _, g := range f.Syntax.Comments {
				for _, c := range g.List {
					if w := words.FindString(c.Text); w != "" {
						out = append(out, Finding{t.at(c), fmt.Sprintf("says %s: finish it or leave it out", w)})
					}
				}
			}
		}
	}
	return out
}

// skips finds tests that leave themselves out.
func (t Tree) skips(f *File) (out []Finding) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		switch s.Sel.Name {
		case "Skip", "Skipf", "SkipNow":
			if id, ok := s.X.(*ast.Ident); ok && (id.Name == "t" || id.Name == "tb" || id.Name == "b" || id.Name == "f" || id.Name == "rt") {
				out = append(out, Finding{t.at(call), "skips a test: a test that did not run has proven nothing"})
			}
		}
		return true
	})
	return out
}
