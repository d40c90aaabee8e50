package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the repository.
const Module = "carpediemstore.it/sync-connector"

// Tree is the Go code of a repository.
type Tree struct {
	Packages []*Package // by folder
	fset     *token.FileSet
}

// Package is a folder with Go files.
type Package struct {
	Folder string // "internal/flow"
	Name   string
	Files  []*File
}

// File is one Go file.
type File struct {
	Path      string // "internal/flow/loop.go"
	Test      bool   // _test.go
	Generated bool
	Lines     int
	Syntax    *ast.File
	Imports   []Import
}

// Import is one import of a file.
type Import struct {
	Name string // in this file
	Path string
	Spec *ast.ImportSpec
}

// Finding is one broken rule at one place.
type Finding struct {
	Where string // file:line, or a folder
	Text  string
}

func (f Finding) String() string { return f.Where + ": " + f.Text }

// Load reads all Go files below root except test data, built files and modules of their own.
func Load(root string) (Tree, error) {
	sources := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			return skipFolder(p, rel, d.Name())
		}
		if strings.HasSuffix(rel, ".go") {
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			sources[rel] = string(text)
		}
		return nil
	})
	if err != nil {
		return Tree{}, err
	}
	return Parse(sources)
}

func skipFolder(p, rel, name string) error {
	if rel == "." {
		return nil
	}
	if name == "testdata" || name == "node_modules" || name == "build" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
		return fs.SkipDir // a module of its own
	}
	return nil
}

// Parse makes a tree of sources by path.
func Parse(sources map[string]string) (Tree, error) {
	t := Tree{fset: token.NewFileSet()}
	folders := map[string]*Package{}
	paths := make([]string, 0, len(sources))
	for p := range sources {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		f, err := t.file(p, sources[p])
		if err != nil {
			return Tree{}, err
		}
		dir := path.Dir(p)
		pkg := folders[dir]
		if pkg == nil {
			pkg = &Package{Folder: dir}
			folders[dir] = pkg
			t.Packages = append(t.Packages, pkg)
		}
		if !f.Test || pkg.Name == "" {
			pkg.Name = strings.TrimSuffix(f.Syntax.Name.Name, "_test")
		}
		pkg.Files = append(pkg.Files, f)
	}
	return t, nil
}

func (t Tree) file(p, text string) (*File, error) {
	// Objects are resolved within a file: enough to tell a local name from the package's.
	syntax, err := parser.ParseFile(t.fset, p, text, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	f := &File{
		Path: p, Test: strings.HasSuffix(p, "_test.go"), Generated: ast.IsGenerated(syntax),
		Lines: strings.Count(text, "\n"), Syntax: syntax,
	}
	for _, s := range syntax.Imports {
		ip, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		f.Imports = append(f.Imports, Import{Name: localName(s, ip), Path: ip, Spec: s})
	}
	return f, nil
}

// localName returns the name an import has in its file. Without one of its own it is the last element of the path that
// is no major version.
func localName(s *ast.ImportSpec, ip string) string {
	if s.Name != nil {
		return s.Name.Name
	}
	base := path.Base(ip)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(ip))
	}
	return base
}

// at names the place of n.
func (t Tree) at(n ast.Node) string {
	pos := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", pos.Filename, pos.Line)
}

// In reports whether folder is one of the given folders or below one of them.
func In(folder string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return folder == f || strings.HasPrefix(folder, f+"/") })
}

// product yields the files of p that end up in a program: no tests, nothing generated.
func (p *Package) product() (out []*File) {
	for _, f := range p.Files {
		if !f.Test && !f.Generated {
			out = append(out, f)
		}
	}
	return out
}

// ours returns the folder of an import of our own module, or "".
func ours(importPath string) string {
	folder, found := strings.CutPrefix(importPath, Module+"/")
	if !found {
		return ""
	}
	return folder
}

// selections calls fn for each name that f takes from an imported package: time.Now gives ("time", "Now").
func (f *File) selections(fn func(n ast.Node, importPath, name string)) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil { // with an object it is a local name that hides the import
			if ip := f.imported(x.Name); ip != "" {
				fn(s, ip, s.Sel.Name)
			}
		}
		return true
	})
}

// imported returns the import path behind a name of the file, or "".
func (f *File) imported(name string) string {
	for _, i := range f.Imports {
		if i.Name == name {
			return i.Path
		}
	}
	return ""
}
