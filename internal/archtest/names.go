package archtest

import (
	"fmt"
	"path"
)

// How long a file may be before a second subject is likely to hide in it. A test file is a list of cases.
const (
	maxLines     = 400
	maxTestLines = 600
)

// Names checks that packages say what they are: no name that could hold anything, a comment on each package, files that
// are short enough to be about one thing.
func Names(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		for _, name := range []string{p.Name, path.Base(p.Folder)} {
			if vague(name) {
				out = append(out, Finding{p.Folder, fmt.Sprintf("a package named %q says nothing of its subject", name)})
				break
			}
		}
		if !commented(p) {
			out = append(out, Finding{p.Folder, "has no package comment"})
		}
		for _, f := range p.Files {
			most := maxLines
			if f.Test {
				most = maxTestLines
			}
			if !f.Generated && f.Lines > most {
				out = append(out, Finding{f.Path, fmt.Sprintf("has %d lines, want at most %d: is a second subject hiding?", f.Lines, most)})
			}
		}
	}
	return out
}

func vague(name string) bool {
	switch name {
	case "util", "utils", "common", "helper", "helpers", "types", "models", "misc", "shared", "base", "lib", "core", "stuff":
		return true
	}
	return false
}

// commented reports whether a package says what it is; a folder with tests only needs no comment.
func commented(p *Package) bool {
	product := false
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		product = true
		if f.Syntax.Doc != nil {
			return true
		}
	}
	return !product
}
