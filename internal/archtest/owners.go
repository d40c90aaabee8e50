package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// harness are folders whose programs never reach a seller: they may open their own loopback connections and databases.
func harness(folder string) bool {
	return In(folder, "internal/testkit", "internal/archtest", "internal/channels/channeltest", "internal/store/storetest",
		"internal/service/servicetest", "scripts", "test")
}

// owner says which folders may import a library or a dangerous part of the standard library.
type owner struct {
	prefix  string // of an import path
	folders []string
	why     string
}

func owners() []owner {
	return []owner{
		{"database/sql", []string{"internal/store"}, "only store has SQL"},
		{"github.com/jackc/pgx", []string{"internal/store/postgres"}, "only store/postgres speaks to PostgreSQL"},
		{"modernc.org/sqlite", []string{"internal/store/sqlite"}, "only store/sqlite speaks to SQLite"},
		{"github.com/pressly/goose", []string{"internal/store"}, "only store migrates"},
		{"github.com/riverqueue/river", []string{"internal/tasks"}, "only tasks has River"},
		{"github.com/govalues/decimal", []string{"internal/money"}, "only money has decimals"},
		{"crypto/aes", []string{"internal/vault"}, "only vault encrypts"},
		{"crypto/cipher", []string{"internal/vault"}, "only vault encrypts"},
		{"crypto/hkdf", []string{"internal/vault"}, "only vault derives keys"},
		{"filippo.io/age", []string{"internal/vault", "internal/privacy"}, "only vault and privacy seal files"},
		{"golang.org/x/crypto", []string{"internal/access", "internal/vault"}, "only access and vault need it"},
		{"github.com/spf13/cobra", []string{"internal/cli"}, "only cli reads the command line"},
		{"github.com/spf13/pflag", []string{"internal/cli"}, "only cli reads the command line"},
		{"github.com/xuri/excelize", []string{"internal/catalog/sheet"}, "only catalog/sheet reads workbooks"},
		{"github.com/a-h/templ", []string{"internal/web"}, "only web renders pages"},
		{"github.com/failsafe-go/failsafe-go", []string{"internal/channels/wrap", "internal/limits"}, "only wrap and limits break circuits"},
	}
}

// testOnly are libraries that must not be part of a program.
func testOnly() []string {
	return []string{
		"github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/rogpeppe/go-internal", "github.com/getkin/kin-openapi",
		"github.com/vektah/gqlparser", "github.com/chromedp/chromedp", "github.com/anishathalye/porcupine", "net/http/httptest", "testing/synctest",
	}
}

func imports(ip, prefix string) bool { return ip == prefix || strings.HasPrefix(ip, prefix+"/") }

// Owners checks that each dangerous thing and each library has the one owner that was named for it.
func Owners(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if f.Test || harness(p.Folder) {
				continue
			}
			for _, i := range f.Imports {
				for _, o := range owners() {
					if imports(i.Path, o.prefix) && !In(p.Folder, o.folders...) {
						out = append(out, Finding{t.at(i.Spec), fmt.Sprintf("imports %s: %s", i.Path, o.why)})
					}
				}
				for _, lib := range testOnly() {
					if imports(i.Path, lib) {
						out = append(out, Finding{t.at(i.Spec), fmt.Sprintf("imports %s, which is for tests", i.Path)})
					}
				}
			}
			out = append(out, t.sql(p, f)...)
			out = append(out, t.connections(p, f)...)
			out = append(out, t.reveals(p, f)...)
		}
	}
	return out
}

// statement recognises SQL in a string: the words that begin one, with the word that must follow.
func statement() *regexp.Regexp {
	return regexp.MustCompile(`(?is)^\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|DATABASE)\s)`)
}

func (t Tree) sql(p *Package, f *File) (out []Finding) {
	if In(p.Folder, "internal/store") {
		return nil
	}
	sql := statement()
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && sql.MatchString(text) {
				out = append(out, Finding{t.at(lit), "holds SQL: only store has SQL"})
			}
		}
		return true
	})
	return out
}

// connections finds ways to the outside that do not lead through package outbound.
func (t Tree) connections(p *Package, f *File) (out []Finding) {
	if p.Folder == "internal/outbound" {
		return nil
	}
	f.selections(func(n ast.Node, ip, name string) {
		bad := false
		switch ip {
		case "net/http":
			switch name {
			case "Transport", "DefaultTransport", "DefaultClient", "Get", "Head", "Post", "PostForm":
				bad = true
			}
		case "net":
			bad = strings.HasPrefix(name, "Dial") || strings.HasPrefix(name, "Lookup") || name == "Resolver" || name == "DefaultResolver"
		case "crypto/tls":
			bad = strings.HasPrefix(name, "Dial") || name == "Client"
		case "net/smtp":
			bad = true
		}
		if bad {
			out = append(out, Finding{t.at(n), fmt.Sprintf("uses %s.%s: only outbound opens connections", ip, name)})
		}
	})
	return out
}

// reveals finds callers of secret.Text.Reveal: the vault that seals, and the files that sign requests.
func (t Tree) reveals(p *Package, f *File) (out []Finding) {
	name, fake := adapterOf(p.Folder)
	if In(p.Folder, "internal/vault") || name != "" && !fake && strings.HasSuffix(f.Path, "/auth.go") {
		return nil
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Reveal" {
			out = append(out, Finding{t.at(s), "reveals a secret: only the vault and an adapter's auth.go do"})
		}
		return true
	})
	return out
}
