package privacy_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/privacy"
	"carpediemstore.it/sync-connector/internal/testkit"
)

func TestEveryColumnSaysAllOfIt(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range privacy.Columns() {
		name := c.Table + "." + c.Name
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if !slices.Contains(privacy.Classes(), c.Class) {
			t.Errorf("%s is of class %q, want one of Classes()", name, c.Class)
		}
		if c.Purpose == "" || c.Retention.From == "" || c.Erase == "" || c.Retention.Keep < 0 {
			t.Errorf("%s = %+v: something is missing", name, c.Data)
		}
		if c.Retention.Keep > 0 && c.Erase != privacy.DeleteRow {
			t.Errorf("%s ends by age and is erased by %q: what ends by age is deleted row by row", name, c.Erase)
		}
		if strings.ContainsAny(c.Purpose, "|\n") {
			t.Errorf("%s: a purpose that breaks the table of the data map: %q", name, c.Purpose)
		}
	}
	if len(seen) == 0 {
		t.Error("the registry is empty")
	}
}

// TestColumnsForPeopleAreStaff: a column that by its name is about a person is in the class that says so.
func TestColumnsForPeopleAreStaff(t *testing.T) {
	found := 0
	for _, c := range privacy.Columns() {
		if !slices.Contains([]string{"actor", "person", "closed_by"}, c.Name) {
			continue
		}
		found++
		if c.Class != privacy.Staff {
			t.Errorf("%s.%s is of class %q, want %q", c.Table, c.Name, c.Class, privacy.Staff)
		}
	}
	if found < 7 {
		t.Errorf("%d columns name people, want at least 7", found)
	}
}

var update = flag.Bool("update", false, "write docs/data-map.md")

func TestTheDataMapIsUpToDate(t *testing.T) {
	path := filepath.Join(testkit.Root(t), "docs", "data-map.md")
	got := privacy.DataMap()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("docs/data-map.md is old (go test ./internal/privacy -update):\n%s", d)
	}
}
