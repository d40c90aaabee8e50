package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestEveryPackageIsInExactlyOneSuite(t *testing.T) {
	for path, want := range map[string]string{
		"internal/store/storetest":      "store",
		"internal/channel":              "pure core",
		"internal/channels/medusa/fake": "channels",
		"internal/policy/rule":          "pure core",
		"test/foreign/shop":             foreign,
		"internal/brandnew":             rest,
		"internal/storeroom":            rest, // a prefix of letters is not a folder
		"":                              rest,
	} {
		if got := suiteOf(module + path); got != want {
			t.Errorf("suiteOf(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestLanesLeaveNoTestedPackageOut(t *testing.T) {
	ps := []pkg{
		{ImportPath: module + "internal/app"},
		{ImportPath: module + "internal/money", TestGoFiles: []string{"a_test.go"}},
		{ImportPath: module + "internal/sim", XTestGoFiles: []string{"a_test.go"}},
		{ImportPath: module + "test/foreign/shop", XTestGoFiles: []string{"a_test.go"}},
	}
	main, stores := lanes(ps)
	if want := []string{module + "internal/sim", module + "internal/money"}; !slices.Equal(main, want) {
		t.Errorf("lanes() main = %v, want %v", main, want)
	}
	if want := []string{module + "test/foreign/shop"}; !slices.Equal(stores, want) {
		t.Errorf("lanes() stores = %v, want %v", stores, want)
	}
}

// TestARunTellsGoodFromBad runs go test on packages made here: one that passes, one that fails, one that cannot build.
func TestARunTellsGoodFromBad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module made\n\ngo 1.26\n",
		"good/a_test.go":   "package good\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n\nfunc FuzzA(f *testing.F) { f.Fuzz(func(*testing.T, int) {}) }\n",
		"bad/a_test.go":    "package bad\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Error(\"F(1) = 2, want 3\") }\n",
		"broken/a_test.go": "package broken\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { nothing() }\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out bytes.Buffer
	r := run{ctx: t.Context(), out: &out, logs: filepath.Join(dir, "logs"), recorder: newRecorder(&out, suiteOf)}
	ps, err := r.packages()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range ps {
		paths = append(paths, p.ImportPath)
		if p.ImportPath == "made/good" {
			names, err := fuzzTargets(t.Context(), p)
			if err != nil || !slices.Equal(names, []string{"FuzzA"}) {
				t.Errorf("fuzzTargets() = %v, %v, want FuzzA", names, err)
			}
		}
	}
	t.Setenv("CARPEDIEM_FUZZTIME", "10x")
	if err := r.fuzz(ps); err != nil {
		t.Errorf("fuzz() = %v, want nil\n%s", err, &out)
	}
	if got := r.suites[fuzzing]; got.passed != 1 || got.failed != 0 {
		t.Errorf("fuzz() counted %+v, want one target that passed\n%s", got, &out)
	}
	delete(r.suites, fuzzing)
	if err := r.test("made", paths, "-count=1"); err != nil {
		t.Errorf("test() = %v, want nil: failures are counted, not returned\n%s", err, &out)
	}
	if got := r.total(); got.packages != 3 || got.passed != 2 || got.failed != 2 {
		t.Errorf("total() = %+v, want 2 passed and 2 failed in 3 packages\n%s", got, &out)
	}
	for _, want := range []string{"F(1) = 2, want 3", "undefined: nothing"} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("shown: %s\nwant %q in it", &out, want)
		}
	}
}

func TestACheckBesideTheTestsCountsAsOne(t *testing.T) {
	for command, want := range map[string]tally{
		"form=true":                     {packages: 1, passed: 1},
		"form=echo not in form; exit 3": {packages: 1, failed: 1},
		"":                              {},
	} {
		var out bytes.Buffer
		r := run{ctx: t.Context(), out: &out, check: command, recorder: newRecorder(&out, suiteOf)}
		r.beside()
		got := r.total()
		got.took = 0
		if got != want || want.failed > 0 && !bytes.Contains(out.Bytes(), []byte("not in form")) {
			t.Errorf("beside(%q) = %+v, shown %q; want %+v and what it said when it fails", command, got, &out, want)
		}
	}
}
