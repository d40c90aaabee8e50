package testkit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"carpediemstore.it/sync-connector/internal/testkit"
)

// probe is a test that may fail without failing us. Fatalf ends the code under test as it does in a real test.
type probe struct {
	testing.TB
	fatal string
}

type stopped struct{}

func (p *probe) Helper()             {}
func (p *probe) Logf(string, ...any) {}
func (p *probe) Fatalf(format string, args ...any) {
	p.fatal = fmt.Sprintf(format, args...)
	panic(stopped{})
}

// failed runs fn as a test would and returns what it failed with, "" when it did not fail.
func failed(t *testing.T, fn func(tb testing.TB)) string {
	t.Helper()
	p := &probe{TB: t}
	func() {
		defer func() {
			if x := recover(); x != nil && x != (stopped{}) {
				panic(x)
			}
		}()
		fn(p)
	}()
	return p.fatal
}

func TestSeedsAreShortUnlessAskedFor(t *testing.T) {
	for _, x := range []struct {
		env  string
		want uint64
	}{{"", 20}, {"1", 1}, {"2000", 2000}} {
		t.Setenv(testkit.EnvSeeds, x.env)
		if got := testkit.Seeds(t, 20); got != x.want {
			t.Errorf("Seeds(20) with %s=%q = %d, want %d", testkit.EnvSeeds, x.env, got, x.want)
		}
	}
}

func TestSeedsRefusesWhatWouldProveNothing(t *testing.T) {
	for _, env := range []string{"0", "-3", "many", "1e3", "99999999999"} {
		t.Setenv(testkit.EnvSeeds, env)
		if failed(t, func(tb testing.TB) { testkit.Seeds(tb, 20) }) == "" {
			t.Errorf("Seeds with %s=%q passed, want a failed test", testkit.EnvSeeds, env)
		}
	}
}

func TestFullOnlyWhenAskedFor(t *testing.T) {
	for env, want := range map[string]bool{"": false, "0": false, "1": true} {
		t.Setenv(testkit.EnvFull, env)
		if got := testkit.Full(); got != want {
			t.Errorf("Full() with %s=%q = %v, want %v", testkit.EnvFull, env, got, want)
		}
	}
}

func TestSpecsNeverMissesSilently(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CI", "")
	t.Setenv(testkit.EnvSpecs, dir)
	if got, ok := testkit.Specs(t); got != dir || !ok {
		t.Errorf("Specs() = %q, %v, want %q, true", got, ok, dir)
	}
	t.Setenv(testkit.EnvSpecs, filepath.Join(dir, "not here"))
	if failed(t, func(tb testing.TB) { testkit.Specs(tb) }) == "" {
		t.Errorf("Specs() with a folder that is not there passed, want a failed test")
	}
	// A repository without the folder beside it.
	root := filepath.Join(dir, "clone")
	if err := os.MkdirAll(root, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module clone\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	t.Setenv(testkit.EnvSpecs, "")
	if got, ok := testkit.Specs(t); got != "" || ok {
		t.Errorf("Specs() without a folder = %q, %v, want none", got, ok)
	}
	t.Setenv("CI", "true")
	if failed(t, func(tb testing.TB) { testkit.Specs(tb) }) == "" {
		t.Errorf("Specs() with CI=true and no folder passed, want a failed test")
	}
}

func TestRootIsTheFolderOfTheModule(t *testing.T) {
	if _, err := os.Stat(filepath.Join(testkit.Root(t), "internal", "testkit", "testkit.go")); err != nil {
		t.Errorf("Root() = %q does not hold this package: %v", testkit.Root(t), err)
	}
}
