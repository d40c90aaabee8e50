package main

import (
	"cmp"
	"slices"
	"strings"
)

const module = "carpediemstore.it/sync-connector/"

// suite is a named group of packages.
type suite struct {
	name string
	// under are folders of the repository; a package belongs to the suite with the longest one that holds it.
	under []string
}

// foreign is the suite that starts stores of other makers; it has a lane of its own.
const foreign = "foreign stores"

// rest takes what no suite names, so that a new package is never forgotten.
const rest = "everything else"

// suites lists all suites in the order of the table.
func suites() []suite {
	return []suite{
		{"pure core", []string{
			"internal/fault", "internal/money", "internal/ident", "internal/secret", "internal/channel", "internal/catalog",
			"internal/guard", "internal/ledger", "internal/merge", "internal/plan", "internal/policy", "internal/pricing",
		}},
		{"store", []string{"internal/store"}},
		{"loop", []string{"internal/flow", "internal/dispatch", "internal/limits", "internal/tasks"}},
		{"simulator", []string{"internal/sim"}},
		{"channels", []string{"internal/channels"}},
		{"security", []string{"internal/vault", "internal/outbound", "internal/access", "internal/audit", "internal/privacy"}},
		{"edges", []string{"internal/service", "internal/app", "internal/cli", "internal/web", "internal/api", "internal/demo", "internal/bench", "cmd"}},
		{"house rules", []string{"internal/archtest", "internal/testkit", "scripts", "docs"}},
		{"end to end", []string{"test"}},
		{foreign, []string{"test/foreign"}},
		{rest, nil},
	}
}

// suiteOf returns the name of the suite that pkg (an import path) belongs to.
func suiteOf(pkg string) string {
	folder := strings.TrimPrefix(pkg, module)
	best, length := rest, 0
	for _, s := range suites() {
		for _, u := range s.under {
			if len(u) > length && (folder == u || strings.HasPrefix(folder, u+"/")) {
				best, length = s.name, len(u)
			}
		}
	}
	return best
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath   string
	TestGoFiles  []string
	XTestGoFiles []string
	TestImports  []string
	XTestImports []string
	Dir          string
}

// tested reports whether p has tests.
func (p pkg) tested() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

// testsUse reports whether p's tests import path.
func (p pkg) testsUse(path string) bool {
	return slices.Contains(p.TestImports, path) || slices.Contains(p.XTestImports, path)
}

// lanes splits the tested packages into the two that run side by side; the slow simulator starts first.
func lanes(ps []pkg) (main, stores []string) {
	for _, p := range ps {
		switch {
		case !p.tested():
		case suiteOf(p.ImportPath) == foreign:
			stores = append(stores, p.ImportPath)
		default:
			main = append(main, p.ImportPath)
		}
	}
	slices.SortStableFunc(main, func(a, b string) int { return cmp.Compare(first(a), first(b)) })
	return main, stores
}

func first(path string) int {
	if suiteOf(path) == "simulator" {
		return 0
	}
	return 1
}
