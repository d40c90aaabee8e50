package archtest

import (
	"fmt"
	"go/ast"
)

// pureFolders are the packages without effects: values in, values out.
func pureFolders() []string {
	return []string{
		"internal/fault", "internal/money", "internal/ident", "internal/secret", "internal/channel", "internal/catalog", "internal/guard",
		"internal/ledger", "internal/merge", "internal/plan", "internal/policy", "internal/pricing",
	}
}

// pure reports whether a folder belongs to the pure core. The reader of files is beside it: it takes an io.Reader.
func pure(folder string) bool {
	return In(folder, pureFolders()...) && folder != "internal/catalog/sheet"
}

// effects are standard packages through which the world comes in.
func effects() map[string]string {
	return map[string]string{
		"net/http": "the network", "net": "the network", "database/sql": "a database", "os": "the machine", "os/exec": "the machine",
		"io/fs": "the machine", "log": "a log", "log/slog": "a log", "math/rand": "dice", "math/rand/v2": "dice", "crypto/rand": "dice",
		"sync": "other goroutines", "sync/atomic": "other goroutines", "unsafe": "memory",
	}
}

// pureMay lists the exceptions, each with its reason.
func pureMay(file, importPath string) bool {
	switch file {
	case "internal/channel/channel.go":
		return importPath == "net/http" // names http.Client and http.Header in what an adapter gets and gives; calls nothing
	case "internal/secret/secret.go":
		return importPath == "log/slog" // hides itself from logs by LogValue; logs nothing
	}
	return false
}

// clock are names of package time that read a clock or wait for one.
func clock(name string) bool {
	switch name {
	case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker":
		return true
	}
	return false
}

// Pure checks that the domain has no effects: time, dice and ids come in as values, and the same input gives the same
// output. Floating point is kept out because it is exact nowhere.
func Pure(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		if !pure(p.Folder) {
			continue
		}
		for _, f := range p.product() {
			for _, i := range f.Imports {
				if what := effects()[i.Path]; what != "" && !pureMay(f.Path, i.Path) {
					out = append(out, Finding{t.at(i.Spec), fmt.Sprintf("the pure core imports %s (%s)", i.Path, what)})
				}
			}
			f.selections(func(n ast.Node, ip, name string) {
				if ip == "time" && clock(name) {
					out = append(out, Finding{t.at(n), "the pure core calls time." + name})
				}
			})
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.GoStmt:
					out = append(out, Finding{t.at(x), "the pure core starts a goroutine"})
				case *ast.Ident:
					if (x.Name == "float64" || x.Name == "float32") && x.Obj == nil {
						out = append(out, Finding{t.at(x), "floating point in the pure core"})
					}
				}
				return true
			})
		}
	}
	return append(out, threads(t)...)
}

// threads checks that the loop starts no goroutine and waits for nothing: the simulator runs drives on one thread.
func threads(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		if p.Folder != "internal/flow" {
			continue
		}
		for _, f := range p.product() {
			f.selections(func(n ast.Node, ip, name string) {
				if ip == "time" && clock(name) {
					out = append(out, Finding{t.at(n), "the loop calls time." + name + " instead of its clock"})
				}
			})
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok {
					out = append(out, Finding{t.at(g), "the loop starts a goroutine"})
				}
				return true
			})
		}
	}
	return out
}
