package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// coreFolders decide by what a channel can do, never by what it is called.
func coreFolders() []string {
	return append(pureFolders(), "internal/flow", "internal/dispatch", "internal/limits", "internal/store", "internal/tasks", "internal/service",
		"internal/channels/wrap")
}

// Kinds checks that the core names no kind of channel: whoever is about to write one is missing a capability.
func Kinds(t Tree) (out []Finding) {
	kinds := map[string]bool{}
	for _, p := range t.Packages {
		if name, _ := adapterOf(p.Folder); name != "" {
			kinds[name] = true
		}
	}
	for _, p := range t.Packages {
		if !In(p.Folder, coreFolders()...) || harness(p.Folder) {
			continue
		}
		for _, f := range p.product() {
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if text, err := strconv.Unquote(lit.Value); err == nil && kinds[strings.ToLower(text)] {
					out = append(out, Finding{t.at(lit), fmt.Sprintf("the core names the kind %q: ask a capability instead", text)})
				}
				return true
			})
		}
	}
	return out
}
