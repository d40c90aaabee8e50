package archtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/archtest"
	"carpediemstore.it/sync-connector/internal/testkit"
)

func TestTheRepositoryKeepsItsShape(t *testing.T) {
	tree, err := archtest.Load(testkit.Root(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Packages) < 20 {
		t.Fatalf("read %d packages, want the whole repository", len(tree.Packages))
	}
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range r.check(tree) {
				t.Error(f)
			}
		})
	}
}

func TestTheLibcIsTheOneOfTheSQLiteDriver(t *testing.T) {
	ours, err := os.ReadFile(filepath.Join(testkit.Root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	path, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	drivers, err := os.ReadFile(strings.TrimSpace(string(path)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archtest.SameLibc(string(ours), string(drivers)) {
		t.Error(f)
	}
}

// rule is a check of the whole tree.
type rule struct {
	name  string
	check func(archtest.Tree) []archtest.Finding
}

func rules() []rule {
	return []rule{
		{"layers", archtest.Layers},
		{"adapters", archtest.Adapters},
		{"pure", archtest.Pure},
		{"owners", archtest.Owners},
		{"state", archtest.State},
		{"names", archtest.Names},
		{"kinds", archtest.Kinds},
		{"honest", archtest.Honest},
	}
}

// write makes a file below dir.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
